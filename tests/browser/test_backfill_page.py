"""A bookkeeper chooses from which day on payments are taken into the books, makes mistakes, stops, and chooses again."""

from __future__ import annotations

import psycopg
from playwright.sync_api import expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations
from tests.browser.test_books_refusals import pay, sandbox, settings
from tests.conftest import RunningApp

__all__ = ["sandbox", "settings"]  # fixtures


def test_days_are_chosen_with_mistakes_stopped_and_chosen_again(
    open_page: OpenPage, app_server: RunningApp, owner_sql: psycopg.Connection
) -> None:
    """Days that cannot be are told at their field; the count is seen before; stopping and choosing again lose nothing."""
    for proposal_id in (7, 9):
        pay(app_server, proposal_id, 472_500)
    owner_sql.execute("UPDATE payments SET paid_at = '2026-03-31 20:00-06' WHERE org_id = 1")
    payments = "2 payments"
    page = open_page()
    sign_in(page, "bookkeeper@peakpro.io")
    page.goto("/books")
    page.get_by_role("link", name="Choose from which day on").click()
    choose = page.get_by_role("region", name="Choose the days")
    expect(choose.get_by_text(f"{payments}, $9,450.00").first).to_be_visible()
    choose.get_by_label("First day").fill("2999-01-01")
    expect(choose.get_by_text("This day is in the future")).to_be_visible()
    expect(choose.get_by_role("button", name="Take in")).to_be_disabled()
    choose.get_by_label("First day").fill("2026-04-01")
    choose.get_by_label("Last day").fill("2026-03-01")
    expect(choose.get_by_text("The last day is before the first one.")).to_be_visible()
    assert violations(page) == []
    choose.get_by_label("Last day").fill("")
    choose.get_by_role("button", name="Leave out 2 payments").click()

    expect(page.get_by_role("region", name="Payments since Apr 1, 2026")).to_contain_text("Done")
    page.get_by_role("navigation", name="Books").get_by_role("link", name="Left out").click()
    expect(page.get_by_role("table", name="Left out")).to_contain_text(
        "Paid before April 1, 2026, your start date"
    )
    page.get_by_role("navigation", name="Books").get_by_role("link", name="Start date").click()
    choose.get_by_label("First day").fill("2026-03-31")
    choose.get_by_role("button", name=f"Take in {payments}").click()
    run = page.get_by_role("region", name="Payments since Mar 31, 2026")
    expect(run).to_contain_text("It begins when QuickBooks is connected.")
    expect(choose).to_have_count(0)
    for width in (PHONE, DESK):
        page.set_viewport_size(width)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    run.get_by_role("button", name="Stop").click()
    expect(run).to_contain_text("Stopped")
    choose.get_by_role("button", name=f"Take in {payments}").click()
    expect(run.get_by_role("button", name="Stop")).to_be_visible()
