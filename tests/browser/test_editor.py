"""The proposal editor in a real browser: everything that a proposal can have, mistakes, and what can be undone."""

from __future__ import annotations

import io
import re
from typing import Any

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, ViewportSize, expect
from tests.browser.pages import DESK, PHONE, OpenPage, PortalLink, sign_in

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


@WIDTHS
def test_a_proposal_with_all_its_parts_is_written(
    open_page: OpenPage, api: httpx2.Client, portal_link: PortalLink, width: ViewportSize
) -> None:
    """Sections, discounts, extras, milestones, a photo and Spanish are stored as shown, to the cent."""
    page = open_page(width)
    sign_in(page)
    page.goto("/proposals/new?customer=1")
    page.get_by_label("Title").fill("New roof with gutters")
    page.get_by_text("Español", exact=True).click()
    if width is DESK:  # on a phone the preview stands behind a button; what is written has no number yet
        preview = page.frame_locator("iframe[title='What the customer will see']")
        expect(preview.get_by_text(re.compile(r"^Preparada para \w+"))).to_be_visible()
    first = page.get_by_role("group", name="Line 1")
    _fill(first, Item="Shingles", Quantity="33.5", Unit="square", price="412.35", tax="8.81")
    first.get_by_role("button", name="Section, discount, optional").click()
    first.get_by_label("Section").fill("Roof")
    first.get_by_label("Discount").fill("5 %%")
    page.get_by_role("button", name="Add line").click()
    second = page.get_by_role("group", name="Line 2")
    expect(second.get_by_label("Section")).to_have_value("Roof")
    second.get_by_label("Section").fill("Gutters")
    _fill(second, Item="Gutter guards", Quantity="120", Unit="ft", price="9.99", tax="8.81")
    second.get_by_label("Optional: the customer decides").check()
    page.get_by_role("button", name="Add milestone").click()
    page.get_by_role("textbox", name="Milestone 1").fill("Materials delivered")
    page.get_by_label("Share or amount").fill("90 %")
    total = page.get_by_role("region", name="Total")
    page.get_by_role("button", name="Save draft").click()
    discount = first.get_by_label("Discount")
    expect(discount).to_be_focused()
    discount.fill("5 %")
    expect(total).to_contain_text("more than the total of $14,279.18")
    page.get_by_label("Share or amount").fill("33.3 %")
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="north side.png", mimeType="image/png", buffer=_picture())
    )
    page.get_by_role("textbox", name="north side.jpg").wait_for()
    page.get_by_role("textbox", name="north side.jpg").fill("Lado norte")
    # 33.5 x 412.35 = 13,813.73 less 690.69; tax 1,156.14
    expect(total).to_contain_text("$14,279.18")
    expect(total).to_contain_text("100 %")
    page.get_by_role("button", name="Save draft").click()

    page.get_by_role("heading", level=1, name="New roof with gutters").wait_for()
    stored: dict[str, Any] = api.get(f"/proposals/{page.url.rpartition('/')[2]}").json()
    assert stored["total_minor"] == 1427918
    assert [part["amount_minor"] for part in stored["schedule"]] == [428375, 475497, 524046]
    assert stored["language"] == "es"
    assert [(line["section"], line["optional"]) for line in stored["lines"]] == [
        ("Roof", False),
        ("Gutters", True),
    ]
    assert [file["caption"] for file in stored["files"]] == ["Lado norte"]
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_role("region", name="Total")).to_contain_text("$14,279.18")
    expect(page.get_by_role("group", name="Line 1").get_by_label("Discount")).to_have_value("5 %")


def test_what_was_removed_comes_back_and_lines_are_moved_by_keyboard(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """A removed line is put back with what was typed since kept; Alt and an arrow key move a line."""
    page = open_page()
    sign_in(page)
    lines = [{"name": name, "quantity": "1", "unit_price_minor": 10000} for name in ("First", "Second")]
    draft = api.post("/proposals", json={"customer_id": 1, "title": "Two lines", "lines": lines}).json()
    page.goto(f"/proposals/{draft['id']}/edit")
    page.get_by_role("button", name="Remove line 1").click()
    expect(page.get_by_role("button", name="Undo")).to_be_focused()
    page.get_by_label("Title").fill("Two lines again")
    page.get_by_role("button", name="Undo").press("Enter")
    items = page.get_by_role("textbox", name="Item")
    expect(items).to_have_count(2)
    expect(items.first).to_have_value("First")
    expect(page.get_by_label("Title")).to_have_value("Two lines again")

    items.first.press("Alt+ArrowDown")
    expect(items.first).to_have_value("Second")
    expect(items.nth(1)).to_be_focused()
    page.get_by_role("button", name="Remove line 2").click()
    page.keyboard.press("Control+z")
    expect(items.nth(1)).to_have_value("First")


def test_a_file_that_is_none_says_so_and_can_be_left_out(open_page: OpenPage, api: httpx2.Client) -> None:
    """A text called .jpg is refused with a sentence at its place; nothing is saved around it unseen."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/new?customer=1")
    page.locator("input[type=file]").set_input_files(
        FilePayload(name="roof.jpg", mimeType="image/jpeg", buffer=b"not a picture")
    )
    expect(page.get_by_role("alert")).to_contain_text("This is not a picture we can use")
    expect(page.get_by_role("button", name="Save draft")).to_be_disabled()
    page.get_by_role("button", name="Leave out").click()
    expect(page.get_by_role("button", name="Save draft")).to_be_enabled()
    assert api.get("/files").json()["items"] == []


def _fill(line: Any, *, price: str, tax: str, **fields: str) -> None:
    for name, value in fields.items():
        line.get_by_role("textbox", name=name, exact=True).fill(value)
    line.get_by_role("textbox", name="Unit price").fill(price)
    line.get_by_role("textbox", name="Tax %").fill(tax)


def _picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (160, 90, 60)).save(out, "PNG")
    return out.getvalue()


def test_a_version_is_replaced_compared_discarded_and_sent_by_mail(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """A new version tells what it changes; discarding it brings the old one back; the mail has the office's words."""
    page = open_page()
    sign_in(page)
    lines = [{"name": "Gutter", "quantity": "10", "unit_price_minor": 10000}]
    draft = api.post("/proposals", json={"customer_id": 1, "title": "Gutters", "lines": lines}).json()
    page.goto(f"/proposals/{draft['id']}")
    page.get_by_role("button", name="Send to customer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To", exact=True).fill("not an address")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("To", exact=True).fill("elena@example.com")
    dialog.get_by_label("Your own words").fill("As we discussed on Monday.")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("textbox", name="Customer link")).to_be_visible()
    page.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Replace with new version").click()
    page.get_by_role("textbox", name="Unit price").fill("90.00")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("button", name="What changed from version 1").click()
    expect(page.get_by_role("region", name="Versions")).to_contain_text("Total: $1,000.00 → $900.00")
    page.get_by_role("button", name="Discard", exact=True).click()
    page.get_by_role("button", name="Discard draft").click()
    page.get_by_role("button", name="Replace with new version").wait_for()
    stored = api.get(f"/proposals/{draft['id']}").json()
    assert (stored["status"], stored["superseded_by"]) == ("sent", None)
    assert len(api.get("/proposals", params={"number": draft["id"]}).json()["items"]) == 1


def test_contract_law_is_told_before_sending_and_a_reason_passes_it(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """What a rule blocks is sent only with a reason; the dialog says the rule, its source and the way out."""
    address = {"line1": "1 Main St", "city": "Los Angeles", "state": "CA", "postal_code": "90001"}
    customer = api.post("/customers", json={"name": "Californian", "site_address": address}).json()
    body = {
        "customer_id": customer["id"],
        "title": "Californian roof",
        "deposit": {"percent": 50},
        "lines": [{"name": "Roof", "quantity": "1", "unit_price_minor": 1000000}],
    }
    draft = api.post("/proposals", json=body).json()
    assert api.put("/law/deposit-rules/CA", json={"mode": "block"}).status_code == 200
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{draft['id']}")
    page.get_by_role("button", name="Send to customer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).click()
    reason = dialog.get_by_label("Reason to send it all the same")
    expect(reason).to_have_attribute("aria-invalid", "true")
    reason.fill("The work is for a business; the rule is for homes.")
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("textbox", name="Customer link")).to_be_visible()
    assert api.get(f"/proposals/{draft['id']}").json()["status"] == "sent"


def test_the_companys_standards_begin_a_proposal(open_page: OpenPage, api: httpx2.Client) -> None:
    """Language, tax and texts that the settings say stand in the next proposal."""
    page = open_page()
    sign_in(page)
    page.goto("/settings/deposits")
    page.get_by_label("Tax % of a new line").fill("8.81")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.goto("/settings/texts")
    standards = page.get_by_role("region", name="New proposals")
    standards.get_by_text("Español", exact=True).first.click()
    standards.get_by_label("Terms, Español").fill("Condiciones de la empresa")
    standards.get_by_role("button", name="Save").click()
    expect(standards.get_by_role("status")).to_have_text("Saved.")
    assert api.get("/org").json()["default_terms"]["es"] == "Condiciones de la empresa"
    page.goto("/proposals/new?customer=1")
    expect(page.get_by_label("Terms the customer signs")).to_have_value("Condiciones de la empresa")
    expect(page.get_by_role("textbox", name="Tax %")).to_have_value("8.81")
