"""Keeps Books > Mapping in step with QuickBooks: what was chosen there is followed through merges and new names.

What somebody chose is mirrored like what we made, so that webhooks and CDC tell of it, and an item that was made
inactive is a difference before a document needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback.picture import status_of
from crm.accounting.contracts.lists import OBJECTS_MAX, choice, typed
from crm.accounting.contracts.tables import BooksList
from crm.activity.events import Event
from crm.activity.log import record
from crm.kit import clock

CHOSEN_KINDS = ("Account", "Class", "Item")  # of which QuickBooks tells changes

# As it was when it was chosen: there, active, by this name. What its other fields are is no concern of ours.
_FOLLOW = text(
    "INSERT INTO qbo_mirror (org_id, realm_id, entity, qbo_id, name, ours, learned_from, learned_at) "
    "SELECT DISTINCT ON (m.entity, m.qbo_id) m.org_id, m.realm_id, m.entity, m.qbo_id, m.name, "
    "json_build_object('Name', m.name, 'Active', true)::text, 'query', :now FROM books_mapping m "
    "WHERE m.org_id = :org AND m.realm_id = :realm AND m.entity = ANY(:kinds) ON CONFLICT DO NOTHING"
)
# Chosen by nobody any more, and nothing that we made.
_LEAVE = text(
    "UPDATE qbo_mirror q SET followed = NOT q.followed WHERE q.org_id = :org AND q.realm_id = :realm "
    "AND q.entity = ANY(:kinds) AND q.status <> 'merged' AND NOT EXISTS (SELECT 1 FROM qbo_links l "
    "WHERE l.org_id = q.org_id AND l.realm_id = q.realm_id AND l.entity = q.entity AND l.qbo_id = q.qbo_id) "
    "AND q.followed <> EXISTS (SELECT 1 FROM books_mapping m WHERE m.org_id = q.org_id AND m.realm_id = q.realm_id "
    "AND m.entity = q.entity AND m.qbo_id = q.qbo_id)"
)
_MERGED = text(
    "UPDATE books_mapping SET qbo_id = :into, updated_at = :now WHERE org_id = :org AND realm_id = :realm "
    "AND entity = :entity AND qbo_id = :gone RETURNING slot, key, name"
)
_RENAMED = text(
    "UPDATE books_mapping SET name = :name WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
    "AND qbo_id = :id AND name <> :name"
)


async def follow(session: AsyncSession, org_id: int, realm_id: str) -> None:
    """From now on changes of what is chosen are heard of; called where something was chosen or taken back."""
    values = {"org": org_id, "realm": realm_id, "kinds": list(CHOSEN_KINDS), "now": clock.now()}
    await session.execute(_FOLLOW, values)
    await session.execute(_LEAVE, values)


async def merged(
    session: AsyncSession, org_id: int, realm_id: str, entity: str, gone_id: str, into_id: str
) -> int:
    """Whatever the merged object was chosen for, the survivor stands for now; for how many slots."""
    moved = await session.execute(
        _MERGED,
        {
            "org": org_id,
            "realm": realm_id,
            "entity": entity,
            "gone": gone_id,
            "into": into_id,
            "now": clock.now(),
        },
    )
    rows = moved.all()
    for slot, key, name in rows:
        await record(
            session, org_id, Event.BOOKS_RELINKED, actor="quickbooks", entity=entity, local_kind="mapping",
            local_id=f"{slot}:{key}" if key else slot, name=name, from_id=gone_id, to_id=into_id,
            why="merged in QuickBooks",
        )  # fmt: skip
    return len(rows)


async def learn(
    session: AsyncSession, org_id: int, realm_id: str, entity: str, objects: Iterable[dict[str, Any]]
) -> None:
    """Names and states as they are now, in what is chosen and in the lists to choose from; no read of its own."""
    told = {str(one["Id"]): one for one in objects if status_of(one) != "deleted"}
    if entity not in CHOSEN_KINDS or not told:
        return
    of = {"org": org_id, "realm": realm_id, "entity": entity}
    for qbo_id, one in sorted(told.items()):
        await session.execute(_RENAMED, of | {"id": qbo_id, "name": choice(entity, one)["name"]})
    kept = await session.scalars(
        select(BooksList)
        .where(BooksList.org_id == org_id, BooksList.realm_id == realm_id)
        .order_by(BooksList.entity)
        .with_for_update(key_share=True)
    )
    lists = {row.entity: row for row in kept}
    if entity not in lists:
        return  # nobody read them yet
    accounts = {one["id"]: one for one in lists["Account"].objects} if "Account" in lists else {}
    now = {one["id"]: one for one in lists[entity].objects}
    for qbo_id, one in told.items():
        if qbo_id in now or len(now) < OBJECTS_MAX:
            now[qbo_id] = typed(choice(entity, one), accounts) if entity == "Item" else choice(entity, one)
    lists[entity].objects = list(now.values())
