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
from typing import Any

from console_addresses import PICTURED, missing
from console_scene import Company, played
from own_stack import ROOT, stack
from playwright.sync_api import Browser, Page, sync_playwright
from screenshots import DESK, PHONE, SETTLED_MILLISECONDS, sign_in

DRAWN_MILLISECONDS = 200
# What is behind a button: the page, the buttons in turn, the name of the picture.
BEHIND = [
    ("/proposals/{draft}", ["Send to customer"], "send"),
    ("/proposals/7", ["Cancel contract"], "cancel"),
    ("/payments/{payment}", ["Refund"], "refund"),
    ("/proposals/7", ["Keep as template"], "keep-as-template"),
    ("/leads", ["New lead"], "new-lead"),
    ("/settings/webhooks", ["Add an address"], "new-webhook"),
    ("/books/review", ["Somebody else in QuickBooks"], "search"),
]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=ROOT / "var" / "screenshots")
    arguments.add_argument("--only", default="", help="pages whose address holds this")
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    if lacking := missing(PICTURED):
        raise SystemExit(f"No picture of {', '.join(lacking)}: add them to scripts/console_addresses.py.")
    with (
        tempfile.TemporaryDirectory() as folder,
        stack(Path(folder)) as environment,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        console = f"http://localhost:{environment['PORT']}"
        office = sign_in(browser, console)
        made = played(browser, office, Company(playwright, environment), console)
        taken = walk(browser, office, console, made, given.out, given.only)
        browser.close()
    print(f"{taken} pictures in {given.out}")
    return 0


def walk(browser: Browser, page: Page, console: str, made: dict[str, Any], out: Path, only: str) -> int:
    page.emulate_media(reduced_motion="reduce")
    stranger = browser.new_page(viewport=DESK)
    taken = 0
    for pattern in PICTURED:
        if only in pattern:
            looking = stranger if pattern == "/login" else page
            opened(looking, console + pattern.format(**made))
            taken += looks(looking, out, name_of(pattern))
    if only in "lead-form":
        form = page.request.get(f"{console}/leads/form").json()
        for language in ("en", "es"):
            opened(stranger, f"{form['url']}?lang={language}")
            taken += looks(stranger, out, f"lead-form-{language}")
    for pattern, buttons, name in BEHIND:
        if only in pattern:
            opened(page, console + pattern.format(**made))
            for button in buttons:
                page.get_by_role("button", name=re.compile(button)).first.click()
            page.get_by_role("dialog").or_(page.get_by_role("search")).first.wait_for()
            taken += looks(page, out, f"{name_of(pattern)}-{name}")
    return taken


def opened(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("heading", level=1).first.wait_for()
    page.wait_for_timeout(SETTLED_MILLISECONDS)


def name_of(pattern: str) -> str:
    return re.sub(r"\W+", "-", pattern).strip("-") or "home"


def looks(page: Page, out: Path, name: str) -> int:
    """One page as it stands, four times; as high as it is, so that frames are drawn as people see them."""
    for width, size in (("desk", DESK), ("phone", PHONE)):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            dialog = page.get_by_role("dialog").count() > 0  # it stands in the middle of what people see
            height = 0 if dialog else page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
            page.wait_for_timeout(DRAWN_MILLISECONDS)
            page.screenshot(path=out / f"console-{name}-{width}-{scheme}.png")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESK)
    return 4


if __name__ == "__main__":
    sys.exit(main())
