"""Every page before axe-core: nothing that it calls serious or critical (WCAG 2.2 A and AA)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import DESK, PHONE, ROOT, OpenPage, PortalLink, sign_in, sign_proposal

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONSOLE_PAGES = [
    "/",
    "/proposals",
    "/proposals/7",
    "/proposals/9",
    "/proposals/new",
    "/customers",
    "/customers/1",
    "/leads",
    "/leads/1",
    "/payments",
    "/books",
    "/books/needs-you",
    "/books/waiting",
    "/books/posted",
    "/books/differences",
    "/books/review",
    "/books/log",
    "/books/quota",
    "/books/doctor",
    "/books/left-out",
    "/activity",
    "/settings",
    "/settings?tab=team",
    "/settings?tab=api-keys",
]
# Only colours change in the dark: those of states and figures, lists, and a form.
DARK_PAGES = ["/", "/proposals", "/proposals/new"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_portal_can_be_used_by_everybody(
    open_page: OpenPage, portal_link: PortalLink, scheme: str
) -> None:
    """The portal has no serious violation while reading, signing, paying and after it."""
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


@pytest.mark.parametrize(("scheme", "paths"), [("light", CONSOLE_PAGES), ("dark", DARK_PAGES)])
def test_the_console_can_be_used_by_everybody(open_page: OpenPage, scheme: str, paths: list[str]) -> None:
    """No page of the console has a serious violation."""
    page = open_page(DESK, scheme)
    page.goto("/login")
    page.get_by_role("button", name="Sign in").wait_for()
    found = {"/login": violations(page)}
    sign_in(page)
    for path in paths:
        page.goto(path)
        page.get_by_role("heading", level=1).wait_for()
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found[path] = violations(page)
    assert {path: what for path, what in found.items() if what} == {}


def violations(page: Page) -> list[str]:
    """What axe-core finds serious or critical, each with the first place where it stands."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(f"{AXE.read_text()};0")
    # Of thousands of findings that are none only the others are brought over.
    result: dict[str, Any] = page.evaluate(
        "async (tags) => { const found = await axe.run(document, "
        "{ runOnly: { type: 'tag', values: tags }, resultTypes: ['violations'] }); "
        "return { violations: found.violations }; }",
        RULES,
    )
    return [
        f"{found['id']}: {found['help']}: {found['nodes'][0]['html'][:200]} "
        f"{found['nodes'][0].get('failureSummary', '')[:200]}"
        for found in result["violations"]
        if found["impact"] in {"serious", "critical"}
    ]
