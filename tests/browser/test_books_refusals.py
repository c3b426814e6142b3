"""A bookkeeper before refusals: reads why, gives another date to many, links what stands there, leaves out, takes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.conftest import RunningApp
from tests.integration.books_world import books_settings, consent

from crm.gateways.quickbooks_codes import CODES
from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def settings(database_url: str, sandbox: RunningSandbox) -> Settings:
    """The server of these tests keeps its books at the simulator."""
    return books_settings(database_url, sandbox.base_url)


def pay(app: RunningApp, proposal_id: int, cents: int) -> None:
    session = {
        "id": f"cs_test_refusals_{proposal_id}",
        "amount_total": cents,
        "payment_status": "paid",
        "payment_intent": f"pi_refusals_{proposal_id}",
        "metadata": {"org_id": "1", "proposal_id": str(proposal_id)},
    }
    event = {"id": f"evt_{proposal_id}", "type": "checkout.session.completed", "data": {"object": session}}
    assert app.client().post("/payments/webhook", json=event).status_code == 200


def test_refusals_are_read_and_mended(
    open_page: OpenPage,
    app_server: RunningApp,
    api: httpx2.Client,
    sandbox: RunningSandbox,
    owner_sql: psycopg.Connection[Any],
) -> None:
    """From the reason in words to a document by hand: nothing is lost on the way, and every step can be undone."""
    consent(api, sandbox.realm_id)
    company = f"/_state/quickbooks/{sandbox.realm_id}/settings"
    sandbox.call("POST", company, {"book_close_date": "2099-12-31"})
    pay(app_server, 7, 472_500)
    pay(app_server, 9, 450_000)
    for proposal_id in (7, 9):  # books it now, as the office may: QuickBooks says no
        assert api.post(f"/qbo/invoice/{proposal_id}").status_code == 502

    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books/needs-you")
    needing = page.get_by_role("table", name="Needs you")
    expect(needing.get_by_text("The books are closed for this date")).to_have_count(2)
    assert violations(page) == []

    page.get_by_role("button", name="More for Roof replacement, 1847 Elm Street").click()
    page.get_by_role("menuitem", name="Leave out…").click()
    dialog = page.get_by_role("dialog", name="Leave $4,725.00 out of the books?")
    dialog.get_by_label("Why").fill("Booked by hand")
    assert violations(page) == []
    dialog.get_by_role("button", name="Leave out $4,725.00").click()
    expect(needing.get_by_role("link", name="Roof replacement, 1847 Elm Street")).to_have_count(0)
    page.get_by_role("navigation", name="Books").get_by_role("link", name="Left out").click()
    left_out = page.get_by_role("table", name="Left out")
    expect(left_out).to_contain_text("Booked by hand")
    left_out.get_by_role("button", name="Take back").click()
    expect(left_out).to_have_count(0)
    assert api.post("/qbo/invoice/7").status_code == 502  # refused again

    page.goto("/books/needs-you")
    expect(page.get_by_role("checkbox")).to_have_count(2)
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Another date…").click()
    page.get_by_label("Date in QuickBooks").fill("2100-01-04")
    page.get_by_role("button", name="Send 2 postings again").click()
    expect(page.get_by_text("Nothing needs you.")).to_be_visible()
    for proposal_id in (7, 9):
        assert api.post(f"/qbo/invoice/{proposal_id}").status_code == 200
    assert {i["TxnDate"] for i in sandbox.quickbooks.objects(sandbox.realm_id, "Invoice")} == {"2100-01-04"}

    page.goto("/books/log?outcome=refused")
    log = page.get_by_role("table", name="Sync log")
    expect(log.get_by_role("row", name="Make the invoice")).to_have_count(3)
    log.get_by_role("link", name="Make the invoice").first.click()
    sent = page.get_by_role("region", name="What we sent")
    expect(sent).to_contain_text('"TxnDate"')
    expect(page.get_by_role("region", name="What QuickBooks answered (HTTP 400)")).to_contain_text(
        '"code": "6210"'
    )
    assert violations(page, route="/books/log/$id") == []
    page.go_back()
    page.get_by_role("button", name="Show everything").or_(
        page.get_by_role("combobox", name="Answer")
    ).first.wait_for()
    page.get_by_role("searchbox").fill("nothing like this")
    expect(page.get_by_text("No request fits.")).to_be_visible()
    a_batch_is_read(page, owner_sql)
    every_code_is_read(page, owner_sql)


def every_code_is_read(page: Page, sql: psycopg.Connection[Any]) -> None:
    """The sentence of every code stands on the screen, as test_quickbooks_codes.py found it stored after the simulator's
    answer: what needs a person, what waits, and what asks to reconnect."""
    said = {
        code: known.sentence.format(code=code, detail="So they say", tid="1-tid")
        for code, known in CODES.items()
    }
    states = {"a person": "needs_you", "again by itself": "waiting"}
    for code, known in CODES.items():
        if known.reaction in states:
            sql.execute(
                "INSERT INTO postings (org_id, kind, subject, amount_minor, currency, next_attempt_at, state, problem, "
                "problem_code) VALUES (1, 'account_fee', %s, 100, 'USD', now() + interval '1 day', %s, %s, %s)",
                [f"balance:{code}", states[known.reaction], said[code], code],
            )
    for path, label, state in (
        ("needs-you", "Needs you", "a person"),
        ("waiting", "Waiting for QuickBooks", "again by itself"),
    ):
        page.goto(f"/books/{path}")
        table = page.get_by_role("table", name=label)
        for code, known in CODES.items():
            if known.reaction == state:
                expect(table.get_by_text(said[code]).first).to_be_visible()
    for code, known in CODES.items():
        if known.reaction not in states:
            sql.execute(
                "UPDATE qbo_tokens SET disconnected_at = now(), disconnected_why = %s WHERE org_id = 1",
                [said[code]],
            )
            page.goto("/books")
            expect(page.get_by_role("region", name="QuickBooks").get_by_text(said[code])).to_be_visible()


def a_batch_is_read(page: Page, sql: psycopg.Connection[Any]) -> None:
    """The invoices of before, as they stand in the log when they left in one batch: each is listed, and leads to its own."""
    sql.execute(
        "INSERT INTO qbo_calls (org_id, operation, at, method, path, request, requestid, outcome, status, milliseconds) "
        "VALUES (1, 'batch', now(), 'POST', '/v3/company/1/batch', '{}', 'b1', 'ok', 200, 740)"
    )
    sql.execute(
        "UPDATE qbo_calls i SET at = b.at, path = b.path, intuit_tid = b.intuit_tid FROM qbo_calls b "
        "WHERE b.operation = 'batch' AND i.operation = 'create_invoice'"
    )
    page.goto("/books/log?operation=batch")
    page.get_by_role("table", name="Sync log").get_by_role("link", name="Send up to thirty").click()
    expect(page.get_by_text("Each write in it has an answer of its own.")).to_be_visible()
    items = page.get_by_role("table", name="Documents in this batch")
    expect(items.get_by_role("row", name="The books are closed for this date")).to_have_count(3)
    expect(items.get_by_role("row", name="1001")).to_contain_text("Accepted")
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    items.get_by_role("link", name="Make the invoice").first.click()
    expect(page.get_by_role("region", name="What QuickBooks answered (HTTP 400)")).to_be_visible()


def test_a_document_by_hand_is_compared_before_it_is_linked(
    open_page: OpenPage, app_server: RunningApp, api: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """The dialog shows what differs and offers no link while the amount does."""
    consent(api, sandbox.realm_id)
    pay(app_server, 9, 450_000)
    assert api.post("/qbo/invoice/9").status_code == 200
    (invoice,) = sandbox.quickbooks.objects(sandbox.realm_id, "Invoice")
    sandbox.call("POST", f"/_state/quickbooks/{sandbox.realm_id}/settings", {"book_close_date": "2099-12-31"})
    pay(app_server, 7, 472_500)
    assert api.post("/qbo/invoice/7").status_code == 502
    page = open_page()
    sign_in(page)
    page.goto("/books/needs-you")
    page.get_by_role("button", name="More for Roof replacement, 1847 Elm Street").click()
    page.get_by_role("menuitem", name="Link by hand…").click()
    dialog = page.get_by_role("dialog", name="Link by hand")
    dialog.get_by_label("Id in QuickBooks").fill(invoice["Id"])
    dialog.get_by_role("button", name="Compare").click()
    expect(dialog.get_by_role("row", name="Amount")).to_contain_text("$4,500.00 Differs")
    expect(dialog.get_by_role("alert")).to_contain_text("This cannot be the document")
    expect(dialog.get_by_role("button", name="Link it")).to_have_count(0)
    assert violations(page) == []
