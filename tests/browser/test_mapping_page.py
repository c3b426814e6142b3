"""A bookkeeper chooses how deposits are booked, errs, mends it, and sees what a payment would post."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.integration.books_world import books_settings, consent

from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(qbo_rate_limits_on=False) as running:
        yield running


@pytest.fixture
def settings(database_url: str, sandbox: RunningSandbox) -> Settings:
    """The server of these tests keeps its books at the simulator."""
    return books_settings(database_url, sandbox.base_url)


def test_policy_mapping_and_dry_run(open_page: OpenPage, api: httpx2.Client, sandbox: RunningSandbox) -> None:
    """Each policy shows its journal before it is chosen; lists are read, what is missing is made, a dry run shows debits
    and credits, and what is mapped and gone is told with its field."""
    consent(api, sandbox.realm_id)
    opened = api.post("/payments/checkout_session", params={"proposal_id": 7})
    assert opened.status_code == 200, opened.text
    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books")
    page.get_by_role("navigation", name="Books").get_by_role("link", name="Mapping").click()
    liability = page.get_by_role("article", name="Deposits are a liability until the job is done")
    expect(liability.get_by_role("table").first).to_contain_text("Customer Deposits")
    liability.get_by_role("button", name="Book new contracts like this").click()
    expect(liability.get_by_text("In use")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="was not read yet")).to_be_visible()
    daily = page.get_by_role("article", name="One expense a day")
    expect(daily.get_by_role("table")).to_contain_text("$174.18")
    daily.get_by_role("button", name="Book fees like this").click()
    expect(daily.get_by_text("In use")).to_be_visible()
    page.get_by_role("article", name="One expense for each payment").get_by_role(
        "button"
    ).click()  # a slip, taken back
    expect(daily.get_by_text("In use")).to_have_count(0)

    page.get_by_role("button", name="Read the lists now").click()
    expect(page.get_by_role("region", name="Stripe clearing")).to_be_visible()
    expect(
        page.get_by_role("status").filter(has_text="“Customer Deposit” is not in QuickBooks yet")
    ).to_be_visible()
    page.get_by_role("button", name="Make them now").click()
    expect(page.get_by_role("button", name="Make them now")).to_have_count(0)
    expect(page.get_by_role("button", name="Make what is missing")).to_have_count(0)
    expect(
        page.get_by_role("region", name="Deposits as a liability").get_by_role("combobox").first
    ).to_have_value("Customer Deposit · Customer Deposits")
    jobs = page.get_by_role("switch", name="Each job is a sub-customer in QuickBooks")
    expect(jobs).not_to_be_checked()
    with page.expect_response("**/books/policy") as answered:
        jobs.click()
    assert answered.value.ok
    expect(jobs).to_be_checked()
    assert api.get("/books/policy").json()["job_customers"] is True
    page.get_by_role("combobox", name="What would be posted for").click()
    page.get_by_role("option").first.click()
    expect(page.get_by_text("On a customer for Elena and Tom Hartley: looked for by e-mail")).to_be_visible()
    journal = page.get_by_role("table", name="What Deposit would post")
    expect(journal).to_contain_text("Customer Deposits")
    expect(journal.get_by_text("$4,725.00")).to_have_count(4)
    assert violations(page, route="/books/mapping") == []
    if where := os.environ.get("SHOTS"):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{where}/mapping-{width}.png", full_page=True)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []
    the_payment_itself_says_what_it_would_post(page, api)


def the_payment_itself_says_what_it_would_post(page: Page, api: httpx2.Client) -> None:
    """Its own page shows the same before it is paid, and the documents once they stand in QuickBooks."""
    (payment,) = [one for one in api.get("/payments").json()["items"] if one["proposal_id"] == 7]
    page.goto(f"/payments/{payment['id']}")
    books = page.get_by_role("region", name="In the books")
    expect(books).to_contain_text("Booked when it is paid.")
    books.get_by_role("button", name="Show what it would post").click()
    expect(books.get_by_role("table", name="What Deposit would post").get_by_text("$4,725.00")).to_have_count(
        4
    )
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page, route="/payments/$id") == []
    paid = {
        "id": payment["stripe_session_id"], "amount_total": 472_500, "payment_status": "paid",
        "payment_intent": "pi_mapping", "metadata": {"org_id": "1", "proposal_id": "7"},
    }  # fmt: skip
    event = {"id": "evt_mapping", "type": "checkout.session.completed", "data": {"object": paid}}
    assert api.post("/payments/webhook", json=event).status_code == 200
    assert api.post("/qbo/invoice/7").status_code == 200
    row = books.get_by_role("row", name="Payment")
    expect(row).to_contain_text("In the books")
    expect(row).to_contain_text("Invoice 1001")
    expect(books.get_by_role("button", name="Show what it would post")).to_have_count(0)
    assert violations(page) == []
