"""Paid payments and refunds on their way into the books: taken one at a time under a lease, ended in a state people see.

A lease is renewed while its run lives and ends by itself when it dies, so another run takes the posting up;
a run that wakes after its lease was taken changes nothing here, and twice is harmless in QuickBooks.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Row, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import turns
from crm.accounting.connection import NotConnected
from crm.accounting.context import Books
from crm.accounting.error_counts import count_error
from crm.accounting.sync import deposit, refund
from crm.accounting.sync.deposit import Booked
from crm.activity.events import Event
from crm.activity.log import record
from crm.jobs import queue
from crm.kit import clock
from crm.kit.errors import Disconnected, OutsideError, Refused, Unavailable
from crm.kit.logging import logger

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 4.0
AT_ONCE_PER_ORG = 4  # one company never holds more of the workers than this, and one that fails only one
RETRY_SECONDS_MAX = 3600.0
CLAIM_LOCKS = 7001  # first half of the advisory locks' keys; the second is the org
DATABASE_AWAY = (OperationalError, InterfaceError, PoolTimeout)  # gone, restarting, or all connections taken

log = logger("postings")


@dataclass(frozen=True, slots=True)
class Claimed:
    id: int
    payment_id: int
    attempts: int
    kind: str
    refund_id: str | None
    lease: str
    more_due: bool


async def ensure(session: AsyncSession, org_id: int) -> int:
    """A posting for everything that is to be booked and has none; how many were made. Safe to repeat.

    Oldest first, and due at once: Stripe dates a payment by its own clock, which may be ahead of ours.
    """
    made = 0
    for missing in (_PAYMENTS, _REFUNDS, _RETURNS):
        made += len((await session.execute(missing, {"org": org_id, "now": clock.now()})).all())
    return made


_PAYMENTS = text(
    "INSERT INTO postings (org_id, payment_id, next_attempt_at) "
    "SELECT p.org_id, p.id, least(p.paid_at, :now) FROM payments p WHERE p.org_id = :org AND p.paid_at IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM postings x WHERE x.org_id = p.org_id AND x.payment_id = p.id "
    "AND x.kind = 'payment') ON CONFLICT DO NOTHING RETURNING id"
)
_REFUNDS = text(
    "INSERT INTO postings (org_id, payment_id, kind, refund_id, next_attempt_at) "
    "SELECT r.org_id, r.payment_id, 'refund', r.refund_id, :now FROM refunds r "
    "JOIN payments p ON p.org_id = r.org_id AND p.id = r.payment_id "
    "WHERE r.org_id = :org AND r.status = 'succeeded' AND p.paid_at IS NOT NULL "
    "AND NOT EXISTS (SELECT 1 FROM postings x WHERE x.org_id = r.org_id AND x.refund_id = r.refund_id "
    "AND x.kind = 'refund') ON CONFLICT DO NOTHING RETURNING id"
)
# Only what was on its way into the books needs to come out again; a refund that never succeeded stands nowhere.
_RETURNS = text(
    "INSERT INTO postings (org_id, payment_id, kind, refund_id, next_attempt_at) "
    "SELECT r.org_id, r.payment_id, 'refund_return', r.refund_id, :now FROM refunds r "
    "JOIN postings f ON f.org_id = r.org_id AND f.refund_id = r.refund_id AND f.kind = 'refund' "
    "WHERE r.org_id = :org AND r.status IN ('failed', 'canceled') "
    "AND NOT EXISTS (SELECT 1 FROM postings x WHERE x.org_id = r.org_id AND x.refund_id = r.refund_id "
    "AND x.kind = 'refund_return') ON CONFLICT DO NOTHING RETURNING id"
)


async def run_lane(books: Books, org_id: int) -> None:
    """Books what is due for one company until nothing is, or until the company must rest."""
    while True:
        claimed = await _claim(books, org_id)
        if claimed is None:
            return
        if claimed.more_due:  # let another run of this lane take the next one meanwhile
            async with books.db.transaction(org_id) as session:
                await queue.enqueue(session, "run_lane", org_id=org_id)
        try:
            await _post(books, org_id, claimed)
        except Refused:
            continue  # a person has it now; the next one may be fine
        except (Unavailable, Disconnected):
            return


async def post_now(books: Books, org_id: int, payment_id: int, *, wait_seconds: float = 20) -> Booked | None:
    """Books one payment for somebody who waits; None while another run has it and is not done in time.

    Raises what the posting raised.
    """
    deadline = asyncio.get_running_loop().time() + wait_seconds
    while asyncio.get_running_loop().time() < deadline:
        claimed = await _claim(books, org_id, payment_id=payment_id)
        if claimed is not None:
            return await _post(books, org_id, claimed)
        async with books.db.transaction(org_id) as session:
            state = await session.scalar(
                text(
                    "SELECT state FROM postings WHERE org_id = :org AND payment_id = :p AND kind = 'payment'"
                ),
                {"org": org_id, "p": payment_id},
            )
        if state == "posted":
            return await deposit.post(books, org_id, payment_id)  # all linked: finds it, changes nothing
        await asyncio.sleep(0.2)
    return None


async def _claim(books: Books, org_id: int, payment_id: int | None = None) -> Claimed | None:
    """The next due posting of a company that is connected and not resting; None when there is none."""
    lease, now = secrets.token_hex(8), clock.now()
    async with books.db.transaction(org_id) as session:
        allowed = await session.execute(_ALLOWED, {"org": org_id, "now": now, "any": payment_id is not None})
        if allowed.first() is None:
            return None
        rows = (
            await session.execute(
                _TAKE,
                {
                    "org": org_id,
                    "now": now,
                    "until": now + LEASE,
                    "lease": lease,
                    "payment": payment_id,
                    "most": AT_ONCE_PER_ORG,
                },
            )
        ).first()
        return _claimed(rows, lease) if rows else None


def _claimed(row: Row[int, int, int, str, str, bool], lease: str) -> Claimed:
    return Claimed(row[0], row[1], row[2], row[3], row[4], lease, more_due=row[5])


# The lock makes claims of one company follow each other, so that each counts what the one before took.
_ALLOWED = text(
    f"SELECT pg_advisory_xact_lock({CLAIM_LOCKS}, :org) FROM qbo_tokens t LEFT JOIN qbo_lanes l ON l.org_id = t.org_id "
    "WHERE t.org_id = :org AND t.disconnected_at IS NULL AND t.refresh_token IS NOT NULL "
    "AND (:any OR l.paused_until IS NULL OR l.paused_until <= :now)"
)
_TAKE = text(
    """
    UPDATE postings p SET lease = :lease, lease_until = :until, attempts = attempts + 1
    FROM (SELECT org_id, id FROM postings
          WHERE org_id = :org AND state = 'waiting' AND (lease_until IS NULL OR lease_until <= :now)
            AND (cast(:payment AS int) IS NULL AND next_attempt_at <= :now
                 OR payment_id = :payment AND kind = 'payment')
            AND (kind <> 'refund_return' OR EXISTS (SELECT 1 FROM postings f WHERE f.org_id = :org
                 AND f.refund_id = postings.refund_id AND f.kind = 'refund' AND f.state = 'posted'))
            AND (cast(:payment AS int) IS NOT NULL OR (SELECT count(*) FROM postings x WHERE x.org_id = :org
                 AND x.state = 'waiting' AND x.lease_until > :now)
                 < CASE WHEN EXISTS (SELECT 1 FROM qbo_lanes l WHERE l.org_id = :org AND l.failures > 0)
                   THEN 1 ELSE :most END)
          ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) due
    WHERE p.org_id = due.org_id AND p.id = due.id
    RETURNING p.id, p.payment_id, p.attempts, p.kind, p.refund_id,
      EXISTS (SELECT 1 FROM postings y WHERE y.org_id = :org AND y.state = 'waiting' AND y.id <> p.id
              AND y.next_attempt_at <= :now AND (y.lease_until IS NULL OR y.lease_until <= :now))
    """
)


async def _post(books: Books, org_id: int, claimed: Claimed) -> Booked | None:
    """What stands in the books for a payment; None for a refund."""
    booked = None
    try:
        async with _renewed(books, org_id, claimed):
            if claimed.refund_id is None:
                booked = await deposit.post(books, org_id, claimed.payment_id)
            else:
                await refund.post(books, org_id, claimed.refund_id, came_back=claimed.kind == "refund_return")
    except Refused as error:
        await _needs_you(books, org_id, claimed, error)
        raise
    except Disconnected as error:
        await _wait(books, org_id, claimed, error, clock.now())
        raise
    except Unavailable as error:
        if error.code not in turns.NOT_SENT:
            await turns.pause(books, org_id, error)
        await _wait(books, org_id, claimed, error, retry_at(error, claimed.attempts, clock.now()))
        raise
    except DATABASE_AWAY as error:
        # No verdict on the payment: the lease ends by itself, and another run takes the posting up.
        log.warning("posting interrupted", org_id=org_id, posting_id=claimed.id, error=type(error).__name__)
        raise Unavailable("Our database did not answer.", code="database-away") from error
    except Exception as error:
        # A defect of ours: the payment must not be tried for ever in silence, nor be lost.
        log.exception("posting failed", org_id=org_id, posting_id=claimed.id)
        ours = Refused(
            "Something went wrong on our side while booking this payment. Nothing is lost. Retry, and send the "
            f"time and posting number {claimed.id} to support if it comes again.",
            code=type(error).__name__,
        )
        await _needs_you(books, org_id, claimed, ours)
        raise ours from error
    await _done(books, org_id, claimed)
    await turns.resume(books, org_id)
    return booked


def retry_at(error: Unavailable, attempts: int, now: datetime) -> datetime:
    """When to try again: as asked, else 2, 4, 8 … seconds up to an hour, jittered."""
    if error.retry_after_seconds is not None:
        return now + timedelta(seconds=error.retry_after_seconds)
    seconds = min(RETRY_SECONDS_MAX, 2.0 ** min(attempts, 12)) * random.uniform(0.5, 1)  # noqa: S311
    return now + timedelta(seconds=seconds)


@asynccontextmanager
async def _renewed(books: Books, org_id: int, claimed: Claimed) -> AsyncIterator[None]:
    """Keeps the lease alive while the body runs; a call outside may take two minutes."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # Tried again soon; should the lease end meanwhile, twice is harmless.
            with suppress(*DATABASE_AWAY):
                async with books.db.transaction(org_id) as session:
                    await session.execute(
                        text(
                            "UPDATE postings SET lease_until = :until WHERE org_id = :org AND lease = :lease"
                        ),
                        {"org": org_id, "until": clock.now() + LEASE, "lease": claimed.lease},
                    )

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()


async def _done(books: Books, org_id: int, claimed: Claimed) -> None:
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE postings SET state = 'posted', posted_at = :now, lease = NULL, lease_until = NULL, "
                "problem = NULL, problem_code = NULL WHERE org_id = :org AND id = :id AND state <> 'posted'"
            ),
            {"org": org_id, "id": claimed.id, "now": clock.now()},
        )


async def _wait(
    books: Books, org_id: int, claimed: Claimed, error: OutsideError, next_attempt_at: datetime
) -> None:
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE postings SET next_attempt_at = :next, lease = NULL, lease_until = NULL, "
                "problem = :problem, problem_code = :code, intuit_tid = nullif(:tid, '') "
                "WHERE org_id = :org AND lease = :lease AND state = 'waiting'"
            ),
            {
                "org": org_id,
                "lease": claimed.lease,
                "next": next_attempt_at,
                "problem": error.detail,
                "code": error.code,
                "tid": error.reference,
            },
        )
        if not isinstance(error, NotConnected) and error.code not in turns.NOT_SENT:
            await count_error(session, org_id, "auto_invoice")


async def _needs_you(books: Books, org_id: int, claimed: Claimed, error: Refused) -> None:
    async with books.db.transaction(org_id) as session:
        changed = await session.execute(
            text(
                "UPDATE postings SET state = 'needs_you', lease = NULL, lease_until = NULL, problem = :problem, "
                "problem_code = :code, intuit_tid = nullif(:tid, '') "
                "WHERE org_id = :org AND lease = :lease AND state = 'waiting' RETURNING payment_id, "
                "(SELECT proposal_id FROM payments p WHERE p.org_id = postings.org_id AND p.id = payment_id)"
            ),
            {
                "org": org_id,
                "lease": claimed.lease,
                "problem": error.detail,
                "code": error.code,
                "tid": error.reference,
            },
        )
        row = changed.first()
        if row is None:
            return
        await count_error(session, org_id, "auto_invoice")
        await record(
            session,
            org_id,
            Event.POSTING_NEEDS_YOU,
            proposal_id=row[1],
            payment_id=row[0],
            code=error.code,
            sentence=error.detail,
        )


async def retry(session: AsyncSession, org_id: int, *, posting_id: int | None, actor: str) -> int:
    """Puts postings that need a person back to work; how many. The caller enqueues the lane."""
    result = await session.execute(
        text(
            "UPDATE postings SET state = 'waiting', next_attempt_at = :now, problem = NULL, problem_code = NULL "
            "WHERE org_id = :org AND (id = :id OR cast(:id AS int) IS NULL) "
            "AND (state = 'needs_you' OR state = 'waiting' AND lease IS NULL) RETURNING id, payment_id"
        ),
        {"org": org_id, "id": posting_id, "now": clock.now()},
    )
    rows = result.all()
    for row in rows:
        await record(
            session, org_id, Event.POSTING_RETRIED, actor=actor, posting_id=row[0], payment_id=row[1]
        )
    await session.execute(
        text("UPDATE qbo_lanes SET paused_until = NULL, failures = 0 WHERE org_id = :org"), {"org": org_id}
    )
    return len(rows)
