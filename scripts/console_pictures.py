"""Pictures of every page of the console, on a desk and on a phone, by day and by night, to be looked at.

Usage: `make screenshots` (ARGS="--out FOLDER"); the stack is its own. The pictures lie in var/screenshots.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

from own_stack import ROOT, stack
from playwright.sync_api import Browser, Page, sync_playwright
from screenshots import DESK, PHONE, SETTLED_MILLISECONDS, sign_in

PAGES = [
    "/",
    "/proposals",
    "/proposals/7",
    "/proposals/new",
    "/proposals/templates",
    "/proposals/templates/1",
    "/proposals/templates/new",
    "/proposals/from-template?template=1",
    "/proposals/price-book",
    "/proposals/price-book?item=1",
    "/proposals/price-book?item=new",
    "/proposals/7/change-orders/new",
    "/customers",
    "/customers/1",
    "/leads",
    "/leads/1",
    "/payments",
    "/books",
    "/mail",
    "/mail?tab=texts",
    "/activity",
    "/settings/company",
    "/settings/branding",
    "/settings/team",
    "/settings/deposits",
    "/settings/law",
    "/settings/law?state=CA",
    "/settings/texts",
    "/settings/mail",
    "/settings/api-keys",
    "/settings/webhooks",
]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots")
    arguments.add_argument("--only", default="", help="pages whose address holds this")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    pages = [path for path in PAGES if given.only in path]
    with (
        tempfile.TemporaryDirectory() as folder,
        stack(Path(folder)) as environment,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        taken = walk(browser, f"http://localhost:{environment['PORT']}", pages, given.out)
        browser.close()
    print(f"{taken} pictures in {given.out}")
    return 0


def walk(browser: Browser, console: str, pages: list[str], out: Path) -> int:
    page = sign_in(browser, console)
    page.emulate_media(reduced_motion="reduce")
    taken = 0
    for path in pages:
        page.goto(f"{console}{path}")
        page.get_by_role("heading", level=1).first.wait_for()
        page.wait_for_timeout(SETTLED_MILLISECONDS)
        taken += looks(page, out, re.sub(r"\W+", "-", path).strip("-") or "home")
    return taken


def looks(page: Page, out: Path, name: str) -> int:
    """One page as it stands, four times."""
    for width, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=out / f"console-{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)
    return 4


if __name__ == "__main__":
    sys.exit(main())
