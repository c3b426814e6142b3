"""The price book and the templates in a real browser: written, found, used, put away and brought back."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.browser.pages import DESK, PHONE, PUBLIC, OpenPage, sign_in
from tests.browser.test_accessibility import violations

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
LINE: dict[str, Any] = {"name": "Roof", "quantity": "2", "unit_price_minor": 500_000}


@WIDTHS
def test_a_price_item_is_added_found_changed_and_archived(
    open_page: OpenPage, api: httpx2.Client, width: ViewportSize
) -> None:
    """Mistakes stand at their fields; a taken name is told; what is archived leaves the list and Undo brings it back."""
    page = open_page(width)
    sign_in(page)
    page.goto("/proposals/price-book")
    page.get_by_role("button", name="New item").click()
    dialog = page.get_by_role("dialog", name="New item")
    dialog.get_by_role("button", name="Add item").click()
    expect(dialog.get_by_label("Item")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Item").fill("Permit")
    dialog.get_by_label("Price (USD)").fill("21.5o")
    dialog.get_by_role("button", name="Add item").click()
    expect(dialog.get_by_text("An amount like 125.00")).to_be_visible()
    dialog.get_by_label("Price (USD)").fill("$21.50")
    dialog.get_by_role("button", name="Add item").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a price item of this name")
    dialog.get_by_label("Item").fill("Copper valley")
    dialog.get_by_label("Unit").fill("ft")
    dialog.get_by_label("Section").fill("Metalwork")
    dialog.get_by_role("button", name="Add item").click()
    expect(page.get_by_role("row", name="Copper valley")).to_contain_text("$21.50")

    page.get_by_role("searchbox", name="Search the price book").fill("metalw")
    expect(page.get_by_role("link", name="Permit")).to_have_count(0)
    page.get_by_role("link", name="Copper valley").click()
    item = page.get_by_role("dialog", name="Price item")
    item.get_by_label("Price (USD)").fill("23")
    item.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Copper valley")).to_contain_text("$23.00")
    page.get_by_role("link", name="Copper valley").click()
    item.get_by_role("button", name="Archive").click()
    expect(page.get_by_role("link", name="Copper valley")).to_have_count(0)
    expect(page.get_by_text("No item fits.")).to_be_visible()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("row", name="Copper valley")).to_contain_text("$23.00")
    (stored,) = api.get("/price-items", params={"q": "copper"}).json()["items"]
    assert (stored["unit_price_minor"], stored["unit"], stored["active"]) == (2_300, "ft", True)


def test_a_long_price_book_comes_page_by_page_and_by_keyboard(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """60 items more: the first page holds 50, Show more the rest; `n` begins one, j and Enter open one at its own
    address, which stays good after loading it again."""
    for number in range(60):
        made = api.post("/price-items", json={"name": f"Flashing {number}", "unit_price_minor": 100 + number})
        assert made.status_code == 201
    page = open_page()
    sign_in(page)
    page.goto("/proposals/price-book")
    rows = page.get_by_role("table", name="Price book").get_by_role("row")
    expect(rows).to_have_count(51)
    page.get_by_role("button", name="Show more").click()
    expect(rows).to_have_count(1 + len(api.get("/price-items", params={"limit": 100}).json()["items"]))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Price item")
    expect(dialog.get_by_label("Item")).to_have_value("Flashing 59")
    page.reload()
    expect(dialog.get_by_label("Item")).to_have_value("Flashing 59")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{PUBLIC}/proposals/price-book")
    expect(dialog).to_have_count(0)
    page.keyboard.press("n")
    expect(page.get_by_role("dialog", name="New item")).to_be_visible()


@WIDTHS
def test_a_proposal_becomes_a_template_that_begins_another(
    open_page: OpenPage, api: httpx2.Client, width: ViewportSize
) -> None:
    """Kept from its page, changed in the editor, and used for another customer under its own title."""
    page = open_page(width)
    sign_in(page)
    page.goto("/proposals/10")
    page.get_by_role("button", name="Keep as template").click()
    dialog = page.get_by_role("dialog", name="Keep as template")
    dialog.get_by_label("Name of the template").fill("Storm repair")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog.get_by_role("alert")).to_contain_text("There is a template of this name already.")
    dialog.get_by_label("Name of the template").fill("South side repair")
    dialog.get_by_role("button", name="Keep it").click()
    dialog.get_by_role("link", name="Open it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("South side repair")
    first = page.get_by_role("group", name="Line 1").first
    first.get_by_role("textbox", name="Item").fill("")
    page.get_by_role("button", name="Save template").click()
    expect(first.get_by_role("textbox", name="Item")).to_be_focused()
    first.get_by_role("textbox", name="Item").fill("Inspection and photos")
    page.get_by_role("textbox", name="Name of the template").fill("South side")
    page.get_by_role("button", name="Save template").click()
    page.get_by_role("link", name="South side", exact=True).click()
    its_history_is_read_and_restored(page)

    page.get_by_role("link", name="Use South side").click()
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_text("Choose a customer.")).to_be_visible()
    page.get_by_role("combobox", name="Customer").fill("Hart")
    page.get_by_role("option", name="Elena and Tom Hartley").click()
    page.get_by_role("textbox", name="Title").fill("Hartley, south side")
    page.get_by_role("button", name="Make the draft").click()
    page.wait_for_url("**/edit")
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Hartley, south side")
    proposal_id = int(page.url.rstrip("/").split("/")[-2])
    draft = api.get(f"/proposals/{proposal_id}").json()
    assert (draft["status"], draft["customer"]["name"]) == ("draft", "Elena and Tom Hartley")
    assert draft["lines"][0]["name"] == "Inspection and photos"
    assert api.get("/proposals/10").json()["lines"][0]["name"] != "Inspection and photos"


def its_history_is_read_and_restored(page: Page) -> None:
    """What changed stands there in words; the first revision comes back, and Undo takes that back."""
    page.get_by_role("link", name="History").click()
    changed = page.get_by_role("list", name="What changed with revision 2")
    expect(changed).to_contain_text("Name: South side repair → South side")
    expect(changed).to_contain_text("Inspection and photos added, $")
    expect(page.get_by_role("listitem").first).to_contain_text("by Alex Romero")
    assert violations(page, route="/proposals/templates/$id/history") == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("button", name="Restore revision 1").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History of South side repair")
    expect(page.get_by_text("Brought back from revision 1")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("History of South side")
    expect(page.get_by_text("Brought back from revision 2")).to_be_visible()
    page.goto("/proposals/templates")


def test_a_deleted_template_comes_back_with_all_it_held(open_page: OpenPage, api: httpx2.Client) -> None:
    """Deleted in one press, it is gone; Undo brings back name and content."""
    (before,) = api.get("/proposal-templates", params={"q": "good, better"}).json()["items"]
    content = api.get(f"/proposal-templates/{before['id']}").json()["content"]
    page = open_page()
    sign_in(page)
    page.goto("/proposals/templates")
    page.get_by_role("button", name=f"Delete {before['name']}").click()
    expect(page.get_by_text(f"{before['name']} was deleted.")).to_be_visible()
    expect(page.get_by_role("link", name=before["name"], exact=True)).to_have_count(0)
    assert api.get("/proposal-templates", params={"q": "good, better"}).json()["items"] == []
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("link", name=before["name"], exact=True)).to_be_visible()
    (after,) = api.get("/proposal-templates", params={"q": "good, better"}).json()["items"]
    assert api.get(f"/proposal-templates/{after['id']}").json()["content"] == content


def test_a_template_that_no_longer_works_says_so_and_is_mended(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """A photo that is gone is told when the template is used; saving the template leaves it out, and it works."""
    content = {"title": "Roof", "lines": [LINE], "files": [{"file_id": 99_999}], "right_to_cancel": False}
    kept = api.post("/proposal-templates", json={"name": "With a photo", "content": content}).json()
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/from-template?template={kept['id']}&customer=1")
    page.get_by_role("button", name="Make the draft").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("Please mend the template.")
    page.get_by_role("link", name="Mend the template").click()
    expect(page.get_by_text("A file of this template is gone.")).to_be_visible()
    page.get_by_role("button", name="Save template").click()
    page.get_by_role("link", name="Use With a photo").click()
    page.goto(f"/proposals/from-template?template={kept['id']}&customer=1")
    page.get_by_role("button", name="Make the draft").click()
    page.wait_for_url("**/edit")
    mended = api.get(f"/proposal-templates/{kept['id']}").json()["content"]
    assert (mended["files"], mended["right_to_cancel"]) == ([], False)


def test_a_new_template_is_written_in_spanish(open_page: OpenPage, api: httpx2.Client) -> None:
    """Lines, an option and a milestone of a new template are stored as they were typed; leaving asks first."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/templates")
    page.get_by_role("link", name="Storm repair", exact=True).wait_for()
    page.keyboard.press("n")
    page.get_by_role("textbox", name="Name of the template").fill("Techo sencillo")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="← Templates").click()
    page.get_by_role("textbox", name="Title of the proposal").fill("Techo nuevo")
    page.get_by_text("Español", exact=True).click()
    line = page.get_by_role("group", name="Line 1")
    line.get_by_role("textbox", name="Item").fill("Tejas")
    line.get_by_role("textbox", name="Unit price").fill("412.35")
    page.get_by_role("button", name="Save template").click()
    page.get_by_role("link", name="Techo sencillo", exact=True).wait_for()
    (row,) = api.get("/proposal-templates", params={"q": "sencillo"}).json()["items"]
    content = api.get(f"/proposal-templates/{row['id']}").json()["content"]
    assert (content["language"], content["title"]) == ("es", "Techo nuevo")
    assert content["lines"][0]["unit_price_minor"] == 41_235
    assert "valid_until" not in content


def test_readers_find_no_buttons(open_page: OpenPage) -> None:
    """Who only reads sees price book and templates and can change neither."""
    page = open_page()
    sign_in(page, "viewer@peakpro.io")
    page.goto("/proposals/price-book")
    page.get_by_role("link", name="Permit").wait_for()
    expect(page.get_by_role("button", name="New item")).to_have_count(0)
    page.get_by_role("link", name="Permit").click()
    dialog = page.get_by_role("dialog", name="Price item")
    expect(dialog.get_by_label("Item")).to_be_disabled()
    expect(dialog.get_by_role("button", name="Save")).to_have_count(0)
    page.goto("/proposals/templates")
    page.get_by_role("link", name="Storm repair", exact=True).wait_for()
    expect(page.get_by_role("button", name="Delete Storm repair")).to_have_count(0)


def test_a_search_for_a_number_survives_a_reload(open_page: OpenPage) -> None:
    """`?q=7` is a word that somebody typed, also when the page is loaded with it."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals?q=7")
    page.get_by_role("link", name="Roof replacement, 1847 Elm Street").wait_for()
    expect(page.get_by_role("searchbox", name="Search proposals")).to_have_value("7")
