"""What the simulator sends has the shape of API 2026-10-28.endive, checked against its description."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from tests.sandbox.stripe_world import StripeWorld, world

__all__ = ["world"]

DESCRIPTION = Path(__file__).parents[3] / "shared/data/stripe/openapi-2026-10-28.endive.json"

pytestmark = pytest.mark.skipif(
    not DESCRIPTION.exists(), reason="the description of Stripe's API is not on this machine"
)
NOT_DESCRIBED = ("account_link", "application")


@cache
def schemas() -> dict[str, Any]:
    """The description as JSON Schema: nullable fields may be null or absent, open enums take any word.

    It was derived from typed classes, which list every property that an object can have as required;
    Stripe leaves out those that do not apply.
    """
    described = json.loads(DESCRIPTION.read_text())["components"]["schemas"]
    return {name: plain(schema) for name, schema in described.items()}


def plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [plain(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: plain(v) for k, v in schema.items() if k not in ("nullable", "required", "enum")}
    if "enum" in schema and not schema.get("x-open-enum"):
        kept["enum"] = schema["enum"]
    properties = schema.get("properties", {})
    if "required" in schema and isinstance(schema["required"], list):
        kept["required"] = [n for n in schema["required"] if not properties.get(n, {}).get("nullable")]
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept


def wrong_with(body: dict[str, Any]) -> list[str]:
    """What is wrong with an object's shape, empty when nothing is."""
    kind = body["object"]
    root = {"$ref": f"#/components/schemas/{kind}", "components": {"schemas": schemas()}}
    errors = jsonschema.Draft202012Validator(root).iter_errors(body)
    return [f"{kind} {body.get('id')}: {error.json_path}: {error.message[:200]}" for error in errors]


def test_description_refuses_wrong_shapes() -> None:
    """The check itself bites: a charge without an amount or with a text for one is refused."""
    assert any("amount" in problem for problem in wrong_with({"id": "ch_1", "object": "charge"}))


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


def test_all_objects_and_events_fit_the_description(world: StripeWorld) -> None:
    """After a busy day every object that is stored, and every event with its snapshot, is valid."""
    busy_account(world)
    kinds = [kind for kind in world.state.summary()["objects"] if world.state.objects(kind)]
    assert len(kinds) == 15, "the busy day touches every kind"
    problems = [
        problem for kind in kinds for body in world.state.objects(kind) for problem in wrong_with(body)
    ]
    snapshots = [event["data"]["object"] for event in world.state.objects("event")]
    problems += [
        problem for body in snapshots if body["object"] not in NOT_DESCRIBED for problem in wrong_with(body)
    ]
    assert not problems, "\n".join(sorted(set(problems)))


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
