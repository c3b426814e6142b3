"""A real Chromium before the real server, which it reaches under the portal's public address."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Literal

import httpx2
import pytest
from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright
from tests.browser.pages import DESK, PUBLIC, ROOT, OpenPage, PortalLink
from tests.conftest import RunningApp

WAIT_MILLISECONDS_MAX = 15_000


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Skips without a browser or without the built pages; with CRM_REQUIRE_BROWSER=1 that is an error."""
    found = shutil.which(os.environ.get("CHROMIUM") or "chromium")
    missing = None
    if found is None:
        missing = "no Chromium: install it, or say where it is with CHROMIUM=/path/to/chromium"
    elif not (ROOT / "web" / "dist" / "portal.html").exists():
        missing = "the pages are not built: run `make setup`"
    if missing or found is None:
        if os.environ.get("CRM_REQUIRE_BROWSER") == "1":
            pytest.fail(missing or "no Chromium")
        pytest.skip(missing or "no Chromium")
    return found


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Ends with its file: the event loop must not run beside that of other tests in the same process."""
    with sync_playwright() as started:
        yield started


@pytest.fixture
def browser(playwright: Playwright, chromium_path: str, app_server: RunningApp) -> Iterator[Browser]:
    port = app_server.url.rpartition(":")[2]
    browser = playwright.chromium.launch(
        executable_path=chromium_path,
        args=["--no-sandbox", f"--host-resolver-rules=MAP localhost:5173 127.0.0.1:{port}"],
    )
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Opens a page of its own session; what a page logs as an error fails the test."""
    faults: list[str] = []

    def opened(viewport: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, base_url=PUBLIC, locale="en-US")
        context.set_default_timeout(WAIT_MILLISECONDS_MAX)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield opened
    assert faults == []


@pytest.fixture
def portal_link(api: httpx2.Client) -> PortalLink:
    """Returns a new link of a proposal, as it would stand in the customer's mail."""

    def made(proposal_id: int) -> str:
        answer = api.post(f"/proposals/{proposal_id}/portal-links")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    return made
