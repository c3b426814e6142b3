"""A bookkeeper finds with the doctor what is mapped wrongly, mends it, and sees what rests when reads run low."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import psycopg
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


def test_a_wrong_mapping_is_told_and_mended_and_low_reads_say_what_rests(
    open_page: OpenPage, api: httpx2.Client, sandbox: RunningSandbox, owner_sql: psycopg.Connection[Any]
) -> None:
    """An account that somebody made inactive in QuickBooks is named by the doctor, with the way to its field, where
    another is chosen. At 80 % of the reads the doctor's own are given up, which is said, until the budget is raised."""
    consent(api, sandbox.realm_id)
    wrong, right = _expenses(api)
    chosen = api.put("/books/mapping", json={"slot": "fee_account", "qbo_id": wrong["id"]})
    assert chosen.status_code == 200, chosen.text
    _make_inactive(sandbox, wrong["id"])
    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books/doctor")
    expect(page.get_by_text("changes nothing there")).to_be_visible()
    page.get_by_role("button", name="Examine the connection").click()
    expect(page.get_by_role("status").filter(has_text="Mend it from the top down")).to_be_visible()
    sick = page.get_by_role("listitem").filter(has_text="Mapping of Stripe fees")
    expect(sick).to_contain_text(f"The account “{wrong['name']} (deleted)” is inactive in QuickBooks")
    expect(sick).to_contain_text("Why it matters: Documents that need it are refused.")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert _fits(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    sick.get_by_role("link", name="Open Mapping").click()

    field = page.get_by_role("region", name="Stripe fees").get_by_role("combobox").first
    expect(page.get_by_role("region", name="Stripe fees")).to_contain_text("is inactive in QuickBooks")
    field.click()
    with page.expect_response("**/books/mapping") as answered:
        page.get_by_role("option", name=right["name"]).first.click()
    assert answered.value.ok
    page.get_by_role("navigation", name="Books").get_by_role("link", name="Doctor").click()
    page.get_by_role("button", name="Examine the connection").click()
    mended = page.get_by_role("listitem").filter(has_text="All that was chosen (1) is there and fits.")
    expect(mended).to_contain_text("Well")

    owner_sql.execute("UPDATE qbo_usage SET metered = 0 WHERE org_id = 1")
    owner_sql.execute(
        "INSERT INTO qbo_usage (org_id, day, operation, calls, metered) "
        "VALUES (1, (now() AT TIME ZONE 'utc')::date, 'read_changed', 4000, 4000)"
    )
    page.get_by_role("button", name="Examine again").click()
    low = page.get_by_role("listitem").filter(has_text="4,000 of 5,000 reads are used this month.")
    expect(low).to_contain_text("Reads are given up step by step, checks first.")
    expect(
        page.get_by_role("listitem").filter(has_text="reads from QuickBooks are nearly used up")
    ).to_contain_text("Company")
    low.get_by_role("link", name="Open Quota").click()
    expect(page.get_by_text("80 % used")).to_be_visible()
    expect(page.get_by_text("Checks wait for the next month; webhooks, the daily look")).to_be_visible()
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert _fits(page)
    budget = page.get_by_label("This company’s reads a month")
    budget.fill("50")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    budget.fill("8000")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("50 % used")).to_be_visible()
    expect(page.get_by_text("All reads go on.")).to_be_visible()


def _expenses(api: httpx2.Client) -> list[dict[str, Any]]:
    """Two accounts that Stripe's fees could be booked to."""
    lists = api.post("/books/mapping/refresh").json()
    (slot,) = [one for one in lists["slots"] if one["slot"] == "fee_account"]
    fitting = [one for one in slot["choices"] if one["problem"] is None]
    assert len(fitting) >= 2
    return fitting[:2]


def _make_inactive(sandbox: RunningSandbox, account_id: str) -> None:
    """Somebody else does so in QuickBooks."""
    tokens = sandbox.connect_quickbooks(sandbox.realm_id)
    base = f"{sandbox.base_url}/v3/company/{sandbox.realm_id}/account"
    with httpx2.Client(headers=tokens.headers) as person:
        now = person.get(f"{base}/{account_id}").raise_for_status().json()["Account"]
        person.post(base, json=now | {"Active": False}).raise_for_status()


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
