"""Events reach their endpoints signed, again after failures, twice or out of order when asked."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_world import SECRETS, StripeWorld, wait_until, world

__all__ = ["world"]


def test_any_of_the_secrets_verifies(world: StripeWorld) -> None:
    """Each body is signed once per secret: a receiver that knows either accepts it, others do not."""
    world.pay(world.new_session().url)
    world.receiver.wait_for("checkout.session.completed")
    for headers, body in world.receiver.received:
        for secret in SECRETS:
            stripe.Webhook.construct_event(body, headers["stripe-signature"], secret)
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body, headers["stripe-signature"], "whsec_other")


def test_signature_time_is_real_even_when_the_clock_jumped(world: StripeWorld) -> None:
    """After moving the simulated clock by days, receivers with a tolerance still accept events."""
    world.clock.advance(10 * 24 * 3600)
    world.pay(world.new_session().url)
    event = world.receiver.wait_for("checkout.session.completed")
    assert event["created"] > time.time() + 9 * 24 * 3600
    headers, body = world.receiver.received[0]
    stripe.Webhook.construct_event(body, headers["stripe-signature"], SECRETS[0], tolerance=300)


def test_failed_deliveries_come_again(world: StripeWorld) -> None:
    """A 500 and a redirect count as failures: the same event comes until a 2xx, then no more."""
    world.receiver.statuses = [500, 302]
    event = world.hook("events", type="payout.paid", object={"id": "po_1", "object": "payout"})
    wait_until(lambda: len(world.receiver.received) == 3, "three attempts")
    assert {e["id"] for e in world.receiver.events} == {event["id"]}
    wait_until(lambda: delivery(world, event)["state"] == "delivered", "delivered")
    assert [a["status"] for a in delivery(world, event)["attempts"]] == [500, 302, 200]
    assert world.client.v1.events.retrieve(event["id"]).pending_webhooks == 0


def test_giving_up_stays_visible(world: StripeWorld) -> None:
    """After the last retry the event stays undelivered, is found by delivery_success=false, and can be resent."""
    world.receiver.statuses = [503] * 4
    event = world.hook("events", type="payout.paid", object={"id": "po_1", "object": "payout"})
    wait_until(lambda: delivery(world, event)["state"] == "failed", "given up")
    missed = world.client.v1.events.list({"delivery_success": False}).data
    assert [(e.id, e.pending_webhooks) for e in missed] == [(event["id"], 1)]
    world.hook(f"events/{event['id']}/resend")
    wait_until(lambda: world.client.v1.events.retrieve(event["id"]).pending_webhooks == 0, "resent")
    assert world.client.v1.events.list({"delivery_success": False}).data == []


def test_every_second_delivery_twice(world: StripeWorld) -> None:
    """duplicate_every sends the same event again; pending_webhooks does not go below zero."""
    world.hook("delivery", duplicate_every=1)
    event = world.hook("events", type="payout.paid", object={"id": "po_1", "object": "payout"})
    wait_until(lambda: len(world.receiver.received) == 2, "twice")
    assert {e["id"] for e in world.receiver.events} == {event["id"]}
    assert world.client.v1.events.retrieve(event["id"]).pending_webhooks == 0


def test_pause_holds_and_shuffle_mixes(world: StripeWorld) -> None:
    """While paused nothing arrives; with shuffle what was held arrives in another order, all of it."""
    world.hook("delivery", paused=True)
    sent = [
        world.hook("events", type="payout.paid", object={"id": f"po_{n}", "object": "payout"})["id"]
        for n in range(30)
    ]
    assert world.receiver.received == []
    world.hook("delivery", paused=False, shuffle=True)
    wait_until(lambda: len(world.receiver.received) == 30, "all thirty")
    arrived = [event["id"] for event in world.receiver.events]
    assert sorted(arrived) == sorted(sent)
    assert arrived != sent


def test_delay_holds_events_back(world: StripeWorld) -> None:
    """delay_seconds counts by the simulated clock."""
    world.hook("delivery", delay_seconds=60)
    world.hook("events", type="payout.paid", object={"id": "po_1", "object": "payout"})
    time.sleep(0.2)
    assert world.receiver.received == []
    world.clock.advance(61)
    world.receiver.wait_for("payout.paid")


def test_registered_endpoint_hears_what_it_asked_for(world: StripeWorld) -> None:
    """An endpoint of the API gets its own secret and only its event types; disabled it gets nothing."""
    made = world.client.v1.webhook_endpoints.create(
        {"url": f"{world.hook_url}/mine", "enabled_events": ["checkout.session.completed"]}
    )
    assert made.secret is not None
    assert "secret" not in world.client.v1.webhook_endpoints.retrieve(made.id)
    world.pay(world.new_session().url)
    world.receiver.wait_for("checkout.session.completed", 2)
    verified = [
        ok for headers, body in world.receiver.received if (ok := verifies(headers, body, made.secret))
    ]
    assert verified == ["checkout.session.completed"]
    world.client.v1.webhook_endpoints.update(made.id, {"disabled": True})
    world.pay(world.new_session().url)
    world.receiver.wait_for("checkout.session.completed", 3)
    world.receiver.wait_for("charge.updated", 2)
    assert world.receiver.types().count("checkout.session.completed") == 3


def test_rolled_secret_signs_beside_the_old_one_for_a_while(world: StripeWorld) -> None:
    """After rolling, both secrets verify until the old one's time is over; then only the new one does."""
    made = world.client.v1.webhook_endpoints.create(
        {"url": f"{world.hook_url}/mine", "enabled_events": ["product.created"]}
    )
    old, new = (
        str(made.secret),
        world.hook(f"webhook_endpoints/{made.id}/roll", keep_old_seconds=3600)["secret"],
    )
    world.client.v1.products.create({"name": "Gutter"})
    world.receiver.wait_for("product.created", 2)
    assert sum(verifies(*sent, old) == verifies(*sent, new) != None for sent in world.receiver.received) == 1  # noqa: E711
    world.receiver.received.clear()
    world.clock.advance(3601)
    world.client.v1.products.create({"name": "Ridge"})
    world.receiver.wait_for("product.created", 2)
    assert [verifies(*sent, old) for sent in world.receiver.received] == [None, None]
    assert [verifies(*sent, new) for sent in world.receiver.received].count("product.created") == 1
    too_long = world.http.post(
        f"{world.base_url}/_state/stripe/webhook_endpoints/{made.id}/roll", json={"keep_old_seconds": 90_000}
    )
    assert too_long.status_code == 400


def test_connect_endpoint_hears_connected_accounts_only(world: StripeWorld) -> None:
    """With connect=true events of connected accounts arrive, each with its account, and no own ones."""
    made = world.client.v1.webhook_endpoints.create(
        {"url": f"{world.hook_url}/connect", "enabled_events": ["*"], "connect": True}
    )
    assert made.secret is not None
    account = world.client.v1.accounts.create({"country": "US"})
    world.pay(world.new_session().url)
    options: Any = {"stripe_account": account.id}
    world.pay(world.new_session(options=options).url)
    world.receiver.wait_for("checkout.session.completed", 3)
    world.receiver.wait_for("charge.updated", 3)
    heard = [
        event["account"]
        for (headers, body), event in zip(world.receiver.received, world.receiver.events, strict=True)
        if verifies(headers, body, made.secret)
    ]
    assert len(heard) >= 5
    assert set(heard) == {account.id}


def delivery(world: StripeWorld, event: dict[str, Any]) -> dict[str, Any]:
    answer = world.http.get(f"{world.base_url}/_state/stripe/deliveries", params={"event": event["id"]})
    return dict(answer.json()["data"][-1])


def verifies(headers: dict[str, str], body: bytes, secret: str) -> str | None:
    """The event's type when this secret signed it."""
    try:
        return str(stripe.Webhook.construct_event(body, headers["stripe-signature"], secret).type)
    except stripe.SignatureVerificationError:
        return None
