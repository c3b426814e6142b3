"""Keeps what others tell us, once: the row is unique by source, account and event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg

from crm.inbox.stripe_event import StripeEvent
from crm.kit import clock


async def keep(conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent]) -> list[StripeEvent]:
    """Inserts the events and returns those that are new, with their inbox ids.

    Sorted by key, so that two batches with the same events never deadlock on the unique index. `%b`: as text
    the bodies would be escaped byte by byte, a third of a batch's time (docs/decisions/webhook-group-commit.md).
    """
    distinct = {(event.account, event.key): event for event in events}
    rows = [distinct[key] for key in sorted(distinct)]
    moment = clock.now()
    cursor = await conn.execute(
        "INSERT INTO inbox_events (org_id, source, account, event_key, type, body, received_at, attempts) "
        "SELECT o, 'stripe', a, k, t, b, %s, 1 "
        "FROM unnest(%b::int[], %b::text[], %b::text[], %b::text[], %b::bytea[]) AS n(o, a, k, t, b) "
        "ON CONFLICT (source, account, event_key) DO NOTHING RETURNING id, account, event_key",
        [
            moment,
            [e.org_id for e in rows],
            [e.account for e in rows],
            [e.key for e in rows],
            [e.type for e in rows],
            [e.body for e in rows],
        ],
    )
    fresh = []
    for inbox_id, account, key in await cursor.fetchall():
        event = distinct[(account, key)]
        event.inbox_id = inbox_id
        fresh.append(event)
    return fresh


async def close(conn: psycopg.AsyncConnection[Any], events: Sequence[StripeEvent]) -> None:
    """Writes down what became of each event."""
    await conn.execute(
        "UPDATE inbox_events i SET state = n.state, note = n.note, waits_for = n.waits_for, "
        "org_id = n.org_id, handled_at = %s "
        "FROM unnest(%b::bigint[], %b::text[], %s::text[], %s::text[], %b::int[]) "
        "AS n(id, state, note, waits_for, org_id) WHERE i.id = n.id",
        [
            clock.now(),
            [e.inbox_id for e in events],
            [e.state for e in events],
            [e.note for e in events],
            [e.waits_for for e in events],
            [e.org_id for e in events],
        ],
    )


async def mark_failed(conn: psycopg.AsyncConnection[Any], inbox_id: int, why: str) -> None:
    await conn.execute(
        "UPDATE inbox_events SET state = 'failed', note = %s WHERE id = %s", [why[:500], inbox_id]
    )


async def count_try(
    conn: psycopg.AsyncConnection[Any], inbox_ids: Sequence[int], states: Sequence[str]
) -> None:
    """One more try of the events that are still in one of `states`."""
    await conn.execute(
        "UPDATE inbox_events SET attempts = attempts + 1 WHERE id = ANY(%s) AND state = ANY(%s)",
        [list(inbox_ids), list(states)],
    )


async def load(
    conn: psycopg.AsyncConnection[Any], inbox_ids: Sequence[int], states: Sequence[str]
) -> list[tuple[int, str, bytes]]:
    """(id, account, body) of the events that are still in one of `states`, locked until the end."""
    cursor = await conn.execute(
        "SELECT id, account, body FROM inbox_events WHERE id = ANY(%s) AND state = ANY(%s) "
        "ORDER BY id FOR NO KEY UPDATE",
        [list(inbox_ids), list(states)],
    )
    return await cursor.fetchall()
