"""A bookkeeper compares Stripe and QuickBooks: runs it, sees the verdict, each difference with its reason, the report."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.conftest import RunningApp

SHOTS = os.environ.get("SCREENSHOTS")


@pytest.fixture
def busy_month(owner_sql: psycopg.Connection[Any]) -> None:
    """A payment with its fee, both waiting for QuickBooks, and a payout on its way that holds them."""
    owner_sql.execute(
        "INSERT INTO payments (org_id, id, proposal_id, amount_minor, currency, state, paid_at, stripe_payment_intent, "
        "stripe_charge, fee_minor, net_minor) VALUES (1, 900, 7, 472500, 'USD', 'paid', now(), 'pi_9', 'ch_9', 13733, 458767)"
    )
    owner_sql.execute(
        "INSERT INTO payouts (org_id, payout_id, amount_minor, currency, status, automatic, created_at, itemised_at) "
        "VALUES (1, 'po_9', 458767, 'USD', 'in_transit', true, now(), now())"
    )
    owner_sql.execute(
        "INSERT INTO stripe_transactions (org_id, transaction_id, account, type, category, source, charge, intent, "
        "amount_minor, fee_minor, net_minor, currency, payout_id, fee_group, created_at, available_on) VALUES "
        "(1, 'txn_1', '', 'charge', 'charge', 'ch_9', 'ch_9', 'pi_9', 472500, 13733, 458767, 'USD', 'po_9', 'txn_1', now(), now()), "
        "(1, 'txn_2', '', 'payout', 'payout', 'po_9', NULL, NULL, -458767, 0, -458767, 'USD', 'po_9', NULL, now(), now())"
    )


@pytest.fixture
def desk(open_page: OpenPage, busy_month: None) -> Page:
    page = open_page(DESK)
    sign_in(page)
    return page


def compare(page: Page, app: RunningApp) -> None:
    """Presses the button, and lets the worker do its part."""
    page.goto("/books/reconciliation")
    page.get_by_role("button", name="Compare now").click()
    expect(page.get_by_text("Starting…").or_(page.get_by_text("Fetching"))).to_be_visible()
    app.worker.run_jobs()
    expect(page.get_by_role("region", name="Result")).to_be_visible()


def test_a_month_in_three_columns(desk: Page, app_server: RunningApp, api: httpx2.Client) -> None:
    """Unexplained $0.00 is the largest figure; the balance differs where QuickBooks has nothing yet, and why is told."""
    compare(desk, app_server)
    result = desk.get_by_role("region", name="Result")
    expect(result).to_contain_text("$0.00")
    expect(result).to_contain_text("3 movements differ, each for a reason that settles by itself.")
    balance = desk.get_by_role("table", name="Balance in USD")
    expect(balance.get_by_role("row", name="Payments")).to_contain_text("$4,725.00")
    expect(balance.get_by_role("row", name="Closing balance")).to_contain_text("$0.00")
    differs = desk.get_by_role("table", name="What differs")
    expect(differs).to_contain_text("It waits for QuickBooks and is booked by itself.")
    expect(differs).to_contain_text("The payout left Stripe and has not arrived at the bank yet")
    with desk.expect_popup() as opened:
        desk.get_by_role("link", name="Report (PDF)").click()
    opened.value.close()
    pdf = api.get(desk.get_by_role("link", name="Report (PDF)").get_attribute("href") or "")
    assert (pdf.status_code, pdf.content[:5]) == (200, b"%PDF-")
    table = api.get(desk.get_by_role("link", name="CSV").get_attribute("href") or "").text
    assert "movement,payments,,USD,4725.00,4725.00,0.00" in table
    if SHOTS:
        Path(SHOTS, "month-close.pdf").write_bytes(pdf.content)


def test_a_payout_shows_what_is_in_it(desk: Page, app_server: RunningApp) -> None:
    """From the list of payouts to one of them: its movements add up to its amount; axe finds nothing there, nor on a payment."""
    compare(desk, app_server)
    desk.get_by_role("table", name="Payouts of this period").get_by_role("link").click()
    expect(desk.get_by_role("heading", name="Payout", level=1)).to_be_visible()
    items = desk.get_by_role("table", name="What is in it")
    expect(items).to_contain_text("$4,725.00")
    expect(items).to_contain_text("-$137.33")
    assert violations(desk, route="/payments/payouts/$id") == []
    shot(desk, "payout-desk")
    desk.goto("/payments/900")
    expect(desk.get_by_role("region", name="Money")).to_contain_text("$4,725.00")
    assert violations(desk, route="/payments/$id") == []


def test_a_day_or_a_range_by_address(desk: Page, app_server: RunningApp) -> None:
    """From the month to one day by its link, an address for some days; days the wrong way round are told, not compared."""
    compare(desk, app_server)
    desk.get_by_role("table", name="By day").get_by_role("link").click()
    expect(desk.get_by_text("was not compared yet. Compare now does it at once.")).to_be_visible()
    day = desk.get_by_label("From", exact=True).input_value()
    expect(desk.get_by_label("To", exact=True)).to_have_value(day)
    desk.get_by_role("button", name="Compare now").click()
    expect(desk.get_by_text("Starting…").or_(desk.get_by_text("Fetching"))).to_be_visible()
    app_server.worker.run_jobs()
    expect(desk.get_by_role("region", name="Result")).to_contain_text("3 movements differ")
    desk.get_by_label("To", exact=True).fill("2026-01-05")
    expect(desk.get_by_text("The first day is after the last one. Choose the days again.")).to_be_visible()
    expect(desk.get_by_role("button", name="Compare now")).to_have_count(0)
    desk.get_by_label("From", exact=True).fill("2026-01-03")
    expect(desk.get_by_text("Jan 3, 2026 to Jan 5, 2026 was not compared yet.")).to_be_visible()
    assert "from=2026-01-03" in desk.url
    assert "to=2026-01-05" in desk.url
    desk.goto("/books/reconciliation?from=2026-01-04")
    expect(desk.get_by_text("Jan 4, 2026 was not compared yet.")).to_be_visible()
    desk.get_by_role("combobox", name="Month").click()
    desk.get_by_role("option").first.click()
    expect(desk.get_by_role("region", name="Result")).to_be_visible()


@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_page_can_be_used_by_everybody(
    open_page: OpenPage, busy_month: None, app_server: RunningApp, size: str
) -> None:
    """Nothing that axe finds, at a desk and on a phone, where nothing is wider than the screen."""
    page = open_page(DESK if size == "desk" else PHONE)
    sign_in(page)
    page.goto("/books/reconciliation")
    expect(page.get_by_text("was not compared yet")).to_be_visible()
    compare(page, app_server)
    assert violations(page, route="/books/reconciliation") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shot(page, f"reconciliation-{size}")


def shot(page: Page, name: str) -> None:
    """For whoever wants to look: SCREENSHOTS=folder."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS, f"{name}.png")), full_page=True)
