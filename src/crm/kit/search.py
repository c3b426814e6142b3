"""Finding rows by words, in the database: every word must stand in the row, upper and lower case alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import Computed, Index, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, deferred, mapped_column

WORDS_MAX = 6

Findable = Literal["customers", "leads", "proposals", "mail_messages", "files"]


async def find(
    session: AsyncSession,
    org_id: int,
    kind: Findable,
    words: str,
    *,
    most: int,
    before: int | None = None,
    only: Sequence[str] | None = None,
) -> Sequence[int]:
    """The ids of the newest `most` rows below `before` that hold all words; `only` these statuses. A proposal is also
    found by its customer. Words beyond the first WORDS_MAX narrow no further."""
    found = await session.scalars(
        text("SELECT crm_find(:org, :kind, :words, :only, :before, :most)"),
        {
            "org": org_id,
            "kind": kind,
            "words": words.split()[:WORDS_MAX],
            "only": None if only is None else [str(status) for status in only],
            "before": before,
            "most": most,
        },
    )
    return found.all()


def search_text(sql: str) -> Mapped[Any]:
    """The column that `crm_find` looks into, computed by the database; never read by us."""
    return deferred(mapped_column(Computed(sql, persisted=True)))


def search_index(table: str) -> Index:
    return Index(
        f"ix_{table}_search",
        "org_id",
        "search_text",
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
