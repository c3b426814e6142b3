"""Follows merges in QuickBooks: what stood for ours is gone, so the object that took it up stands for it now."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback import mirror, noticing
from crm.accounting.comeback.mirror import LearnedFrom
from crm.activity.events import Event
from crm.activity.log import record
from crm.kit import clock

_RELINK = text(
    "UPDATE qbo_links SET qbo_id = :into WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
    "AND qbo_id = :gone RETURNING local_kind, local_id, name"
)
# Nobody read the survivor yet: an empty agreement, which the first look fills.
_SURVIVOR = text(
    "INSERT INTO qbo_mirror (org_id, realm_id, entity, qbo_id, ours, learned_from, learned_at) "
    "VALUES (:org, :realm, :entity, :into, '{}', :learned_from, :now) ON CONFLICT DO NOTHING RETURNING 1"
)
_LOOK = text(
    "INSERT INTO qbo_changes (org_id, realm_id, entity, qbo_id, operation, due_at) "
    "VALUES (:org, :realm, :entity, :into, 'updated', :now) ON CONFLICT DO NOTHING"
)


async def follow(
    session: AsyncSession,
    org_id: int,
    realm_id: str,
    entity: str,
    gone_id: str,
    into_id: str,
    learned_from: LearnedFrom,
) -> None:
    """Relinks what the merged object stood for. Documents that only changed for that are no difference any more."""
    rows = await mirror.locked(session, org_id, realm_id, entity, [gone_id])
    for row in rows.values():
        if row.status == "merged":
            return  # told twice
        mirror.gone(row, "merged", learned_from, merged_into=into_id)
        row.followed = False
        await session.flush()
        await noticing.over(session, row)
    named = {
        "org": org_id, "realm": realm_id, "entity": entity, "gone": gone_id, "into": into_id,
        "learned_from": learned_from, "now": clock.now(),
    }  # fmt: skip
    relinked = (await session.execute(_RELINK, named)).all()
    if not relinked:
        return
    if (await session.execute(_SURVIVOR, named)).first() is not None:
        await session.execute(_LOOK, named)
    for local_kind, local_id, name in relinked:
        await record(
            session, org_id, Event.BOOKS_RELINKED, actor="quickbooks", entity=entity, local_kind=local_kind,
            local_id=local_id, name=name or entity, from_id=gone_id, to_id=into_id, why="merged in QuickBooks",
        )  # fmt: skip
    await noticing.notice_again(session, org_id, realm_id)
