"""Looks at what QuickBooks said has changed: each linked object once, nothing for the echo of our own writes.

Only the look at the objects is a metered read: one for each kind, however many of it changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection
from crm.accounting.comeback import choices, merging, mirror, noticing
from crm.accounting.comeback.mirror import LearnedFrom
from crm.accounting.comeback.picture import moment
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.gateways.quickbooks import Call, query, quote
from crm.kit import clock
from crm.kit.errors import Disconnected, Refused, Unavailable
from crm.kit.logging import logger

AT_ONCE_MAX = 100  # objects of one run; the next run takes the rest
LEASE = timedelta(minutes=3)
STALE_ATTEMPTS_MAX = (
    3  # an answer that knows nothing of the event: a replica lags behind; after that CDC will tell
)
CLOCKS_APART = timedelta(
    seconds=2
)  # an event's time and LastUpdatedTime, which is in whole seconds, of one change
LIST_KINDS = frozenset({"Customer", "Item", "Account", "Class"})

log = logger("quickbooks_changes")


@dataclass(frozen=True, slots=True)
class _Change:
    entity: str
    qbo_id: str
    operation: str
    changed_at: datetime | None
    into: str | None
    attempts: int


async def look_at_changes(books: Books, org_id: int) -> None:
    """Everything that is due. What cannot be read now stays for the next run, which the sweep starts."""
    try:
        access = await connection.access(books, org_id)
    except Disconnected:
        return  # reconnecting runs CDC, which knows what was missed
    while True:
        changes = await _take(books, access)
        if not changes:
            return
        await _final(
            books, access, [change for change in changes if change.operation in {"merged", "deleted"}]
        )
        by_kind: dict[str, list[_Change]] = defaultdict(list)
        for change in changes:
            if change.operation not in {"merged", "deleted"}:
                by_kind[change.entity].append(change)
        for entity, of_kind in sorted(by_kind.items()):
            await _read_and_notice(books, access, entity, of_kind)


# Taken for a while, so that a run that dies gives its work back. The echo of our own writes, and what is told late of
# a state that we know already, is dropped here and costs nothing.
_DROP = text(
    "DELETE FROM qbo_changes c WHERE c.org_id = :org AND c.due_at <= :now AND (c.realm_id <> :realm OR EXISTS "
    "(SELECT 1 FROM qbo_mirror m WHERE m.org_id = c.org_id AND m.realm_id = c.realm_id AND m.entity = c.entity "
    "AND m.qbo_id = c.qbo_id AND (NOT m.followed OR (c.operation NOT IN ('deleted', 'merged') "
    "AND c.changed_at <= m.heard_until))))"
)
_TAKE = text(
    "UPDATE qbo_changes c SET due_at = :until, attempts = attempts + 1 FROM ("
    "SELECT entity, qbo_id FROM qbo_changes WHERE org_id = :org AND realm_id = :realm AND due_at <= :now "
    "ORDER BY due_at, entity, qbo_id LIMIT :most FOR NO KEY UPDATE SKIP LOCKED) t "
    "WHERE c.org_id = :org AND c.realm_id = :realm AND c.entity = t.entity AND c.qbo_id = t.qbo_id "
    "RETURNING c.entity, c.qbo_id, c.operation, c.changed_at, c.merged_into, c.attempts"
)
_DONE = text(
    "DELETE FROM qbo_changes WHERE org_id = :org AND realm_id = :realm AND entity = :entity AND qbo_id = :id "
    "AND changed_at IS NOT DISTINCT FROM :changed_at"
)
_LATER = text(
    "UPDATE qbo_changes SET due_at = :due WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
    "AND qbo_id = :id"
)


async def _take(books: Books, access: Access) -> list[_Change]:
    now = clock.now()
    where = {"org": access.org_id, "realm": access.realm_id, "now": now}
    async with books.db.transaction(access.org_id) as session:
        await session.execute(_DROP, where)
        rows = await session.execute(_TAKE, where | {"until": now + LEASE, "most": AT_ONCE_MAX})
        return [_Change(*row) for row in rows.all()]


async def _final(books: Books, access: Access, changes: Sequence[_Change]) -> None:
    """What is gone for good needs no look: a deletion is never taken back, a merge names who took it up."""
    for change in sorted(changes, key=lambda c: c.operation != "merged"):
        async with books.db.transaction(access.org_id) as session:
            if change.operation == "merged" and change.into is not None:
                await merging.follow(
                    session,
                    access.org_id,
                    access.realm_id,
                    change.entity,
                    change.qbo_id,
                    change.into,
                    "webhook",
                )
            else:
                rows = await mirror.locked(
                    session, access.org_id, access.realm_id, change.entity, [change.qbo_id]
                )
                for row in rows.values():
                    mirror.gone(row, "deleted", "webhook", at=change.changed_at)
                    await session.flush()
                    await noticing.notice(session, row)
            await session.execute(_DONE, _named(access, change))


async def _read_and_notice(books: Books, access: Access, entity: str, changes: list[_Change]) -> None:
    try:
        found, told_at = await read(
            books, access, entity, [change.qbo_id for change in changes], "read_changed"
        )
    except (Unavailable, Refused) as error:
        log.warning("changes not read", org_id=access.org_id, entity=entity, code=error.code)
        await _again(books, access, changes)
        return
    for change in changes:
        object_ = found.get(change.qbo_id, {"Id": change.qbo_id, "status": "Deleted"})
        if change.attempts < STALE_ATTEMPTS_MAX and await _is_stale(books, access, change, object_):
            await _again(books, access, [change])
            continue
        async with books.db.transaction(access.org_id) as session:
            await take_in(session, access, entity, {change.qbo_id: object_}, "webhook", told_at)
            await session.execute(_DONE, _named(access, change))


async def _is_stale(books: Books, access: Access, change: _Change, object_: dict[str, Any]) -> bool:
    """Whether the answer is from before the event: older than it, or the very version that we know already."""
    updated = moment(object_.get("MetaData", {}).get("LastUpdatedTime"))
    if updated is None or change.changed_at is None:
        return False
    if updated < change.changed_at - CLOCKS_APART:
        return True
    async with books.db.transaction(access.org_id) as session:
        known = await session.scalar(
            text(
                "SELECT sync_token FROM qbo_mirror WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
                "AND qbo_id = :id"
            ),
            _named(access, change),
        )
    return known is not None and known == object_.get("SyncToken")


async def _again(books: Books, access: Access, changes: Sequence[_Change]) -> None:
    async with books.db.transaction(access.org_id) as session:
        for change in changes:
            due = clock.now() + timedelta(seconds=min(3600, 5 * 2 ** min(change.attempts, 10)))
            await session.execute(_LATER, _named(access, change) | {"due": due})


def _named(access: Access, change: _Change) -> dict[str, Any]:
    return {
        "org": access.org_id, "realm": access.realm_id, "entity": change.entity, "id": change.qbo_id,
        "changed_at": change.changed_at,
    }  # fmt: skip


async def take_in(
    session: AsyncSession,
    access: Access,
    entity: str,
    found: dict[str, dict[str, Any]],
    learned_from: LearnedFrom,
    told_at: datetime | None,
) -> int:
    """Brings the mirror up to these objects, and notices what differs; how many of them are linked."""
    rows = await mirror.locked(session, access.org_id, access.realm_id, entity, found)
    seen: list[dict[str, Any]] = []
    for qbo_id, row in rows.items():
        if not row.followed or row.status == "merged":
            continue
        await mirror.saw(session, row, found[qbo_id], learned_from)
        seen.append(found[qbo_id])
        if told_at is not None and (row.heard_until is None or told_at > row.heard_until):
            row.heard_until = told_at
        await session.flush()
        await noticing.notice(session, row)
    await choices.learn(session, access.org_id, access.realm_id, entity, seen)
    return len(rows)


async def read(
    books: Books, access: Access, entity: str, qbo_ids: Sequence[str], operation: str
) -> tuple[dict[str, dict[str, Any]], datetime | None]:
    """These objects as they are now, by Id, and QuickBooks' time of telling; what is gone is not among them.

    One metered read for all. Of several, one that does not come is asked for by itself: only then is it gone.
    """
    if len(qbo_ids) == 1:
        return await _read_one(books, access, entity, qbo_ids[0], operation)
    ids = ", ".join(quote(qbo_id) for qbo_id in qbo_ids)
    active = " AND Active IN (true,false)" if entity in LIST_KINDS else ""
    statement = f"SELECT * FROM {entity} WHERE Id IN ({ids}){active} MAXRESULTS 1000"
    answer = await qbo.ask(books, access.org_id, query(operation, statement))
    found = {str(row["Id"]): row for row in answer.data.get("QueryResponse", {}).get(entity, [])}
    for missing in set(qbo_ids) - found.keys():
        found |= (await _read_one(books, access, entity, missing, operation))[0]
    return found, moment(answer.data.get("time"))


async def _read_one(
    books: Books, access: Access, entity: str, qbo_id: str, operation: str
) -> tuple[dict[str, dict[str, Any]], datetime | None]:
    try:
        answer = await qbo.ask(books, access.org_id, Call("GET", f"{entity.lower()}/{qbo_id}", operation))
    except Refused as error:
        if error.code != "610":
            raise
        return {}, None
    return {qbo_id: answer.data[entity]}, moment(answer.data.get("time"))
