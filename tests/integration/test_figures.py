"""How selling goes: what the console, Prometheus and the database say is the same to the cent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.integration.contract_world import OFFER, Contracts, contracts_on, line
from tests.integration.money_world import metric

from crm.activity.events import Event
from crm.activity.log import record
from crm.kit.database import Database
from crm.metrics.log_fold import LogFold


@pytest.fixture(scope="module")
def world(postgres_url: str, demo_template: str) -> Iterator[Contracts]:
    with contracts_on(postgres_url, demo_template) as contracts:
        yield contracts


def test_console_prometheus_and_database_say_the_same(world: Contracts):
    """Two contracts are signed, one is paid: funnel, mean deposit and time to payment, each from its own way."""
    before = world.staff.get("/overview/figures").json()
    http = world.money.http
    names = ("sent", "viewed", "approved")
    metered = [metric(http, f"crm_proposals_{name}_total", org_id="1") for name in names]
    paid_id, customer = world.approved()
    world.approved(OFFER | {"lines": [line("Porch", 200_000)]})
    world.pay(customer, paid_id)
    after = world.staff.get("/overview/figures").json()
    assert after["funnel"]["sent"] == before["funnel"]["sent"] + 2
    assert after["funnel"]["approved"] == before["funnel"]["approved"] + 2
    assert after["funnel"]["paid"] == before["funnel"]["paid"] + 1
    assert after["funnel"]["paid_minor"] == before["funnel"]["paid_minor"] + 300_000
    assert [metric(http, f"crm_proposals_{name}_total", org_id="1") for name in names] == [
        metered[0] + 2,
        world.money.one("SELECT count(*) FROM portal_activity_log WHERE org_id = 1 AND event = 'viewed'"),
        metered[2] + 2,
    ]

    deposits = metric(http, "crm_deposit_amount_cents_count", org_id="1")
    cents = metric(http, "crm_deposit_amount_cents_sum", org_id="1")
    seconds = metric(http, "crm_approval_to_payment_seconds_sum", org_id="1")
    assert (after["deposits"], after["average_deposit_minor"]) == (deposits, round(cents / deposits))
    assert after["approval_to_payment_seconds"] == pytest.approx(seconds / deposits)
    stored = world.money.one(
        "SELECT sum(amount_minor) FROM payments WHERE part = 'deposit' AND paid_at IS NOT NULL"
    )
    assert cents == stored
    assert metric(http, "crm_deposit_amount_cents_count", org_id="2") == 0


def test_what_waits_is_told_by_age(world: Contracts):
    """Without QuickBooks paid money waits, told to who may see the books; one of four days ago stands in its own bar."""
    proposal_id, customer = world.approved()
    world.pay(customer, proposal_id)
    world.money.sql.execute(
        "UPDATE payments SET paid_at = now() - interval '4 days' WHERE proposal_id = %s AND paid_at IS NOT NULL",
        [proposal_id],
    )
    ages = {age["words"]: age for age in world.staff.get("/overview/figures").json()["ages"]}
    assert list(ages) == ["up to an hour", "up to a day", "up to 3 days", "up to a week", "more than a week"]
    assert (ages["up to a week"]["count"], ages["up to a week"]["amount_minor"]) == (1, 300_000)
    waiting = metric(world.money.http, "crm_payments_waiting_cents", org_id="1")
    assert sum(age["amount_minor"] for age in ages.values()) == waiting

    sales = world.money.app.as_user("sales@peakpro.io").get("/overview/figures").json()
    assert sales["ages"] == []  # who sells may not see the books
    assert sales["funnel"] == world.staff.get("/overview/figures").json()["funnel"]


def test_leads_are_followed_to_the_payment(world: Contracts):
    """By source: how many came, were converted, got a proposal and paid; spam is nobody."""
    lead = world.staff.post(
        "/leads", json={"name": "Yara", "email": "yara@example.com", "source": "Radio"}
    ).json()
    world.staff.post("/leads", json={"name": "Zed", "source": "Radio"})
    spam = world.staff.post("/leads", json={"name": "Bot", "source": "Radio"}).json()
    world.staff.patch(f"/leads/{spam['id']}", json={"status": "spam"})
    customer_id = world.staff.post(f"/leads/{lead['id']}/convert").json()["customer"]["id"]
    proposal_id, customer = world.approved(OFFER | {"customer_id": customer_id})
    sources = {each["source"]: each for each in world.staff.get("/overview/figures").json()["sources"]}
    assert sources["Radio"] == {"source": "Radio", "leads": 2, "converted": 1, "proposal": 1, "paid": 0}
    world.pay(customer, proposal_id)
    sources = {each["source"]: each for each in world.staff.get("/overview/figures").json()["sources"]}
    assert sources["Radio"]["paid"] == 1


def test_a_customers_history_is_whole(world: Contracts):
    """Payments with their books, mail, files and facts of one customer, and of no other."""
    made = world.staff.post("/customers", json={"name": "Oda", "email": "oda@example.com"}).json()
    proposal_id, customer = world.approved(OFFER | {"customer_id": made["id"]})
    customer.post(f"/portal/{proposal_id}/messages", json={"kind": "question", "text": "When do you start?"})
    world.pay(customer, proposal_id)
    told = world.staff.get(f"/overview/customers/{made['id']}").json()
    assert told["money"] == {
        "currency": "USD", "agreed_minor": 1_000_000, "paid_minor": 300_000, "refunded_minor": 0, "booked_minor": 0,
    }  # fmt: skip
    assert [(each["name"], each["state"], each["books_state"]) for each in told["payments"]][-1] == (
        "Deposit", "paid", "waiting",
    )  # fmt: skip
    assert {mail["recipient"] for mail in told["mails"]} == {"oda@example.com"}
    assert [message["text"] for message in told["messages"]] == ["When do you start?"]
    assert {file["kind"] for file in told["files"]} == {"paper"}
    facts = world.staff.get("/activity", params={"customer_id": made["id"]}).json()["items"]
    assert {"approve", "payment_success", "question_asked"} <= {fact["event"] for fact in facts}
    assert {fact["proposal_id"] for fact in facts} == {proposal_id}
    assert world.staff.get("/overview/customers/4").status_code == 404


async def test_only_the_first_payment_after_an_approval_is_a_deposit(database: Database):
    """Counted from the log, in whatever portions: an instalment is none, nor is money without an approval."""
    fold = LogFold()
    for event, proposal_id, cents in [
        (Event.PAYMENT_SUCCESS, 9, 5),
        (Event.APPROVE, 7, 0),
        (Event.PAYMENT_SUCCESS, 7, 100),
        (Event.PAYMENT_SUCCESS, 7, 900),
        (Event.APPROVE, 10, 0),
    ]:
        async with database.transaction(1) as session:
            await record(
                session, 1, event, proposal_id=proposal_id, payment_id=proposal_id, amount_cents=cents
            )
        await fold.up_to_date(database, [1])
    org = (await fold.up_to_date(database, [1]))[1]
    assert (org.deposits, org.deposit_minor, list(org.unpaid)) == (1, 100, [10])
    assert org == (await LogFold().up_to_date(database, [1]))[1]
