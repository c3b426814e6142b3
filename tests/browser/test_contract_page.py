"""A signed contract on its page: payments asked for, changes written, sent, signed and withdrawn, the contract ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import pytest
from playwright.sync_api import Page, ViewportSize, expect
from tests.browser.pages import DESK, PHONE, PUBLIC, OpenPage, sign_in
from tests.conftest import RunningApp
from tests.integration.contract_world import OFFER
from tests.integration.money_world import Money

WIDTHS = pytest.mark.parametrize("width", [DESK, PHONE], ids=["desk", "phone"])
NEWS_MILLISECONDS_MAX = 20_000


@dataclass
class Contract:
    """$10,000.00, of which the deposit of $3,000.00 is paid."""

    id: int
    customer: httpx2.Client
    run_jobs: Callable[[], None]


@pytest.fixture
def contract(app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection) -> Contract:
    proposal_id = int(api.post("/proposals", json=OFFER).json()["id"])
    sent = api.post(f"/proposals/{proposal_id}/send").json()
    token = sent["portal_url"].partition("#t=")[2]
    customer = app_server.client(Authorization=f"Bearer {token}")
    made = Contract(proposal_id, customer, Money(app_server, owner_sql).run_jobs)
    sign(customer, f"/portal/{proposal_id}/approve", sent["proposal"]["content_hash"])
    page = customer.post("/payments/checkout_session", params={"proposal_id": proposal_id}).json()
    paid = {"session_id": page["session_id"], "outcome": "paid"}
    assert customer.post(f"/portal/{proposal_id}/simulated-payment", json=paid).status_code == 202
    return made


def sign(customer: httpx2.Client, url: str, content_hash: str) -> None:
    body = {"signer_name": "Elena Hartley", "content_hash": content_hash, "agree": True}
    answer = customer.post(url, json=body)
    assert answer.status_code == 200, answer.text


def parts(api: httpx2.Client, proposal_id: int) -> list[tuple[str, str, int]]:
    """Deposit first; without what fell away."""
    rows: list[dict[str, Any]] = api.get("/payments", params={"proposal_id": proposal_id}).json()["items"]
    return [
        (row["part"], row["state"], row["amount_minor"]) for row in reversed(rows) if row["state"] != "void"
    ]


def fill_line(page: Page, number: int, name: str, price: str) -> None:
    line = page.get_by_role("group", name=f"Line {number}")
    line.get_by_role("textbox", name="Item").fill(name)
    line.get_by_role("textbox", name="Unit price").fill(price)


@WIDTHS
def test_a_change_is_written_seen_sent_and_signed(
    open_page: OpenPage, api: httpx2.Client, contract: Contract, width: ViewportSize
) -> None:
    """Mistakes stand at their fields; price and payments after it are told before it is sent and come true when the
    customer signs, without reloading."""
    page = open_page(width)
    sign_in(page)
    page.goto(f"/proposals/{contract.id}")
    page.get_by_role("link", name="Write a change order").click()
    page.get_by_role("button", name="Send to customer").click()
    title = page.get_by_role("textbox", name="Title")
    expect(title).to_have_attribute("aria-invalid", "true")
    title.fill("Two skylights")
    fill_line(page, 1, "Skylight", "9OO")
    page.get_by_label("Reason").fill("You asked for more light.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("An amount like 125.00")).to_be_visible()
    fill_line(page, 1, "Skylight", "900.00")
    page.get_by_role("textbox", name="Quantity").fill("2")
    effect = page.get_by_role("region", name="What it does")
    expect(effect).to_contain_text("+$1,800.00")
    expect(effect).to_contain_text("$10,000.00 → $11,800.00")
    expect(effect.get_by_role("row", name="Final balance")).to_contain_text("$4,800.00")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("heading", level=1, name="1. Two skylights").wait_for()
    page.get_by_role("textbox", name="Title").fill("Two skylights, north side")
    page.get_by_role("button", name="Send to customer").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Send change of +$1,800.00").click()
    expect(page.get_by_text("To sign", exact=True)).to_be_visible()

    (order,) = api.get(f"/proposals/{contract.id}/change-orders").json()["items"]
    assert (order["title"], order["state"]) == ("Two skylights, north side", "sent")
    page.get_by_role("link", name="← Roof").click()
    plan = page.get_by_role("region", name="Payments of this contract")
    expect(plan).to_contain_text("$10,000.00")
    sign(
        contract.customer,
        f"/portal/{contract.id}/change-orders/{order['id']}/approve",
        order["content_hash"],
    )
    expect(plan).to_contain_text("$11,800.00", timeout=NEWS_MILLISECONDS_MAX)
    expect(plan).to_contain_text("$4,800.00")
    expect(page.get_by_role("region", name="Change orders")).to_contain_text("Agreed")
    assert parts(api, contract.id)[-1] == ("final", "planned", 480_000)


def test_a_credit_too_large_is_told_while_it_is_typed(open_page: OpenPage, contract: Contract) -> None:
    """More off than the contract is worth says so beside the lines; more than is unpaid says what to give back."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{contract.id}/change-orders/new")
    page.get_by_role("textbox", name="Title").fill("Less roof")
    fill_line(page, 1, "Credit", "-10000.01")
    effect = page.get_by_role("region", name="What it does")
    expect(effect.get_by_role("alert")).to_contain_text("The credit is larger than the contract")
    fill_line(page, 1, "Credit", "−8000.00")
    expect(effect).to_contain_text("$1,000.00 more than the new price is paid already.")
    expect(effect.get_by_role("row", name="Dried in")).to_contain_text("falls away")


def test_a_change_is_withdrawn_and_written_anew(
    open_page: OpenPage, api: httpx2.Client, contract: Contract
) -> None:
    """What was withdrawn stays readable and begins the next; a draft is thrown away the same way."""
    url = f"/proposals/{contract.id}/change-orders"
    lines = [{"name": "Vent", "quantity": "1", "unit_price_minor": 5_000}]
    order = api.post(url, json={"title": "Vents", "lines": lines}).json()
    api.post(f"{url}/{order['id']}/send").raise_for_status()
    page = open_page()
    sign_in(page)
    page.goto(f"{url}/{order['id']}")
    page.get_by_role("button", name="Withdraw", exact=True).click()
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_text("Withdrawn", exact=True)).to_be_visible()
    page.get_by_role("link", name="Write it anew").click()
    expect(page.get_by_role("textbox", name="Title")).to_have_value("Vents")
    page.get_by_role("button", name="Remove line 1").click()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("textbox", name="Item")).to_have_value("Vent")
    page.get_by_role("button", name="Save draft").click()
    page.get_by_role("heading", level=1, name="2. Vents").wait_for()
    page.get_by_role("button", name="Throw away").click()
    page.get_by_role("button", name="Throw it away").click()
    expect(page.get_by_text("Withdrawn", exact=True)).to_be_visible()
    assert [one["state"] for one in api.get(url).json()["items"]] == ["withdrawn", "withdrawn"]


def test_the_next_payment_is_asked_for(open_page: OpenPage, api: httpx2.Client, contract: Contract) -> None:
    """The button names the amount; then the part is due and the one after it can be asked for."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{contract.id}")
    plan = page.get_by_role("region", name="Payments of this contract")
    plan.get_by_role("button", name="Ask for $4,000.00").click()
    expect(plan.get_by_role("button", name="Ask for $3,000.00")).to_be_visible()
    assert parts(api, contract.id)[1] == ("milestone:1", "due", 400_000)


@WIDTHS
@pytest.mark.parametrize("within", [True, False], ids=["in time", "later"])
def test_a_contract_is_cancelled_and_the_money_goes_back(
    open_page: OpenPage,
    api: httpx2.Client,
    contract: Contract,
    owner_sql: psycopg.Connection,
    width: ViewportSize,
    within: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """The dialog says whether the law still gives the customer the right, the button how much goes back; the refund
    that follows is shown until it has gone."""
    if not within:
        owner_sql.execute(
            "UPDATE proposals SET cancel_until = now() - interval '1 day' WHERE id = %s", [contract.id]
        )
    page = open_page(width)
    sign_in(page)
    page.goto(f"/proposals/{contract.id}")
    page.get_by_role("button", name="Cancel contract").click()
    dialog = page.get_by_role("dialog", name="Cancel this contract?")
    expect(dialog).to_contain_text("runs until" if within else "ended")
    button = dialog.get_by_role("button", name="Cancel and give back $3,000.00")
    button.click()
    expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("Reason").fill("They moved away.")
    button.click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()
    back = page.get_by_role("region", name="Money back")
    expect(back).to_contain_text("$3,000.00")
    expect(back).to_contain_text("On its way")
    contract.run_jobs()
    expect(back).to_contain_text("Gone back", timeout=NEWS_MILLISECONDS_MAX)
    assert parts(api, contract.id) == [("deposit", "refunded", 300_000)]
    expect(page.get_by_role("link", name="Write a change order")).to_have_count(0)
    expect(page.get_by_role("button", name="Cancel contract")).to_have_count(0)


def test_another_amount_than_the_button_said_goes_back_to_nobody(
    open_page: OpenPage, api: httpx2.Client, contract: Contract
) -> None:
    """Somebody refunds a part while the dialog is open: it is told, the button names the new amount, nothing is
    cancelled yet."""
    page = open_page()
    sign_in(page)
    page.goto(f"/proposals/{contract.id}")
    page.get_by_role("button", name="Cancel contract").click()
    dialog = page.get_by_role("dialog", name="Cancel this contract?")
    dialog.get_by_label("Reason").fill("They moved away.")
    button = dialog.get_by_role("button", name="Cancel and give back $3,000.00")
    expect(button).to_be_visible()
    stale = f"{PUBLIC}/proposals/{contract.id}/cancellation"
    page.route(stale, lambda route: route.abort())  # what the dialog would otherwise read by itself
    payment = api.get("/payments", params={"proposal_id": contract.id, "state": "paid"}).json()["items"][0]
    api.post(f"/payments/{payment['id']}/refunds", json={"amount_minor": 50_000}).raise_for_status()
    button.click()
    expect(dialog.get_by_role("alert")).to_contain_text("Meanwhile it is $2,500.00 that would go back")
    assert api.get(f"/proposals/{contract.id}").json()["status"] == "approved"
    page.unroute(stale)
    dialog.get_by_role("button", name="Cancel and give back $2,500.00").click(timeout=NEWS_MILLISECONDS_MAX)
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible()


def test_who_may_not_give_money_back_finds_no_button(open_page: OpenPage, contract: Contract) -> None:
    """Sales writes change orders and cancels nothing; a reader does neither and still sees what was agreed."""
    sales = open_page()
    sign_in(sales, "sales@peakpro.io")
    sales.goto(f"/proposals/{contract.id}")
    sales.get_by_role("link", name="Write a change order").wait_for()
    expect(sales.get_by_role("button", name="Cancel contract")).to_have_count(0)
    viewer = open_page()
    sign_in(viewer, "viewer@peakpro.io")
    viewer.goto(f"/proposals/{contract.id}")
    expect(viewer.get_by_role("region", name="Payments of this contract")).to_contain_text("$10,000.00")
    expect(viewer.get_by_role("link", name="Write a change order")).to_have_count(0)
    expect(viewer.get_by_role("button", name="Ask for $4,000.00")).to_have_count(0)
    viewer.goto(f"/proposals/{contract.id}/change-orders/new")
    expect(viewer.get_by_text("Only an approved contract can be changed")).to_be_visible()
