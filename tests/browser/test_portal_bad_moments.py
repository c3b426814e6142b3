"""What goes wrong at the worst moment: two payers, the back button, a reload in the middle, scripts in every field."""

from __future__ import annotations

import io
import re

import httpx2
from playwright.sync_api import expect
from pypdf import PdfReader
from tests.browser.pages import DESK, PHONE, OpenPage, PortalLink, sign_in, sign_proposal

EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>"\'{{7*7}}'


def test_two_people_pay_one_part_at_once(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """Both stand before the payment page; one payment is made, and both pages end with it."""
    link = portal_link(7)
    first, second = open_page(PHONE), open_page(PHONE)
    first.goto(link)
    sign_proposal(first, "Elena Hartley")
    first.get_by_role("button", name="Pay deposit").wait_for()  # signed before the second one looks
    second.goto(link)
    for page in (first, second):
        page.get_by_role("button", name="Pay deposit").click()
        page.get_by_role("button", name="Card pays").wait_for()
    first.get_by_role("button", name="Card pays").dblclick()
    second.get_by_role("button", name="Card pays").click()
    for page in (first, second):
        expect(page.get_by_role("heading", name="Paid. Thank you.")).to_be_visible()
    parts = api.get("/payments", params={"proposal_id": 7}).json()["items"]
    assert [(part["state"], part["amount_minor"]) for part in parts if part["state"] == "paid"] == [
        ("paid", 472_500)
    ]
    told = api.get("/activity", params={"proposal_id": 7, "event": "payment_success"}).json()["items"]
    assert len(told) == 1


def test_back_and_reload_neither_pay_again_nor_lose_anything(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """A reload on the payment page, one while the transfer is under way, and the back button after it was paid."""
    page = open_page(PHONE)
    page.goto(portal_link(7))
    sign_proposal(page, "Elena Hartley")
    page.get_by_role("button", name="Pay deposit").click()
    page.get_by_role("button", name="Card pays").wait_for()
    page.reload()
    page.get_by_role("button", name=re.compile("Bank.*(clears|arrives)")).click()
    page.locator("[data-stage=processing]").wait_for()
    page.reload()
    paid = page.get_by_role("heading", name="Paid. Thank you.")
    expect(page.locator("[data-stage=processing]").or_(paid)).to_be_visible()
    expect(paid).to_be_visible()
    page.go_back()
    page.goto("/proposal/7?mock_payment=true")  # the address of the page that was paid, from the history
    expect(paid).to_be_visible()
    expect(page.get_by_role("button", name="Card pays")).to_have_count(0)
    assert api.get("/portal/7").json()["payment"]["state"] == "paid"


def test_no_script_runs_from_any_field(
    open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client
) -> None:
    """Markup in every text of customer, company and proposal is shown letter by letter: in the portal, the console, the
    editor with its preview, and on paper."""
    customer = api.post("/customers", json={"name": EVIL}).json()["id"]
    assert api.patch("/org", json={"name": EVIL, "licence_number": "<b>1</b>"}).status_code == 200
    line = {"name": EVIL, "description": EVIL, "section": "<i>s</i>", "unit": "<u>", "quantity": "1"}
    made = api.post(
        "/proposals",
        json={
            "customer_id": customer,
            "title": EVIL,
            "introduction": EVIL,
            "terms": EVIL,
            "milestones": [{"name": "<b>half</b>", "percent": "50"}],
            "lines": [{**line, "unit_price_minor": 100_000}],
            "options": [{"name": EVIL, "description": EVIL, "lines": [{**line, "unit_price_minor": 50_000}]}],
        },
    )
    assert made.status_code == 201, made.text
    proposal = made.json()["id"]
    office = open_page(DESK)
    sign_in(office)
    office.goto(f"/proposals/{proposal}/edit")
    preview = office.frame_locator("iframe[title='What the customer will see']")
    expect(preview.get_by_role("heading", level=1)).to_have_text(EVIL, timeout=15_000)
    assert office.evaluate("window.hit") is None
    assert office.evaluate("document.querySelector('iframe.preview-frame').contentWindow.hit") is None
    assert api.post(f"/proposals/{proposal}/send", json={"notify": False}).status_code == 200
    office.goto(f"/proposals/{proposal}")
    expect(office.get_by_role("heading", level=1)).to_have_text(EVIL)
    page = open_page(PHONE)
    page.goto(portal_link(proposal))
    expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    sign_proposal(page, EVIL)
    expect(page.locator(".signature")).to_have_text(EVIL)
    for shown in (office, page):
        assert shown.evaluate("window.hit") is None
    paper = api.get(f"/proposals/{proposal}/signed.pdf").content
    words = "".join("".join(each.extract_text() for each in PdfReader(io.BytesIO(paper)).pages).split())
    assert "<script>window.hit=1</script>" in words.replace("\u200b", "")
