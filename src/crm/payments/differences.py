"""What does not fit is kept as a difference: a sentence for a person, once per subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm.activity.events import Event
from crm.activity.log import Fact, record_facts
from crm.kit import clock


@dataclass(frozen=True, slots=True)
class Found:
    """`subject` is the id that makes it this very difference (a Stripe id mostly); `meta` may name its `payment_id`."""

    org_id: int
    kind: str
    subject: str
    sentence: str
    proposal_id: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)


RESOLVED_BY_STRIPE = "stripe"  # not by a person: it was over by itself, and may come back


async def keep(conn: psycopg.AsyncConnection[Any], found: Sequence[Found]) -> None:
    """Keeps each difference once; a repetition changes nothing and says nothing. One that was over by itself is
    open again."""
    facts = []
    for item in found:
        cursor = await conn.execute(
            "INSERT INTO differences (org_id, kind, subject, sentence, meta, proposal_id, payment_id) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (org_id, kind, subject) DO UPDATE SET sentence = excluded.sentence, "
            "meta = excluded.meta, created_at = now(), resolved_at = NULL, resolved_by = NULL "
            "WHERE differences.resolved_by = %s RETURNING id",
            [
                item.org_id, item.kind, item.subject, item.sentence, Jsonb(item.meta), item.proposal_id,
                item.meta.get("payment_id"), RESOLVED_BY_STRIPE,
            ],
        )  # fmt: skip
        if await cursor.fetchone() is not None:
            meta = {"kind": item.kind, "subject": item.subject, "sentence": item.sentence}
            facts.append(Fact(item.org_id, Event.DIFFERENCE_FOUND, item.proposal_id, meta, "stripe"))
    await record_facts(conn, facts)


async def over(conn: psycopg.AsyncConnection[Any], org_ids: Sequence[int], kind: str, subject: str) -> None:
    """What was wrong is well again: nobody has to look any more."""
    await conn.execute(
        "UPDATE differences SET resolved_at = %s, resolved_by = %s WHERE org_id = ANY(%s) AND kind = %s "
        "AND subject = %s AND resolved_at IS NULL",
        [clock.now(), RESOLVED_BY_STRIPE, list(org_ids), kind, subject],
    )
