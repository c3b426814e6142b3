"""The office's daily pages: home's charts, a customer's history, importing a file; nothing offends axe."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations


def test_home_shows_how_selling_goes(open_page: OpenPage) -> None:
    """The funnel and the leads' sources stand there as bars, as a table for screen readers, and as a file; also on a phone."""
    for viewport in (DESK, PHONE):
        page = open_page(viewport)
        sign_in(page)
        funnel = page.get_by_role("region", name="From view to payment")
        expect(funnel.get_by_role("table", name="Proposals from sent to paid")).to_contain_text("Sent")
        with page.expect_download() as saved:
            funnel.get_by_role("button", name="Save as CSV").click()
        assert Path(saved.value.path()).read_text("utf-8-sig").startswith("Step,Proposals,Of the step before")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_customers_page_tells_everything(open_page: OpenPage) -> None:
    """Money and what happened stand beside the contact."""
    page = open_page(DESK)
    sign_in(page)
    page.goto("/customers/1")
    expect(page.get_by_role("region", name="Money")).to_contain_text("In the books")
    expect(page.get_by_role("region", name="Everything that happened")).to_contain_text("Proposal sent")
    assert violations(page) == []


def test_a_file_is_checked_before_it_is_imported(open_page: OpenPage) -> None:
    """Columns are matched, each wrong row is told with what to do, and the button says how many rows come in."""
    page = open_page(DESK)
    sign_in(page)
    page.goto("/import?kind=leads")
    assert violations(page, route="/import") == []
    sheet = b"Full Name,E-mail\nAna Lima,ana@lima.example\nNo Way,not an address\nElena,elena.hartley@example.com\n"
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a CSV file").click()
    chooser.value.set_files({"name": "leads.csv", "mimeType": "text/csv", "buffer": sheet})
    page.get_by_role("button", name="Check 3 rows").click()
    wrong = page.get_by_role("table", name="Rows that cannot be read")
    expect(wrong).to_contain_text("name@example.com")
    expect(page.get_by_role("table", name="Rows that are there already")).to_contain_text("Customer 1")
    assert violations(page) == []
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_role("region", name="leads.csv").get_by_role("status").first).to_contain_text(
        "of 3 rows"
    )
    assert violations(page) == []
