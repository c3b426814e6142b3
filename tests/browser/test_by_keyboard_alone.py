"""The office without a mouse: a proposal written and sent, a change order, a refund; the portal's no and its wish."""

from __future__ import annotations

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import OpenPage, PortalLink, sign_in
from tests.conftest import RunningApp
from tests.integration.money_world import Money

TABS_MAX = 80
# The words by which a person knows the part: its label, else its own name or text.
NAME = """() => { const e = document.activeElement;
    return (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || '').trim(); }"""
NEWS_MILLISECONDS_MAX = 20_000


def tab_to(page: Page, name: str) -> None:
    """Tabs on until the part of that name has the focus."""
    passed: list[str] = []
    for _ in range(TABS_MAX):
        passed.append(page.evaluate(NAME)[:40])
        if passed[-1].startswith(name):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{name!r} is not reached by keyboard; passed were {passed}")


def write(page: Page, **fields: str) -> None:
    for name, words in fields.items():
        tab_to(page, name.replace("_", " "))
        page.keyboard.type(words)


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def test_a_contract_from_its_first_word_to_a_refund(
    open_page: OpenPage, api: httpx2.Client, app_server: RunningApp, owner_sql: psycopg.Connection
) -> None:
    """Tab, letters and Enter write and send a proposal, then a change to it, and give a part of its deposit back."""
    page = open_page()
    sign_in(page)
    page.goto("/proposals/new?customer=1")
    page.get_by_role("heading", level=1).wait_for()
    write(page, Title="Porch roof", Item="Shingles", Quantity="2", Unit_price="500")
    press(page, "Save draft")
    page.get_by_role("heading", level=1, name="Porch roof").wait_for()
    proposal_id = int(page.url.rpartition("/")[2])
    press(page, "Send to customer")
    page.get_by_role("dialog").wait_for()
    press(page, "Send")
    page.get_by_role("textbox", name="Customer link").wait_for()
    token = page.get_by_role("textbox", name="Customer link").input_value().partition("#t=")[2]
    page.keyboard.press("Escape")

    customer = app_server.client(Authorization=f"Bearer {token}")
    view = customer.get(f"/portal/{proposal_id}").json()
    body = {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True}
    assert customer.post(f"/portal/{proposal_id}/approve", json=body).status_code == 200
    session = customer.post("/payments/checkout_session", params={"proposal_id": proposal_id}).json()
    paid = {"session_id": session["session_id"], "outcome": "paid"}
    assert customer.post(f"/portal/{proposal_id}/simulated-payment", json=paid).status_code == 202

    page.goto(f"/proposals/{proposal_id}")
    page.get_by_role("heading", level=1).wait_for()
    page.get_by_role("link", name="Write a change order").wait_for()
    press(page, "Write a change order")
    page.get_by_role("button", name="Send to customer").wait_for()
    write(page, Title="A vent", Item="Vent", Unit_price="90")
    press(page, "Send to customer")
    page.get_by_role("dialog").wait_for()
    press(page, "Send change of +")
    page.get_by_role("heading", level=1, name="1. A vent").wait_for()
    expect(page.get_by_text("Sent", exact=True).first).to_be_visible()

    payment = api.get("/payments", params={"proposal_id": proposal_id, "state": "paid"}).json()["items"][0]
    page.goto("/payments")  # where the parts of one contract are told apart
    for part in ("Deposit", "Final balance"):
        expect(page.get_by_role("row").filter(has_text="Porch roof").filter(has_text=part)).to_be_visible()
    page.goto(f"/payments/{payment['id']}")
    page.get_by_role("button", name="Refund").wait_for()
    press(page, "Refund")
    page.get_by_role("dialog").wait_for()
    tab_to(page, "Amount")
    page.keyboard.press("Control+a")
    page.keyboard.type("100")
    press(page, "Refund $100.00")
    expect(page.get_by_role("dialog")).to_have_count(0)
    Money(app_server, owner_sql).run_jobs()
    asked = api.get(f"/payments/{payment['id']}").json()
    assert (asked["refunded_minor"], asked["amount_minor"]) == (10_000, 30_000)


def test_a_wish_and_a_no(open_page: OpenPage, portal_link: PortalLink, api: httpx2.Client) -> None:
    """The homeowner asks for changes and then declines with a reason, by keyboard alone."""
    page = open_page()
    page.goto(portal_link(9))
    page.get_by_role("heading", level=1).wait_for()
    press(page, "Request changes")
    page.keyboard.type("Please without the skylight.")
    press(page, "Send")
    page.get_by_text("Please without the skylight.").wait_for()
    expect(page.get_by_role("button", name="Request changes")).to_be_focused()
    press(page, "Decline this proposal")
    press(page, "Keep")
    expect(page.get_by_role("button", name="Decline this proposal")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.type("Too late in the year.")
    press(page, "Decline")
    page.locator("[data-stage=declined]").wait_for()
    assert api.get("/proposals/9").json()["status"] == "declined"
    told = [one["sentence"] for one in api.get("/overview/proposals/9/history").json()]
    assert "The customer declined: Too late in the year." in told
