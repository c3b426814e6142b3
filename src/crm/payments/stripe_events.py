"""Takes in Stripe's events: routed, kept once, their effect taken in the same transaction.

Many at once where they come at once. If a batch stumbles, each event is tried alone; one that stumbles alone
is kept as failed and a job takes it up again, so Stripe always gets its 200 and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
import psycopg_pool

from crm.inbox import receive
from crm.inbox.stripe_event import StripeEvent, parse
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import NOBODY, Database, see_orgs_raw
from crm.kit.errors import Unavailable
from crm.kit.logging import logger
from crm.payments import money_events, session_events
from crm.payments.routing import route

log = logger("stripe_events")
RETRIED = ("received", "failed")
# A frozen worker, or an engineer's open transaction, must not hold up what Stripe tells about other orgs.
LOCK_TIMEOUT = "SET LOCAL lock_timeout = '2s'"
HELD = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
DATABASE_AWAY = (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolTimeout)


async def take_in(db: Database, events: list[StripeEvent], *, dev_mode: bool) -> list[Exception | None]:
    """Commits the events and their effects. Returns per event None, or Unavailable when the database is away."""
    pool = await db.pool()
    try:
        # Pipelined: what needs no answer travels with the next statement that does, 7 trips instead of 17.
        async with pool.connection() as conn, conn.pipeline():
            await _take_batch(conn, events, dev_mode=dev_mode)
        return [None] * len(events)
    except HELD:
        log.info("rows are held by somebody else; each event is tried alone", events=len(events))
    except DATABASE_AWAY:
        return [_away()] * len(events)
    except Exception:
        log.exception("a batch of events stumbled; each is tried alone", events=[e.key for e in events])
    outcomes: list[Exception | None] = []
    held: set[int] = (
        set()
    )  # orgs whose rows do not come free: the others need not wait for each of their events
    for event in events:
        if event.org_id in held:
            outcomes.append(_away())
            continue
        try:
            await _take_alone(pool, event, dev_mode=dev_mode)
            outcomes.append(None)
        except HELD:
            held.add(event.org_id)
            outcomes.append(_away())
        except DATABASE_AWAY:
            outcomes.append(_away())
    return outcomes


def _away() -> Unavailable:
    return Unavailable("The database is not reachable; please send this event again.", kind="database-away")


async def _take_batch(
    conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent], *, dev_mode: bool
) -> None:
    await conn.execute(LOCK_TIMEOUT)
    await route(conn, events, dev_mode=dev_mode)
    fresh = await receive.keep(conn, events)
    if fresh:
        await take_effect(conn, fresh, dev_mode=dev_mode)


async def _take_alone(
    pool: psycopg_pool.AsyncConnectionPool[Any], event: StripeEvent, *, dev_mode: bool
) -> None:
    """Who gave way in a deadlock tries once more at once: the other one is through by then."""
    for again in (True, False):
        try:
            async with pool.connection() as conn:
                await _take_one(conn, event, dev_mode=dev_mode)
            return
        except psycopg.errors.DeadlockDetected:
            if not again:
                raise


async def _take_one(conn: psycopg.AsyncConnection[Any], event: StripeEvent, *, dev_mode: bool) -> None:
    await conn.execute(LOCK_TIMEOUT)
    await route(conn, [event], dev_mode=dev_mode)
    for fresh in await receive.keep(conn, [event]):
        try:
            async with conn.transaction():  # a savepoint: the event stays whatever its effect does
                await take_effect(conn, [fresh], dev_mode=dev_mode)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            log.exception("an event's effect failed; a job tries again", event_key=event.key)
            await _keep_failed(conn, fresh.inbox_id, fresh.org_id, error)


async def _keep_failed(
    conn: psycopg.AsyncConnection[Any], inbox_id: int, org_id: int, error: Exception
) -> None:
    await receive.mark_failed(conn, inbox_id, f"{type(error).__name__}: {error}")
    await queue.enqueue_many(conn, [("handle_inbox_event", {"inbox_id": inbox_id, "org_id": org_id})])


async def take_effect(
    conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent], *, dev_mode: bool
) -> None:
    """What the events mean, in the caller's transaction; then whatever waited for what they told us."""
    for event in events:  # a batch that was rolled back has left its verdicts on them
        event.note = event.waits_for = None
    sessions = [event for event in events if event.type in session_events.TYPES]
    if len(events) > max(len(sessions), 1):
        await _lock_payments(conn, events)
    if sessions:
        await session_events.apply(conn, sessions, dev_mode=dev_mode)
    for event in events:
        if event.type not in session_events.TYPES:
            await money_events.apply(conn, event)
    await receive.close(conn, events)
    learned = sorted({ref for event in events if event.state == "done" for ref in _learned(event)})
    if learned:
        await _bring_back(conn, learned, dev_mode=dev_mode)


async def _lock_payments(conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent]) -> None:
    """All payments that the events name, in one order and before any org's log: the first event would take that, the
    next one wait for a payment, and whoever holds it for the log. (Events of sessions alone do so by themselves.)"""
    money = [event for event in events if event.type not in session_events.TYPES]
    await conn.execute(
        "SELECT 1 FROM payments WHERE (org_id, id) IN ("
        "SELECT org_id, id FROM payments WHERE stripe_payment_intent = ANY(%(refs)s) "
        "UNION SELECT org_id, id FROM payments WHERE stripe_charge = ANY(%(refs)s) "
        "UNION SELECT org_id, payment_id FROM checkout_sessions WHERE session_id = ANY(%(sessions)s)) "
        "ORDER BY org_id, id FOR NO KEY UPDATE",
        {
            "refs": sorted({ref for event in money for ref in event.refs}),
            "sessions": [event.object_id for event in events if event.type in session_events.TYPES],
        },
    )


def _learned(event: StripeEvent) -> tuple[str, ...]:
    """The ids that name a payment of ours since this event: a session's intent, a charge's own id."""
    if event.type in session_events.TYPES:
        return event.refs[1:]
    return (event.object_id,) if event.type in money_events.CHARGES else ()


async def _bring_back(conn: psycopg.AsyncConnection[Any], learned: list[str], *, dev_mode: bool) -> None:
    """Events that came before the payment they belong to take their effect now; one that stumbles then is
    kept as failed, and does not hold up what brought it back."""
    cursor = await conn.execute(
        "SELECT id, account, body, org_id FROM inbox_events WHERE waits_for = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
        [learned],
    )
    for row in await cursor.fetchall():
        try:
            async with conn.transaction():
                await _again(conn, [row[:3]], dev_mode=dev_mode)
        except DATABASE_AWAY:
            raise
        except Exception as error:
            log.exception("an event that waited stumbled; a job tries again", inbox_id=row[0])
            await _keep_failed(conn, row[0], row[3], error)


async def handle_again(db: Database, inbox_ids: list[int], *, dev_mode: bool) -> None:
    """The job for events whose effect failed: tried again from the bytes that are kept.

    Raises what the effect raises. The try is counted first, on its own, so that a failed one counts too.
    """
    pool = await db.pool()
    async with pool.connection() as conn:
        await _see_everyone(conn)
        await receive.count_try(conn, inbox_ids, RETRIED)
    async with pool.connection() as conn:
        await _see_everyone(conn)
        rows = await receive.load(conn, inbox_ids, RETRIED)
        await _again(conn, rows, dev_mode=dev_mode)


async def _see_everyone(conn: psycopg.AsyncConnection[Any]) -> None:
    cursor = await conn.execute("SELECT org_id FROM crm_org_list()")
    await see_orgs_raw(conn, [NOBODY, *(row[0] for row in await cursor.fetchall())])


async def _again(
    conn: psycopg.AsyncConnection[Any],
    rows: Sequence[tuple[int, str, bytes]],
    *,
    dev_mode: bool,
) -> None:
    events = []
    for inbox_id, _account, body in rows:
        event = parse(bytes(body), livemode=None)
        event.inbox_id = inbox_id
        events.append(event)
    before = await (await conn.execute("SELECT current_setting('crm.org_ids', true)")).fetchone()
    await route(conn, events, dev_mode=dev_mode)
    await take_effect(conn, events, dev_mode=dev_mode)
    if before and before[0]:
        await conn.execute("SELECT set_config('crm.org_ids', %s, true)", [before[0]])
    log.info("events taken up again", events=[e.key for e in events], at=clock.iso(clock.now()))
