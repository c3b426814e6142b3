"""What does not fit is kept as a difference: a sentence for a person, once per subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from crm.activity.events import Event
from crm.activity.log import Fact, record_facts


@dataclass(frozen=True, slots=True)
class Found:
    """`subject` is the id that makes it this very difference (a Stripe id mostly)."""

    org_id: int
    kind: str
    subject: str
    sentence: str
    proposal_id: int | None = None
    meta: dict[str, Any] = field(default_factory=dict)


async def keep(conn: psycopg.AsyncConnection[Any], found: Sequence[Found]) -> None:
    """Keeps each difference once; a repetition changes nothing and says nothing."""
    facts = []
    for item in found:
        cursor = await conn.execute(
            "INSERT INTO differences (org_id, kind, subject, sentence, meta) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (org_id, kind, subject) DO NOTHING RETURNING id",
            [item.org_id, item.kind, item.subject, item.sentence, Jsonb(item.meta)],
        )
        if await cursor.fetchone() is not None:
            meta = {"kind": item.kind, "subject": item.subject, "sentence": item.sentence}
            facts.append(Fact(item.org_id, Event.DIFFERENCE_FOUND, item.proposal_id, meta, "stripe"))
    await record_facts(conn, facts)
