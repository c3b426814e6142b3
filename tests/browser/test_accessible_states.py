"""The console's states before axe-core, by day and by night, on a desk and on a phone: mistakes, dialogs, failures."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, expect
from tests.browser.pages import OpenPage, sign_in
from tests.browser.test_accessibility import everywhere
from tests.browser.test_contract_page import Contract, contract
from tests.browser.test_settings import logo
from tests.conftest import RunningApp

__all__ = ["contract"]  # a fixture
pytestmark = pytest.mark.timeout(300)  # four looks at each of many states


class Tour:
    """Walks a page from state to state; what axe finds is kept under each state's name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: dict[str, list[str]] = {}

    def look(self, state: str, *steps: Callable[[], object], route: str | None = None) -> None:
        for step in steps:
            step()
        if what := everywhere(self.page, route):
            self.found[state] = what

    def open(self, path: str) -> None:
        self.page.goto(path)
        self.page.get_by_role("heading", level=1).first.wait_for()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).first.click()


def test_settings_in_every_state(open_page: OpenPage, api: httpx2.Client) -> None:
    """A weak colour, a logo, a refused file, a lost connection, a rule with mistakes, and a reader's page."""
    page = open_page()
    sign_in(page)
    tour = Tour(page)
    tour.open("/settings/branding")
    chooser = page.locator("input[type=file]")
    chooser.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"})
    page.get_by_role("textbox", name="Colour").fill("#ffd200")
    tour.look("no picture, weak colour", page.get_by_role("alert").wait_for)
    chooser.set_input_files({"name": "logo.png", "mimeType": "image/png", "buffer": logo()})
    page.get_by_role("img", name="Logo of PeakPro Roofing").wait_for()
    tour.look("with a logo")
    tour.press("Take it off")
    tour.look("logo taken off", page.get_by_role("button", name="Undo").wait_for)
    page.get_by_role("textbox", name="Colour").fill("#1f5fae")
    tour.open("/settings/company")
    page.get_by_label("Website").fill("nowhere")
    tour.press("Save")
    tour.look("refused field", page.get_by_role("main").get_by_role("alert").wait_for)
    page.get_by_label("Website").fill("")
    tour.open("/settings/law?state=MA")
    page.get_by_label("A cap of your own").check()
    tour.press("Save")
    tour.look("rule without a cap")
    api.put("/law/deposit-rules/CA", json={"mode": "off"}).raise_for_status()
    tour.open("/settings/law?state=CA")
    tour.look("own rule", page.get_by_role("button", name="Back to the sourced rule").wait_for)
    tour.press("Back to the sourced rule")
    tour.look("rule taken away", page.get_by_role("button", name="Undo").wait_for)
    page.route("**/org", lambda route: route.fulfill(status=500, body="{}"))
    tour.open("/settings/texts")
    tour.look("cannot be read", page.get_by_role("button", name="Try again").wait_for)
    assert tour.found == {}

    reader = open_page()
    sign_in(reader, "viewer@peakpro.io")
    tour = Tour(reader)
    for path in ("/settings/company", "/settings/team", "/settings/law?state=CA"):
        tour.open(path)
        tour.look(path)
    assert tour.found == {}


def test_webhooks_in_every_state(
    open_page: OpenPage, api: httpx2.Client, owner_sql: psycopg.Connection
) -> None:
    """Named with mistakes, its secret, switched off, a message with answers, removed."""
    page = open_page()
    sign_in(page)
    tour = Tour(page)
    tour.open("/settings/webhooks")
    tour.look("none", page.get_by_role("button", name="Add the first address").wait_for)
    tour.press("Add an address")
    tour.press("Add address")
    tour.look("without an address")
    page.get_by_role("textbox", name="Address").fill("https://crm.example.com/hook")
    tour.press("Add address")
    tour.look("its secret", page.get_by_role("textbox", name="Signing secret").wait_for)
    tour.press("I have copied it")
    page.get_by_role("heading", level=1, name="crm.example.com").wait_for()
    tour.look("one address", route="/settings/webhooks/$id")
    tour.press("Make a new secret")
    tour.look("a new secret")
    page.keyboard.press("Escape")
    tour.press("Remove")
    tour.look("to be removed")
    page.keyboard.press("Escape")
    tour.press("Send a test")
    page.get_by_role("heading", level=1, name="Test").wait_for()
    (delivery,) = api.get("/webhooks/deliveries").json()["items"]
    for status, problem in ((500, "It answered 500."), (200, None)):
        owner_sql.execute(
            "INSERT INTO webhook_attempts (org_id, delivery_id, url, started_at, duration_ms, status, problem, answer) "
            "VALUES (1, %s, 'https://crm.example.com/hook', clock_timestamp(), 12, %s, %s, 'the queue is full')",
            [delivery["id"], status, problem],
        )
    answered = page.get_by_text("It answered 500.")
    tour.look("a message with answers", answered.wait_for, route="/settings/webhooks/deliveries/$id")
    owner_sql.execute("UPDATE webhook_endpoints SET active = false, disabled_reason = 'it answered 410'")
    tour.open(f"/settings/webhooks/{delivery['endpoint_id']}")
    tour.look("switched off", page.get_by_text("We switched this address off").wait_for)
    tour.open("/settings/webhooks")
    tour.look("the list", page.get_by_text("Switched off").wait_for)
    assert tour.found == {}


def test_price_book_and_templates_in_every_state(open_page: OpenPage) -> None:
    """Searched without a hit, mistakes in dialogs and editor, archived and deleted with their way back, open menus."""
    page = open_page()
    sign_in(page)
    tour = Tour(page)
    tour.open("/proposals/price-book?q=nothing+like+it")
    tour.look("no hit", page.get_by_text("No item fits.").wait_for)
    tour.press("New item")
    tour.press("Add item")
    tour.look("an item with mistakes")
    tour.open("/proposals/price-book?item=1")
    tour.press("Archive")
    tour.look("archived", page.get_by_role("button", name="Undo").wait_for)
    tour.open("/proposals/templates/new")
    tour.press("Save template")
    tour.look("a template with mistakes", page.get_by_text("Some fields need a second look").wait_for)
    page.on("dialog", lambda dialog: dialog.accept())
    tour.open("/proposals/from-template")
    tour.press("Make the draft")
    tour.look("from no template", page.get_by_text("Choose a template.").wait_for)
    tour.open("/proposals/templates")
    page.get_by_role("button", name="Delete Storm repair").click()
    tour.look("deleted", page.get_by_role("button", name="Undo").wait_for)
    tour.open("/proposals/7")
    tour.press("Keep as template")
    tour.look("to be kept", page.get_by_role("dialog").wait_for)
    tour.open("/customers")
    tour.press("CSV")
    tour.look("what a file can do", page.get_by_role("menu").wait_for)
    expect(page.get_by_role("menuitem", name="Export all")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Alex Romero").click()
    tour.look(
        "who is signed in", page.get_by_role("menuitemradio", name="As the system", checked=True).wait_for
    )
    assert tour.found == {}


def test_a_contract_in_every_state(
    open_page: OpenPage,
    app_server: RunningApp,
    api: httpx2.Client,
    contract: Contract,
) -> None:
    """Its page, a change with mistakes and with its effect, to be sent, sent, to be cancelled, cancelled."""
    page = open_page()
    sign_in(page)
    tour = Tour(page)
    url = f"/proposals/{contract.id}"
    lines = [{"name": "Vent", "quantity": "1", "unit_price_minor": 5_000, "tax_percent": "8.81"}]
    credit = [{"name": "Credit", "quantity": "1", "unit_price_minor": -800_000}]
    sent, draft = (
        api.post(f"{url}/change-orders", json={"title": "Vents", "reason": "More air.", "lines": each}).json()
        for each in (lines, credit)
    )
    api.post(f"{url}/change-orders/{sent['id']}/send").raise_for_status()
    tour.open(f"{url}/change-orders/new")
    tour.press("Save draft")
    mistakes = page.get_by_text("Some fields need a second look")
    tour.look("a change with mistakes", mistakes.wait_for, route="/proposals/$id/change-orders/new")
    tour.open(f"{url}/change-orders/{draft['id']}")
    effect = page.get_by_text("more than the new price")
    tour.look("its effect", effect.wait_for, route="/proposals/$id/change-orders/$order")
    tour.press("Send to customer")
    tour.look("to be sent", page.get_by_role("dialog").wait_for)
    tour.open(f"{url}/change-orders/{sent['id']}")
    tour.look("sent", page.get_by_text("What it does once signed").wait_for)
    tour.press("Withdraw")
    tour.look("to be withdrawn", page.get_by_role("dialog").wait_for)
    tour.open(url)
    tour.look("the contract", page.get_by_role("region", name="Change orders").wait_for)
    tour.press("Cancel contract")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Cancel and give back $3,000.00").click()
    tour.look("to be cancelled")
    dialog.get_by_label("Reason").fill("They moved away.")
    dialog.get_by_role("button", name="Cancel and give back $3,000.00").click()
    expect(page.get_by_role("region", name="Money back")).to_contain_text("On its way")
    tour.look("cancelled")
    assert tour.found == {}
