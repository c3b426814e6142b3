"""One company's turns at QuickBooks, shared by all workers: at most 10 calls a second and 500 a minute.

A reservation per call in the company's lane row (GCRA): calls leave every 125 ms, two may leave at once, so
any second holds at most 10 and any minute at most 482. Limits: facts/quickbooks.md 2.10.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta

from sqlalchemy import text

from crm.accounting.context import Books
from crm.kit import clock
from crm.kit.errors import Unavailable

INTERVAL = timedelta(milliseconds=125)
BURST = 2
WAIT_SECONDS_MAX = 20.0  # longer than this the caller had better come back later
PAUSE_SECONDS_MAX = 300.0
NOT_SENT = frozenset(
    {"paused", "crowded", "reads-used-up"}
)  # codes of calls that we held back ourselves: QuickBooks failed at none

_RESERVE = text(
    """
    INSERT INTO qbo_lanes AS lane (org_id, next_call_at) VALUES (:org, cast(:now AS timestamptz) + :gap)
    ON CONFLICT (org_id) DO UPDATE SET next_call_at =
      greatest(lane.next_call_at, cast(:now AS timestamptz) - :slack) + :gap
    RETURNING next_call_at - :gap AS slot, paused_until, paused_why
    """
)


async def wait(books: Books, org_id: int) -> None:
    """Returns when it is this call's turn. Raises Unavailable while the company is paused or crowded."""
    now = clock.now()
    async with books.db.transaction(org_id) as session:
        reserved = await session.execute(
            _RESERVE, {"org": org_id, "now": now, "gap": INTERVAL, "slack": INTERVAL * (BURST - 1)}
        )
        slot, paused_until, why = reserved.one()
        seconds = (slot - now).total_seconds()
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
    if seconds > 0:
        await asyncio.sleep(seconds)


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
                "WHERE org_id = :org AND failures > 0"
            ),
            {"org": org_id},
        )
