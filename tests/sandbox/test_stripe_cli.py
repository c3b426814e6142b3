"""The official Stripe CLI, unmodified and told nothing but the address and a key, works against the simulator."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import stripe
from tests.sandbox.stripe_world import KEY, SECRETS, StripeWorld, open_world, wait_until, world
from tests.stripe_cli import StripeCli, stripe_cli

__all__ = ["stripe_cli", "world"]


@pytest.fixture(scope="module")
def busy() -> Iterator[StripeWorld]:
    """One sandbox for all triggers: starting one takes longer than a trigger."""
    with open_world() as opened:
        yield opened


SECONDS_UNTIL_A_BANK_ANSWERS = 6


@pytest.mark.parametrize(
    "event",
    [
        "account.application.deauthorized",
        "account.updated",
        "charge.captured",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.updated",
        "charge.failed",
        "charge.refund.updated",
        "charge.refunded",
        "charge.succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.completed",
        "checkout.session.expired",
        "customer.created",
        "customer.deleted",
        "customer.updated",
        "payment_intent.amount_capturable_updated",
        "payment_intent.canceled",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.processing",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
        "payment_method.attached",
        "payment_method.detached",
        "payout.created",
        "payout.updated",
        "product.created",
        "product.deleted",
        "product.updated",
        "test_helpers.test_clock.advancing",
        "test_helpers.test_clock.created",
        "test_helpers.test_clock.deleted",
        "test_helpers.test_clock.ready",
    ],
)
def test_trigger_brings_its_event(busy: StripeWorld, stripe_cli: StripeCli, event: str) -> None:
    """`stripe trigger` runs its own fixtures to the end, and the event that it promises arrives signed."""
    busy.receiver.received.clear()
    said = stripe_cli.run(busy.base_url, KEY, "trigger", event)
    assert "Trigger succeeded" in said
    if "async_payment" in event:
        busy.receiver.wait_for("checkout.session.completed")
        busy.clock.advance(SECONDS_UNTIL_A_BANK_ANSWERS)
    busy.receiver.wait_for(event)
    headers, body = next(
        (headers, body) for headers, body in busy.receiver.received if json.loads(body)["type"] == event
    )
    for secret in SECRETS:
        assert stripe.Webhook.construct_event(body, headers["stripe-signature"], secret).type == event


def test_get_post_and_list_work_on_what_others_made(world: StripeWorld, stripe_cli: StripeCli) -> None:
    """`stripe get` reads a session that stripe-python made, `post` changes it, and a resource command lists it."""
    session = world.new_session()
    path = f"/v1/checkout/sessions/{session.id}"
    assert json.loads(stripe_cli.run(world.base_url, KEY, "get", path))["id"] == session.id
    changed = stripe_cli.run(world.base_url, KEY, "post", path, "-d", "metadata[seen]=yes")
    assert json.loads(changed)["metadata"]["seen"] == "yes"
    listed = stripe_cli.run(world.base_url, KEY, "checkout", "sessions", "list", "--limit", "1")
    assert [entry["id"] for entry in json.loads(listed)["data"]] == [session.id]


def test_events_are_resent(world: StripeWorld, stripe_cli: StripeCli) -> None:
    """`stripe events resend` sends an event once more, to the configured address or to a registered endpoint."""
    event = world.hook("events", type="payout.paid", object={"id": "po_1", "object": "payout"})
    world.receiver.wait_for("payout.paid")
    stripe_cli.run(world.base_url, KEY, "events", "resend", event["id"])
    world.receiver.wait_for("payout.paid", 2)
    made = world.client.v1.webhook_endpoints.create(
        {"url": f"{world.hook_url}/mine", "enabled_events": ["charge.refunded"]}
    )
    stripe_cli.run(world.base_url, KEY, "events", "resend", event["id"], "--webhook-endpoint", made.id)
    wait_until(lambda: len(world.receiver.received) == 3, "the endpoint has it, though it did not ask for it")
    headers, body = world.receiver.received[-1]
    assert made.secret is not None
    assert stripe.Webhook.construct_event(body, headers["stripe-signature"], made.secret).id == event["id"]
