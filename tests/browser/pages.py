"""What the browser tests share: addresses, screen sizes, and the steps that many of them begin with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).parents[2]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}

# What the browser is told is the portal's and console's address; it is mapped to the test's own port, as a
# name server would, so that links and redirects which the product makes lead to the server under test.
PUBLIC = "http://localhost:5173"

OpenPage = Callable[..., Page]
PortalLink = Callable[[int], str]


def sign_in(page: Page, email: str = "admin@peakpro.io") -> None:
    page.goto("/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_role("textbox", name="Password").fill("password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Main").wait_for()


def sign_proposal(page: Page, name: str) -> None:
    page.get_by_label("Full name").fill(name)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign and approve").click()
