"""Proves that an org's log is whole, or names the first entry that is not (`crm verify-log`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.log import GENESIS, entry_hash
from crm.activity.tables import ActivityEntry, ActivityHead

PAGE = 1000


@dataclass(frozen=True)
class Verdict:
    org_id: int
    entries: int
    broken_id: int | None = None
    why: str = ""

    def __str__(self) -> str:
        if self.why:
            where = f"entry {self.broken_id}" if self.broken_id else "the end of the log"
            return f"org {self.org_id}: BROKEN at {where}: {self.why}"
        return f"org {self.org_id}: {self.entries} entries, chain intact"


async def verify_org(session: AsyncSession, org_id: int) -> Verdict:
    """Walks the chain from its beginning, a page at a time."""
    previous, seq = GENESIS, 0
    while True:
        page = (
            await session.scalars(
                select(ActivityEntry)
                .where(ActivityEntry.org_id == org_id, ActivityEntry.seq > seq)
                .order_by(ActivityEntry.seq)
                .limit(PAGE)
            )
        ).all()
        for entry in page:
            if entry.seq != seq + 1:
                return Verdict(org_id, seq, entry.id, f"entry number {seq + 1} is missing before it")
            if entry.prev_hash != previous:
                return Verdict(org_id, seq, entry.id, "it does not follow the entry before it")
            expected = entry_hash(
                previous,
                org_id,
                entry.seq,
                entry.proposal_id,
                entry.event,
                entry.meta,
                entry.actor,
                entry.created_at,
            )
            if entry.hash != expected:
                return Verdict(org_id, seq, entry.id, "its content was changed after it was written")
            previous, seq = entry.hash, entry.seq
        session.expunge_all()
        if len(page) < PAGE:
            break
    head = await session.get(ActivityHead, org_id)
    if (head.seq if head else 0) != seq or (head is not None and seq and head.hash != previous):
        return Verdict(org_id, seq, None, f"{head.seq if head else 0} entries were written, {seq} are there")
    return Verdict(org_id, seq)
