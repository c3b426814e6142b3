"""The office's console: signing in, finding, writing and sending."""

from __future__ import annotations

import httpx2
from playwright.sync_api import Page, Route, expect
from tests.browser.pages import PHONE, PUBLIC, OpenPage, sign_in
from tests.browser.test_accessibility import everywhere
from tests.conftest import RunningApp


def test_the_keyboard_leads_from_sign_in_to_a_proposal(open_page: OpenPage) -> None:
    """Signed in, `g p` shows the proposals, `f` finds in the list, `j` and Enter open one with all its blocks."""
    page = open_page()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/assets/Proposal-*.js", hold)  # a slow line: the page comes later than its address
    page.goto("/proposals")  # asks to sign in first, then comes back here
    page.get_by_label("E-mail").fill("admin@peakpro.io")
    page.get_by_role("textbox", name="Password").fill("password")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Roof replacement, 1847 Elm Street").wait_for()

    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()
    page.keyboard.press("g")
    page.keyboard.press("p")
    page.get_by_role("link", name="Roof replacement, 1847 Elm Street").wait_for()
    page.keyboard.press("f")
    page.keyboard.type("elm")
    expect(page.get_by_role("link", name="New roof for the bungalow")).to_have_count(0)
    expect(page).to_have_url(f"{PUBLIC}/proposals?q=elm")
    page.keyboard.press("Escape")
    expect(page.get_by_role("searchbox", name="Search proposals")).to_have_value("elm")
    page.keyboard.press("f")
    page.keyboard.type("elm str")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_timeout(
        400
    )  # longer than the field waits after the last key: nobody is called back to the list
    for one in held:
        one.continue_()

    expect(page).to_have_url(f"{PUBLIC}/proposals/7")
    expect(page.get_by_role("heading", level=1)).to_have_text("Roof replacement, 1847 Elm Street")
    expect(page.get_by_role("region", name="Deposit")).to_contain_text("$4,725.00")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_a_wrong_password_is_told_at_the_form(open_page: OpenPage) -> None:
    """A wrong password says so in a sentence and keeps what was typed."""
    page = open_page()
    page.goto("/login")
    page.get_by_label("E-mail").fill("admin@peakpro.io")
    page.get_by_role("textbox", name="Password").fill("not it")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value("admin@peakpro.io")


def test_a_proposal_is_written_and_sent(
    open_page: OpenPage, api: httpx2.Client, app_server: RunningApp
) -> None:
    """The total shown while typing is the one the API stores, and sending gives a link that opens it."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/new")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Choose a customer.")).to_be_visible()

    page.get_by_role("combobox", name="Customer").fill("Hart")
    page.get_by_role("option", name="Elena and Tom Hartley").click()
    page.get_by_label("Title").fill("New gutters, 1847 Elm Street")
    page.get_by_role("textbox", name="Item").fill("Seamless aluminium gutter")
    page.get_by_role("textbox", name="Quantity").fill("33.5")
    page.get_by_role("textbox", name="Unit", exact=True).fill("ft")
    page.get_by_role("textbox", name="Unit price").fill("12.35")
    page.get_by_role("textbox", name="Tax %").fill("8.81")
    total = page.get_by_role("region", name="Total")
    expect(total).to_contain_text("$450.18")
    page.get_by_role("button", name="Save draft").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("New gutters, 1847 Elm Street")
    proposal_id = int(page.url.rpartition("/")[2])
    stored = api.get(f"/proposals/{proposal_id}").json()
    assert (stored["subtotal_minor"], stored["tax_minor"], stored["total_minor"]) == (41373, 3645, 45018)

    page.get_by_role("button", name="Send to customer").click()
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    link = page.get_by_role("textbox", name="Customer link").input_value()
    assert link.startswith(f"{PUBLIC}/proposal/{proposal_id}#t=")
    customer = open_page(PHONE)
    customer.goto(link)
    expect(customer.locator("#now .figure")).to_have_text("$450.18")
    mail_to_customer(page, app_server)


def mail_to_customer(page: Page, app: RunningApp) -> None:
    """What the customer was written is read in the console, by everybody."""
    for _ in range(2):  # what follows from the sending, then its mail
        app.worker.run_jobs()
    page.goto("/mail")
    page.get_by_role("link", name="New gutters, 1847 Elm Street").first.click()
    page.get_by_role("heading", level=1).wait_for()
    assert everywhere(page, "/mail/$id") == []


def test_people_see_what_their_role_may_do(open_page: OpenPage) -> None:
    """Who sells sees no books and no settings of others; who reads only can write nothing."""
    sales = open_page()
    sign_in(sales, "sales@peakpro.io")
    funnel = sales.get_by_role("region", name="From view to payment")
    expect(funnel.get_by_role("table", name="Proposals from sent to paid")).to_contain_text("Sent")
    expect(sales.get_by_role("region", name="How long money waits for the books")).to_have_count(0)
    menu = sales.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Proposals")).to_be_visible()
    expect(menu.get_by_role("link", name="Books")).to_have_count(0)

    viewer = open_page()
    sign_in(viewer, "viewer@peakpro.io")
    viewer.goto("/proposals")
    viewer.get_by_role("link", name="Roof replacement, 1847 Elm Street").wait_for()
    expect(viewer.get_by_role("link", name="New proposal")).to_have_count(0)
    viewer.goto("/proposals/7")
    viewer.get_by_role("region", name="Deposit").wait_for()
    expect(viewer.get_by_role("button", name="Get customer link")).to_have_count(0)


def test_another_companys_record_is_not_found(open_page: OpenPage) -> None:
    """The address of another company's proposal shows nothing of it."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/20")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("Summit")).to_have_count(0)
