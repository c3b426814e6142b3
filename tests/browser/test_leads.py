"""Leads as the office works with them: on the board, told apart, and from the website's form."""

from __future__ import annotations

import httpx2
from playwright.sync_api import expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import everywhere, violations


def test_a_lead_comes_from_the_website_and_moves_along(open_page: OpenPage, api: httpx2.Client) -> None:
    """A phone sends the form; the office sees the lead on its board, moves it, undoes that, and nothing offends axe."""
    office = open_page(DESK)
    sign_in(office)
    office.goto("/leads/form")
    address = office.get_by_role("textbox", name="Address of the form").input_value()
    assert violations(office, route="/leads/form") == []

    visitor = open_page(PHONE)
    visitor.goto(address)
    for address_of_language in (f"{address}?lang=es", address):
        visitor.goto(address_of_language)
        assert everywhere(visitor) == []
    visitor.set_viewport_size(PHONE)
    visitor.get_by_label("Your name").fill("Ines Duarte")
    visitor.get_by_label("Phone").fill("303 555 0142")
    visitor.get_by_label("What can we do for you?").fill("Gutters hang loose.")
    visitor.wait_for_timeout(2_100)  # a person takes longer than that
    visitor.get_by_role("button", name="Send").click()
    expect(visitor.get_by_role("heading", level=1)).to_have_text("Thank you")

    office.goto("/leads?view=board")
    new, contacted = office.get_by_role("region", name="New"), office.get_by_role("region", name="Contacted")
    expect(new.get_by_role("link", name="Ines Duarte")).to_be_visible()
    new.get_by_role("button", name="Move Ines Duarte").click()
    office.get_by_role("menuitem", name="Contacted").click()
    expect(contacted.get_by_role("link", name="Ines Duarte")).to_be_visible()
    office.get_by_role("button", name="Undo").click()
    expect(new.get_by_role("link", name="Ines Duarte")).to_be_visible()
    assert violations(office) == []

    new.get_by_role("link", name="Ines Duarte").click()
    office.get_by_role("button", name="Elena and Tom Hartley is the same person").click()
    expect(office.get_by_text("Converted").first).to_be_visible()
    assert api.get("/leads").json()["items"][0]["customer_id"] == 1


def test_one_search_finds_everything_by_keyboard(open_page: OpenPage) -> None:
    """`/` opens the search anywhere; words across a proposal and its customer find it, arrows and Enter go there."""
    page = open_page(DESK)
    sign_in(page)
    page.keyboard.press("/")
    page.keyboard.type("vega")
    expect(page.get_by_role("option", name="Marisol Vega").first).to_be_visible()
    assert violations(page) == []
    page.get_by_role("combobox", name="Search everything").fill("marisol bungalow")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("New roof for the bungalow")
    page.keyboard.press("/")
    page.keyboard.type("no such thing anywhere")
    expect(page.get_by_text("Nothing holds all of these words.")).to_be_visible()
