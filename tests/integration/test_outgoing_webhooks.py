"""Webhooks to a company's own software: signed, once for each fact, again until they are taken, never inwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import SECRET_KEY, RunningApp, settings_for
from tests.integration.money_world import DEPOSIT, Money, refund, stripe_settings
from tests.integration.webhook_receiver import Receiver, answering, receiving, reset, slow
from tests.run_async import run_async

from crm.activity.events import FOLLOWED, Event
from crm.activity.log import record
from crm.kit.database import Database, app_url
from crm.kit.settings import Settings
from crm.outgoing.couriers import Couriers
from crm.outgoing.staging import NAMES, TYPES

ALL = list(NAMES)


class World:
    """A server, its owner's calls, and couriers that go when they are sent."""

    def __init__(self, money: Money) -> None:
        self.money, self.sql = money, money.sql
        self.api = money.app.as_user("admin@peakpro.io")

    def add(self, receiver: Receiver | str, events: list[str] = ALL) -> dict[str, Any]:
        url = receiver if isinstance(receiver, str) else receiver.url
        answer = self.api.post("/webhooks/endpoints", json={"url": url, "events": events})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def test(self, endpoint: dict[str, Any]) -> int:
        """Sends a test event; the id of its delivery."""
        answer = self.api.post(f"/webhooks/endpoints/{endpoint['id']}/test")
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def carry(self, settings: Settings | None = None) -> None:
        """One round of a worker's couriers, to the end."""
        run_async(_carry(settings or self.money.app.settings))

    def due_now(self) -> None:
        """As though the waits between attempts were over."""
        self.sql.execute("UPDATE webhook_deliveries SET next_attempt_at = now() WHERE state = 'waiting'")

    def delivery(self, delivery_id: int) -> dict[str, Any]:
        answer = self.api.get(f"/webhooks/deliveries/{delivery_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def endpoint(self, endpoint_id: int) -> dict[str, Any]:
        rows = self.api.get("/webhooks/endpoints").json()["items"]
        (found,) = [row for row in rows if row["id"] == endpoint_id]
        return dict(found)


async def _carry(settings: Settings) -> None:
    assert settings.database_url is not None
    db = Database(app_url(settings.database_url, SECRET_KEY), pool_size=3)
    couriers = Couriers(db, settings)
    await couriers.wake()
    await couriers.all_back()
    await couriers.close()
    await db.close()


@pytest.fixture
def world(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection
) -> World:
    made = World(Money(start_app(stripe_settings(database_url)), owner_sql))
    made.money.forget_jobs()
    return made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    opened: AbstractContextManager[Receiver] = receiving()
    with opened as made:
        yield made


def test_paid_and_refunded_arrive_signed(world: World, receiver: Receiver):
    """Real Stripe events become messages that verify with the secret shown once, with amounts and proposal."""
    endpoint = world.add(receiver, ["payment.paid", "payment.refunded"])
    assert endpoint["signing_secret"].startswith("whsec_")
    assert "signing_secret" not in world.endpoint(endpoint["id"])
    due = world.money.due()
    world.money.deliver(due.paid(), due.paid(), refund(due, "refund.created", "succeeded"))
    world.money.run_jobs()
    world.carry()
    assert {one.json["type"] for one in receiver.received} == {"payment.paid", "payment.refunded"}
    assert len(receiver.received) == 2
    for one in receiver.received:
        assert one.signed_with(endpoint["signing_secret"])
        assert one.json["id"] == one.headers["webhook-id"]
        assert one.json["version"] == 1
        assert one.json["data"]["proposal"]["id"] == due.proposal_id
        assert one.json["data"]["payment_id"] == due.payment_id
    amounts = {one.json["type"]: one.json["data"]["amount_minor"] for one in receiver.received}
    assert amounts == {"payment.paid": DEPOSIT, "payment.refunded": 125_000}


def test_every_kind_of_fact_that_is_offered_is_sent(world: World, receiver: Receiver):
    """Each type of the list has its fact, each fact a job; said twice by the queue, it is sent once."""
    assert set(TYPES) <= FOLLOWED
    world.add(receiver)
    run_async(_say(world.money.app.settings, list(TYPES)))
    world.sql.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, args) "
        "SELECT queue_name, task_name, args FROM procrastinate_jobs"
    )
    world.money.run_jobs()
    world.carry()
    assert sorted(one.json["type"] for one in receiver.received) == sorted(ALL)


async def _say(settings: Settings, events: list[Event]) -> None:
    assert settings.database_url is not None
    db = Database(app_url(settings.database_url, SECRET_KEY), pool_size=1)
    async with db.transaction(1) as session:
        for event in events:
            await record(session, 1, event, proposal_id=7)
    await db.close()


def test_only_what_was_asked_for_and_only_from_then_on(world: World, receiver: Receiver):
    """Other types, other companies' facts, and what happened before the address was named, are not sent."""
    run_async(_say(world.money.app.settings, [Event.VIEWED]))
    world.add(receiver, ["proposal.viewed"])
    run_async(_say(world.money.app.settings, [Event.DECLINE]))
    world.money.deliver(world.money.due(org_id=2).paid())
    world.money.run_jobs()
    world.carry()
    assert receiver.received == []


@pytest.mark.parametrize(
    ("behave", "status", "says"),
    [
        (answering(500, b"oops"), 500, "Answered with 500."),
        (answering(302, location="http://127.0.0.1:1/"), 302, "redirects are not followed"),
        (reset, None, "The connection broke"),
    ],
)
def test_what_is_not_taken_is_tried_again_under_the_same_id(
    world: World, behave: Any, status: int | None, says: str
):
    """Errors, redirects and broken connections are logged, wait 5 s, and the message arrives in the end."""
    with receiving(behave) as receiver:
        delivery_id = world.test(world.add(receiver))
        world.carry()
        world.carry()  # not due yet: nothing goes
        kept = world.delivery(delivery_id)
        assert (kept["state"], kept["tries"]) == ("waiting", 1)
        (attempt,) = kept["attempts"]
        assert attempt["status"] == status
        assert says in attempt["problem"]
        receiver.behave = answering(204, b"")
        world.due_now()
        world.carry()
        kept = world.delivery(delivery_id)
        assert (kept["state"], [one["ok"] for one in kept["attempts"]]) == ("delivered", [True, False])
        assert len({one.headers["webhook-id"] for one in receiver.received}) == 1
        assert len(receiver.received) == 2


def test_it_gives_up_after_three_days_and_a_person_can_send_again(world: World, receiver: Receiver):
    """Ten attempts on the schedule, then `failed`; sent by hand it goes out again with the same id."""
    receiver.behave = answering(503)
    delivery_id = world.test(world.add(receiver))
    for _ in range(10):
        assert world.delivery(delivery_id)["state"] == "waiting"
        world.due_now()
        world.carry()
    assert world.delivery(delivery_id)["state"] == "failed"
    world.due_now()
    world.carry()
    assert len(receiver.received) == 10
    receiver.behave = answering(200)
    assert world.api.post(f"/webhooks/deliveries/{delivery_id}/resend").status_code == 200
    world.carry()
    assert world.delivery(delivery_id)["state"] == "delivered"
    assert len({one.headers["webhook-id"] for one in receiver.received}) == 1


@pytest.mark.parametrize("status", [410, 500])
def test_an_address_that_stopped_listening_is_switched_off_and_that_is_said(
    world: World, receiver: Receiver, status: int
):
    """410 at once, anything else after three days without a success; what waits goes out when it is on again."""
    endpoint = world.add(receiver)
    receiver.behave = answering(status)
    delivery_id = world.test(endpoint)
    if status != 410:
        world.carry()
        assert world.endpoint(endpoint["id"])["active"]
        world.sql.execute("UPDATE webhook_endpoints SET failing_since = now() - interval '3 days'")
        world.due_now()
    world.carry()
    off = world.endpoint(endpoint["id"])
    assert not off["active"]
    assert off["disabled_reason"]
    assert world.api.post(f"/webhooks/endpoints/{endpoint['id']}/test").status_code == 409
    said = [row["sentence"] for row in world.api.get("/activity").json()["items"]]
    assert any("switched off" in sentence for sentence in said)
    receiver.behave = answering(200)
    world.due_now()
    world.carry()
    assert world.delivery(delivery_id)["state"] == "waiting"
    on = world.api.patch(f"/webhooks/endpoints/{endpoint['id']}", json={"active": True}).json()
    assert (on["active"], on["disabled_reason"], on["failing_since"]) == (True, None, None)
    world.carry()
    assert world.delivery(delivery_id)["state"] == "delivered"


def test_a_slow_receiver_holds_up_no_other(world: World, receiver: Receiver):
    """While one address keeps a courier waiting, the messages of another arrive and a second courier stays off."""
    let_go = threading.Event()
    with receiving(slow(let_go)) as tardy:
        slow_id, quick_id = world.test(world.add(tardy)), world.test(world.add(receiver))
        round_ = threading.Thread(target=world.carry)
        round_.start()
        try:
            assert _soon(lambda: world.delivery(quick_id)["state"] == "delivered")
            assert world.delivery(slow_id)["state"] == "waiting"
            world.carry()  # another worker: the slow address is held, so nothing goes there twice
            assert len(tardy.received) == 1
        finally:
            let_go.set()
            round_.join(20)
        assert world.delivery(slow_id)["state"] == "delivered"


def _soon(condition: Callable[[], bool]) -> bool:
    pause = threading.Event()
    return any(condition() or pause.wait(0.05) for _ in range(200))


def test_a_new_secret_signs_beside_the_old_one(world: World, receiver: Receiver):
    """After a rotation both secrets verify; after a day only the new one does."""
    endpoint = world.add(receiver)
    new = world.api.post(f"/webhooks/endpoints/{endpoint['id']}/secret").json()["signing_secret"]
    assert new != endpoint["signing_secret"]
    world.test(endpoint)
    world.carry()
    assert receiver.received[0].signed_with(new)
    assert receiver.received[0].signed_with(endpoint["signing_secret"])
    world.sql.execute("UPDATE webhook_endpoints SET previous_secret_until = now()")
    world.test(endpoint)
    world.carry()
    assert receiver.received[1].signed_with(new)
    assert not receiver.received[1].signed_with(endpoint["signing_secret"])


def test_the_log_keeps_a_short_answer_without_secrets(world: World, receiver: Receiver):
    """An answer of a megabyte that repeats our signature, with bytes that are no text, is cut and blanked."""
    echo = b"v1,c2lnbmF0dXJlLW9mLW91cnM= whsec_c2VjcmV0LW9mLW91cnM= \0\xff" + b"x" * 1_000_000
    receiver.behave = answering(200, echo)
    delivery_id = world.test(world.add(receiver))
    world.carry()
    (attempt,) = world.delivery(delivery_id)["attempts"]
    assert attempt["answer"].startswith("v1,… whsec_… ")
    assert len(attempt["answer"]) == 1_000
    stored = world.sql.execute("SELECT secret, previous_secret FROM webhook_endpoints").fetchall()
    assert not any("whsec_" in str(row) for row in stored)


def test_production_sends_nothing_inwards(world: World, receiver: Receiver, database_url: str):
    """A name that leads to this machine gets no connection, whatever the address said when it was named."""
    endpoint = world.add(receiver.url.replace("127.0.0.1", "localhost"))
    delivery_id = world.test(endpoint)
    world.carry(settings_for(database_url, crm_env="production"))
    assert receiver.received == []
    (attempt,) = world.delivery(delivery_id)["attempts"]
    assert (attempt["status"], attempt["problem"]) == (None, "localhost leads into a private network.")
    world.due_now()
    world.carry()  # in development it is reached: the guard is what made the difference
    assert len(receiver.received) == 1
    assert receiver.received[0].headers["host"].startswith("localhost:")


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/hook",
        "https://127.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/hook",
        "https://postgres/hook",
    ],
)
def test_production_refuses_inward_and_plain_addresses_at_once(
    database_url: str, start_app: Callable[[Settings], RunningApp], url: str
):
    """Private numbers, names of one's own network and http are refused with the field named."""
    api = start_app(settings_for(database_url, crm_env="production")).as_user("admin@peakpro.io")
    refused = api.post("/webhooks/endpoints", json={"url": url, "events": ["payment.paid"]})
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"] == "url"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "javascript:alert(1)", "events": ["payment.paid"]}, "url"),
        ({"url": "https://user:word@example.com/", "events": ["payment.paid"]}, "url"),
        ({"url": "https://example.com:99999/", "events": ["payment.paid"]}, "url"),
        ({"url": "https://example.com/\nx", "events": ["payment.paid"]}, "url"),
        ({"url": "https://example.com/", "events": []}, "events"),
        ({"url": "https://example.com/", "events": ["payment.payed"]}, "events"),
    ],
)
def test_bad_endpoints_are_refused_by_field(api: httpx2.Client, body: dict[str, Any], field: str):
    """What cannot work is refused before it is stored."""
    refused = api.post("/webhooks/endpoints", json=body)
    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["field"].startswith(field)
    assert api.get("/webhooks/endpoints").json()["items"] == []


def test_only_the_owner_and_only_ones_own(app_server: RunningApp, api: httpx2.Client):
    """Roles below the owner and other companies reach neither addresses nor the log; a removed one is gone."""
    made = api.post("/webhooks/endpoints", json={"url": "https://example.com/", "events": ["payment.paid"]})
    endpoint = f"/webhooks/endpoints/{made.json()['id']}"
    delivery = f"/webhooks/deliveries/{api.post(f'{endpoint}/test').json()['id']}"
    office, other = app_server.as_user("office@peakpro.io"), app_server.as_user("admin@summit.example")
    shown = {name: value for name, value in made.json().items() if name != "signing_secret"}
    assert api.get(endpoint).json() == shown
    for caller, status in ((office, 403), (other, 404)):
        assert caller.get(endpoint).status_code == status
        assert caller.patch(endpoint, json={"active": False}).status_code == status
        assert caller.post(f"{endpoint}/secret").status_code == status
        assert caller.delete(endpoint).status_code == status
        assert caller.get(delivery).status_code == status
        assert caller.post(f"{delivery}/resend").status_code == status
    assert other.get("/webhooks/deliveries").json()["items"] == []
    assert api.delete(endpoint).status_code == 204
    assert api.post(f"{endpoint}/test").status_code == 404
    assert api.get(endpoint).status_code == 404
    assert api.get(delivery).json()["state"] == "dropped"
    assert api.post(f"{delivery}/resend").status_code == 409
