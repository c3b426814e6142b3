"""One company's turns at QuickBooks, shared by all workers: at most 10 calls a second, 500 a minute, 40 batches a minute.

Reservations in the company's lane row (GCRA). Calls leave every 126 ms, two may leave at once; batches leave every
1.54 s. A batch counts as one call, however many items it has, and as one batch (facts/quickbooks.md 2.10; the simulator
counts so too). It waits for its own turn longer than a call does, so its call is reserved when it asks and used later:
any second may hold one call more, and any minute as many as can wait. That is in the numbers: 7 + 2 + 1 calls in any
second, 478 + 13 in any minute, 39 batches.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text

from crm.accounting.context import Books
from crm.kit import clock
from crm.kit.errors import Unavailable

INTERVAL = timedelta(milliseconds=126)
BATCH_INTERVAL = timedelta(milliseconds=1540)
BURST = 2
WAIT_SECONDS_MAX = 20.0  # longer than this the caller had better come back later
PAUSE_SECONDS_MAX = 300.0
REST = timedelta(hours=1)  # a person's Retry ends it before
READ_ONLY = "6190"
NOT_SENT = frozenset(
    {"paused", "crowded", "reads-used-up", "batch-under-way"}
)  # codes of calls that we held back ourselves: QuickBooks failed at none

_READ = text(
    # A company that fails is not called at all; one that only rests may be read.
    "SELECT next_call_at, next_batch_at, CASE WHEN failures > 0 THEN paused_until END, paused_why FROM qbo_lanes "
    "WHERE org_id = :org FOR NO KEY UPDATE"
)
_BEGIN = text("INSERT INTO qbo_lanes (org_id, next_call_at) VALUES (:org, :now) ON CONFLICT DO NOTHING")
_RESERVE = text("UPDATE qbo_lanes SET next_call_at = :call, next_batch_at = :batch WHERE org_id = :org")


@dataclass(frozen=True, slots=True)
class Turns:
    """When the next call and the next batch of a company may leave."""

    next_call_at: datetime
    next_batch_at: datetime


def reserve(turns: Turns, now: datetime, *, batch: bool) -> tuple[datetime, Turns]:
    """The turn of one more call, and what is left for those after it."""
    call = max(turns.next_call_at, now - INTERVAL * (BURST - 1))
    if not batch:
        return max(call, now), Turns(call + INTERVAL, turns.next_batch_at)
    turn = max(call, turns.next_batch_at, now)
    return turn, Turns(call + INTERVAL, turn + BATCH_INTERVAL)


async def wait(books: Books, org_id: int, *, batch: bool = False) -> None:
    """Returns when it is this call's turn. Raises Unavailable while the company is paused or crowded."""
    now = clock.now()
    async with books.db.transaction(org_id) as session:
        row = (await session.execute(_READ, {"org": org_id})).first()
        if row is None:
            await session.execute(_BEGIN, {"org": org_id, "now": now})
            row = (await session.execute(_READ, {"org": org_id})).one()
        next_call_at, next_batch_at, paused_until, why = row
        turn, left = reserve(Turns(next_call_at, next_batch_at), now, batch=batch)
        seconds = (turn - now).total_seconds()
        if paused_until is not None and paused_until > now:
            raise Unavailable(
                why or "QuickBooks is paused for a moment.",
                code="paused",
                retry_after_seconds=(paused_until - now).total_seconds(),
            )
        if seconds > WAIT_SECONDS_MAX:
            raise Unavailable(
                "Many calls to QuickBooks are waiting; this one comes later.",
                code="crowded",
                retry_after_seconds=seconds,
            )
        await session.execute(
            _RESERVE, {"org": org_id, "call": left.next_call_at, "batch": left.next_batch_at}
        )
    if seconds > 0:
        await clock.sleep(seconds)


async def pause(books: Books, org_id: int, error: Unavailable) -> None:
    """Rests the company after a failure: as long as QuickBooks asks, else longer with each failure in a row."""
    async with books.db.transaction(org_id) as session:
        failures = await session.scalar(
            text("UPDATE qbo_lanes SET failures = failures + 1 WHERE org_id = :org RETURNING failures"),
            {"org": org_id},
        )
        await session.execute(
            text("UPDATE qbo_lanes SET paused_until = :until, paused_why = :why WHERE org_id = :org"),
            {"org": org_id, "until": pause_until(error, failures or 1, clock.now()), "why": error.detail},
        )


async def rest(books: Books, org_id: int, why: str) -> None:
    """Nothing can be written into this company until a person has mended it: what waits is not tried one by one. Reading
    goes on, and what a person asks for is asked: only the lane rests."""
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE qbo_lanes SET failures = 0, paused_until = :until, paused_why = :why WHERE org_id = :org"
            ),
            {"org": org_id, "until": clock.now() + REST, "why": why},
        )


def pause_until(error: Unavailable, failures: int, now: datetime) -> datetime:
    """Full jitter above half, so that workers do not come back in step."""
    if error.retry_after_seconds is not None:
        seconds = error.retry_after_seconds
    else:
        seconds = min(PAUSE_SECONDS_MAX, 2.0 ** min(failures, 10)) * random.uniform(0.5, 1)  # noqa: S311
    return now + timedelta(seconds=seconds)


async def resume(books: Books, org_id: int) -> None:
    """The company answered: it is well again."""
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE qbo_lanes SET failures = 0, paused_until = NULL, paused_why = NULL "
                "WHERE org_id = :org AND (failures > 0 OR paused_until IS NOT NULL)"
            ),
            {"org": org_id},
        )
