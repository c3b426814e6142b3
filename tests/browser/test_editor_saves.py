"""The editor saves by itself: its state in words, nothing typed lost, two people at one draft, and the page to come."""

from __future__ import annotations

import re

import httpx2
import pytest
from playwright.sync_api import FrameLocator, Page, ViewportSize, expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations

SAVED = re.compile(r"Saved at")


@pytest.fixture
def draft(api: httpx2.Client) -> int:
    """A draft of one gutter, $1,000.00; its id."""
    lines = [{"name": "Gutter", "quantity": "10", "unit": "ft", "unit_price_minor": 10000}]
    body = {"customer_id": 1, "title": "Gutters", "introduction": "Dear Elena,", "lines": lines}
    return int(api.post("/proposals", json=body).json()["id"])


def test_a_new_proposal_is_saved_while_it_is_written(open_page: OpenPage, api: httpx2.Client) -> None:
    """What is unfinished is kept in the browser; finished, it is stored once, and a reload opens the stored draft."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/new?customer=1")
    before = len(api.get("/proposals").json()["items"])
    page.get_by_label("Title").fill("Roof over the porch")
    page.get_by_role("textbox", name="Unit price").fill("12.5x")
    expect(save_line(page)).to_contain_text("fields to finish. It is kept in this browser.")
    page.reload()  # nothing is stored yet
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_label("Title")).to_have_value("Roof over the porch")
    page.get_by_role("textbox", name="Unit price").fill("12.50")
    page.get_by_role("textbox", name="Item").fill("Flashing")
    expect(save_line(page)).to_contain_text(SAVED)
    page.get_by_role("textbox", name="Item").fill("Copper flashing")
    expect(save_line(page)).to_contain_text("Saving")
    expect(save_line(page)).to_contain_text(SAVED)
    listed = api.get("/proposals").json()["items"]
    assert len(listed) == before + 1
    page.reload()
    page.wait_for_url(f"**/proposals/{listed[0]['id']}/edit")
    expect(page.get_by_role("textbox", name="Item")).to_have_value("Copper flashing")
    assert api.get(f"/proposals/{listed[0]['id']}").json()["total_minor"] == 1250


def test_offline_is_told_and_nothing_is_lost(open_page: OpenPage, api: httpx2.Client, draft: int) -> None:
    """Without a network the words say so; a reload brings back what was typed; with the network it is saved by itself."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{draft}/edit")
    page.get_by_label("Title").wait_for()
    page.context.set_offline(offline=True)
    page.get_by_label("Title").fill("Gutters and downspouts")
    expect(save_line(page)).to_contain_text("the server cannot be reached. It is kept in this browser.")
    assert api.get(f"/proposals/{draft}").json()["title"] == "Gutters"
    page.context.set_offline(offline=False)
    expect(save_line(page)).to_contain_text(SAVED)
    assert api.get(f"/proposals/{draft}").json()["title"] == "Gutters and downspouts"

    saves = re.compile(r"autosave=true")
    page.route(saves, lambda route: route.abort())
    page.get_by_label("Title").fill("Gutters, downspouts and a barrel")
    expect(save_line(page)).to_contain_text("kept in this browser")
    page.reload()
    expect(page.get_by_label("Title")).to_have_value("Gutters, downspouts and a barrel")
    expect(page.get_by_text("had not been saved; it is here again")).to_be_visible()
    page.unroute(saves)
    expect(save_line(page)).to_contain_text(SAVED)
    assert api.get(f"/proposals/{draft}").json()["title"] == "Gutters, downspouts and a barrel"


def test_what_the_server_refuses_stays_and_is_told(
    open_page: OpenPage, api: httpx2.Client, draft: int
) -> None:
    """A deposit above the total is refused in a sentence; mended, it is saved."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{draft}/edit")
    page.get_by_role("radiogroup", name="Deposit").get_by_text("Amount").click()
    page.get_by_role("textbox", name="Amount", exact=True).fill("2000.00")
    expect(save_line(page)).to_contain_text("The deposit is more than the total of $1,000.00.")
    page.get_by_role("textbox", name="Amount", exact=True).fill("200.00")
    expect(save_line(page)).to_contain_text(SAVED)
    assert api.get(f"/proposals/{draft}").json()["deposit"]["amount_minor"] == 20000


def test_the_second_writer_is_told_and_both_versions_stay_at_hand(
    open_page: OpenPage, api: httpx2.Client, draft: int
) -> None:
    """Who comes second sees who changed what, takes theirs, gets their own back by Undo, and keeps it."""
    first, second = open_page(), open_page()
    sign_in(first)
    sign_in(second, "office@peakpro.io")
    for page in (first, second):
        page.goto(f"/proposals/{draft}/edit")
        page.get_by_label("Title").wait_for()
    second.context.set_offline(offline=True)
    second.get_by_label("Title").fill("Gutters as Dana has them")
    expect(save_line(second)).to_contain_text("cannot be reached")
    first.get_by_role("textbox", name="Unit price").fill("120.00")
    expect(save_line(first)).to_contain_text(SAVED)
    second.context.set_offline(offline=False)

    told = second.get_by_role("alertdialog")
    expect(told).to_contain_text("Alex Romero changed this draft while you were writing")
    told.get_by_role("button", name="Look at theirs").click()
    expect(told).to_contain_text("10 ft × $100.00, tax 0 % → 10 ft × $120.00, tax 0 %")
    expect(told).to_contain_text("Title: Gutters as Dana has them → Gutters")
    assert violations(second, route="/proposals/$id/edit") == []
    told.get_by_role("button", name="Take theirs").click()
    expect(second.get_by_role("textbox", name="Unit price")).to_have_value("120.00")
    second.get_by_role("button", name="Undo").click()
    expect(second.get_by_label("Title")).to_have_value("Gutters as Dana has them")
    expect(save_line(second)).to_contain_text(SAVED)
    stored = api.get(f"/proposals/{draft}").json()
    assert (stored["title"], stored["total_minor"]) == ("Gutters as Dana has them", 100000)

    # The first has nothing unsaved, so the change comes to them by itself.
    expect(first.get_by_label("Title")).to_have_value("Gutters as Dana has them")
    expect(first.get_by_text("Dana Whitfield changed this draft")).to_be_visible()


def test_keeping_ones_own_over_a_colleagues_can_be_undone(
    open_page: OpenPage, api: httpx2.Client, draft: int
) -> None:
    """Keep mine stores mine; Undo stores theirs again."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{draft}/edit")
    page.get_by_label("Title").wait_for()
    page.context.set_offline(offline=True)
    page.get_by_label("Title").fill("Mine")
    expect(save_line(page)).to_contain_text("cannot be reached")
    api.patch(f"/proposals/{draft}", json={"title": "Theirs"})
    page.context.set_offline(offline=False)
    page.get_by_role("button", name="Keep mine").click()
    expect(save_line(page)).to_contain_text(SAVED)
    assert api.get(f"/proposals/{draft}").json()["title"] == "Mine"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Title")).to_have_value("Theirs")
    expect(save_line(page)).to_contain_text(SAVED)
    assert api.get(f"/proposals/{draft}").json()["title"] == "Theirs"


def test_a_draft_that_was_sent_meanwhile_costs_no_word(
    open_page: OpenPage, api: httpx2.Client, draft: int
) -> None:
    """Sent by a colleague while somebody wrote: that is told, and what was typed becomes a proposal of its own."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{draft}/edit")
    page.get_by_label("Title").wait_for()
    assert api.post(f"/proposals/{draft}/send").status_code == 200
    page.get_by_label("Title").fill("Gutters, second thoughts")
    page.get_by_role("button", name="Save mine as a new proposal").click()
    expect(save_line(page)).to_contain_text(SAVED)
    newest = api.get("/proposals").json()["items"][0]
    assert (newest["title"], newest["status"]) == ("Gutters, second thoughts", "draft")
    assert api.get(f"/proposals/{draft}").json()["title"] == "Gutters"


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
def test_the_page_to_come_is_seen_while_it_is_written(
    open_page: OpenPage, api: httpx2.Client, draft: int, width: ViewportSize
) -> None:
    """The preview follows every key with the same totals, choices move it, and nothing can be signed there."""
    page = open_page(width)
    sign_in(page)
    page.goto(f"/proposals/{draft}/edit")
    preview = page.frame_locator("iframe[title='What the customer will see']")
    page.get_by_role("textbox", name="Unit price").fill("123.45")
    page.get_by_role("button", name="Offer options to choose from").click()
    page.get_by_role("textbox", name="Option 1").fill("Copper")
    line = page.get_by_role("group", name="Line 1").last
    line.get_by_role("textbox", name="Item").fill("<b>Copper</b>")
    line.get_by_role("textbox", name="Unit price").fill("500.01")
    total = page.get_by_role("region", name="Total")
    expect(total).to_contain_text("$1,734.51")
    if width == PHONE:
        expect(page.locator("iframe.preview-frame")).to_be_hidden()
        page.get_by_role("radiogroup", name="Write or preview").get_by_text("Preview").click()
    expect(figure(preview)).to_have_text("$1,734.51")
    expect(preview.get_by_text("<b>Copper</b>").first).to_be_visible()
    expect(preview.get_by_role("region", name="When you pay")).to_contain_text("$520.35")
    preview.get_by_role("button", name="Sign and approve").click()
    expect(preview.get_by_text("This is a preview: nothing is signed or sent.")).to_be_visible()
    expect(save_line(page)).to_contain_text(SAVED)
    stored = api.get(f"/proposals/{draft}").json()
    assert (stored["total_minor"], stored["status"]) == (173451, "draft")
    assert violations(page) == []


def save_line(page: Page):
    return page.locator(".save-line")


def figure(preview: FrameLocator):
    return preview.locator("#now .figure")


def test_a_change_a_second_earlier_is_not_sent_unseen(
    open_page: OpenPage, api: httpx2.Client, draft: int
) -> None:
    """While the sending is asked a colleague changes the draft: nothing is sent, it is said kindly, one looks and sends."""
    page = open_page(PHONE)
    sign_in(page)
    page.goto(f"/proposals/{draft}")
    page.get_by_role("button", name="Send to customer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send", exact=True).wait_for()
    changed = api.patch(f"/proposals/{draft}", json={"title": "Ridge and valley"})
    assert changed.status_code == 200
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text(
        "Alex Romero changed this draft while this was open. Nothing was sent"
    )
    assert violations(page) == []
    assert api.get(f"/proposals/{draft}").json()["status"] == "draft"
    dialog.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ridge and valley")
    page.get_by_role("button", name="Send to customer").click()
    dialog.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("textbox", name="Customer link")).to_be_visible()
    assert api.get(f"/proposals/{draft}").json()["status"] == "sent"
