"""The console's page for webhooks: an address named, tried, refused, switched off, rolled and removed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx2
import psycopg
import pytest
from playwright.sync_api import ViewportSize, expect
from tests.browser.pages import DESK, PHONE, OpenPage, sign_in
from tests.conftest import SECRET_KEY, RunningApp
from tests.integration.webhook_receiver import Receiver, answering, receiving
from tests.run_async import run_async

from crm.kit.database import Database, app_url
from crm.kit.settings import Settings
from crm.outgoing.couriers import Couriers

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
Carry = Callable[[], None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def carry(settings: Settings) -> Carry:
    """One round of a worker's couriers, to the end."""
    return lambda: run_async(_carry(settings))


async def _carry(settings: Settings) -> None:
    assert settings.database_url is not None
    db = Database(app_url(settings.database_url, SECRET_KEY), pool_size=3)
    couriers = Couriers(db, settings)
    await couriers.wake()
    await couriers.all_back()
    await couriers.close()
    await db.close()


def added(api: httpx2.Client, receiver: Receiver, **more: object) -> int:
    body = {"url": receiver.url, "events": ["payment.paid"], "description": "Job scheduling", **more}
    return int(api.post("/webhooks/endpoints", json=body).json()["id"])


@WIDTHS
def test_an_address_is_named_and_a_test_arrives(
    open_page: OpenPage, api: httpx2.Client, receiver: Receiver, carry: Carry, width: ViewportSize
) -> None:
    """Mistakes stand at their fields; the secret is shown once and signs the test; its answer appears by itself."""
    page = open_page(width)
    sign_in(page)
    page.goto("/settings/webhooks")
    page.get_by_role("button", name="Add the first address").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Add address").click()
    expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Address").fill("ftp://example.com")
    dialog.get_by_role("button", name="Add address").click()
    expect(
        dialog.get_by_text("Write the address like https://crm.example.com/webhooks.").first
    ).to_be_visible()
    dialog.get_by_label("Address").fill(receiver.url)
    dialog.get_by_label("What is it for?").fill("Job scheduling")
    dialog.get_by_label("Proposal viewed").check()
    dialog.get_by_role("button", name="Add address").click()
    secret = dialog.get_by_role("textbox", name="Signing secret").input_value()
    assert secret.startswith("whsec_")
    dialog.get_by_role("button", name="I have copied it").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Job scheduling")
    expect(page.get_by_text(secret)).to_have_count(0)
    expect(page.get_by_text("Nothing was sent yet.")).to_be_visible()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Test")
    expect(page.get_by_text("On its way")).to_be_visible()
    carry()
    attempts = page.get_by_role("region", name="Attempts")
    expect(attempts).to_contain_text("200")
    expect(page.get_by_role("region", name="What is sent")).to_contain_text('"message": "This is a test."')
    assert receiver.received[0].signed_with(secret)
    (stored,) = api.get("/webhooks/endpoints").json()["items"]
    assert stored["events"] == [
        "proposal.viewed",
        "proposal.approved",
        "payment.paid",
        "payment.refunded",
        "invoice.created",
    ]


def test_what_was_not_taken_shows_its_answer_and_is_sent_again(
    open_page: OpenPage, api: httpx2.Client, receiver: Receiver, carry: Carry
) -> None:
    """A refusal stands with its answer; the log is filtered by state; sent again, it is taken under the same id."""
    endpoint = added(api, receiver)
    receiver.behave = answering(500, b"the queue is full")
    api.post(f"/webhooks/endpoints/{endpoint}/test").raise_for_status()
    carry()
    page = open_page()
    sign_in(page)
    page.goto(f"/settings/webhooks/{endpoint}")
    expect(page.get_by_text("Not answering")).to_be_visible()
    log = page.get_by_role("region", name="What was sent")
    log.get_by_role("combobox", name="State of messages").click()
    page.get_by_role("option", name="Taken").click()
    expect(log).to_contain_text("No message like this.")
    log.get_by_role("combobox", name="State of messages").click()
    page.get_by_role("option", name="Waiting").click()
    log.get_by_role("link", name="Test").click()
    attempts = page.get_by_role("region", name="Attempts")
    expect(attempts).to_contain_text("500")
    expect(attempts).to_contain_text("the queue is full")
    receiver.behave = answering(200)
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("Next attempt")).to_have_count(0)
    carry()
    expect(attempts.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_text("Taken", exact=True).first).to_be_visible()
    assert len({one.json["id"] for one in receiver.received}) == 1


def test_switched_off_says_why_and_comes_back(
    open_page: OpenPage, api: httpx2.Client, receiver: Receiver, owner_sql: psycopg.Connection
) -> None:
    """An address that we switched off says why and takes no test until it is switched on again; so does one that
    a person switched off."""
    endpoint = added(api, receiver)
    owner_sql.execute(
        "UPDATE webhook_endpoints SET active = false, disabled_reason = 'it answered 410 Gone' WHERE id = %s",
        [endpoint],
    )
    page = open_page()
    sign_in(page)
    page.goto("/settings/webhooks")
    expect(page.get_by_role("row", name="Job scheduling")).to_contain_text("Switched off")
    page.get_by_role("link", name="Job scheduling").click()
    expect(page.get_by_text("We switched this address off: it answered 410 Gone.")).to_be_visible()
    expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Send a test")).to_be_enabled()
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("Switched off by your team.")).to_be_visible()
    assert api.get(f"/webhooks/endpoints/{endpoint}").json()["active"] is False


def test_a_secret_is_rolled_and_an_address_removed(
    open_page: OpenPage, api: httpx2.Client, receiver: Receiver, carry: Carry
) -> None:
    """The new secret is shown once and signs beside the old one; a removed address is gone, its log is not."""
    endpoint = added(api, receiver)
    api.post(f"/webhooks/endpoints/{endpoint}/test").raise_for_status()
    page = open_page()
    sign_in(page)
    page.goto(f"/settings/webhooks/{endpoint}")
    page.get_by_role("button", name="Make a new secret").click()
    dialog = page.get_by_role("dialog", name="Make a new secret")
    dialog.get_by_role("button", name="Make a new secret").click()
    secret = dialog.get_by_role("textbox", name="Signing secret").input_value()
    dialog.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_text("The secret before the newest signs too until")).to_be_visible()
    carry()
    assert receiver.received[0].signed_with(secret)
    page.get_by_role("button", name="Change").click()
    change = page.get_by_role("dialog", name="Change the address")
    change.get_by_label("What is it for?").fill("Accounting")
    change.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Accounting")
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("button", name="Add the first address")).to_be_visible()
    assert api.get("/webhooks/deliveries").json()["items"][0]["state"] == "delivered"


def test_only_owners_reach_webhooks(open_page: OpenPage, app_server: RunningApp) -> None:
    """The office is told whom to ask, and finds no link."""
    page = open_page()
    sign_in(page, "office@peakpro.io")
    page.goto("/settings/webhooks")
    expect(page.get_by_text("Only an owner can manage webhooks.")).to_be_visible()
    expect(page.get_by_role("link", name="Webhooks")).to_have_count(0)
