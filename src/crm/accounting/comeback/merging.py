"""Follows merges in QuickBooks: what stood for ours is gone, so the object that took it up stands for it now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback import choices, mirror, noticing
from crm.accounting.comeback.comparing import KIND_OF, LISTS
from crm.accounting.comeback.mirror import LearnedFrom
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import loads
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
    chosen = await choices.merged(session, org_id, realm_id, entity, gone_id, into_id)
    if not relinked and not chosen:
        return
    if (await session.execute(_SURVIVOR, named)).first() is not None:
        await session.execute(_LOOK, named)
    for local_kind, local_id, name in relinked:
        await record(
            session, org_id, Event.BOOKS_RELINKED, actor="quickbooks", entity=entity, local_kind=local_kind,
            local_id=local_id, name=name or entity, from_id=gone_id, to_id=into_id, why="merged in QuickBooks",
        )  # fmt: skip
    await noticing.notice_again(session, org_id, realm_id)


Found = Mapping[str, Mapping[str, dict[str, Any]]]


async def infer(
    session: AsyncSession, org_id: int, realm_id: str, found: Found, learned_from: LearnedFrom
) -> None:
    """A list object that became inactive while all our documents moved from it to one other was merged into that one.

    CDC does not say so itself; only the webhook does, and that may be lost."""
    for kind in sorted(LISTS):
        for gone_id, object_ in found.get(kind, {}).items():
            if object_.get("Active") is not False:
                continue
            into = await _moved_to(session, org_id, realm_id, kind, gone_id, found)
            if len(into) == 1 and gone_id not in into:
                await follow(session, org_id, realm_id, kind, gone_id, into.pop(), learned_from)
                await noticing.notice_again(session, org_id, realm_id)


async def _moved_to(
    session: AsyncSession, org_id: int, realm_id: str, kind: str, gone_id: str, found: Found
) -> set[str]:
    """What our documents name now where they named the one that is gone; itself where one still does."""
    rows = await session.execute(
        text(
            "SELECT entity, qbo_id, ours FROM qbo_mirror WHERE org_id = :org AND realm_id = :realm "
            "AND status = 'live' AND strpos(ours, :named) > 0"
        ),
        {"org": org_id, "realm": realm_id, "named": f'"{gone_id}"'},
    )
    into: set[str] = set()
    for entity, qbo_id, ours in rows.all():
        now = found.get(entity, {}).get(qbo_id)
        if now is None:
            into |= {gone_id} & set(_references(loads(ours), kind))
        elif now.get("status") != "Deleted":
            into |= set(_instead(loads(ours), now, kind, gone_id))
    return into


def _instead(ours: Any, theirs: Any, kind: str, gone_id: str) -> Iterator[str]:
    """What stands in `theirs` at the places where `ours` names the one that is gone."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, part in ours.items():
            now = theirs.get(key)
            if KIND_OF.get(key) == kind and isinstance(part, dict) and str(part.get("value")) == gone_id:
                yield str(now.get("value")) if isinstance(now, dict) else gone_id
            else:
                yield from _instead(part, now, kind, gone_id)
    elif isinstance(ours, list) and isinstance(theirs, list):
        for part, now in zip(ours, theirs, strict=False):
            yield from _instead(part, now, kind, gone_id)


def _references(object_: Any, kind: str) -> Iterator[str]:
    """The Ids of this kind that a document names, anywhere in it."""
    if isinstance(object_, dict):
        for key, part in object_.items():
            if KIND_OF.get(key) == kind and isinstance(part, dict):
                yield str(part.get("value"))
            else:
                yield from _references(part, kind)
    elif isinstance(object_, list):
        for part in object_:
            yield from _references(part, kind)
