"""What the simulator sends has the shape of API 2026-10-28.endive, checked against its description."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import stripe
from tests.sandbox.stripe_shapes import DESCRIPTION, wrong_with
from tests.sandbox.stripe_world import StripeWorld, world

from crm_sandbox.stripe.state import KINDS

__all__ = ["world"]

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="the description of Stripe's API is not on this machine"
)


def test_description_refuses_wrong_shapes() -> None:
    """The check itself bites: a charge without an amount or with a text for one is refused."""
    assert any("amount" in problem for problem in wrong_with({"id": "ch_1", "object": "charge"}))
    assert "file: size is missing" in wrong_with({"id": "file_1", "object": "file"})
    assert wrong_with({"id": "x_1", "object": "unheard_of"})


def busy_account(world: StripeWorld) -> None:
    """Runs money through every path once, on the platform and on a connected account."""
    client = world.client
    client.v1.webhook_endpoints.create({"url": f"{world.hook_url}/x", "enabled_events": ["*"]})
    account = client.v1.accounts.create({"country": "US"})
    client.v1.accounts.retrieve_current()
    customer = client.v1.customers.create({"email": "a@b.example", "address": {"city": "Denver"}})
    for options in ({}, {"stripe_account": account.id}):
        fee = {"application_fee_amount": 500} if options else {}
        session = world.new_session(options=options, payment_intent_data=fee)
        world.pay(session.url, "4000000000000002")
        world.pay(session.url)
    paid = world.new_session(customer=customer.id)
    world.pay(paid.url)
    intent = str(client.v1.checkout.sessions.retrieve(paid.id).payment_intent)
    world.debit(world.new_session().url)
    world.debit(world.new_session().url, "fails")
    waiting = world.new_session()
    world.pay(waiting.url, "4000002500003155")
    world.clock.advance(6)
    world.receiver.wait_for("checkout.session.async_payment_failed", 2)
    refund = client.v1.refunds.create({"payment_intent": intent, "amount": 10_000})
    world.clock.advance(2)
    world.receiver.wait_for("refund.updated", 2)
    world.hook(f"refunds/{refund.id}/fail")
    dispute = world.hook("disputes", session=paid.id)
    world.hook(f"disputes/{dispute['id']}/lost")
    payout = world.hook("payouts")
    world.hook(f"payouts/{payout['id']}/fail")
    client.v1.checkout.sessions.expire(waiting.id)
    busy_catalogue(client)
    busy_intents(world)
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_577_836_800})
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 60})
    world.receiver.wait_for("test_helpers.test_clock.ready")
    gone = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_577_836_800})
    client.v1.test_helpers.test_clocks.delete(gone.id)
    client.v1.accounts.update(account.id, {"metadata": {"seen": "yes"}})
    link: Any = {"account": account.id, "type": "account_onboarding", "return_url": "http://a.test"}
    client.v1.account_links.create(link)
    client.v1.accounts.delete(client.v1.accounts.create({"country": "US"}).id)
    for path in ("charges", "customers", "disputes", "payment_intents", "payment_methods", "payouts", "prices",
                 "products", "refunds", "events", "webhook_endpoints", "accounts", "checkout/sessions", "files",
                 "balance_transactions", "test_helpers/test_clocks"):  # fmt: skip
        assert world.raw("GET", f"/v1/{path}").json()["data"], path


def busy_catalogue(client: stripe.StripeClient) -> None:
    """Products, prices and payment methods come, change and go."""
    product = client.v1.products.create({"name": "Gutter"})
    client.v1.products.update(product.id, {"description": "Seamless"})
    price = client.v1.prices.create({"product": product.id, "currency": "usd", "unit_amount": 1_250})
    client.v1.prices.update(price.id, {"nickname": "per foot"})
    client.v1.products.delete(client.v1.products.create({"name": "Gone"}).id)
    customer = client.v1.customers.create({"email": "b@b.example"})
    client.v1.customers.update(customer.id, {"name": "Ben"})
    method = client.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    client.v1.payment_methods.update(method.id, {"metadata": {"seen": "yes"}})
    client.v1.payment_methods.detach(method.id)
    client.v1.customers.delete(customer.id)


def busy_intents(world: StripeWorld) -> None:
    """Intents are captured, released, debited; payouts, evidence and its file follow."""
    client = world.client
    asked: Any = {"amount": 5_000, "currency": "usd", "confirm": True, "payment_method": "pm_card_visa"}
    held = [client.v1.payment_intents.create(asked | {"capture_method": "manual"}).id for _ in range(3)]
    client.v1.payment_intents.capture(held[0], {"amount_to_capture": 3_000})
    client.v1.payment_intents.cancel(held[1])
    iban: Any = {"type": "sepa_debit", "sepa_debit": {"iban": "AT611904300234573201"}}
    method = client.v1.payment_methods.create(
        iban | {"billing_details": {"name": "Ann", "email": "a@b.example"}}
    )
    client.v1.payment_intents.create(asked | {"currency": "eur", "payment_method": method.id})
    client.v1.payment_intents.create(asked | {"payment_method": "pm_card_bypassPending"})
    payouts = [client.v1.payouts.create({"amount": 1_000, "currency": "usd"}).id for _ in range(3)]
    client.v1.payouts.cancel(payouts[0])
    client.v1.payouts.update(payouts[1], {"metadata": {"seen": "yes"}})
    world.clock.advance(3 * 24 * 3600)
    world.receiver.wait_for("payout.paid", 3)
    client.v1.payouts.reverse(payouts[1])
    client.v1.payment_intents.create(asked | {"payment_method": "pm_card_createDispute"})
    receipt = client.v1.files.create({"purpose": "dispute_evidence", "file": io.BytesIO(b"%PDF-1.7 roof")})
    evidence: Any = {"receipt": receipt.id, "uncategorized_text": "winning_evidence"}
    client.v1.disputes.update(client.v1.disputes.list().data[0].id, {"evidence": evidence})
    world.clock.advance(7 * 24 * 3600)
    world.receiver.wait_for("charge.expired")
    world.receiver.wait_for("charge.dispute.funds_reinstated")


def test_all_objects_and_events_fit_the_description(world: StripeWorld) -> None:
    """After a busy day every answer, every object that is stored and every event with its snapshot is valid.

    The same is asked at the end of each test that uses this world.
    """
    busy_account(world)
    kinds = [kind for kind in world.state.summary()["objects"] if world.state.objects(kind)]
    assert len(kinds) == len(KINDS), f"the busy day touches every kind but {set(KINDS) - set(kinds)}"
    assert len({event["type"] for event in world.state.objects("event")}) >= 50
    assert len(world.answers) > 40
    assert world.wrong_shapes() == []


def test_expanded_answers_fit_the_description(world: StripeWorld) -> None:
    """Lists, line items, the balance and expanded objects are valid too."""
    busy_account(world)
    session = world.state.objects("checkout.session")[-3]["id"]
    answers = [
        ("checkout.session", f"checkout/sessions/{session}?expand[]=payment_intent.latest_charge.refunds"),
        ("checkout.session", f"checkout/sessions/{session}?expand[]=line_items"),
        ("balance", "balance"),
    ]
    for kind, path in answers:
        body = world.raw("GET", f"/v1/{path}").json()
        assert body["object"] == kind
        assert wrong_with(body) == []
    items = world.raw("GET", f"/v1/checkout/sessions/{session}/line_items").json()
    assert [problem for item in items["data"] for problem in wrong_with(item)] == []


def test_snapshots_have_what_published_events_have(world: StripeWorld) -> None:
    """Each top-level field of the published endive events is in ours too, unless it is always null there."""
    busy_account(world)
    events = {event["type"]: event for event in world.state.objects("event")}
    compared = 0
    for path in sorted((DESCRIPTION.parent / "derived-events").glob("*.json")):
        published = json.loads(path.read_text())
        ours = events.get(published["type"])
        if ours is None:
            continue
        compared += 1
        assert set(published) - {"account"} <= set(ours), path.name
        theirs = published["data"]["object"]
        missing = {k for k, v in theirs.items() if v is not None} - set(ours["data"]["object"])
        assert missing == set(), path.name
    assert compared >= 15
