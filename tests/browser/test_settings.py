"""The company's settings in a real browser: each part at its own address, saved, refused, and shown to readers."""

from __future__ import annotations

import io

import httpx2
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, ViewportSize, expect
from tests.browser.pages import DESK, PHONE, PUBLIC, OpenPage, PortalLink, sign_in

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])


@WIDTHS
def test_every_part_has_its_own_address(open_page: OpenPage, width: ViewportSize) -> None:
    """Each part is a link of the settings' own navigation; old addresses lead to the new ones; the page never
    slides sideways."""
    page = open_page(width)
    sign_in(page)
    page.goto("/settings")
    expect(page).to_have_url(f"{PUBLIC}/settings/company")
    page.get_by_role("heading", level=1, name="Company").wait_for()
    places = page.get_by_role("navigation", name="Settings").get_by_role("link")
    names = places.all_inner_texts()
    assert names[:3] == ["Company", "Branding", "Team"]
    for name in names:
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
        current = page.get_by_role("navigation", name="Settings").locator("[aria-current=page]")
        expect(current).to_have_text(name)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
        assert page.title().startswith(name)
    page.goto("/settings?tab=api-keys")
    expect(page).to_have_url(f"{PUBLIC}/settings/api-keys")


def test_company_data_is_saved_and_mistakes_stand_at_their_fields(
    open_page: OpenPage, api: httpx2.Client
) -> None:
    """A wrong website is told at its field and nothing is lost; leaving with unsaved words asks first."""
    page = open_page()
    sign_in(page)
    page.goto("/settings/company")
    page.get_by_label("Website").fill("not a website")
    page.get_by_label("Licence number").fill("CO-44-1822")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Website")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Licence number")).to_have_value("CO-44-1822")
    page.get_by_label("Website").fill("peakpro.example")
    page.get_by_role("combobox", name="Time zone").fill("Phoenix")
    page.get_by_role("option", name="America/Phoenix").click()
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("link", name="Branding").click()
    expect(page).to_have_url(f"{PUBLIC}/settings/company")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Website")).to_have_value("https://peakpro.example")
    stored = api.get("/org").json()
    assert (stored["licence_number"], stored["time_zone"]) == ("CO-44-1822", "America/Phoenix")
    page.get_by_role("link", name="Branding").click()
    expect(page).to_have_url(f"{PUBLIC}/settings/branding")


@WIDTHS
def test_a_logo_is_shown_and_what_is_no_picture_is_told(
    open_page: OpenPage, api: httpx2.Client, portal_link: PortalLink, width: ViewportSize
) -> None:
    """A text called .png is refused in a sentence; a picture stands in the preview and before the customer; taken
    off, it comes back by Undo."""
    page = open_page(width)
    sign_in(page)
    page.goto("/settings/branding")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files(FilePayload(name="logo.png", mimeType="image/png", buffer=b"<svg onload=x>"))
    expect(page.get_by_role("alert")).to_contain_text("logo.png: This is not a picture we can use.")
    assert api.get("/org").json()["logo_file_id"] is None
    chooser.set_input_files(FilePayload(name="logo.png", mimeType="image/png", buffer=logo()))
    expect(page.get_by_role("img", name="Logo of PeakPro Roofing")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    kept = api.get("/org").json()["logo_file_id"]
    customer = open_page(PHONE)
    customer.goto(portal_link(7))
    expect(customer.locator("img.logo")).to_have_attribute("src", f"/portal/7/files/{kept}")
    page.get_by_role("button", name="Take it off").click()
    expect(page.get_by_role("img", name="Logo of PeakPro Roofing")).to_have_count(0)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("img", name="Logo of PeakPro Roofing")).to_be_visible()
    assert api.get("/org").json()["logo_file_id"] == kept


def test_a_colour_is_checked_while_it_is_typed(open_page: OpenPage, api: httpx2.Client) -> None:
    """Yellow says at once that it is too weak on white and which shade stands there instead; it is kept as chosen."""
    page = open_page()
    sign_in(page)
    page.goto("/settings/branding")
    field = page.get_by_role("textbox", name="Colour")
    checks = page.get_by_role("list", name="How well it can be read")
    field.fill("#ffd200")
    expect(checks.get_by_role("listitem").first).to_contain_text("contrast 1.5 to 1. Too weak, so #")
    expect(checks.get_by_role("listitem").last).to_contain_text("Easy to read.")
    field.fill("#12")
    expect(page.get_by_text("A colour is written like #1f5fae.")).to_be_visible()
    field.fill("#0f6b5c")
    expect(checks.get_by_text("Easy to read.")).to_have_count(2)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert api.get("/org").json()["brand_color"] == "#0f6b5c"


@WIDTHS
def test_a_states_rule_is_changed_put_back_and_added(
    open_page: OpenPage, api: httpx2.Client, width: ViewportSize
) -> None:
    """The sourced rule is shown with its source; an own cap replaces it, Back brings it again, Undo the own one;
    a state without a rule gets one."""
    page = open_page(width)
    sign_in(page)
    page.goto("/settings/law")
    expect(page.get_by_text("not legal advice").first).to_be_visible()
    page.get_by_role("link", name="California").click()
    dialog = page.get_by_role("dialog", name="Deposits in California")
    expect(dialog).to_contain_text("7159.5")
    dialog.get_by_label("A cap of your own").check()
    dialog.get_by_role("button", name="Save").click()
    percent = dialog.get_by_label("Percent of the total")
    expect(percent).to_have_attribute("aria-invalid", "true")
    percent.fill("12.5")
    dialog.get_by_text("Warn", exact=True).click()
    dialog.get_by_role("button", name="Save").click()
    row = page.get_by_role("row", name="California")
    expect(row).to_contain_text("12.5 %")
    expect(row).to_contain_text("Warns")

    page.get_by_role("link", name="California").click()
    dialog.get_by_role("button", name="Back to the sourced rule").click()
    expect(row).to_contain_text("10 % or $1,000.00, the lesser")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(row).to_contain_text("12.5 %")

    page.get_by_role("combobox", name="Add a rule for another state").fill("Colo")
    page.get_by_role("option", name="Colorado").click()
    colorado = page.get_by_role("dialog", name="Deposits in Colorado")
    colorado.get_by_label("Amount in USD").fill("2500")
    colorado.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Colorado")).to_contain_text("$2,500.00")
    rules = {one["state"]: one["own_rule"] for one in api.get("/law/deposit-rules").json()["items"]}
    assert rules["CA"] == {"mode": "warn", "percent": "12.5", "amount_minor": None, "text": ""}
    assert rules["CO"] == {"mode": "block", "percent": None, "amount_minor": 250000, "text": ""}


def test_the_right_to_cancel_is_a_switch(open_page: OpenPage, api: httpx2.Client) -> None:
    """Switched off by the keyboard, the next draft goes without it."""
    page = open_page()
    sign_in(page)
    page.goto("/settings/law")
    switch = page.get_by_role("switch", name="New contracts carry")
    expect(switch).to_be_checked()
    switch.press("Space")
    expect(page.get_by_text("Saved. New contracts go without it.")).to_be_visible()
    lines = [{"name": "Gutter", "quantity": "1", "unit_price_minor": 10000}]
    draft = api.post("/proposals", json={"customer_id": 1, "title": "Gutters", "lines": lines}).json()
    assert draft["right_to_cancel"] is False


def test_what_is_lost_is_asked_about_or_comes_back(open_page: OpenPage, api: httpx2.Client) -> None:
    """A key is revoked after a question only; own words of a mail, given up for the standard ones, come back."""
    key = api.post("/api-keys", json={"name": "Website", "role": "sales"}).json()["id"]
    own = {"subject": "Hello from {company}", "body": "Our own words."}
    api.put("/mail/templates/proposal_sent/en", json=own).raise_for_status()
    page = open_page()
    sign_in(page)
    page.goto("/settings/api-keys")
    row = page.get_by_role("row", name="Website")
    row.get_by_role("button", name="Revoke").click()
    dialog = page.get_by_role("dialog", name="Revoke “Website”?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_have_count(0)
    row.get_by_role("button", name="Revoke").click()
    dialog.get_by_role("button", name="Revoke the key").click()
    expect(row).to_contain_text("Revoked")
    keys = {one["id"]: one["revoked_at"] for one in api.get("/api-keys").json()["items"]}
    assert keys[key] is not None
    page.goto("/mail?tab=texts")
    page.get_by_role("button", name="Use the standard text").click()
    expect(page.get_by_label("Subject")).to_have_value("Your proposal from {company}: {title}")
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_label("Subject")).to_have_value(own["subject"])
    kept = [one["own"] for one in api.get("/mail/templates").json() if one["own"]]
    assert kept == [own]


def test_readers_see_settings_and_change_nothing(open_page: OpenPage) -> None:
    """Who does not manage the company reads the same pages greyed out and finds no way to team and keys."""
    page = open_page()
    sign_in(page, "viewer@peakpro.io")
    page.goto("/settings/company")
    expect(page.get_by_role("textbox", name="Name")).to_be_disabled()
    expect(page.get_by_text("Only an owner can change this.")).to_be_visible()
    expect(page.get_by_role("link", name="Team")).to_have_count(0)
    page.goto("/settings/team")
    expect(page.get_by_text("Only an owner can manage the team.")).to_be_visible()
    page.goto("/settings/law?state=CA")
    expect(page.get_by_role("dialog").get_by_role("button", name="Save")).to_have_count(0)
    expect(page.get_by_role("switch", name="New contracts carry")).to_be_disabled()


def test_a_failed_save_keeps_what_was_typed(open_page: OpenPage) -> None:
    """The server is away: a sentence says so, the words stay, and the next try saves them."""
    page = open_page()
    sign_in(page)
    page.goto("/settings/deposits")
    field = page.get_by_label("Standard deposit")
    field.fill("25")
    page.route("**/org", lambda route: route.abort())
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("No connection to the server.")
    page.unroute("**/org")
    expect(field).to_have_value("25 %")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    mail_is_saved(page)


def mail_is_saved(page: Page) -> None:
    """It says so until something else is typed, and what was saved is there after a reload."""
    page.goto("/settings/mail")
    name = page.get_by_label("Sender’s name")
    name.fill("Dana of PeakPro")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    name.fill("Dana")
    expect(page.get_by_text("Saved.")).to_have_count(0)
    page.reload()
    expect(name).to_have_value("Dana of PeakPro")


def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (480, 160), (15, 107, 92, 255)).save(out, "PNG")
    return out.getvalue()
