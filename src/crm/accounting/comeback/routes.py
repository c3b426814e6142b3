"""The API of what comes back from QuickBooks: differences with their ways out, and looking for changes now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select, text

from crm.accounting.comeback import ways_out
from crm.accounting.comeback.ways_out import Way, can_undo, ways_of
from crm.dependencies import StateDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.jobs import queue
from crm.kit.database import get_own
from crm.kit.errors import Conflict
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.times import Moment
from crm.payments.tables import Difference

router = APIRouter(tags=["books"])
READ = require(Permission.BOOKS_READ)
WRITE = require(Permission.BOOKS_WRITE)
BULK_MAX = 100


class FieldOut(BaseModel):
    """One field side by side, as people read it."""

    field: str
    label: str
    ours: str
    theirs: str


class BooksDifference(BaseModel):
    """Something that does not fit. `ways_out` are what one press does about it, the likeliest first; without any a
    person says what was done (`POST /differences/{id}/resolve`). `resolution`: accepted, restoring, restored,
    unlinked, undoing, or over (it was put right at its source). `problem` is what QuickBooks had against a restore."""

    id: int
    kind: str
    source: Literal["quickbooks", "stripe"]
    sentence: str
    entity: str | None
    qbo_id: str | None
    fields: list[FieldOut]
    problem: str | None
    payment_id: int | None
    proposal_id: int | None
    ways_out: list[Way]
    can_undo: bool
    resolution: str | None
    note: str | None
    created_at: Moment
    resolved_at: Moment | None
    resolved_by: str | None


def _out(row: Difference) -> BooksDifference:
    meta: dict[str, Any] = row.meta
    return BooksDifference(
        id=row.id,
        kind=row.kind,
        source="quickbooks" if row.kind.startswith("qbo_") else "stripe",
        sentence=row.sentence,
        entity=meta.get("entity"),
        qbo_id=meta.get("qbo_id"),
        fields=[FieldOut(**field) for field in meta.get("fields", [])] if "realm_id" in meta else [],
        problem=meta.get("problem"),
        payment_id=row.payment_id,
        proposal_id=row.proposal_id,
        ways_out=list(ways_of(row)) if row.resolved_at is None else [],
        can_undo=can_undo(row),
        resolution=row.resolution,
        note=meta.get("resolution"),
        created_at=row.created_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
    )


@router.get("/books/differences", summary="What does not fit, wherever it was found", dependencies=[READ])
async def list_books_differences(
    session: OrgTx,
    principal: StaffDep,
    state: Annotated[Literal["open", "settled"], Query()] = "open",
    source: Annotated[Literal["quickbooks", "stripe"] | None, Query()] = None,
    kind: Annotated[str | None, Query(pattern="^[a-z_-]{1,60}$")] = None,
    proposal_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[BooksDifference]:
    query = select(Difference).where(
        Difference.org_id == principal.org_id,
        Difference.resolved_at.is_(None) if state == "open" else Difference.resolved_at.is_not(None),
    )
    if source is not None:
        of_books = Difference.kind.startswith("qbo_", autoescape=True)
        query = query.where(of_books if source == "quickbooks" else ~of_books)
    if kind is not None:
        query = query.where(Difference.kind == kind)
    if proposal_id is not None:
        query = query.where(Difference.proposal_id == proposal_id)
    if (before := after(cursor)) is not None:
        query = query.where(Difference.id < before)
    found = await session.scalars(query.order_by(Difference.id.desc()).limit(limit + 1))
    rows, next_cursor = cut([_out(row) for row in found], limit)
    return Page(items=list(rows), next_cursor=next_cursor)


@router.get("/books/differences/{difference_id}", summary="One difference", dependencies=[READ])
async def get_books_difference(difference_id: int, session: OrgTx, principal: StaffDep) -> BooksDifference:
    return _out(await get_own(session, Difference, difference_id, principal.org_id))


class Bulk(BaseModel):
    """Only ways that write nothing to QuickBooks are taken in bulk; restoring is decided one by one."""

    ids: Annotated[list[int], Field(min_length=1, max_length=BULK_MAX)]
    way: Literal["accept", "unlink"]


class BulkDone(BaseModel):
    """`settled` were taken; `left` were not, because their kind has no such way or somebody settled them otherwise."""

    settled: list[int]
    left: list[int]


@router.post("/books/differences/bulk", summary="Settle several differences alike", dependencies=[WRITE])
async def settle_books_differences(body: Bulk, session: OrgTx, principal: StaffDep) -> BulkDone:
    done = BulkDone(settled=[], left=[])
    for difference_id in sorted(set(body.ids)):
        try:
            await ways_out.take(session, principal.org_id, difference_id, body.way, principal.actor)
        except Conflict:
            done.left.append(difference_id)
        else:
            done.settled.append(difference_id)
    return done


@router.post(
    "/books/differences/{difference_id}/undo",
    summary="Take back what was done about a difference",
    dependencies=[WRITE],
)
async def undo_books_difference(difference_id: int, session: OrgTx, principal: StaffDep) -> BooksDifference:
    return _out(await ways_out.undo(session, principal.org_id, difference_id, principal.actor))


@router.post(
    "/books/differences/{difference_id}/{way}",
    summary="Accept theirs, restore ours, or unlink",
    dependencies=[WRITE],
)
async def settle_books_difference(
    difference_id: int, way: Way, session: OrgTx, principal: StaffDep
) -> BooksDifference:
    return _out(await ways_out.take(session, principal.org_id, difference_id, way, principal.actor))


class Changes(BaseModel):
    """How far QuickBooks' changes are known (its own time), when they were last asked for, how many objects wait
    to be looked at, and whether its webhooks are set up."""

    known_until: datetime | None
    ran_at: datetime | None
    waiting: int
    webhooks: bool


@router.get("/books/changes", summary="How far QuickBooks' changes are known", dependencies=[READ])
async def get_books_changes(session: OrgTx, principal: StaffDep, state: StateDep) -> Changes:
    row = (
        await session.execute(
            text(
                "SELECT w.known_until, w.ran_at, (SELECT count(*) FROM qbo_changes c WHERE c.org_id = :org) "
                "FROM (SELECT 1) one LEFT JOIN qbo_tokens t ON t.org_id = :org "
                "LEFT JOIN qbo_watermarks w ON w.org_id = t.org_id AND w.realm_id = t.realm_id"
            ),
            {"org": principal.org_id},
        )
    ).one()
    hooked = state.settings.qbo_webhook_verifier_token is not None
    return Changes(known_until=row[0], ran_at=row[1], waiting=row[2], webhooks=hooked)


class Asked(BaseModel):
    asked: bool = True


@router.post("/books/changes/look", summary="Look for changes in QuickBooks now", dependencies=[WRITE])
async def look_for_books_changes(session: OrgTx, principal: StaffDep) -> Asked:
    await queue.enqueue(session, "catch_up_quickbooks", org_id=principal.org_id)
    return Asked()
