"""The daily look at everything that changed (CDC): webhooks get lost, this does not.

The watermark is QuickBooks' own time and moves on only when a whole run was taken in; each run begins some minutes
before it. A gap longer than CDC reaches back is closed by comparing all that is linked. Facts: 2.8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection
from crm.accounting.comeback import by_hand, choices, merging, mirror
from crm.accounting.comeback.heard import ENTITIES
from crm.accounting.comeback.looking import read, take_in
from crm.accounting.comeback.mirror import LearnedFrom
from crm.accounting.comeback.picture import moment
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.gateways.quickbooks import Call
from crm.kit import clock
from crm.kit.errors import Disconnected
from crm.kit.logging import logger

OVERLAP = timedelta(minutes=10)
REACHES_BACK = timedelta(days=30)
NOT_ASKED = timedelta(days=1)
MARGIN = timedelta(hours=12)  # clocks differ, and a run takes time
PAGE = 1000  # objects in one answer, over all kinds
PAGES_MAX = 200
IDS_AT_ONCE = 100  # in one query, whose address must stay short
TRANSACTION_ROWS = 100
KINDS = tuple(ENTITIES.values())

T = TypeVar("T")

log = logger("quickbooks_cdc")


@dataclass
class _Run:
    """What one run found, by kind and Id; the newest telling of each counts."""

    since: datetime
    told_at: datetime | None = None
    found: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    compare: set[str] = field(default_factory=set)  # kinds of which CDC cannot tell all

    def take(self, entity: str, objects: Iterable[dict[str, Any]]) -> None:
        kept = self.found.setdefault(entity, {})
        for object_ in objects:
            kept[str(object_["Id"])] = object_


async def catch_up(books: Books, org_id: int) -> int:
    """Takes in all changes since the last run; how many linked objects were looked at. Raises Unavailable,
    Refused or Disconnected, and then the watermark stands where it stood."""
    access = await connection.access(books, org_id)
    known_until = await _known_until(books, access)
    if known_until is None or clock.now() - known_until > REACHES_BACK - MARGIN:
        return await compare_all(books, access)
    run = _Run(known_until - OVERLAP)
    await _ask(books, access, run, KINDS, run.since)
    count = 0
    for entity in sorted(run.compare):
        run.found.pop(entity, None)
        count += (await _compare(books, access, entity))[0]
    count += await _take_in(books, access, run.found, "cdc", run.told_at)
    # An answer that names no time moves nothing: by our own clock, which may be ahead, something could be skipped.
    await _move_on(books, access, run.told_at or known_until, compared=False, changed=count)
    return count


async def _ask(books: Books, access: Access, run: _Run, kinds: tuple[str, ...], since: datetime) -> None:
    """All changes of `kinds`. A full answer may be cut off anywhere, so then each kind is asked for by itself."""
    objects = await _page(books, access, run, kinds, since)
    if sum(map(len, objects.values())) < PAGE:
        for entity, found in objects.items():
            run.take(entity, found)
        return
    if len(kinds) > 1:
        for kind in kinds:
            await _ask(books, access, run, (kind,), since)
        return
    await _narrow(books, access, run, kinds[0], since, objects[kinds[0]])


async def _narrow(
    books: Books, access: Access, run: _Run, kind: str, since: datetime, found: list[dict[str, Any]]
) -> None:
    """One kind, a thousand at a time, each answer from the last one's newest on (oldest first, as recorded).

    Where that leads no further (a thousand in one second, or another order) all that is linked is compared."""
    for _ in range(PAGES_MAX):
        run.take(kind, found)
        if len(found) < PAGE:
            return
        times = [moment(object_.get("MetaData", {}).get("LastUpdatedTime")) for object_ in found]
        known = [time for time in times if time is not None]
        if len(known) < len(times) or known != sorted(known) or known[-1] <= since:
            break
        since = known[-1]
        found = (await _page(books, access, run, (kind,), since)).get(kind, [])
    run.compare.add(kind)


async def _page(
    books: Books, access: Access, run: _Run, kinds: tuple[str, ...], since: datetime
) -> dict[str, list[dict[str, Any]]]:
    params = (("entities", ",".join(kinds)), ("changedSince", since.isoformat(timespec="seconds")))
    answer = await qbo.ask(books, access.org_id, Call("GET", "cdc", "cdc", params=params))
    told = moment(answer.data.get("time"))
    if run.told_at is None and told is not None:
        run.told_at = told  # of the first answer: what changes while we ask is asked for again next time
    found: dict[str, list[dict[str, Any]]] = {}
    for response in answer.data.get("CDCResponse", []):
        for part in response.get("QueryResponse", []):
            for entity in kinds:
                if isinstance(part.get(entity), list):
                    found.setdefault(entity, []).extend(part[entity])
    return found


async def compare_all(books: Books, access: Access) -> int:
    """Reads every linked object again: after a gap that CDC does not reach over, and when it never ran."""
    count = 0
    # QuickBooks' own time of its first answer. Where nothing is linked it was not asked: our clock, which may be ahead, with
    # a day to spare, for what it tells of things that are not linked costs nothing.
    told_at = None
    for entity in KINDS:
        of_kind, asked_at = await _compare(books, access, entity)
        count, told_at = count + of_kind, told_at or asked_at
    await _move_on(books, access, told_at or clock.now() - NOT_ASKED, compared=True, changed=count)
    return count


async def _compare(books: Books, access: Access, entity: str) -> tuple[int, datetime | None]:
    """How many were looked at, and QuickBooks' time of the first answer."""
    async with books.db.transaction(access.org_id) as session:
        ids = (
            await session.scalars(
                text(
                    "SELECT qbo_id FROM qbo_mirror WHERE org_id = :org AND realm_id = :realm AND entity = :entity "
                    "AND followed AND status NOT IN ('deleted', 'merged') ORDER BY qbo_id"
                ),
                {"org": access.org_id, "realm": access.realm_id, "entity": entity},
            )
        ).all()
    count, first_told_at = 0, None
    for some in _some(ids, IDS_AT_ONCE):
        found, told_at = await read(books, access, entity, some, "compare_linked")
        first_told_at = first_told_at or told_at
        gone = {qbo_id: {"Id": qbo_id, "status": "Deleted"} for qbo_id in some if qbo_id not in found}
        count += await _take_in(books, access, {entity: found | gone}, "query", told_at)
    return count, first_told_at


async def _take_in(
    books: Books,
    access: Access,
    found: dict[str, dict[str, dict[str, Any]]],
    learned_from: LearnedFrom,
    told_at: datetime | None,
) -> int:
    """Merges first, as far as they can be told: then a document that only names the survivor is no difference."""
    async with books.db.transaction(access.org_id) as session:
        await merging.infer(session, access.org_id, access.realm_id, found, learned_from)
        for entity, objects in found.items():
            await choices.learn(session, access.org_id, access.realm_id, entity, objects.values())
        if learned_from == "cdc":
            await by_hand.take_up(
                session, access.org_id, access.realm_id, found.get("Payment", {}), found.get("Customer", {})
            )
    count = 0
    for entity, objects in found.items():
        for some in _some(list(objects.items()), TRANSACTION_ROWS):
            async with books.db.transaction(access.org_id) as session:
                fresh = await _unknown(session, access, entity, dict(some))
                count += await take_in(session, access, entity, fresh, learned_from, told_at)
    return count


async def _unknown(
    session: AsyncSession, access: Access, entity: str, objects: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Those that are newer than what we know: the overlap tells the rest again, and a replica may lag behind."""
    rows = await mirror.locked(session, access.org_id, access.realm_id, entity, objects)
    return {
        qbo_id: object_
        for qbo_id, object_ in objects.items()
        if qbo_id in rows and _is_news(object_, rows[qbo_id].sync_token)
    }


def _is_news(object_: dict[str, Any], known_token: str | None) -> bool:
    token = str(object_.get("SyncToken", ""))  # what is deleted has none
    if not token.isdigit() or known_token is None or not known_token.isdigit():
        return True
    return int(token) > int(known_token)


def _some(items: Sequence[T], most: int) -> Iterator[list[T]]:
    for start in range(0, len(items), most):
        yield list(items[start : start + most])


async def _known_until(books: Books, access: Access) -> datetime | None:
    async with books.db.transaction(access.org_id) as session:
        found: datetime | None = await session.scalar(
            text("SELECT known_until FROM qbo_watermarks WHERE org_id = :org AND realm_id = :realm"),
            {"org": access.org_id, "realm": access.realm_id},
        )
        return found


_MOVE = text(
    "INSERT INTO qbo_watermarks AS w (org_id, realm_id, known_until, ran_at, compared_at, changed) "
    "VALUES (:org, :realm, :until, :now, :compared, :changed) ON CONFLICT (org_id, realm_id) DO UPDATE SET "
    "known_until = greatest(w.known_until, excluded.known_until), ran_at = excluded.ran_at, "
    "compared_at = coalesce(excluded.compared_at, w.compared_at), changed = excluded.changed"
)


async def _move_on(books: Books, access: Access, until: datetime, *, compared: bool, changed: int) -> None:
    now = clock.now()
    async with books.db.transaction(access.org_id) as session:
        await session.execute(_MOVE, {
            "org": access.org_id, "realm": access.realm_id, "until": min(until, now), "now": now,
            "compared": now if compared else None, "changed": changed,
        })  # fmt: skip


async def due(books: Books, org_ids: Iterable[int], every: timedelta) -> list[int]:
    """The orgs that are connected and have not caught up for so long."""
    async with books.db.transaction(*org_ids) as session:
        rows = await session.scalars(
            text(
                "SELECT t.org_id FROM qbo_tokens t LEFT JOIN qbo_watermarks w ON w.org_id = t.org_id "
                "AND w.realm_id = t.realm_id WHERE t.disconnected_at IS NULL AND t.refresh_token IS NOT NULL "
                "AND (w.ran_at IS NULL OR w.ran_at < :old) ORDER BY t.org_id"
            ),
            {"old": clock.now() - every},
        )
        return list(rows.all())


async def catch_up_if_connected(books: Books, org_id: int) -> None:
    """For jobs: a company that is disconnected catches up when it is connected again."""
    try:
        await catch_up(books, org_id)
    except Disconnected as error:
        log.info("not caught up", org_id=org_id, code=error.code)
