"""The only way to say that something happened: writes the entry and stages what follows, in one transaction."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import FOLLOWED, Event
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import raw

GENESIS = b"\0" * 32  # what the first entry of an org follows


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened. `actor` is who: "user:3", "customer", "stripe", "system", "api_key:2"."""

    org_id: int
    event: Event
    proposal_id: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    actor: str = "system"


async def record(
    session: AsyncSession,
    org_id: int,
    event: Event,
    *,
    proposal_id: int | None = None,
    actor: str = "system",
    **meta: Any,
) -> None:
    """Says that `event` happened, in the caller's transaction."""
    await record_facts(await raw(session), [Fact(org_id, event, proposal_id, meta, actor)])


async def record_facts(conn: psycopg.AsyncConnection[Any], facts: Sequence[Fact]) -> None:
    """The same for many at once: one lock and one insert per call, however many facts.

    Locks the chain heads in order of org, so that two callers never wait for each other in a circle.
    """
    if not facts:
        return
    by_org: dict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_org[fact.org_id].append(fact)
    heads = await _lock_heads(conn, sorted(by_org))
    moment = clock.now()
    rows: list[tuple[Any, ...]] = []
    new_heads: list[tuple[int, int, bytes]] = []
    for org_id in sorted(by_org):
        seq, previous = heads[org_id]
        for fact in by_org[org_id]:
            seq += 1
            hash_ = entry_hash(
                previous, org_id, seq, fact.proposal_id, fact.event, fact.meta, fact.actor, moment
            )
            rows.append(
                (
                    org_id,
                    fact.proposal_id,
                    fact.event.value,
                    Jsonb(fact.meta),
                    fact.actor,
                    moment,
                    seq,
                    previous,
                    hash_,
                )
            )
            previous = hash_
        new_heads.append((org_id, seq, previous))
    ids = await _write(conn, rows, new_heads)
    # A fact with `notify` false (a proposal handed over in person) is one that nobody is written to about.
    await _stage(
        conn,
        [
            (row[0], ids[(row[0], row[6])])
            for row in rows
            if row[2] in FOLLOWED and row[3].obj.get("notify") is not False
        ],
    )


async def _lock_heads(conn: psycopg.AsyncConnection[Any], org_ids: list[int]) -> dict[int, tuple[int, bytes]]:
    heads = await _heads(conn, org_ids)
    if len(heads) < len(org_ids):  # an org's first entry ever
        await conn.execute(
            "INSERT INTO activity_heads (org_id, hash) SELECT o, %s FROM unnest(%b::int[]) o ORDER BY o "
            "ON CONFLICT DO NOTHING",
            [GENESIS, [org_id for org_id in org_ids if org_id not in heads]],
        )
        heads = await _heads(conn, org_ids)
    return heads


async def _heads(conn: psycopg.AsyncConnection[Any], org_ids: list[int]) -> dict[int, tuple[int, bytes]]:
    cursor = await conn.execute(
        "SELECT org_id, seq, hash FROM activity_heads WHERE org_id = ANY(%b) ORDER BY org_id FOR NO KEY UPDATE",
        [org_ids],
    )
    return {org_id: (seq, hash_) for org_id, seq, hash_ in await cursor.fetchall()}


async def _write(
    conn: psycopg.AsyncConnection[Any], rows: list[tuple[Any, ...]], heads: list[tuple[int, int, bytes]]
) -> dict[tuple[int, int], int]:
    """Entries and the heads that follow from them, in one statement; returns the entries' ids by (org, seq)."""
    cursor = await conn.execute(
        "WITH moved AS (UPDATE activity_heads h SET seq = n.seq, hash = n.hash "
        "FROM unnest(%b::int[], %b::bigint[], %b::bytea[]) AS n(org_id, seq, hash) WHERE h.org_id = n.org_id) "
        "INSERT INTO portal_activity_log "
        "(org_id, proposal_id, event, meta, actor, created_at, seq, prev_hash, hash) "
        "SELECT * FROM unnest(%b::int[], %s::int[], %b::text[], %b::jsonb[], %b::text[], %b::timestamptz[], "
        "%b::bigint[], %b::bytea[], %b::bytea[]) ORDER BY 1, 7 RETURNING org_id, seq, id",
        [list(column) for part in (heads, rows) for column in zip(*part, strict=True)],
    )
    return {(org_id, seq): entry_id for org_id, seq, entry_id in await cursor.fetchall()}


async def _stage(conn: psycopg.AsyncConnection[Any], followed: list[tuple[int, int]]) -> None:
    by_org: dict[int, list[int]] = defaultdict(list)
    for org_id, entry_id in followed:
        by_org[org_id].append(entry_id)
    await queue.enqueue_many(
        conn, [("follow_up", {"org_id": org_id, "entry_ids": ids}) for org_id, ids in by_org.items()]
    )


def entry_hash(
    previous: bytes,
    org_id: int,
    seq: int,
    proposal_id: int | None,
    event: str,
    meta: dict[str, Any],
    actor: str,
    moment: datetime,
) -> bytes:
    """SHA-256 over the entry before and the canonical JSON of this one (keys sorted, UTC microseconds).

    The form must never change: old entries are checked with it.
    """
    canonical = orjson.dumps(
        [org_id, seq, proposal_id, str(event), meta, actor, moment.astimezone(UTC).isoformat()],
        option=orjson.OPT_SORT_KEYS,
    )
    return hashlib.sha256(previous + canonical).digest()
