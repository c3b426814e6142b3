"""Every page of the console is pictured by `make screenshots`, and stands before axe in the browser tests."""

from __future__ import annotations

import re
from pathlib import Path

from scripts.console_addresses import PICTURED, missing, route_of, routes
from tests.browser.test_accessibility import CONSOLE_PAGES

BROWSER_TESTS = Path(__file__).parents[1] / "browser"
# `violations(page, route=...)` and its like, which fail when the page is another one.
SAID = re.compile(r"""(?:route=|everywhere\(\w+, )"(/[^"]*)\"""")


def test_the_routes_are_those_of_the_router() -> None:
    """Pages of a frame, of the settings and with changing parts are among them; a frame and what leads on are none."""
    known = routes()
    assert {"/login", "/", "/books", "/books/log/$id", "/settings/webhooks/deliveries/$id"} <= set(known)
    assert "/settings" not in known
    assert route_of("/proposals/new?customer=1", known) == "/proposals/new"
    assert route_of("http://localhost:5173/proposals/7", known) == "/proposals/$id"
    assert route_of("/nowhere/at/all", known) is None


def test_every_page_is_pictured() -> None:
    """A new page fails here until it has a picture; so does a picture of a page that is gone."""
    known = routes()
    assert missing(PICTURED) == []
    assert [address for address in PICTURED if route_of(address, known) is None] == []


def test_every_page_stands_before_axe() -> None:
    """A new page fails here until a browser test shows it to axe; each said route is checked there against the page."""
    said = [
        route for file in sorted(BROWSER_TESTS.glob("test_*.py")) for route in SAID.findall(file.read_text())
    ]
    assert missing([address for part in CONSOLE_PAGES.values() for address in part] + said) == []
    assert sorted(set(said) - set(routes())) == []
