"""Which of the waiting payments are taken into the books, by their day: counted before, begun, followed, stopped.

What lies outside the chosen days is left out like anything that a person leaves out: with its reason, in the log, and it
can be taken back one by one or by choosing other days. What is on its way to QuickBooks is never touched. Payments that
come in later are always booked.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import postings, turns
from crm.accounting.backfill.choosing import MANY
from crm.accounting.backfill.tables import Backfill
from crm.accounting.locks import CLAIM_LOCKS
from crm.activity.events import Event
from crm.activity.log import Fact, record, record_facts
from crm.identity.tables import Org
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import raw
from crm.kit.dates import long_date
from crm.kit.errors import Conflict, Invalid

WRITES_EACH = 2  # an invoice and its payment; a customer who is new takes one more
SAID_AT_ONCE = 5_000

# A payment's fee goes with the payment. All else that moves Stripe's balance goes by its own day, since what moves it today
# moves today's balance, whatever it belongs to; only what cannot be booked without another goes with that one: a refund's
# return, a payout's return, and the loss of a dispute.
_ON_ITS_DAY = (
    "CASE WHEN p.kind IN ('payout', 'payout_return') THEN (coalesce(o.arrival_date, o.created_at) AT TIME ZONE 'UTC')::date "
    "ELSE (coalesce(r.created_at, t.created_at, lost.first_at, y.paid_at, fees.first_at, p.created_at) "
    "AT TIME ZONE z.time_zone)::date END"
)
# What was sent of it, under whatever name (`stripe_money` names a fee's document by its kind); a return has the subject of what
# it returns, so that it is not left out where that is in the books.
_NAMES = "ARRAY[p.subject, p.kind || ':' || substring(p.subject FROM position(':' IN p.subject) + 1)]"
_LINES = (
    "SELECT p.id, p.kind, p.subject, p.payment_id, p.proposal_id, p.amount_minor, p.currency, p.state, "
    "p.outside_backfill, p.posted_at, p.lease IS NULL AND NOT EXISTS (SELECT 1 FROM qbo_requests q "
    f"WHERE q.org_id = p.org_id AND q.subject = ANY ({_NAMES}) AND q.state IN ('sent', 'succeeded')) "
    f"AND lost.booked IS NOT TRUE AS free, {_ON_ITS_DAY} AS day FROM postings p JOIN orgs z ON z.id = p.org_id "
    "LEFT JOIN payments y ON y.org_id = p.org_id AND y.id = p.payment_id AND p.kind IN ('payment', 'stripe_fee') "
    "LEFT JOIN refunds r ON r.org_id = p.org_id AND p.kind IN ('refund', 'refund_return') "
    "AND 'refund:' || r.refund_id = p.subject "
    "LEFT JOIN payouts o ON o.org_id = p.org_id AND p.kind IN ('payout', 'payout_return') "
    "AND 'payout:' || o.payout_id = p.subject "
    "LEFT JOIN stripe_transactions t ON t.org_id = p.org_id AND p.kind IN ('account_fee', 'dispute', 'dispute_return') "
    "AND 'balance:' || t.transaction_id = p.subject "
    "LEFT JOIN (SELECT s.source, min(s.created_at) AS first_at, bool_or(f.id IS NOT NULL) AS booked "
    "FROM stripe_transactions s LEFT JOIN postings f ON f.org_id = s.org_id AND f.kind = 'dispute' AND f.state = 'posted' "
    "AND f.subject = 'balance:' || s.transaction_id WHERE s.org_id = :org AND s.category = 'dispute' GROUP BY 1) lost ON p.kind = 'dispute_lost' AND 'dispute:' || lost.source = p.subject "
    "LEFT JOIN (SELECT fee_group, min(created_at) AS first_at FROM stripe_transactions WHERE org_id = :org "
    "AND fee_group IS NOT NULL GROUP BY 1) fees ON p.kind = 'stripe_fee' AND p.payment_id IS NULL "
    "AND 'fee:' || fees.fee_group = p.subject "
    "WHERE p.org_id = :org AND p.kind IN ('payment', 'refund', 'refund_return', 'stripe_fee', 'account_fee', 'payout', "
    "'payout_return', 'dispute', 'dispute_return', 'dispute_lost')"
)
_INSIDE = (
    "(cast(:from_day AS date) IS NULL OR day >= cast(:from_day AS date)) "
    "AND (cast(:to_day AS date) IS NULL OR day <= cast(:to_day AS date))"
)
_OPEN = "state IN ('waiting', 'needs_you') OR state = 'skipped' AND outside_backfill"

_COUNT = text(
    f"SELECT {_INSIDE} AS inside, currency, count(*) FILTER (WHERE kind = 'payment') AS payments, "
    "coalesce(sum(amount_minor) FILTER (WHERE kind = 'payment'), 0) AS minor, "
    f"count(*) FILTER (WHERE kind <> 'payment') AS others FROM ({_LINES}) l WHERE {_OPEN} GROUP BY 1, 2 ORDER BY 2"
)
# Until this is committed no run takes anything up, and nobody else chooses: what is free now stays free.
_NO_CLAIMS = text(f"SELECT pg_advisory_xact_lock({CLAIM_LOCKS}, :org)")
_LEAVE_OUT = text(
    f"WITH l AS ({_LINES}) UPDATE postings p SET state = 'skipped', outside_backfill = true, skipped_why = "
    "CASE WHEN l.day < cast(:from_day AS date) THEN cast(:before AS text) ELSE cast(:after AS text) END "
    "FROM l WHERE p.org_id = :org AND p.id = l.id AND l.free AND l.state = ANY (:states) "
    f"AND ({_INSIDE}) = :inside AND l.id <= :last "
    "RETURNING p.id, p.kind, p.subject, p.payment_id, p.proposal_id, p.skipped_why"
)
_TAKE_BACK = text(
    f"WITH l AS ({_LINES}) UPDATE postings p SET state = 'waiting', outside_backfill = false, skipped_why = NULL, "
    "problem = NULL, problem_code = NULL, next_attempt_at = :at FROM l WHERE p.org_id = :org AND p.id = l.id "
    f"AND l.state = 'skipped' AND l.outside_backfill AND ({_INSIDE}) "
    "RETURNING p.id, p.kind, p.subject, p.payment_id, p.proposal_id, NULL"
)
_PROGRESS = text(
    "SELECT count(*) FILTER (WHERE state = 'posted' AND posted_at >= :at), count(*) FILTER (WHERE state = 'waiting'), "
    f"count(*) FILTER (WHERE state = 'needs_you') FROM ({_LINES}) l "
    f"WHERE kind = 'payment' AND id <= :last AND {_INSIDE}"
)


@dataclass(frozen=True, slots=True)
class Days:
    """Both included; None: no end."""

    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Amount:
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Part:
    """`others`: the refunds, fees, payouts and disputes of these days."""

    payments: int
    amounts: list[Amount]
    others: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What choosing these days does. `minutes`: at the rate that QuickBooks allows, when nothing else waits."""

    taken: Part
    left_out: Part
    minutes: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Of the payments that waited when it began."""

    row: Backfill
    posted: int
    waiting: int
    needs_you: int

    @property
    def running(self) -> bool:
        return self.row.cancelled_at is None and self.waiting > 0


def check(days: Days, today: date) -> None:
    """Raises Invalid for days that end before they begin or begin in the future."""
    if days.first is not None and days.first > today:
        raise Invalid(
            "This day is in the future: nothing was paid since. Choose today or earlier.", field="from_day"
        )
    if days.first is not None and days.last is not None and days.last < days.first:
        raise Invalid("The last day is before the first one.", field="to_day")


def minutes_for(payments: int) -> int:
    """At least this long: many leave in batches, few one by one; a started minute counts."""
    writes = payments * WRITES_EACH
    if payments < MANY:
        seconds = writes * turns.INTERVAL.total_seconds()
    else:
        seconds = math.ceil(payments / MANY) * WRITES_EACH * turns.BATCH_INTERVAL.total_seconds()
    return math.ceil(seconds / 60)


async def today(session: AsyncSession, org_id: int) -> date:
    """In the company's own zone, as the days of its payments are."""
    org = await session.get_one(Org, org_id)
    return clock.now().astimezone(ZoneInfo(org.time_zone)).date()


async def plan(session: AsyncSession, org_id: int, days: Days) -> Plan:
    """What would be taken in and what left out. Makes the postings that are missing, as each minute does, else it could not
    count; changes nothing else. Raises Invalid."""
    check(days, await today(session, org_id))
    await postings.ensure(session, org_id)
    sums: dict[bool, list[Any]] = defaultdict(list)
    for row in await session.execute(_COUNT, _values(org_id, days)):
        sums[row.inside].append(row)
    taken, left_out = _part(sums[True]), _part(sums[False])
    return Plan(taken, left_out, minutes_for(taken.payments))


async def newest(session: AsyncSession, org_id: int) -> Progress | None:
    """How far the one is that was begun last; None when nobody ever chose."""
    row = await session.scalar(
        select(Backfill).where(Backfill.org_id == org_id).order_by(Backfill.id.desc()).limit(1)
    )
    if row is None:
        return None
    values = {
        **_values(org_id, Days(row.from_day, row.to_day)),
        "at": row.started_at,
        "last": row.last_posting_id,
    }
    posted, waiting, needs_you = (await session.execute(_PROGRESS, values)).one()
    return Progress(row, posted, waiting, needs_you)


async def start(session: AsyncSession, org_id: int, days: Days, actor: str) -> None:
    """Leaves out what lies outside, takes back what an earlier choice left out, and lets the rest go to QuickBooks.

    Raises Conflict while one runs, Invalid for days that cannot be.
    """
    await session.execute(_NO_CLAIMS, {"org": org_id})
    check(days, await today(session, org_id))
    before = await newest(session, org_id)
    if before is not None and before.running:
        raise Conflict(
            f"Payments are still being taken in: {before.waiting:,} of them wait. Stop that first, then choose other days.",
            kind="backfill-running",
        )
    await postings.ensure(session, org_id)
    now = clock.now()
    last = await session.scalar(
        text("SELECT coalesce(max(id), 0) FROM postings WHERE org_id = :org"), {"org": org_id}
    )
    values: dict[str, Any] = {**_values(org_id, days), "at": now, "last": last}
    words: dict[str, Any] = {
        "states": ["waiting", "needs_you"],
        "before": f"Paid before {long_date(days.first, 'en')}, your start date" if days.first else None,
        "after": f"Paid after {long_date(days.last, 'en')}, the last day that you chose"
        if days.last
        else None,
    }
    left = (await session.execute(_LEAVE_OUT, {**values, **words, "inside": False})).all()
    back = (await session.execute(_TAKE_BACK, values)).all()
    session.add(
        Backfill(
            org_id=org_id,
            from_day=days.first,
            to_day=days.last,
            last_posting_id=last,
            started_by=actor,
            started_at=now,
        )
    )
    await _say(session, org_id, Event.POSTING_SKIPPED, left, actor)
    await _say(session, org_id, Event.POSTING_RESTORED, back, actor)
    await record(
        session, org_id, Event.BACKFILL_STARTED, actor=actor, days=_words(days), left_out=_payments(left)
    )
    await queue.enqueue(session, "run_lane", org_id=org_id)


async def cancel(session: AsyncSession, org_id: int, actor: str) -> None:
    """What still waits of it is left out until somebody chooses again; what is on its way is finished.

    Raises Conflict when none runs.
    """
    await session.execute(_NO_CLAIMS, {"org": org_id})
    found = await newest(session, org_id)
    if found is None or not found.running:
        raise Conflict("Nothing is being taken in, so there is nothing to stop.", kind="backfill-not-running")
    values = {
        **_values(org_id, Days(found.row.from_day, found.row.to_day)),
        "last": found.row.last_posting_id,
        "inside": True,
        "states": ["waiting"],  # what needs a person still does
        "before": None,
        "after": "Taking in the payments that waited was stopped",
    }
    left = (await session.execute(_LEAVE_OUT, values)).all()
    found.row.cancelled_at = clock.now()
    await _say(session, org_id, Event.POSTING_SKIPPED, left, actor)
    await record(session, org_id, Event.BACKFILL_CANCELLED, actor=actor, left_out=_payments(left))


async def _say(session: AsyncSession, org_id: int, event: Event, rows: Sequence[Any], actor: str) -> None:
    """One entry for each, as if a person had done it one by one: the figures count them."""
    for begin in range(0, len(rows), SAID_AT_ONCE):
        facts = []
        for row in rows[begin : begin + SAID_AT_ONCE]:
            meta: dict[str, Any] = {"posting_id": row.id, "subject": row.subject}
            meta["payment_id"] = row.payment_id if row.kind == "payment" else None
            if event is Event.POSTING_SKIPPED:
                meta["reason"] = row.skipped_why
            facts.append(Fact(org_id, event, row.proposal_id, meta, actor))
        await record_facts(await raw(session), facts)


def _values(org_id: int, days: Days) -> dict[str, Any]:
    return {"org": org_id, "from_day": days.first, "to_day": days.last}


def _part(rows: Sequence[Any]) -> Part:
    return Part(
        sum(row.payments for row in rows),
        [Amount(row.currency, int(row.minor)) for row in rows if row.payments],
        sum(row.others for row in rows),
    )


def _payments(rows: Sequence[Any]) -> int:
    return sum(row.kind == "payment" for row in rows)


def _words(days: Days) -> str:
    first = long_date(days.first, "en") if days.first else None
    last = long_date(days.last, "en") if days.last else None
    if first and last:
        return f"from {first} to {last}"
    return f"since {first}" if first else f"until {last}" if last else "of all days"
