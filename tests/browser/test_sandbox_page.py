"""The sandbox's page in a real Chromium: watching requests, looking at the books, breaking things."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect
from tests.browser.conftest import WAIT_MILLISECONDS_MAX
from tests.browser.pages import DESK, PHONE
from tests.browser.test_accessibility import violations
from tests.sandbox.quickbooks_world import AMY, Books, line, open_books
from tests.sandbox.stripe_world import wait_until

DARK_PARTS = ["requests", "stripe/-/payments", "break"]
KEY = "sk_test_sandbox_page"
BANK = {
    "method": "us_bank_account",
    "email": "ann@example.com",
    "account_name": "Ann Homeowner",
    "bank_outcome": "clears",
}
CARD = {
    "method": "card", "email": "ann@example.com", "card_number": "4242 4242 4242 4242", "card_expiry": "12 / 34",
    "card_cvc": "123", "card_name": "Ann Homeowner", "postal_code": "80202",
}  # fmt: skip


@dataclass
class World:
    """A sandbox with something in it, and the page before it."""

    books: Books
    page: Page
    invoice: dict[str, Any]

    def go(self, part: str) -> None:
        self.page.goto(f"{self.books.sandbox.base_url}/#{part}")

    def opened(self, view: str) -> None:
        """Goes to a view of the company's books."""
        self.go(f"books/{self.books.realm_id}/{view}")

    def checkout(self, **form: str) -> str:
        """A Checkout Session, paid with the form if one is given; its id."""
        with httpx2.Client(
            base_url=self.books.sandbox.base_url, headers={"authorization": f"Bearer {KEY}"}
        ) as http:
            price = "line_items[0][price_data]"
            asked = {
                "mode": "payment", "success_url": "http://localhost/paid", "line_items[0][quantity]": "1",
                f"{price}[currency]": "usd", f"{price}[unit_amount]": "472500",
                f"{price}[product_data][name]": "Roof deposit",
            }  # fmt: skip
            session = http.post("/v1/checkout/sessions", data=asked).json()
            if form:
                assert http.post(session["url"], data=form).status_code == 303
            return str(session["id"])


OpenWorld = Callable[..., World]


@pytest.fixture(scope="module")
def sandbox_browser(playwright: Playwright, chromium_path: str) -> Iterator[Browser]:
    """One for this file: each test has a context of its own."""
    browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def open_world(sandbox_browser: Browser) -> Iterator[OpenWorld]:
    """Opens the page of a sandbox with an invoice, a payment and an estimate; its errors fail the test."""
    faults: list[str] = []
    contexts: list[BrowserContext] = []
    with open_books(
        qbo_webhook_url="http://127.0.0.1:9/", qbo_verifier_token="verify", webhook_retry_seconds=(0.05,)
    ) as books:
        invoice = books.invoice(4725)
        books.payment(4725, (invoice["Id"], 4725))
        books.make("Estimate", {"CustomerRef": {"value": AMY}, "Line": [line(15_750)]})

        def opened(viewport: ViewportSize = DESK, scheme: Any = "light") -> World:
            context = sandbox_browser.new_context(
                viewport=viewport, color_scheme=scheme, permissions=["clipboard-read", "clipboard-write"]
            )
            contexts.append(context)
            context.set_default_timeout(WAIT_MILLISECONDS_MAX)
            page = context.new_page()
            page.on("pageerror", lambda error: faults.append(str(error)))
            world = World(books, page, invoice)
            world.go("requests")
            page.get_by_role("link", name="POST …/invoice").first.wait_for()
            return world

        yield opened
        for context in contexts:
            context.close()
    assert faults == []


@pytest.mark.parametrize(("viewport", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_everybody_can_use_every_part(open_world: OpenWorld, viewport: ViewportSize, scheme: str) -> None:
    """No part has a violation, and none is wider than the screen, at a desk and on a phone in the dark."""
    world = open_world(viewport, scheme)
    world.checkout(**CARD)
    world.checkout(**BANK)
    world.checkout()
    world.books.sandbox.start_preset("books-closed")
    world.books.sandbox.add_fault("delay", "/nothing$", seconds=1)
    books = f"books/{world.books.realm_id}"
    parts = [
        "requests", "requests/3", books, f"{books}/documents/Invoice/{world.invoice['Id']}", f"{books}/lists/Customer",
        f"{books}/accounts", f"{books}/trial", f"{books}/settings", f"{books}/webhooks", "stripe", "stripe/-/sessions",
        "stripe/-/payments", "stripe/-/disputes", "stripe/-/webhooks", "break", "connect",
    ]  # fmt: skip
    found: dict[str, list[str]] = {}
    for part in parts:
        world.go(part)
        expect(world.page.locator("main h2, main table").first).to_be_visible()
        expect(world.page.locator("header nav [aria-current]")).to_have_count(1)
        # Only colours change in the dark: those of states, figures and forms.
        found[part] = violations(world.page) if viewport is DESK or part in DARK_PARTS else []
        if world.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[part].append("wider than the screen")
    assert {part: what for part, what in found.items() if what} == {}


def test_requests_go_by_and_can_be_filtered_and_stopped(open_world: OpenWorld) -> None:
    """A new request shows up by itself; filters choose; paused, the list stands still until it goes on."""
    world = open_world()
    rows = world.page.locator("#list tbody tr")
    world.books.refusal("Customer", {"DisplayName": "Amy's Bird Sanctuary"})
    expect(rows.first).to_contain_text("400")
    world.page.get_by_role("combobox", name="Answer").select_option(label="Refused (4xx)")
    expect(rows).to_have_count(1)
    world.page.get_by_role("combobox", name="Answer").select_option(label="All")
    world.page.keyboard.press("Escape")
    world.page.locator("body").press("/")
    world.page.keyboard.type("estimate")
    expect(rows).to_have_count(1)
    world.page.get_by_label("Path contains").fill("nothing like it")
    expect(world.page.get_by_text("No request fits the filter.")).to_be_visible()
    world.page.get_by_label("Path contains").fill("")
    world.page.get_by_role("button", name="Pause").click()
    expect(world.page.get_by_role("button", name="Go on")).to_have_attribute("aria-pressed", "true")
    count = rows.count()
    world.books.invoice(33)
    world.page.wait_for_timeout(1_700)  # longer than the page waits between two looks
    assert rows.count() == count
    world.page.get_by_role("button", name="Go on").click()
    expect(rows).to_have_count(count + 1)
    world.page.get_by_role("button", name="Clear the list").click()
    expect(world.page.get_by_text("Nothing has been asked yet.")).to_be_visible()


def test_a_request_is_shown_with_its_bodies_and_repeats_as_curl(open_world: OpenWorld) -> None:
    """Bodies are laid out, the token is not there, and the copied command brings the same answer."""
    world = open_world()
    query = "SELECT * FROM Customer WHERE DisplayName = 'Amy\\'s Bird Sanctuary'"
    name = world.books.ask(query)["Customer"][0]["DisplayName"]
    world.page.get_by_role("link", name="GET …/query").click()
    one = world.page.get_by_role("region", name="One request")
    expect(one.get_by_label("Answer")).to_contain_text(f'"DisplayName": "{name}"')
    assert world.books.tokens.access_token not in world.page.content()
    one.get_by_role("button", name="Copy as curl").click()
    expect(world.page.get_by_role("status")).to_contain_text("on the clipboard")
    command = world.page.evaluate("navigator.clipboard.readText()")
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine to run the command with")
    environment = {**os.environ, "TOKEN": world.books.tokens.access_token}
    ran = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, env=environment)
    assert name in ran.stdout
    world.page.locator("body").press("j")
    expect(one.get_by_role("heading", level=2)).to_contain_text("POST …/estimate")
    world.page.locator("body").press("Escape")
    expect(one).to_be_hidden()


def test_a_document_is_opened_with_debits_and_credits(open_world: OpenWorld) -> None:
    """From the kinds to the invoice, its postings and the payment that it is linked to; the trial balance agrees."""
    world = open_world()
    page = world.page
    page.get_by_role("link", name="QuickBooks", exact=True).click()
    page.get_by_role("link", name="Documents").click()
    page.get_by_role("link", name="Invoice 1", exact=True).click()
    page.get_by_role("link", name="1001").click()
    document = page.get_by_role("region", name="Document")
    expect(document.get_by_role("row", name="Accounts Receivable (A/R) $4,725.00")).to_be_visible()
    expect(document.get_by_role("row", name="Total $4,725.00 $4,725.00")).to_be_visible()
    document.get_by_role("link", name="Payment").click()
    expect(document.get_by_role("row", name="Undeposited Funds $4,725.00")).to_be_visible()
    page.get_by_role("link", name="Trial balance").click()
    expect(page.get_by_role("row", name="Total $4,725.00 $4,725.00")).to_be_visible()
    expect(page.get_by_text("Debits equal credits")).to_be_visible()


def test_a_company_is_disconnected_and_its_settings_changed(open_world: OpenWorld) -> None:
    """The button ends the grant; a switch acts on the next request; a wrong value is told in a sentence."""
    world = open_world()
    world.opened("settings")
    world.page.get_by_label("Read only").check()
    world.page.get_by_role("button", name="Save the settings").click()
    expect(world.page.get_by_role("status")).to_contain_text("The settings are saved.")
    invoice = {"CustomerRef": {"value": AMY}, "Line": [line(5)]}
    assert world.books.refusal("Invoice", invoice)["code"] == "6190"
    world.opened("overview")
    expect(world.page.get_by_text("Connected", exact=True)).to_be_visible()
    world.page.get_by_role("button", name="Disconnect the app").click()
    expect(world.page.get_by_text("Not connected", exact=True)).to_be_visible()
    assert world.books.client.get("/customer/1").status_code == 401


def test_two_customers_are_merged(open_world: OpenWorld) -> None:
    """As a bookkeeper can: the other becomes inactive; an Id that is none is told in a sentence."""
    world = open_world()
    other = world.books.make("Customer", {"DisplayName": "Amy Bird"})["Id"]
    world.opened(f"lists/Customer/{AMY}")
    for loser in ("999", other):
        world.page.get_by_label("Id of the customer that goes").fill(loser)
        world.page.get_by_role("button", name="Merge it into this one…").click()
        world.page.get_by_role("dialog").get_by_role("button", name="Merge").click()
        expect(world.page.get_by_role("status")).to_contain_text(
            "There are no two" if loser == "999" else "Merged."
        )
    expect(world.page.get_by_role("row", name=re.compile("Amy Bird.*Inactive"))).to_be_visible()
    world.books.settings(webhook_shape="legacy")
    world.books.invoice(5)
    world.opened("webhooks")
    expect(world.page.get_by_text(re.compile(r"Invoice \d+: Create")).first).to_be_visible(timeout=15_000)


def test_money_is_moved_behind_the_apps_back(open_world: OpenWorld) -> None:
    """The bank answers, a payment is refunded and disputed, a payout is made: each at the press of a button."""
    world = open_world()
    page, stripe = world.page, world.books.sandbox.stripe
    stripe.settings.ach_clear_seconds = 9_999
    world.checkout(**BANK)
    world.go("stripe/-/payments")
    page.get_by_role("button", name="Bank pays").click()
    page.get_by_role("button", name="Refund").click()
    expect(page.get_by_role("cell", name="$4,725.00")).to_have_count(2)
    assert [one["amount"] for one in stripe.objects("refund")] == [472_500]
    world.checkout(**CARD)
    page.get_by_role("row", name=re.compile("Refund Dispute")).get_by_role("button", name="Dispute").click()
    page.get_by_role("link", name="Disputes").click()
    page.get_by_role("button", name="Lost").click()
    expect(page.get_by_text("Lost", exact=True)).to_be_visible()
    world.checkout(**CARD)
    world.checkout(**CARD)
    wait_until(lambda: pending_cents(world) > 0, "the charges have reached the balance")
    page.get_by_role("link", name="Payouts").click()
    page.get_by_role("button", name="Pay out now").click()
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    page.get_by_role("button", name="Let it fail").click()
    expect(page.get_by_text("Failed", exact=True)).to_be_visible()


def test_things_are_broken_and_mended(open_world: OpenWorld) -> None:
    """A bad day begins and ends; a fault of one's own hits and is counted; a wrong pattern is told at the form."""
    world = open_world()
    page, books = world.page, world.books
    page.get_by_role("link", name="Break things").press("Enter")
    page.get_by_role("button", name="Begin: QuickBooks maintenance").press("Enter")
    expect(page.get_by_role("button", name="End: QuickBooks maintenance")).to_be_visible()
    assert books.client.get("/customer/1").status_code == 503
    page.get_by_role("button", name="End: QuickBooks maintenance").click()
    expect(page.get_by_role("button", name="Begin: QuickBooks maintenance")).to_be_visible()
    assert books.client.get("/customer/1").status_code == 200

    page.get_by_label("Path (regular expression)").fill("(")
    page.get_by_role("button", name="Break it").click()
    expect(page.get_by_role("alert")).to_contain_text("Match.path is not a regular expression")
    page.get_by_label("To requests").select_option(label="QuickBooks: customers")
    page.get_by_label("Status", exact=True).fill("418")
    page.get_by_role("button", name="Break it").click()
    expect(page.get_by_role("row", name=re.compile("Status.*On.*0 of 1"))).to_be_visible()
    assert books.post("Customer", {"DisplayName": "Teapot"}).status_code == 418
    expect(page.get_by_role("row", name=re.compile("Status.*Over.*1 of 1"))).to_be_visible()
    page.get_by_label("What happens").select_option(label="Stale")
    expect(page.get_by_label("Writes back")).to_be_visible()
    expect(page.get_by_label("Status", exact=True)).to_be_hidden()
    books.sandbox.start_preset("books-closed")
    page.get_by_role("link", name="Requests").click()
    expect(page.get_by_text("Broken on purpose: Books closed.")).to_be_visible()
    page.get_by_role("button", name="Mend everything").click()
    expect(page.get_by_text("Broken on purpose")).to_be_hidden()
    assert books.sandbox.call("GET", "/_faults")["faults"] == []


def test_the_clock_moves_and_a_reset_asks_first(open_world: OpenWorld) -> None:
    """A day passes at a click; forgetting everything needs a yes, and then the page is as on the first day."""
    world = open_world()
    page, before = world.page, world.books.sandbox.clock.now()
    page.get_by_role("button", name="+ 1 day").click()
    expect(page.get_by_role("status")).to_contain_text("1 day later")
    assert (world.books.sandbox.clock.now() - before).total_seconds() >= 86_400
    page.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert len(world.books.sandbox.quickbooks.objects(world.books.realm_id, "Invoice")) == 1
    page.get_by_role("button", name="Reset…").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget everything").click()
    expect(page.get_by_role("status")).to_contain_text("as new")
    world.opened("overview")
    expect(page.get_by_text("No app has been let in.")).to_be_visible()


def pending_cents(world: World) -> int:
    """What the account will be paid out."""
    told = world.books.sandbox.call("GET", "/_state/stripe/balances")["accounts"][0]["balance"]
    return int(told["pending"][0]["amount"])
