"""A bookkeeper enters by hand what no payment here stands for, errs, and matches it: the difference is gone, until taken back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.pages import OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.conftest import RunningApp
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


def entered(sandbox: RunningSandbox, cents: int, **more: Any) -> dict[str, Any]:
    """Somebody enters, or changes, a journal entry on Stripe Clearing."""
    accounts = sandbox.quickbooks.objects(sandbox.realm_id, "Account")
    clearing = next(one["Id"] for one in accounts if one["Name"] == "Stripe Clearing")
    income = next(one["Id"] for one in accounts if one["AccountType"] == "Income")
    lines = [
        {
            "Amount": cents / 100,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
        }
        for side, account in (("Debit", clearing), ("Credit", income))
    ]
    answer = httpx2.post(
        f"{sandbox.base_url}/v3/company/{sandbox.realm_id}/journalentry",
        json={"Line": lines, **more},
        headers={
            "authorization": f"Bearer {sandbox.connect_quickbooks(sandbox.realm_id).access_token}",
            "accept": "application/json",
        },
    )
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()["JournalEntry"]
    return made


def test_entered_by_hand_wrongly_then_rightly(
    open_page: OpenPage,
    api: httpx2.Client,
    app_server: RunningApp,
    owner_sql: psycopg.Connection[Any],
    sandbox: RunningSandbox,
) -> None:
    """The page says what to enter; a wrong amount cannot be matched, nor too many movements; the right one can, and what was
    matched is listed with a way back."""
    consent(api, sandbox.realm_id)
    owner_sql.execute(
        "INSERT INTO stripe_transactions (org_id, transaction_id, account, type, category, source, charge, intent, "
        "amount_minor, fee_minor, net_minor, currency, created_at, available_on) VALUES "
        "(1, 'txn_1', '', 'charge', 'charge', 'ch_1', 'ch_1', 'pi_1', 20000, 610, 19390, 'USD', now(), now())"
    )
    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")

    def compared() -> Locator:
        """The worker does its part; then what differs is on the page."""
        expect(page.get_by_text("Starting…").or_(page.get_by_text("Fetching"))).to_be_visible()
        app_server.worker.run_jobs()
        expect(page.get_by_role("region", name="Result")).to_be_visible()
        return page.get_by_role("table", name="What differs")

    page.goto("/books/reconciliation")
    page.get_by_role("button", name="Compare now").click()
    payment = (
        compared().get_by_role("row").filter(has_text="Payment not made here").filter(has_text="$200.00")
    )
    payment.get_by_role("button", name="Enter and match").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("row").filter(has_text="Stripe Clearing")).to_contain_text("$200.00")

    entry = entered(sandbox, 15_000)  # the bookkeeper misreads the amount
    dialog.get_by_role("button", name="I have entered it: compare again").click()
    compared()
    payment.get_by_role("button", name="Enter and match").click()
    dialog.get_by_role("combobox", name="Entered in QuickBooks as").click()
    page.get_by_role("option").first.click()
    expect(dialog).to_contain_text("moved Stripe Clearing by $150.00, this is $200.00")
    expect(dialog.get_by_role("button", name="Match")).to_be_disabled()
    dialog.get_by_role("button", name="Cancel").click()

    entered(sandbox, 20_000, Id=entry["Id"], SyncToken=entry["SyncToken"])
    page.get_by_role("button", name="Compare now").click()
    differs = compared()
    differs.get_by_role("button", name="Say what it is").click()
    dialog.get_by_role("checkbox", name="Fee of a payment not made here").click()
    expect(dialog).to_contain_text("Chosen: $193.90 of $200.00.")
    expect(dialog.get_by_role("button", name="Match")).to_be_disabled()
    dialog.get_by_role("checkbox", name="Fee of a payment not made here").click()
    assert violations(page) == []
    look(page)
    dialog.get_by_role("button", name="Match").click()
    differs = compared()
    expect(differs).to_contain_text("Fee of a payment not made here")
    expect(payment).to_have_count(0)

    matched = page.get_by_role("table", name="Entered by hand")
    expect(matched).to_contain_text("1 movement at Stripe")
    matched.get_by_role("button", name="Take back").click()
    expect(matched).to_have_count(0)
    page.get_by_role("button", name="Compare now").click()
    compared()
    expect(payment).to_have_count(1)


def look(page: Page) -> None:
    """For whoever wants to look: SCREENSHOTS=folder."""
    if where := os.environ.get("SCREENSHOTS"):
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{where}/by-hand-{width}.png")
        page.set_viewport_size({"width": 1440, "height": 900})
