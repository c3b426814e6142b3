"""What Stripe's events on charges, refunds, disputes, payouts and accounts mean, one at a time.

An event about a payment we do not know yet waits in the inbox until the payment's intent is known.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from crm.activity.events import Event
from crm.activity.log import Fact, record_facts
from crm.inbox.stripe_event import StripeEvent
from crm.jobs import queue
from crm.kit import clock
from crm.kit.money import format_money
from crm.payments import differences, states
from crm.payments.differences import Found

Conn = psycopg.AsyncConnection[Any]

# Their object is the charge itself; all others name it in `charge`.
CHARGES = frozenset({"charge.succeeded", "charge.pending", "charge.updated", "charge.refunded"})


@dataclass(frozen=True, slots=True)
class _Payment:
    org_id: int
    id: int
    proposal_id: int
    amount_minor: int
    currency: str
    refunded_minor: int
    stripe_payment_intent: str | None
    stripe_charge: str | None
    balance_transaction: str | None
    simulated: bool


async def apply(conn: Conn, event: StripeEvent) -> None:
    """Takes the event's effect and sets its state; an unknown type is only kept."""
    handler = HANDLERS.get(event.type)
    if handler is None:
        event.state, event.note = "kept", "nothing follows from this type"
        return
    event.state = "done"
    await handler(conn, event)


async def _payment(conn: Conn, event: StripeEvent) -> _Payment | None:
    """The payment an event belongs to, locked; None leaves the event waiting for it."""
    object_ = event.object
    intent = _text(object_.get("payment_intent"))
    charge = _text(object_.get("id" if event.type in CHARGES else "charge"))
    cursor = await conn.execute(
        "SELECT org_id, id, proposal_id, amount_minor, currency, refunded_minor, stripe_payment_intent, "
        "stripe_charge, balance_transaction, simulated FROM payments WHERE org_id = %s "
        "AND (stripe_payment_intent = %s OR stripe_charge = %s) FOR NO KEY UPDATE",
        [event.org_id, intent, charge],
    )
    row = await cursor.fetchone()
    if row is None:
        event.state, event.note = "kept", "its payment is not known (yet)"
        event.waits_for = intent or charge
        return None
    return _Payment(*row)


async def _charge(conn: Conn, event: StripeEvent) -> None:
    """charge.succeeded, charge.updated, charge.pending: the charge's id, and its fee once it is known."""
    payment = await _payment(conn, event)
    if payment is None:
        return
    await _learn_charge(conn, payment, event)
    if event.object.get("balance_transaction") and payment.balance_transaction is None:
        await queue.enqueue_many(conn, [("fetch_fee", {"org_id": payment.org_id, "payment_id": payment.id})])


async def _learn_charge(conn: Conn, payment: _Payment, event: StripeEvent) -> None:
    """A bank transfer that came back left its charge here; that of the page which was paid takes its place."""
    charge_id, intent = event.object_id, _text(event.object.get("payment_intent"))
    of_this_try = intent is not None and intent == payment.stripe_payment_intent
    if charge_id != payment.stripe_charge and (payment.stripe_charge is None or of_this_try):
        await conn.execute(
            "UPDATE payments SET stripe_charge = %s, updated_at = %s WHERE org_id = %s AND id = %s",
            [charge_id, clock.now(), payment.org_id, payment.id],
        )


async def _charge_refunded(conn: Conn, event: StripeEvent) -> None:
    """charge.refunded: older API versions carry the refunds, newer ones only the sum."""
    payment = await _payment(conn, event)
    if payment is None:
        return
    await _learn_charge(conn, payment, event)
    embedded = event.object.get("refunds")
    refunds = embedded.get("data") if isinstance(embedded, dict) else None
    for refund in refunds if isinstance(refunds, list) else []:
        if isinstance(refund, dict):
            await save_refund(conn, payment.org_id, payment.id, payment.proposal_id, refund)
    total = event.object.get("amount_refunded")
    cursor = await conn.execute(
        "SELECT coalesce(sum(amount_minor), 0) FROM refunds WHERE org_id = %s AND payment_id = %s",
        [payment.org_id, payment.id],
    )
    known = await cursor.fetchone()
    if isinstance(total, int) and known is not None and total > known[0] and not payment.simulated:
        # The refund's own event is late or lost: ask Stripe instead of guessing.
        await queue.enqueue_many(
            conn, [("fetch_refunds", {"org_id": payment.org_id, "payment_id": payment.id})]
        )


async def _refund(conn: Conn, event: StripeEvent) -> None:
    """refund.created|updated|failed and charge.refund.updated."""
    payment = await _payment(conn, event)
    if payment is not None:
        await save_refund(conn, payment.org_id, payment.id, payment.proposal_id, event.object)


async def save_refund(
    conn: Conn, org_id: int, payment_id: int, proposal_id: int, refund: dict[str, Any]
) -> None:
    """Upserts one refund by its id, lifts its status, and says what became of it."""
    refund_id, amount = _text(refund.get("id")), refund.get("amount")
    if refund_id is None or not isinstance(amount, int):
        return
    said = str(refund.get("status") or "succeeded")
    if said not in states.REFUND:
        said = "pending"
    cursor = await conn.execute(
        "SELECT status FROM refunds WHERE org_id = %s AND refund_id = %s", [org_id, refund_id]
    )
    row = await cursor.fetchone()
    old = row[0] if row else None
    status = states.climb(states.REFUND, old, said)
    currency = str(refund.get("currency") or "usd").upper()
    failure = _text(refund.get("failure_reason"))
    await conn.execute(
        "INSERT INTO refunds (org_id, refund_id, payment_id, amount_minor, currency, status, reason, "
        "failure_reason, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (org_id, refund_id) DO UPDATE SET status = excluded.status, "
        "failure_reason = coalesce(excluded.failure_reason, refunds.failure_reason), updated_at = now()",
        [
            org_id,
            refund_id,
            payment_id,
            amount,
            currency,
            status,
            _text(refund.get("reason")),
            failure,
            _moment(refund.get("created")),
        ],
    )
    await conn.execute(
        "UPDATE payments SET refunded_minor = (SELECT coalesce(sum(amount_minor), 0) FROM refunds "
        "WHERE org_id = %s AND payment_id = %s AND status = 'succeeded'), updated_at = %s "
        "WHERE org_id = %s AND id = %s",
        [org_id, payment_id, clock.now(), org_id, payment_id],
    )
    if status == old:
        return
    await queue.enqueue_unless_waiting(conn, "pull_transactions", {"org_id": org_id})
    meta = {"refund_id": refund_id, "amount_cents": amount, "currency": currency, "payment_id": payment_id}
    if status == "succeeded":
        await record_facts(conn, [Fact(org_id, Event.PAYMENT_REFUNDED, proposal_id, meta, "stripe")])
    elif status == "failed":
        money = format_money(amount, currency)
        await record_facts(
            conn, [Fact(org_id, Event.REFUND_FAILED, proposal_id, meta | {"reason": failure}, "stripe")]
        )
        sentence = (
            f"The refund of {money} for proposal {proposal_id} failed and the money came back to Stripe. "
        )
        sentence += "Give it back another way, for example by check."
        await differences.keep(conn, [Found(org_id, "refund_failed", refund_id, sentence, proposal_id, meta)])


async def _dispute(conn: Conn, event: StripeEvent) -> None:
    payment = await _payment(conn, event)
    amount = event.object.get("amount")
    # Before disputes had ids, a charge had one at most: then the charge names it (fixtures of stripe-ruby-mock).
    dispute_id = event.object_id or _text(event.object.get("charge"))
    if payment is None or dispute_id is None or not isinstance(amount, int):
        return
    cursor = await conn.execute(
        "SELECT status, fee_minor, net_minor FROM disputes WHERE org_id = %s AND dispute_id = %s",
        [payment.org_id, dispute_id],
    )
    old, *figures = await cursor.fetchone() or (None, 0, 0)
    status = states.climb(states.DISPUTE, old, str(event.object.get("status") or "needs_response"))
    fee, net = _moved(event.object, amount, old, *figures)
    currency = str(event.object.get("currency") or payment.currency).upper()
    await conn.execute(
        "INSERT INTO disputes (org_id, dispute_id, payment_id, amount_minor, currency, status, reason, "
        "fee_minor, net_minor, created_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (org_id, dispute_id) DO UPDATE SET status = excluded.status, updated_at = now(), "
        "fee_minor = excluded.fee_minor, net_minor = excluded.net_minor",
        [
            payment.org_id,
            dispute_id,
            payment.id,
            amount,
            currency,
            status,
            _text(event.object.get("reason")),
            fee,
            net,
            _moment(event.object.get("created")),
        ],
    )
    await conn.execute(
        "UPDATE payments SET disputed = EXISTS (SELECT 1 FROM disputes WHERE org_id = %s AND payment_id = %s "
        "AND NOT status = ANY(%s)), updated_at = %s WHERE org_id = %s AND id = %s",
        [
            payment.org_id,
            payment.id,
            sorted(states.DISPUTE_HARMLESS),
            clock.now(),
            payment.org_id,
            payment.id,
        ],
    )
    meta = {"dispute_id": dispute_id, "amount_cents": amount, "currency": currency, "status": status}
    facts = []
    if old is None:
        facts.append(Fact(payment.org_id, Event.DISPUTE_OPENED, payment.proposal_id, meta, "stripe"))
    if status in states.DISPUTE_OVER and old not in states.DISPUTE_OVER:
        facts.append(Fact(payment.org_id, Event.DISPUTE_CLOSED, payment.proposal_id, meta, "stripe"))
    await record_facts(conn, facts)
    if (fee, net) != tuple(figures):
        await queue.enqueue_unless_waiting(conn, "pull_transactions", {"org_id": payment.org_id})


def _moved(
    dispute: dict[str, Any], amount: int, old: str | None, old_fee: int, old_net: int
) -> tuple[int, int]:
    """Fee and net of a dispute's balance transactions; what is stored stays where this event knows less.

    The list only grows: nothing, then the withdrawal (net at least `amount` below zero), then the return
    (facts/stripe.md, disputes: 0 to 2 rows). So two rows are the newest news, and one row is old news once
    a return is stored.
    """
    rows = dispute.get("balance_transactions")
    moved = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    fee = sum(row["fee"] for row in moved if isinstance(row.get("fee"), int))
    net = sum(row["net"] for row in moved if isinstance(row.get("net"), int))
    returned = old_net > -amount and (old == "won" or (old_fee, old_net) != (0, 0))
    if len(moved) >= 2 or (moved and not returned):
        return fee, net
    return old_fee, old_net


async def _payout(conn: Conn, event: StripeEvent) -> None:
    amount = event.object.get("amount")
    if event.org_id == 0 or not isinstance(amount, int):
        event.state, event.note = "kept", "a payout of an account that is no org's"
        return
    cursor = await conn.execute(
        "SELECT status, reconciliation_status FROM payouts WHERE org_id = %s AND payout_id = %s FOR NO KEY UPDATE",
        [event.org_id, event.object_id],
    )
    row = await cursor.fetchone()
    old = row[0] if row else None
    status = states.climb(states.PAYOUT, old, str(event.object.get("status") or "pending"))
    reconciliation = _text(event.object.get("reconciliation_status"))
    if event.type == "payout.reconciliation_completed" or (row and row[1] == "completed"):
        reconciliation = "completed"
    currency = str(event.object.get("currency") or "usd").upper()
    failure = _text(event.object.get("failure_message")) or _text(event.object.get("failure_code"))
    await conn.execute(
        "INSERT INTO payouts (org_id, payout_id, stripe_account, amount_minor, currency, status, automatic, "
        "reconciliation_status, failure, arrival_date, created_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) "
        "ON CONFLICT (org_id, payout_id) DO UPDATE SET status = excluded.status, "
        "reconciliation_status = excluded.reconciliation_status, "
        "failure = coalesce(excluded.failure, payouts.failure), updated_at = now()",
        [
            event.org_id,
            event.object_id,
            event.account,
            amount,
            currency,
            status,
            bool(event.object.get("automatic")),
            reconciliation,
            failure,
            _moment(event.object.get("arrival_date")),
            _moment(event.object.get("created")),
        ],
    )
    if status != old and status in {"paid", "failed"}:
        meta = {"payout_id": event.object_id, "amount_cents": amount, "currency": currency}
        said = Event.PAYOUT_PAID if status == "paid" else Event.PAYOUT_FAILED
        await record_facts(conn, [Fact(event.org_id, said, None, meta, "stripe")])
    if status != old:
        await queue.enqueue_unless_waiting(conn, "pull_transactions", {"org_id": event.org_id})
    if reconciliation == "completed" and (row is None or row[1] != "completed"):
        args = {"org_id": event.org_id, "payout_id": event.object_id}
        await queue.enqueue_many(conn, [("itemise_payout", args)])


async def _account_updated(conn: Conn, event: StripeEvent) -> None:
    """A connected account that can take no payments is a difference until it can again."""
    if event.org_id == 0:
        event.state, event.note = "kept", "an account that is no org's"
        return
    if event.object.get("charges_enabled") is False:
        sentence = (
            "Stripe has switched off payments for your account. Open Stripe and complete what it asks for."
        )
        await differences.keep(
            conn, [Found(event.org_id, "stripe_account_restricted", event.account, sentence)]
        )
    else:
        await differences.over(conn, [event.org_id], "stripe_account_restricted", event.account)


async def _deauthorized(conn: Conn, event: StripeEvent) -> None:
    """The contractor took our access to their Stripe account away: no calls for it any more."""
    if event.org_id == 0:
        event.state, event.note = "kept", "an account that is no org's"
        return
    cursor = await conn.execute(
        "UPDATE orgs SET stripe_disconnected_at = %s WHERE id = %s AND stripe_disconnected_at IS NULL "
        "RETURNING id",
        [clock.now(), event.org_id],
    )
    if await cursor.fetchone() is not None:
        meta = {"stripe_account": event.account}
        await record_facts(conn, [Fact(event.org_id, Event.STRIPE_DISCONNECTED, None, meta, "stripe")])


def _text(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found[:255] if isinstance(found, str) and found and "\0" not in found else None


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and 0 < value < 2**32 else clock.now()


HANDLERS: dict[str, Callable[[Conn, StripeEvent], Awaitable[None]]] = {
    "charge.succeeded": _charge,
    "charge.pending": _charge,
    "charge.updated": _charge,
    "charge.refunded": _charge_refunded,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "charge.dispute.closed": _dispute,
    "payout.created": _payout,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
    "payout.reconciliation_completed": _payout,
    "account.updated": _account_updated,
    "account.application.deauthorized": _deauthorized,
}
