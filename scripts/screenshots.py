"""Walks the main job in a browser and keeps the pictures of docs/images.

Usage: `make docs-images`; the stack is its own.
"""

from __future__ import annotations

import argparse
import base64
import os
import sys
import tempfile
from pathlib import Path

from own_stack import stack
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1440, "height": 900}
PROPOSAL = 7
SETTLED_MILLISECONDS = 600


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path("docs/images"))
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        stack(Path(folder)) as environment,
        sync_playwright() as playwright,
    ):
        console = f"http://localhost:{environment['PORT']}"
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"]
        )
        office = sign_in(browser, console)
        connect_quickbooks(office, console)
        phones = pay_on_phone(browser, portal_link(office, console))
        side_by_side(browser, phones, given.out / "portal.png")
        office.goto(f"{console}/proposals/{PROPOSAL}")
        office.get_by_text("In the books", exact=True).wait_for()
        office.wait_for_timeout(SETTLED_MILLISECONDS)
        office.screenshot(path=given.out / "console.png")
        browser.close()
    for picture in ("portal.png", "console.png"):
        print(f"{given.out / picture}: {(given.out / picture).stat().st_size // 1000} kB")
    return 0


def sign_in(browser: Browser, console: str) -> Page:
    page = browser.new_context(viewport=DESK, timezone_id="America/Denver").new_page()
    page.goto(f"{console}/login")
    page.get_by_label("E-mail").fill("admin@peakpro.io")
    page.get_by_role("textbox", name="Password").fill("password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("navigation", name="Main").wait_for()
    return page


def connect_quickbooks(page: Page, console: str) -> None:
    """Consents on the simulator's page, unless the company is connected already."""
    page.goto(f"{console}/books")
    page.get_by_role("region", name="QuickBooks").wait_for()
    connect = page.get_by_role("link", name="Connect QuickBooks")
    if connect.count():
        connect.click()
        page.get_by_role("button", name="Connect").click()
        page.get_by_text("QuickBooks is connected.").wait_for()


def portal_link(page: Page, console: str) -> str:
    page.goto(f"{console}/proposals/{PROPOSAL}")
    page.get_by_role("button", name="Get customer link").click()
    return page.get_by_role("textbox", name="Customer link").input_value()


def pay_on_phone(browser: Browser, link: str) -> list[bytes]:
    """Returns what the homeowner sees: the offer, the payment, the receipt."""
    context = browser.new_context(viewport=PHONE, device_scale_factor=1.5, timezone_id="America/Denver")
    page = context.new_page()
    page.goto(link)
    page.get_by_role("heading", level=1).wait_for()
    if not page.get_by_role("button", name="Sign and approve").count():
        raise SystemExit("This proposal is signed already.")
    pictures = [picture(page)]
    page.get_by_label("Full name").fill("Elena Hartley")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign and approve").click()
    page.get_by_role("button", name="Pay deposit").wait_for()
    pictures.append(picture(page))
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card pays").click()
    page.get_by_role("heading", name="Paid. Thank you.").wait_for()
    pictures.append(picture(page))
    context.close()
    return pictures


def picture(page: Page) -> bytes:
    page.wait_for_timeout(SETTLED_MILLISECONDS)
    return page.screenshot()


def side_by_side(browser: Browser, pictures: list[bytes], path: Path) -> None:
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(each).decode()}" width="390">'
        for each in pictures
    )
    page = browser.new_page(viewport=DESK)
    page.set_content(
        "<style>body{margin:0;width:max-content}main{display:flex;gap:24px;padding:24px;background:#d9dee6}"
        f"img{{border-radius:20px}}</style><main>{images}</main>"
    )
    page.locator("main").screenshot(path=path)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
