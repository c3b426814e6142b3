"""A real Chromium before the real server, which it reaches under the portal's public address.

One browser for all tests of a file, since starting one takes a second of the processor's time; each page has a session of
its own. The browser is told at its start where the server listens, so the servers of a file listen on one port in turn.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import socket
from collections.abc import Callable, Iterator
from typing import Literal

import httpx2
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Playwright,
    ViewportSize,
    expect,
    sync_playwright,
)
from tests.browser.pages import DESK, PUBLIC, ROOT, OpenPage, PortalLink
from tests.conftest import RunningApp

from crm.kit.settings import Settings

WAIT_MILLISECONDS_MAX = 15_000
PORTS = range(20_000, 30_000)
expect.set_options(timeout=WAIT_MILLISECONDS_MAX)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """Chromium without a window where there is one, since it costs half of the processor's time, else the whole one.

    Skips without a browser or without the built pages; with CRM_REQUIRE_BROWSER=1 that is an error.
    """
    named = os.environ.get("CHROMIUM")
    found = (
        shutil.which(named) if named else shutil.which("chromium-headless-shell") or shutil.which("chromium")
    )
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


@pytest.fixture(scope="module")
def port() -> int:
    """Free now, and outside the range from which the system gives ports to whoever asks for any."""
    for port in random.sample(PORTS, len(PORTS)):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    pytest.fail(f"no free port in {PORTS}")


@pytest.fixture
def app_server(settings: Settings, start_app: Callable[[Settings, int], RunningApp], port: int) -> RunningApp:
    """The server on this test's database, where the browser looks for it."""
    return start_app(settings, port)


@pytest.fixture(scope="module")
def browser(playwright: Playwright, chromium_path: str, port: int) -> Iterator[Browser]:
    browser = playwright.chromium.launch(
        executable_path=chromium_path,
        args=["--no-sandbox", f"--host-resolver-rules=MAP localhost:5173 127.0.0.1:{port}"],
    )
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser: Browser, app_server: RunningApp) -> Iterator[OpenPage]:
    """Opens a page of its own session; what a page logs as an error fails the test."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []

    def opened(viewport: ViewportSize = DESK, scheme: Literal["light", "dark"] = "light") -> Page:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, base_url=PUBLIC, locale="en-US")
        contexts.append(context)
        context.set_default_timeout(WAIT_MILLISECONDS_MAX)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert faults == []


@pytest.fixture
def portal_link(api: httpx2.Client) -> PortalLink:
    """Returns a new link of a proposal, as it would stand in the customer's mail."""

    def made(proposal_id: int) -> str:
        answer = api.post(f"/proposals/{proposal_id}/portal-links")
        assert answer.status_code == 201, answer.text
        return str(answer.json()["url"])

    return made
