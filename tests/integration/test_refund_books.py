"""Refunds in the books: each once, out of Stripe Clearing, and back again when it fails later."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

DEPOSIT = 472_500


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


def told(world: World, payment_id: int, status: str, amount: int, refund_id: str = "re_1") -> None:
    """A refund's event, as Stripe's dashboard causes it."""
    row = world.sql.execute(
        "SELECT stripe_payment_intent FROM payments WHERE id = %s", [payment_id]
    ).fetchone()
    assert row is not None
    said = {
        "id": f"evt_{refund_id}_{status}",
        "type": "refund.failed" if status == "failed" else "refund.created",
        "data": {
            "object": {
                "id": refund_id, "object": "refund", "amount": amount, "currency": "usd", "status": status,
                "payment_intent": row[0], "created": 1_795_309_000,
            }
        },
    }  # fmt: skip
    assert world.app.client().post("/payments/webhook", json=said).status_code == 200


def clearing(world: World) -> int:
    """The balance of Stripe Clearing, in cents; the trial balance as a whole must be zero."""
    found = world.sandbox.call("GET", f"/_state/quickbooks/{world.realm_id}/trial_balance")
    assert found["sum_cents"] == 0
    balances = {one["name"]: one["balance_cents"] for one in found["accounts"]}
    return int(balances.get("Stripe Clearing", 0))


def postings(world: World) -> dict[str, dict[str, Any]]:
    items = world.staff().get("/postings").json()["items"]
    return {item["kind"]: item for item in items}


async def test_refund_is_booked_once_and_its_return_once(world: World) -> None:
    """Refund receipt out of clearing; when it fails weeks later a sales receipt brings the money back; the home
    page's figures follow."""
    payment_id = world.pay()
    await world.run()
    told(world, payment_id, "succeeded", 125_000)
    told(world, payment_id, "succeeded", 125_000)
    await world.run()
    await world.run()
    (receipt,) = world.in_books("RefundReceipt")
    assert (receipt["TotalAmt"] * 100, clearing(world)) == (125_000, DEPOSIT - 125_000)
    line = postings(world)["refund"]
    assert (line["state"], line["qbo_receipt_id"], line["amount_minor"]) == ("posted", receipt["Id"], 125_000)
    money = world.staff().get("/overview").json()["payments"]
    assert (money["posted_minor"], money["refunded_minor"], money["refunds_posted_minor"]) == (
        DEPOSIT, 125_000, 125_000,
    )  # fmt: skip
    told(world, payment_id, "failed", 125_000)
    await world.run()
    await world.run()
    (back,) = world.in_books("SalesReceipt")
    assert (back["TotalAmt"] * 100, clearing(world)) == (125_000, DEPOSIT)
    money = world.staff().get("/overview").json()["payments"]
    assert (money["refunded_minor"], money["refunds_posted_minor"]) == (0, 0)
    said = world.sql.execute(
        "SELECT event, count(*) FROM portal_activity_log WHERE event LIKE 'refund%booked' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert said == [("refund_booked", 1), ("refund_return_booked", 1)]


async def test_refund_that_never_succeeded_stands_nowhere(world: World) -> None:
    """Pending and then failed: neither document is made."""
    payment_id = world.pay()
    told(world, payment_id, "pending", 125_000)
    await world.run()
    told(world, payment_id, "failed", 125_000)
    await world.run()
    assert (world.in_books("RefundReceipt"), world.in_books("SalesReceipt")) == ([], [])
    assert clearing(world) == DEPOSIT


@pytest.mark.parametrize("action", ["reset_before", "drop_after", "garbage"])
async def test_answer_lost_books_one_receipt(world: World, action: str) -> None:
    """Whatever becomes of QuickBooks' answer, the refund waits with a sentence and is booked once."""
    payment_id = world.pay()
    await world.run()
    told(world, payment_id, "succeeded", DEPOSIT)
    options: dict[str, Any] = {"effect": True} if action == "garbage" else {}
    world.sandbox.add_fault(action, r"/refundreceipt$", times=1, **options)
    await world.run()
    line = postings(world)["refund"]
    assert (line["state"], bool(line["problem"])) == ("waiting", True)
    await world.run()
    assert len(world.in_books("RefundReceipt")) == 1
    assert clearing(world) == 0


async def test_refusal_waits_for_a_person(world: World) -> None:
    """A definite no is shown with its sentence; the return waits behind it; Retry books both in order."""
    payment_id = world.pay()
    await world.run()
    fault = {
        "Fault": {
            "Error": [{"Message": "No", "Detail": "The period is closed", "code": "6200", "element": ""}]
        }
    }
    world.sandbox.add_fault("status", r"/refundreceipt$", times=1, status=400, body=fault)
    told(world, payment_id, "succeeded", 50_000)
    await world.run()
    told(world, payment_id, "failed", 50_000)
    await world.run()
    lines = postings(world)
    assert (lines["refund"]["state"], lines["refund_return"]["state"]) == ("needs_you", "waiting")
    assert world.staff().post(f"/postings/{lines['refund']['id']}/retry").status_code == 200
    await world.run()
    await world.run()
    assert {line["state"] for line in postings(world).values()} == {"posted"}
    assert clearing(world) == DEPOSIT
