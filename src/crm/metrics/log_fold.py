"""Counts the activity log once: each scrape adds only the entries written since the one before.

The log is append-only, and each org's `seq` is without gaps and committed in order, so what was counted stays
true. A new process counts from the beginning and comes to the same figures; nothing else is kept anywhere.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.kit.database import Database, raw

LATENCY_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)
COUNTED = (
    Event.PROPOSAL_SENT,
    Event.VIEWED,
    Event.APPROVE,
    Event.PAYMENT_SUCCESS,
    Event.INVOICE_CREATED,
    Event.INVOICE_PAID,
    Event.POSTING_SKIPPED,
    Event.POSTING_RESTORED,
)
ORGS_AT_ONCE = 50  # row-level security compares each row with every org of the transaction
ROWS_AT_ONCE = 1_000


@dataclass(slots=True)
class Waiting:
    """A paid payment that does not stand in the books. `invoiced`: its invoice does, the payment on it not yet."""

    amount_minor: int
    known_at: datetime
    paid_at: datetime | None = None
    invoiced: bool = False


@dataclass(slots=True)
class Counted:
    """One org's figures up to its entry `seq`; amounts in minor units."""

    seq: int = 0
    hash: bytes = b""
    payments: int = 0
    amount_minor: int = 0
    invoices: int = 0
    waiting: dict[int, Waiting] = field(default_factory=dict)
    # Left out by a person: waits no more, but is unreconciled.
    left_out: dict[int, Waiting] = field(default_factory=dict)
    latency_counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BUCKETS) + 1))
    latency_seconds: float = 0.0
    sent: int = 0
    viewed: int = 0
    approved: int = 0
    # Approved and nothing paid yet, by proposal: since when. The first payment after it is the deposit.
    unpaid: dict[int, datetime] = field(default_factory=dict)
    deposits: int = 0
    deposit_minor: int = 0
    to_payment_seconds: float = 0.0


class LogFold:
    """One process's count of the log. `up_to_date` may be called at the same time by several scrapes."""

    def __init__(self) -> None:
        self._by_org: dict[int, Counted] = {}
        self._counting = asyncio.Lock()

    async def up_to_date(self, db: Database, orgs: Sequence[int]) -> dict[int, Counted]:
        """Every org's figures, at zero where nothing happened. Raises what the database raises."""
        async with self._counting:
            async with db.transaction(*orgs) as session:
                heads = (await session.execute(text("SELECT org_id, seq, hash FROM activity_heads"))).all()
            moved = [head for head in heads if not self._is_counted(*head)]
            for start in range(0, len(moved), ORGS_AT_ONCE):
                some = moved[start : start + ORGS_AT_ONCE]
                async with db.transaction(*(head.org_id for head in some)) as session:
                    for head in some:
                        self._by_org[head.org_id] = await self._counted_up_to(session, *head)
            return {org_id: self._by_org.get(org_id) or Counted() for org_id in orgs}

    def _is_counted(self, org_id: int, seq: int, hash_: bytes) -> bool:
        known = self._by_org.get(org_id)
        return known is not None and known.seq == seq and known.hash == hash_

    async def _counted_up_to(self, session: AsyncSession, org_id: int, seq: int, hash_: bytes) -> Counted:
        """What is known with the entries after it, or all of it anew when another log stands there: a backup."""
        known = self._by_org.pop(org_id, None)  # half counted when the database goes away: then all anew
        if known is None or known.seq >= seq or not await _is_still_there(session, org_id, known):
            known = Counted()
        async with (await raw(session)).cursor(name="new_entries") as cursor:
            await cursor.execute(_NEW_ENTRIES, [org_id, known.seq, seq, [event.value for event in COUNTED]])
            while rows := await cursor.fetchmany(ROWS_AT_ONCE):
                for row in rows:
                    _count(known, *row)
        await _read_when_paid(session, org_id, known)
        known.seq, known.hash = seq, hash_
        return known


async def _is_still_there(session: AsyncSession, org_id: int, known: Counted) -> bool:
    hash_ = await session.scalar(
        text("SELECT hash FROM portal_activity_log WHERE org_id = :org AND seq = :seq"),
        {"org": org_id, "seq": known.seq},
    )
    return bool(hash_ == known.hash)


async def _read_when_paid(session: AsyncSession, org_id: int, counted: Counted) -> None:
    """Stripe's own time: an event that came late is about money that has waited since then."""
    missing = [payment_id for payment_id, one in counted.waiting.items() if one.paid_at is None]
    if not missing:
        return
    rows = await session.execute(
        text("SELECT id, paid_at FROM payments WHERE org_id = :org AND id = ANY (:ids)"),
        {"org": org_id, "ids": missing},
    )
    for payment_id, paid_at in rows.all():
        counted.waiting[payment_id].paid_at = paid_at


# No join: PostgreSQL plans a cursor for its first rows, and would look each payment up by itself.
_NEW_ENTRIES = (
    "SELECT event, proposal_id, cast(meta->>'payment_id' AS int), cast(meta->>'amount_cents' AS bigint), created_at "
    "FROM portal_activity_log WHERE org_id = %s AND seq > %s AND seq <= %s AND event = ANY (%s) ORDER BY seq"
)


def _count(
    counted: Counted, event: str, proposal_id: int | None, payment_id: int, amount_minor: int, at: datetime
) -> None:
    match event:
        case Event.PROPOSAL_SENT:
            counted.sent += 1
        case Event.VIEWED:
            counted.viewed += 1
        case Event.APPROVE:
            counted.approved += 1
            if proposal_id is not None:
                counted.unpaid[proposal_id] = at
        case Event.PAYMENT_SUCCESS:
            counted.payments += 1
            counted.amount_minor += amount_minor
            counted.waiting[payment_id] = Waiting(amount_minor, at)
            if proposal_id is not None and (since := counted.unpaid.pop(proposal_id, None)) is not None:
                counted.deposits += 1
                counted.deposit_minor += amount_minor
                counted.to_payment_seconds += max(0.0, (at - since).total_seconds())
        case Event.INVOICE_CREATED:
            counted.invoices += 1
            payment = counted.waiting.get(payment_id)
            if payment is not None and not payment.invoiced:  # an invoice made again is no payment's first
                payment.invoiced = True
                seconds = max(0.0, (at - payment.known_at).total_seconds())  # clocks differ a little
                counted.latency_counts[bisect_left(LATENCY_BUCKETS, seconds)] += 1
                counted.latency_seconds += seconds
        case Event.INVOICE_PAID:
            counted.waiting.pop(payment_id, None)
            counted.left_out.pop(payment_id, None)
        case Event.POSTING_SKIPPED if payment_id in counted.waiting:
            counted.left_out[payment_id] = counted.waiting.pop(payment_id)
        case Event.POSTING_RESTORED if payment_id in counted.left_out:
            counted.waiting[payment_id] = counted.left_out.pop(payment_id)
