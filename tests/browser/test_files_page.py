"""The company's files in a real browser: found by the search, seen where they are used, downloaded, deleted."""

from __future__ import annotations

import io

import httpx2
from PIL import Image
from playwright.sync_api import expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.browser.test_accessibility import violations

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def kept(api: httpx2.Client, kind: str, name: str, data: bytes) -> int:
    answer = api.post("/files", params={"kind": kind, "name": name}, content=data)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def test_a_file_is_found_seen_downloaded_and_deleted(open_page: OpenPage, api: httpx2.Client) -> None:
    """The search leads to the file itself; it names its proposal; only what nothing uses can be deleted, after a
    second press; both widths hold it and axe finds nothing."""
    out = io.BytesIO()
    Image.effect_noise((900, 600), 80).convert("RGB").save(out, "JPEG")
    photo = kept(api, "photo", "north ridge.jpg", out.getvalue())
    line = {"name": "Roof", "quantity": "1", "unit_price_minor": 500_000}
    made = api.post(
        "/proposals",
        json={"title": "Ridge work", "customer_id": 1, "lines": [line], "files": [{"file_id": photo}]},
    )
    assert made.status_code == 201, made.text
    for width, name in ((DESK, "old survey.pdf"), (PHONE, "older survey.pdf")):
        kept(api, "attachment", name, PDF + f"%{name}\n".encode())
        page = open_page(width)
        sign_in(page)
        page.keyboard.press("/")
        page.get_by_role("combobox", name="Search everything").fill("north rid")
        page.get_by_role("option", name="north ridge.jpg").click()
        about = page.get_by_role("dialog", name="north ridge.jpg")
        expect(about.get_by_role("link", name="Ridge work")).to_have_attribute(
            "href", f"/proposals/{made.json()['id']}"
        )
        expect(about.get_by_role("button", name="Delete…")).to_have_count(0)
        assert violations(page) == []
        with page.expect_download() as saved:
            about.get_by_role("link", name="Download").click()
        assert saved.value.suggested_filename == "north ridge.jpg"
        page.keyboard.press("Escape")
        table = page.get_by_role("table", name="Files")
        expect(table.get_by_role("row", name="north ridge.jpg")).to_contain_text("Ridge work")
        assert page.evaluate("document.documentElement.scrollWidth") <= width["width"]
        page.goto("/settings/files?unused=true")
        page.get_by_role("link", name=name).click()
        page.get_by_role("button", name="Delete…").click()
        page.get_by_role("button", name="Keep it").click()
        page.get_by_role("button", name="Delete…").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text(f"{name} was deleted.")).to_be_visible()
        expect(page.get_by_role("link", name=name)).to_have_count(0)
        page.goto("/settings/files?q=nowhere")
        expect(page.get_by_text("No file fits.")).to_be_visible()
        assert violations(page) == []


def test_the_price_book_leads_to_its_file(open_page: OpenPage) -> None:
    """From the price book one exports all items and comes to the import of them."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/price-book")
    page.get_by_role("button", name="CSV").click()
    with page.expect_download() as saved:
        page.get_by_role("menuitem", name="Export all").click()
    assert saved.value.suggested_filename.startswith("price-items-")
    page.get_by_role("button", name="CSV").click()
    page.get_by_role("menuitem", name="Import a file").click()
    expect(page.get_by_role("radio", name="Price book")).to_be_checked()
