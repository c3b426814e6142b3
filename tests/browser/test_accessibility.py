"""Every page before axe-core with all of its rules (WCAG 2.2 A and AA, and its best practice): nothing found."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from scripts.console_addresses import PICTURED, route_of, routes
from tests.browser.pages import DESK, PHONE, ROOT, OpenPage, PortalLink, sign_in, sign_proposal

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Mantine says of each part that fades in or out which way it goes; what moves for ever (a skeleton) is at rest.
STILL = "() => document.getAnimations().every((one) => one.effect.getComputedTiming().endTime === Infinity)"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = """(tags) => axe._audit.rules
    .filter((rule) => rule.enabled && rule.tags.some((tag) => tags.includes(tag)))
    .filter((rule) => !rule.tags.some((tag) => axe._audit.tagExclude.includes(tag)))
    .map((rule) => rule.id)"""
RULES_MIN = 85  # of the version at hand there are 90; far fewer would say that axe names them in another way
COLORS = ["color-contrast", "link-in-text-block"]
RUN = """(rules) => axe.run(document, { runOnly: { type: "rule", values: rules }, resultTypes: ["violations"] })"""
CONSOLE_PAGES = {
    "sales": [
        "/",
        "/proposals",
        "/proposals/7",
        "/proposals/9",
        "/proposals/new",
        "/customers",
        "/customers/1",
        "/leads",
        "/leads/1",
    ],
    "money": [
        "/payments",
        "/books",
        "/books/needs-you",
        "/books/waiting",
        "/books/posted",
        "/books/differences",
        "/books/review",
        "/books/log",
        "/books/quota",
        "/books/backfill",
        "/books/doctor",
        "/books/left-out",
        "/activity",
        "/mail",
        "/mail?tab=texts",
    ],
    "reusable": [
        "/proposals/templates",
        "/proposals/templates/1",
        "/proposals/templates/new",
        "/proposals/from-template?template=1",
        "/proposals/price-book",
        "/proposals/price-book?item=1",
    ],
    # Those with a changing part need an endpoint first: test_webhooks_page.py.
    "settings": [address for address in PICTURED if address.startswith("/settings/") and "{" not in address],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_portal_can_be_used_by_everybody(
    open_page: OpenPage, portal_link: PortalLink, scheme: str
) -> None:
    """The portal has no violation while reading, signing, paying and after it."""
    page = open_page(PHONE, scheme)
    page.goto(portal_link(9))
    page.get_by_role("heading", level=1).wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Sign and approve").click()
    assert violations(page) == []
    sign_proposal(page, "Marisol Vega")
    page.get_by_role("button", name="Pay deposit").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card pays").wait_for()
    assert violations(page) == []
    page.get_by_role("button", name="Card pays").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    assert violations(page) == []


@pytest.mark.timeout(300)  # four looks at each of many pages
@pytest.mark.parametrize("part", list(CONSOLE_PAGES))
def test_the_console_can_be_used_by_everybody(open_page: OpenPage, part: str) -> None:
    """No page of the console has a violation, by day and by night, on a desk and on a phone."""
    page = open_page(DESK)
    page.goto("/login")
    page.get_by_role("button", name="Sign in").wait_for()
    found = {"/login": violations(page, route="/login")}
    sign_in(page)
    for path in CONSOLE_PAGES[part]:
        page.goto(path)
        page.get_by_role("heading", level=1).first.wait_for()
        found[path] = everywhere(page)
    assert {path: what for path, what in found.items() if what} == {}


def everywhere(page: Page, route: str | None = None) -> list[str]:
    """What stands on the page now, at both widths; in the dark only colours are other ones."""
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.emulate_media(reduced_motion="reduce")  # a colour that is still on its way is none that people read
    found = []
    for width in (PHONE, DESK):
        page.set_viewport_size(width)
        found += violations(page, route=route)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in violations(page, COLORS)]
        page.emulate_media(color_scheme="light")
        sideways = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
        found += [f"slides sideways at {width['width']}"] if sideways else []
    return found


def violations(page: Page, only: list[str] | None = None, *, route: str | None = None) -> list[str]:
    """What axe-core finds, each with the first place where it stands; a menu on its way out of
    sight is waited for. `route` says which page of the router this is (test_console_addresses.py counts them)."""
    if route is not None:
        assert route_of(page.url, routes()) == route
    page.wait_for_function(STILL)
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(AXE.read_text())
    rules: list[str] = only or page.evaluate(RULES, TAGS)
    assert only or (len(rules) >= RULES_MIN and set(COLORS) <= set(rules)), rules
    result: dict[str, Any] = page.evaluate(RUN, rules)
    return [
        f"{found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]} "
        f"{found['nodes'][0].get('failureSummary', '')[:200]}"
        for found in result["violations"]
    ]
