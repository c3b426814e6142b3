"""Pictures of every state of the homeowner's page, at phone and desk width, in English and Spanish, to be looked at.

Usage: `make screenshots` (ARGS="--out FOLDER"); the stack is its own. The pictures lie in var/screenshots.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from console_scene import office_api
from own_stack import ROOT, stack
from playwright.sync_api import APIRequestContext, Page, Playwright, ViewportSize, sync_playwright

WIDTHS: dict[str, ViewportSize] = {
    "390": {"width": 390, "height": 844},
    "1440": {"width": 1440, "height": 900},
}
SETTLED_MILLISECONDS = 400
NEWS_MILLISECONDS_MAX = 20_000
LINE = {"quantity": "1", "tax_percent": "8.81"}
OFFER: dict[str, Any] = {
    "customer_id": 1,
    "title": "Roof replacement, 412 Aspen Court",
    "introduction": "Dear Elena and Tom, thank you for showing us the house. Here is what we talked about.",
    "terms": "Two years on our work, the maker's warranty on materials.",
    "valid_until": "2199-12-31",
    "milestones": [{"name": "Materials delivered", "percent": "40"}],
    "lines": [
        {"name": "Tear-off and disposal", "section": "Preparation", "unit_price_minor": 200_000, **LINE},
        {"name": "Gutter guards", "unit_price_minor": 49_900, "optional": True, **LINE},
    ],
    "options": [
        {"name": name, "description": words, "lines": [{"name": shingles, "unit_price_minor": price, **LINE}]}
        for name, words, shingles, price in (
            ("Good", "25 years", "Architectural shingles", 800_000),
            ("Better", "50 years", "Designer shingles", 1_000_000),
            ("Best", "A roof for life", "Standing seam steel", 1_900_000),
        )
    ],
}


class Album:
    """One width: the office's API, the homeowner's page, and where the pictures go."""

    def __init__(self, page: Page, api: APIRequestContext, out: Path, width: str) -> None:
        self.page, self.api, self.out, self.width = page, api, out, width
        self.count = 0

    def take(self, name: str) -> None:
        """The whole page as it is now, in both languages."""
        self.count += 1
        for short in ("ES", "EN"):
            self.page.get_by_role("button", name=short, exact=True).click()
            self.page.evaluate("scrollTo(0, 0)")  # what sticks to the window is pictured where it begins
            self.page.wait_for_timeout(SETTLED_MILLISECONDS)
            path = self.out / f"{self.count:02}-{name}-{self.width}-{short.lower()}.png"
            self.page.screenshot(path=path, full_page=True)

    def made(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.api.post(path, data=body or {})
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status} {answer.text()[:500]}")
        return answer.json()

    def sent(self) -> tuple[int, str]:
        """A proposal of its own, sent; its id and the customer's link."""
        proposal = int(self.made("/proposals", OFFER)["id"])
        return proposal, str(self.made(f"/proposals/{proposal}/send", {"notify": False})["portal_url"])

    def await_stage(self, stage: str) -> None:
        self.page.locator(f"[data-stage={stage}]").wait_for(timeout=NEWS_MILLISECONDS_MAX)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots")
    out: Path = arguments.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="crm-pictures-") as folder,
        stack(Path(folder)) as environment,
        sync_playwright() as playwright,
    ):
        for width in WIDTHS:
            walk(playwright, f"http://localhost:{environment['PORT']}", out, width)
    print(f"{len(list(out.glob('*.png')))} pictures in {out}")
    return 0


def walk(playwright: Playwright, console: str, out: Path, width: str) -> None:
    browser = playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
    )
    api = office_api(playwright, console)
    page = browser.new_context(
        viewport=WIDTHS[width], locale="en-US", timezone_id="America/Denver"
    ).new_page()
    album = Album(page, api, out, width)
    contract(album)
    endings(album)
    browser.close()


def contract(album: Album) -> None:
    """From the offer to the cancelled contract."""
    page = album.page
    proposal, link = album.sent()
    page.goto(link)
    page.get_by_role("heading", level=1).wait_for()
    album.take("offer")
    page.get_by_role("radio", name=re.compile("Better")).check()
    page.get_by_role("checkbox", name=re.compile("Gutter guards")).check()
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_role("button", name="Ask a question").click()
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_role("button", name=re.compile("[Dd]ecline")).first.click()
    album.take("mistakes")
    page.get_by_label("Your question").fill("Is copper possible for the valleys?")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("answers on this page").wait_for()
    page.get_by_label("Full name").fill("Elena Hartley")
    page.locator(".consent input").check()
    page.locator("#sign form button[type=submit]").first.click()
    album.await_stage("pay")
    album.take("to-pay")
    page.locator("#now button.primary").click()
    page.get_by_role("button", name="Card pays").wait_for()
    album.take("simulated-page")
    page.get_by_role("button", name=re.compile("Bank.*fails")).click()
    album.await_stage("processing")
    album.take("processing")
    album.await_stage("failed")
    album.take("failed")
    page.get_by_role("button", name=re.compile("Try again")).click()
    page.get_by_role("button", name="Card pays").click()
    album.await_stage("paid")
    album.made(f"/proposals/{proposal}/messages", {"text": "Copper is possible; we will send a price."})
    line = {"name": "Skylight", "unit_price_minor": 90_000, **LINE}
    order = album.made(f"/proposals/{proposal}/change-orders", {"title": "A skylight", "lines": [line]})
    album.take("paid")
    album.made(f"/proposals/{proposal}/change-orders/{order['id']}/send")
    page.reload()
    page.get_by_role("article", name="A skylight").wait_for()
    page.get_by_role("button", name="Cancel this contract").click()
    album.take("change-and-cancelling")
    page.get_by_role("button", name=re.compile("Cancel contract and get")).click()
    album.await_stage("cancelled")
    album.take("cancelled")


def endings(album: Album) -> None:
    """Declined, replaced, withdrawn, and an address without a link."""
    page = album.page
    _, link = album.sent()
    page.goto(link)
    page.get_by_role("button", name=re.compile("[Dd]ecline")).first.click()
    page.locator("form.decline button[type=submit]").click()
    album.await_stage("declined")
    album.take("declined")
    proposal, link = album.sent()
    album.made(f"/proposals/{proposal}/supersede")
    page.goto(link)
    page.get_by_role("heading", name=re.compile("replaced")).wait_for()
    album.take("replaced")
    proposal, _ = album.sent()
    made = album.made(f"/proposals/{proposal}/portal-links")
    album.api.delete(f"/proposals/{proposal}/portal-links/{made['id']}")
    page.goto(made["url"])
    page.get_by_role("heading", name=re.compile("no longer works")).wait_for()
    album.take("withdrawn")
    page.goto(re.sub(r"/proposal/.*", "/proposal/999999", link))
    page.get_by_role("heading", level=1).wait_for()
    album.take("nothing-here")


if __name__ == "__main__":
    sys.exit(main())
