"""What is on its way into the books: taken one at a time under a lease, ended in a state people see.

A lease is renewed while its run lives and ends by itself when it dies, so another run takes the posting up;
a run that wakes after its lease was taken changes nothing here, and twice is harmless in QuickBooks.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import kinds, sync_log, turns
from crm.accounting.backfill import choosing, wave
from crm.accounting.booking import Booked, Taken
from crm.accounting.connection import NotConnected
from crm.accounting.context import Books
from crm.accounting.error_counts import count_error
from crm.accounting.leases import DATABASE_AWAY, LEASE, renewed
from crm.accounting.locks import CLAIM_LOCKS
from crm.activity.events import Event
from crm.activity.log import record
from crm.jobs import queue
from crm.kit import clock
from crm.kit.errors import Disconnected, OutsideError, Refused, Unavailable
from crm.kit.logging import logger

JUST_NOW = timedelta(minutes=2)  # what was paid within it does not wait behind waves of older payments
AT_ONCE_PER_ORG = 4  # one company never holds more of the workers than this, and one that fails only one
RETRY_SECONDS_MAX = 3600.0

log = logger("postings")
RECENT = timedelta(days=35)  # since we learned of a movement


async def ensure(session: AsyncSession, org_id: int, *, however_old: bool = False) -> int:
    """A posting for everything that is to be booked and has none; how many were made. Safe to repeat.

    Oldest first, and due at once: Stripe dates a payment by its own clock, which may be ahead of ours. Of Stripe's many
    movements the newest are looked at each minute, and all of them, `however_old`, by each reconciliation.
    """
    made, now = 0, clock.now()
    since = datetime(2000, 1, 1, tzinfo=UTC) if however_old else now - RECENT
    for begin in _BEGIN:
        await session.execute(begin, {"org": org_id})
    for missing in _MISSING:
        made += len((await session.execute(missing, {"org": org_id, "now": now, "since": since})).all())
    return made


_BEGIN = tuple(text(kind.begin) for kind in kinds.ALL if kind.begin is not None)
_MISSING = tuple(
    text(
        "INSERT INTO postings (org_id, kind, subject, payment_id, proposal_id, amount_minor, currency, "
        f"next_attempt_at) SELECT :org, '{kind.name}', m.* FROM ({kind.missing}) AS m (subject, payment_id, "
        "proposal_id, amount_minor, currency, next_attempt_at) WHERE NOT EXISTS (SELECT 1 FROM postings x "
        f"WHERE x.org_id = :org AND x.kind = '{kind.name}' AND x.subject = m.subject) "
        "ON CONFLICT DO NOTHING RETURNING id"
    )
    for kind in kinds.ALL
)


async def run_lane(books: Books, org_id: int) -> None:
    """Books what is due for one company until nothing is, or until the company must rest."""
    while True:
        many = await _claim_wave(books, org_id)
        if many and not await _post_wave(books, org_id, many):
            return
        claimed = await _claim(books, org_id, beside_waves=bool(many))
        if claimed is None and not many:
            return
        if claimed is None:
            continue
        if claimed.more_due:  # let another run of this lane take the next one meanwhile
            await _wake_another(books, org_id)
        try:
            await _post(books, org_id, claimed)
        except Refused:
            continue  # a person has it now; the next one may be fine
        except (Unavailable, Disconnected):
            return


async def _wake_another(books: Books, org_id: int) -> None:
    async with books.db.transaction(org_id) as session:
        await queue.enqueue(session, "run_lane", org_id=org_id)


async def post_now(
    books: Books, org_id: int, kind: str, subject: str, *, wait_seconds: float = 20
) -> Booked | None:
    """Books one thing for somebody who waits; None while another run has it and is not done in time.

    Raises what the posting raised.
    """
    deadline = asyncio.get_running_loop().time() + wait_seconds
    while asyncio.get_running_loop().time() < deadline:
        claimed = await _claim(books, org_id, kind, subject)
        if claimed is not None:
            return await _post(books, org_id, claimed)
        async with books.db.transaction(org_id) as session:
            found = await session.execute(text(_POSTED), {"org": org_id, "kind": kind, "subject": subject})
            posted = found.first()
        if posted is not None:  # all linked: finds it, changes nothing
            return await kinds.BY_NAME[kind].post(books, org_id, _taken((*posted, False), ""))
        await asyncio.sleep(0.2)
    return None


async def post_if_open(books: Books, org_id: int, kind: str, subject: str) -> None:
    """Books it for somebody who waits, when it is there and not booked. Raises what the posting raised."""
    async with books.db.transaction(org_id) as session:
        waits = await session.scalar(
            text(
                "SELECT 1 FROM postings WHERE org_id = :org AND kind = :kind AND subject = :subject "
                "AND state = 'waiting'"
            ),
            {"org": org_id, "kind": kind, "subject": subject},
        )
    if waits:
        await post_now(books, org_id, kind, subject)


_COLUMNS = "p.id, p.kind, p.subject, p.payment_id, p.proposal_id, p.amount_minor, p.currency, p.created_at, p.attempts"
_POSTED = (
    f"SELECT {_COLUMNS} FROM postings p WHERE p.org_id = :org AND p.kind = :kind AND p.subject = :subject "
    "AND p.state = 'posted'"
)


async def _claim(
    books: Books,
    org_id: int,
    kind: str | None = None,
    subject: str | None = None,
    *,
    beside_waves: bool = False,
) -> Taken | None:
    """The next due posting of a company that is connected and not resting, or the one that is named; None when
    there is none. `beside_waves`: only one that would wait long for its turn behind the many."""
    lease, now = secrets.token_hex(8), clock.now()
    async with books.db.transaction(org_id) as session:
        allowed = await session.execute(_ALLOWED, {"org": org_id, "now": now, "any": subject is not None})
        if allowed.first() is None:
            return None
        values = {
            "org": org_id,
            "now": now,
            "until": now + LEASE,
            "lease": lease,
            "kind": kind,
            "subject": subject,
            "most": AT_ONCE_PER_ORG,
            "beside": beside_waves,
            "just_now": now - JUST_NOW,
        }
        row = (await session.execute(_TAKE, values)).first()
        return _taken(row, lease) if row else None


async def _claim_wave(books: Books, org_id: int) -> list[Taken]:
    """Many due postings at once, each under a lease of its own, when enough wait that are booked alike."""
    lease, now = secrets.token_hex(8), clock.now()
    async with books.db.transaction(org_id) as session:
        allowed = await session.execute(_ALLOWED, {"org": org_id, "now": now, "any": False})
        if allowed.first() is None or not await choosing.has_room(session, org_id, now, AT_ONCE_PER_ORG):
            return []
        ids, more = await choosing.choose(session, org_id, now)
        rows = await session.execute(
            _TAKE_MANY, {"org": org_id, "ids": ids, "until": now + LEASE, "lease": lease, "more": more}
        )
        taken = [_taken((*row[:-2], row[-1]), row[-2]) for row in rows]
        if more:
            await queue.enqueue(session, "run_lane", org_id=org_id)
    return taken


async def _post_wave(books: Books, org_id: int, many: list[Taken]) -> bool:
    """Books them side by side, so that their writes leave in batches; False when the company must rest."""
    together = wave.Wave(books, org_id, len(many))

    async def one(claimed: Taken) -> None:
        with wave.within(together):
            await _post_held(books, org_id, claimed, alone=False)

    async with renewed(books, org_id, many):
        ends = await asyncio.gather(*(one(claimed) for claimed in many), return_exceptions=True)
    failed = [end for end in ends if end is not None and not isinstance(end, Refused)]
    for end in failed:
        if not isinstance(end, Unavailable | Disconnected):
            raise end
    silent = [end for end in failed if isinstance(end, Unavailable) and end.code not in turns.NOT_SENT]
    if silent:  # one rest for the whole wave, however many of it were not answered
        await turns.pause(books, org_id, max(silent, key=lambda end: end.retry_after_seconds or 0))
    if not failed:
        await turns.resume(books, org_id)
    return not failed


def _taken(row: Sequence[Any], lease: str) -> Taken:
    values: list[Any] = [*row[:-1], lease, row[-1]]
    return Taken(*values)


# The lock makes claims of one company follow each other, so that each counts what the one before took.
_ALLOWED = text(
    f"SELECT pg_advisory_xact_lock({CLAIM_LOCKS}, :org) FROM qbo_tokens t LEFT JOIN qbo_lanes l ON l.org_id = t.org_id "
    "WHERE t.org_id = :org AND t.disconnected_at IS NULL AND t.refresh_token IS NOT NULL "
    "AND (:any OR l.paused_until IS NULL OR l.paused_until <= :now)"
)
_TAKE = text(
    f"""
    UPDATE postings p SET lease = :lease, lease_until = :until, attempts = attempts + 1
    FROM (SELECT p.org_id, p.id FROM postings p
          WHERE p.org_id = :org AND p.state = 'waiting' AND (p.lease_until IS NULL OR p.lease_until <= :now)
            AND (cast(:subject AS text) IS NULL AND p.next_attempt_at <= :now
                 OR p.subject = :subject AND p.kind = :kind)
            AND ({kinds.MAY_GO})
            AND (NOT :beside OR p.next_attempt_at > :just_now OR NOT ({choosing.ALIKE}))
            AND (cast(:subject AS text) IS NOT NULL OR (SELECT {choosing.RUNS} FROM postings x WHERE x.org_id = :org
                 AND x.state = 'waiting' AND x.lease_until > :now)
                 < CASE WHEN EXISTS (SELECT 1 FROM qbo_lanes l WHERE l.org_id = :org AND l.failures > 0)
                   THEN 1 ELSE :most END)
          ORDER BY {kinds.PAPERS_ONLY}, p.next_attempt_at, p.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) due
    WHERE p.org_id = due.org_id AND p.id = due.id
    RETURNING {_COLUMNS},
      EXISTS (SELECT 1 FROM postings y WHERE y.org_id = :org AND y.state = 'waiting' AND y.id <> p.id
              AND y.next_attempt_at <= :now AND (y.lease_until IS NULL OR y.lease_until <= :now))
    """
)


_TAKE_MANY = text(
    "UPDATE postings p SET lease = :lease || '-' || p.id, lease_until = :until, attempts = attempts + 1 "
    f"WHERE p.org_id = :org AND p.id = ANY (:ids) RETURNING {_COLUMNS}, p.lease, cast(:more AS boolean)"
)


async def _post(books: Books, org_id: int, claimed: Taken) -> Booked | None:
    """What stands in the books for a payment; None for all else."""
    async with renewed(books, org_id, [claimed]):
        return await _post_held(books, org_id, claimed, alone=True)


async def _post_held(books: Books, org_id: int, claimed: Taken, *, alone: bool) -> Booked | None:
    """Books it and says how it ended. `alone`: what it meets is the company's, which rests or is well again by it."""
    try:
        with sync_log.about(claimed.subject):  # all that is asked for it stands together in the sync log
            booked = await kinds.BY_NAME[claimed.kind].post(books, org_id, claimed)
    except Refused as error:
        await _needs_you(books, org_id, claimed, error)
        if (
            error.code == turns.READ_ONLY
        ):  # said once, by this one: the others would be refused alike (facts 2.5)
            await turns.rest(books, org_id, error.detail)
        raise
    except Disconnected as error:
        await _wait(books, org_id, claimed, error, clock.now())
        raise
    except Unavailable as error:
        # Files have an endpoint of their own: its failure says nothing of the rest, unless QuickBooks asks for a rest.
        papers_only = kinds.BY_NAME[claimed.kind].papers_only and error.retry_after_seconds is None
        if alone and error.code not in turns.NOT_SENT and not papers_only:
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
            "Something went wrong on our side while booking this. Nothing is lost. Retry, and send the "
            f"time and posting number {claimed.id} to support if it comes again.",
            code=type(error).__name__,
        )
        await _needs_you(books, org_id, claimed, ours)
        raise ours from error
    await _done(books, org_id, claimed)
    if alone:
        await turns.resume(books, org_id)
    return booked


def retry_at(error: Unavailable, attempts: int, now: datetime) -> datetime:
    """When to try again: as asked, else 2, 4, 8 … seconds up to an hour, jittered."""
    if error.retry_after_seconds is not None:
        return now + timedelta(seconds=error.retry_after_seconds)
    seconds = min(RETRY_SECONDS_MAX, 2.0 ** min(attempts, 12)) * random.uniform(0.5, 1)  # noqa: S311
    return now + timedelta(seconds=seconds)


async def _done(books: Books, org_id: int, claimed: Taken) -> None:
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE postings SET state = 'posted', posted_at = :now, lease = NULL, lease_until = NULL, "
                "problem = NULL, problem_code = NULL WHERE org_id = :org AND id = :id AND state <> 'posted'"
            ),
            {"org": org_id, "id": claimed.id, "now": clock.now()},
        )


async def _wait(
    books: Books, org_id: int, claimed: Taken, error: OutsideError, next_attempt_at: datetime
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


async def _needs_you(books: Books, org_id: int, claimed: Taken, error: Refused) -> None:
    async with books.db.transaction(org_id) as session:
        changed = await session.execute(
            text(
                "UPDATE postings SET state = 'needs_you', lease = NULL, lease_until = NULL, problem = :problem, "
                "problem_code = :code, intuit_tid = nullif(:tid, '') "
                "WHERE org_id = :org AND lease = :lease AND state = 'waiting' RETURNING id"
            ),
            {
                "org": org_id,
                "lease": claimed.lease,
                "problem": error.detail,
                "code": error.code,
                "tid": error.reference,
            },
        )
        if changed.first() is None:
            return
        await count_error(session, org_id, "auto_invoice")
        await record(
            session,
            org_id,
            Event.POSTING_NEEDS_YOU,
            proposal_id=claimed.proposal_id,
            payment_id=claimed.payment_id,
            subject=claimed.subject,
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
