"""What Checkout's events mean for our payments, for many sessions at once.

The amount, currency and proposal are those stored when the session was made; an event that says otherwise
moves nothing and becomes a difference for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from crm.activity.events import Event
from crm.activity.log import Fact, record_facts
from crm.inbox.stripe_event import StripeEvent
from crm.kit import clock
from crm.kit.money import format_money
from crm.payments import differences, states
from crm.payments.differences import Found
from crm.payments.routing import claim

TYPES = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
    }
)


@dataclass(slots=True)
class _Row:
    """A session and the payment it tries to pay, as locked in this transaction."""

    org_id: int
    id: int
    session_id: str
    state: str
    amount_minor: int
    currency: str
    dev_mode: bool
    payment_id: int
    proposal_id: int


@dataclass(slots=True)
class _Payment:
    org_id: int
    id: int
    state: str
    amount_minor: int
    currency: str
    simulated: bool
    stripe_session_id: str | None
    stripe_payment_intent: str | None
    paid_at: datetime | None
    failure: str | None


async def apply(conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent], *, dev_mode: bool) -> None:
    """Takes the effect of all events; sets each event's state and note."""
    session_ids = [event.object_id for event in events]
    rows, payments = await _lock(conn, session_ids)
    if dev_mode and await _adopt(conn, [e for e in events if e.object_id not in rows]):
        rows, payments = await _lock(conn, session_ids)
    facts: list[Fact] = []
    found: list[Found] = []
    for event in events:
        row = rows.get(event.object_id)
        if row is None or row.org_id != event.org_id:
            _unknown_session(event, found)
            continue
        _apply_one(event, row, payments[(row.org_id, row.payment_id)], facts, found)
    await _write(conn, list(rows.values()), list(payments.values()))
    await record_facts(conn, facts)
    await differences.keep(conn, found)


def _apply_one(
    event: StripeEvent, row: _Row, payment: _Payment, facts: list[Fact], found: list[Found]
) -> None:
    object_ = event.object
    said = states.session_state(event.type, object_.get("payment_status"))
    if said in {"paid", "processing"} and not _amount_fits(event, row, found):
        event.state = "difference"
        return
    event.state = "done"
    new = states.climb(states.SESSION, row.state, said or row.state)
    if new == row.state:
        event.note = f"session was {row.state} already"
        return
    row.state = new
    meta: dict[str, Any] = {"stripe_session_id": row.session_id}
    if new == "expired":
        facts.append(Fact(row.org_id, Event.CHECKOUT_EXPIRED, row.proposal_id, meta, "stripe"))
        return
    if new == "paid" and payment.state == "paid":
        found.append(_paid_twice(row, payment))
        event.state = "difference"
        return
    payment.stripe_payment_intent = _text(object_.get("payment_intent")) or payment.stripe_payment_intent
    before, payment.state = payment.state, states.payment_state(payment.state, new)
    if new == "paid":
        payment.paid_at = event.created or clock.now()
        payment.stripe_session_id = row.session_id
        payment.amount_minor, payment.currency = row.amount_minor, row.currency
        payment.simulated = row.dev_mode
        payment.failure = None
        meta = {
            "amount_cents": row.amount_minor,
            "stripe_session_id": row.session_id,
            "payment_status": "paid",
            "currency": row.currency,
            "payment_id": row.payment_id,
        }
        facts.append(Fact(row.org_id, Event.PAYMENT_SUCCESS, row.proposal_id, meta, "stripe"))
    elif new == "processing" and before != "paid":
        # The page's own amount: should a change order have altered the part meanwhile, the rest is divided again.
        payment.amount_minor, payment.currency = row.amount_minor, row.currency
        meta |= {"amount_cents": row.amount_minor, "currency": row.currency, "payment_status": "unpaid"}
        facts.append(Fact(row.org_id, Event.PAYMENT_PROCESSING, row.proposal_id, meta, "stripe"))
    elif new == "failed" and before != "paid":
        payment.failure = "The bank transfer did not go through. No money was taken."
        meta |= {"amount_cents": row.amount_minor, "currency": row.currency, "reason": payment.failure}
        facts.append(Fact(row.org_id, Event.PAYMENT_FAILED, row.proposal_id, meta, "stripe"))


def _amount_fits(event: StripeEvent, row: _Row, found: list[Found]) -> bool:
    amount, currency = event.object.get("amount_total"), event.object.get("currency")
    nothing_taken = event.object.get("payment_status") == "no_payment_required"
    if not nothing_taken:
        if amount == row.amount_minor and (currency is None or str(currency).upper() == row.currency):
            return True
        if currency is None and amount is None:
            return True  # an event that says nothing of the amount contradicts nothing
    reported = "that no payment was required" if nothing_taken else _said(amount, currency)
    expected = format_money(row.amount_minor, row.currency)
    found.append(
        Found(
            row.org_id,
            "amount_mismatch",
            row.session_id,
            f"Stripe reports {reported} for proposal {row.proposal_id}, but {expected} was due. "
            "Nothing was booked. Look at the payment in Stripe and refund or correct it.",
            row.proposal_id,
            {"expected_minor": row.amount_minor, "reported": str(amount)[:30], "currency": row.currency},
        )
    )
    return False


def _said(amount: Any, currency: Any) -> str:
    code = str(currency or "").upper()
    if isinstance(amount, int) and len(code) == 3 and code.isalpha() and code.isascii():
        return format_money(amount, code)
    return f"{str(amount)[:30]} {code[:10]}".strip()


def _paid_twice(row: _Row, payment: _Payment) -> Found:
    money = format_money(row.amount_minor, row.currency)
    return Found(
        row.org_id,
        "paid_twice",
        row.session_id,
        f"Proposal {row.proposal_id} was paid twice: {money} came again through another checkout page. "
        "Refund the second payment in Stripe.",
        row.proposal_id,
        {"first_session": payment.stripe_session_id, "amount_minor": row.amount_minor},
    )


def _unknown_session(event: StripeEvent, found: list[Found]) -> None:
    """A paid session that we did not make: a difference for the org whose account took the money, where that is
    known; else only kept."""
    status = event.object.get("payment_status")
    said = states.session_state(event.type, status)
    if said != "paid" or status == "no_payment_required" or event.org_id == 0:
        event.state, event.note = "kept", "a session that this system did not make"
        return
    event.state = "difference"
    amount = _said(event.object.get("amount_total"), event.object.get("currency"))
    session_id = event.object_id or event.key
    proposal_id = claim(event, "proposal_id")
    names = f"; it names proposal {proposal_id}" if proposal_id else ""
    found.append(
        Found(
            event.org_id,
            "unknown_session",
            session_id,
            f"Stripe reports {amount} paid in a checkout that we did not make ({session_id}){names}. "
            "Nothing was booked. Find out who made it.",
        )
    )


def _text(value: Any) -> str | None:
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and 0 < len(found) <= 255 and "\0" not in found else None


async def _lock(
    conn: psycopg.AsyncConnection[Any], session_ids: list[str]
) -> tuple[dict[str, _Row], dict[tuple[int, int], _Payment]]:
    """The sessions and their payments, locked in one order, a payment before its session.

    PostgreSQL reads a row again once its lock is granted, so this is what the batch before us left.
    """
    cursor = await conn.execute(
        "SELECT s.org_id, s.id, s.session_id, s.state, s.amount_minor, s.currency, s.dev_mode, "
        "s.payment_id, p.proposal_id, p.org_id, p.id, p.state, p.amount_minor, p.currency, p.simulated, "
        "p.stripe_session_id, p.stripe_payment_intent, p.paid_at, p.failure "
        "FROM payments p JOIN checkout_sessions s ON s.org_id = p.org_id AND s.payment_id = p.id "
        "WHERE s.session_id = ANY(%b) ORDER BY p.org_id, p.id FOR NO KEY UPDATE OF p, s",
        [session_ids],
    )
    found = await cursor.fetchall()
    rows = {row[2]: _Row(*row[:9]) for row in found}
    return rows, {(row[9], row[10]): _Payment(*row[9:]) for row in found}


async def _write(conn: psycopg.AsyncConnection[Any], rows: list[_Row], payments: list[_Payment]) -> None:
    if not rows:
        return
    await conn.execute(
        "WITH sessions AS (UPDATE checkout_sessions s SET state = n.state "
        "FROM unnest(%b::int[], %b::int[], %b::text[]) AS n(org_id, id, state) "
        "WHERE s.org_id = n.org_id AND s.id = n.id AND s.state <> n.state) "
        "UPDATE payments p SET state = n.state, amount_minor = n.amount_minor, currency = n.currency, "
        "simulated = n.simulated, stripe_session_id = n.stripe_session_id, "
        "stripe_payment_intent = n.stripe_payment_intent, paid_at = n.paid_at, failure = n.failure, "
        "updated_at = %s "
        "FROM unnest(%b::int[], %b::int[], %b::text[], %b::bigint[], %b::text[], %b::bool[], %s::text[], "
        "%s::text[], %s::timestamptz[], %s::text[]) AS n(org_id, id, state, amount_minor, currency, "
        "simulated, stripe_session_id, stripe_payment_intent, paid_at, failure) "
        "WHERE p.org_id = n.org_id AND p.id = n.id",
        [
            [r.org_id for r in rows],
            [r.id for r in rows],
            [r.state for r in rows],
            clock.now(),
            [p.org_id for p in payments],
            [p.id for p in payments],
            [p.state for p in payments],
            [p.amount_minor for p in payments],
            [p.currency for p in payments],
            [p.simulated for p in payments],
            [p.stripe_session_id for p in payments],
            [p.stripe_payment_intent for p in payments],
            [p.paid_at for p in payments],
            [p.failure for p in payments],
        ],
    )


async def _adopt(conn: psycopg.AsyncConnection[Any], events: list[StripeEvent]) -> bool:
    """Dev mode: makes the session rows that the seeds' hand-written events talk about. True if any."""
    adopted = False
    for event in events:
        proposal_id, amount = claim(event, "proposal_id"), event.object.get("amount_total")
        if event.org_id == 0 or proposal_id is None or type(amount) is not int or amount <= 0:
            continue  # `type`, because to isinstance True is a number
        cursor = await conn.execute(
            "SELECT currency FROM proposals WHERE org_id = %s AND id = %s", [event.org_id, proposal_id]
        )
        proposal = await cursor.fetchone()
        if proposal is None or amount >= 2**62:
            continue
        currency = proposal[0]
        await conn.execute(
            "INSERT INTO payments (org_id, proposal_id, amount_minor, currency, simulated) "
            "VALUES (%s, %s, %s, %s, true) ON CONFLICT (org_id, proposal_id, part) DO NOTHING",
            [event.org_id, proposal_id, amount, currency],
        )
        await conn.execute(
            "INSERT INTO checkout_sessions (org_id, payment_id, attempt, session_id, state, amount_minor, "
            "currency, dev_mode, expires_at) "
            "SELECT p.org_id, p.id, 1 + (SELECT count(*) FROM checkout_sessions s WHERE s.org_id = p.org_id "
            "AND s.payment_id = p.id), %s, 'expired', %s, %s, true, %s FROM payments p "
            "WHERE p.org_id = %s AND p.proposal_id = %s AND p.part = 'deposit'",
            [event.object_id, amount, currency, clock.now(), event.org_id, proposal_id],
        )
        adopted = True
    return adopted
