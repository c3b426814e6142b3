"""The portal for everybody: axe on every state in both languages, and the whole way by keyboard alone."""

from __future__ import annotations

import re

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import PHONE, OpenPage, PortalLink, sign_proposal
from tests.browser.test_accessibility import violations

ENDED = "UPDATE portal_links SET expires_at = now() - interval '1 day' WHERE proposal_id = 10"


def in_both_languages(page: Page) -> dict[str, list[str]]:
    """What axe finds in the state that the page is in, by language."""
    found = {}
    for short, code in (("ES", "es"), ("EN", "en")):
        page.get_by_role("button", name=short, exact=True).click()
        expect(page.locator("html")).to_have_attribute("lang", code)
        found[code] = violations(page)
    return found


CLEAN: dict[str, list[str]] = {"es": [], "en": []}


def test_every_state_of_a_contract(open_page: OpenPage, portal_link: PortalLink) -> None:
    """Reading, mistakes, declining, asking, signed, paying, processing, failed."""
    page = open_page(PHONE)
    page.goto(portal_link(9))
    page.get_by_role("heading", level=1).wait_for()
    assert in_both_languages(page) == CLEAN, "reading"
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_role("button", name="Ask a question").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name=re.compile("[Dd]ecline")).first.click()
    assert in_both_languages(page) == CLEAN, "mistakes, a question, a no"
    sign_proposal(page, "Marisol Vega")
    page.get_by_role("button", name="Pay deposit").wait_for()
    assert in_both_languages(page) == CLEAN, "to pay"
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card pays").wait_for()
    assert in_both_languages(page) == CLEAN, "the simulated page"
    page.get_by_role("button", name=re.compile("Bank.*fails")).click()
    page.locator("[data-stage=processing]").wait_for()
    assert in_both_languages(page) == CLEAN, "processing"
    page.locator("[data-stage=failed]").wait_for()
    assert in_both_languages(page) == CLEAN, "failed"


def test_every_state_of_a_paid_contract(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """Paid, a change to sign, cancelling, cancelled."""
    page = open_page(PHONE)
    page.goto(portal_link(9))
    sign_proposal(page, "Marisol Vega")
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card pays").click()
    page.locator("[data-stage=paid]").wait_for()
    assert in_both_languages(page) == CLEAN, "paid"
    line = {"name": "Skylight", "quantity": "1", "unit_price_minor": 90_000}
    order = api.post("/proposals/9/change-orders", json={"title": "A skylight", "lines": [line]}).json()
    assert api.post(f"/proposals/9/change-orders/{order['id']}/send").status_code == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("article", name="A skylight").wait_for()
    page.get_by_role("button", name="Cancel this contract").click()
    assert in_both_languages(page) == CLEAN, "a change to sign, and cancelling"
    page.get_by_role("button", name=re.compile("Cancel contract and get")).click()
    page.locator("[data-stage=cancelled]").wait_for()
    assert in_both_languages(page) == CLEAN, "cancelled"


def test_every_state_without_a_contract(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client, owner_sql: psycopg.Connection
) -> None:
    """Declined, expired offer, replaced, withdrawn and expired links, another's link, and nothing at all."""
    page = open_page(PHONE)
    declined = portal_link(9)
    page.goto(declined)
    page.get_by_role("button", name=re.compile("[Dd]ecline")).first.click()
    page.locator("form.decline button[type=submit]").click()
    page.locator("[data-stage=declined]").wait_for()
    assert in_both_languages(page) == CLEAN, "declined"
    # Nobody chose anything: all that was offered is shown, none as chosen.
    expect(page.locator("label.option")).to_have_count(len(api.get("/proposals/9").json()["options"]))
    expect(page.locator("label.option.chosen")).to_have_count(0)
    replaced = portal_link(7)
    api.post("/proposals/7/supersede")
    page.goto(replaced)
    page.get_by_role("heading", name="This proposal was replaced by a newer one").wait_for()
    assert in_both_languages(page) == CLEAN, "replaced"
    page.goto("/proposal/10")
    page.get_by_role("heading", level=1).wait_for()
    assert in_both_languages(page) == CLEAN, "without a link"
    late = portal_link(10)
    owner_sql.execute("UPDATE proposals SET valid_until = now() - interval '2 days' WHERE id = 10")
    page.goto("about:blank")  # a new secret behind the # alone is no new page
    page.goto(late)
    page.locator("[data-stage=expired]").wait_for()
    assert in_both_languages(page) == CLEAN, "an offer that expired"
    ended = portal_link(10)
    owner_sql.execute(ENDED)
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(ended)
    page.get_by_role("heading", name="This link has expired").wait_for()
    assert in_both_languages(page) == CLEAN, "an expired link"
    withdrawn = portal_link(10)
    link_id = api.get("/proposals/10/portal-links").json()["items"][0]["id"]
    assert api.delete(f"/proposals/10/portal-links/{link_id}").status_code == 204
    page.goto("about:blank")
    page.context.clear_cookies()
    page.goto(withdrawn)
    page.get_by_role("heading", name="This link no longer works").wait_for()
    assert in_both_languages(page) == CLEAN, "a withdrawn link"
    page.goto("/proposal/999999")
    page.get_by_role("heading", level=1).wait_for()
    assert in_both_languages(page) == CLEAN, "no such proposal"


@pytest.mark.parametrize("language", ["EN", "ES"])
def test_from_the_link_to_the_receipt_by_keyboard_alone(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client, language: str
) -> None:
    """Tab, arrows, Space and Enter choose the language, an option and extras, sign, pay and open the papers, sign and
    pay a change, cancel; the focus is always seen."""
    body = {
        "customer_id": 1,
        "title": "Roof by keyboard",
        "lines": [
            {"name": "Tear-off", "quantity": "1", "unit_price_minor": 200_000},
            {"name": "Guards", "quantity": "1", "unit_price_minor": 50_000, "optional": True},
        ],
        "options": [
            {"name": "Good", "lines": [{"name": "A", "quantity": "1", "unit_price_minor": 800_000}]},
            {"name": "Better", "lines": [{"name": "B", "quantity": "1", "unit_price_minor": 1_000_000}]},
        ],
    }
    proposal = api.post("/proposals", json=body).json()["id"]
    assert api.post(f"/proposals/{proposal}/send", json={"notify": False}).status_code == 200
    page = open_page(PHONE)
    page.goto(portal_link(proposal))
    page.get_by_role("heading", level=1).wait_for()
    tab_to(page, f"button:has-text('{language}')")
    page.keyboard.press("Enter")
    tab_to(page, "input[type=radio]")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name=re.compile("Better"))).to_be_checked()
    tab_to(page, ".extras input[type=checkbox]")
    page.keyboard.press("Space")
    expect(page.locator("#now .figure")).to_contain_text("12,500.00")
    tab_to(page, "input.signature-input")
    page.keyboard.type("Elena Hartley")
    tab_to(page, ".consent input")
    page.keyboard.press("Space")
    tab_to(page, "#sign form button[type=submit]")
    page.keyboard.press("Enter")
    page.locator("[data-stage=pay]").wait_for()
    expect(page.locator("#now h2")).to_be_focused()
    tab_to(page, "#now button.primary")
    page.keyboard.press("Enter")
    page.locator("[data-stage=simulate]").wait_for()
    tab_to(page, "#now button")
    page.keyboard.press("Enter")
    page.locator("[data-stage=paid]").wait_for()
    tab_to(page, "a.paper")
    assert page.evaluate("document.activeElement.href").endswith("/signed.pdf")
    if language == "EN":
        _sign_and_pay_a_change(page, api, proposal)
        _cancel(page)


def _sign_and_pay_a_change(page: Page, api: httpx2.Client, proposal: int) -> None:
    """The change that the office sent appears by itself and is signed; the rest, larger by it, is paid."""
    line = {"name": "Skylight", "quantity": "1", "unit_price_minor": 90_000}
    orders = f"/proposals/{proposal}/change-orders"
    order = api.post(orders, json={"title": "A skylight", "lines": [line]}).json()
    assert api.post(f"{orders}/{order['id']}/send").status_code == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.get_by_role("article", name="A skylight").wait_for()
    tab_to(page, "#changes input.signature-input")
    page.keyboard.type("Elena Hartley")
    tab_to(page, "#changes .consent input")
    page.keyboard.press("Space")
    tab_to(page, "#changes form button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Agreed", exact=True)).to_be_visible()
    (rest,) = [
        row
        for row in api.get("/payments", params={"proposal_id": proposal}).json()["items"]
        if row["state"] == "planned"
    ]
    assert api.post(f"/payments/{rest['id']}/request").status_code == 200
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.locator("button.part-pay").wait_for()
    tab_to(page, "button.part-pay")
    page.keyboard.press("Enter")
    page.locator("[data-stage=pay]").wait_for()
    tab_to(page, "#now button.primary")
    page.keyboard.press("Enter")
    page.locator("[data-stage=simulate]").wait_for()
    tab_to(page, "#now button")
    page.keyboard.press("Enter")
    page.locator("[data-stage=paid]").wait_for()


def _cancel(page: Page) -> None:
    """Opening the question moves nothing; its button names what comes back."""
    tab_to(page, ".cancel button")
    page.keyboard.press("Enter")
    page.get_by_role("button", name=re.compile(r"Cancel contract and get \$[\d,.]+ back")).wait_for()
    tab_to(page, "form button.danger")
    page.keyboard.press("Enter")
    page.locator("[data-stage=cancelled]").wait_for()


TABS_MAX = 60


def tab_to(page: Page, selector: str) -> None:
    """Tabs on until the first match has the focus, which must be seen there."""
    for _ in range(TABS_MAX):
        page.keyboard.press("Tab")
        if page.evaluate(
            "(selector) => document.activeElement !== document.body && document.activeElement.matches(selector)",
            selector.partition(":has-text")[0],
        ) and (
            ":has-text" not in selector
            or selector.split("'")[1] in page.evaluate("document.activeElement.textContent")
        ):
            break
    else:
        pytest.fail(f"{selector} is not reached by keyboard")
    ring = page.evaluate(
        "() => { const style = getComputedStyle(document.activeElement); "
        "return style.outlineStyle !== 'none' || style.boxShadow !== 'none'; }"
    )
    assert ring, f"the focus on {selector} cannot be seen"
