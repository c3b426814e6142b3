"""The API of reconciliation: run it, see its history, its figures and what differed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from crm.accounting.comeback.noticing import open_of
from crm.accounting.reconcile.causes import CAUSES
from crm.accounting.reconcile.run import begin
from crm.accounting.reconcile.shapes import (
    NewReconciliation,
    ReconciliationDetail,
    ReconciliationDifferenceOut,
    ReconciliationOut,
    detail,
)
from crm.accounting.reconcile.tables import Reconciliation, ReconciliationDifference
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cursor_for, cut

router = APIRouter(tags=["books"], route_class=IdempotentRoute)
READ = require(Permission.BOOKS_READ)
WRITE = require(Permission.BOOKS_WRITE)
RunId = Annotated[int, Path(ge=1, le=ID_MAX)]
Month = Annotated[
    str | None,
    Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="Runs that lie in this month, like 2026-11."),
]

Day = Annotated[date | None, Query(description="Runs that begin, or end, on exactly this day.")]

Causes = Annotated[
    list[str] | None, Query(max_length=len(CAUSES), description="Only those with these causes.")
]


@router.post(
    "/reconciliations",
    status_code=202,
    summary="Compare Stripe, PeakPro and QuickBooks now",
    dependencies=[WRITE, once],
)
async def start_reconciliation(
    body: NewReconciliation, session: OrgTx, principal: StaffDep
) -> ReconciliationOut:
    org = await session.get_one(Org, principal.org_id)
    row = await begin(session, org, body.from_day, body.to_day, principal.actor)
    return ReconciliationOut.model_validate(row, from_attributes=True)


@router.get("/reconciliations", summary="Runs of the reconciliation, newest first", dependencies=[READ])
async def list_reconciliations(
    session: OrgTx,
    principal: StaffDep,
    month: Month = None,
    from_day: Day = None,
    to_day: Day = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReconciliationOut]:
    query = select(Reconciliation).where(Reconciliation.org_id == principal.org_id)
    if from_day is not None:
        query = query.where(Reconciliation.from_day == from_day)
    if to_day is not None:
        query = query.where(Reconciliation.to_day == to_day)
    if month is not None:
        first = date.fromisoformat(f"{month}-01")
        following = (first + timedelta(days=32)).replace(day=1)
        query = query.where(Reconciliation.from_day >= first, Reconciliation.to_day < following)
    if (before := after(cursor)) is not None:
        query = query.where(Reconciliation.id < before)
    found = await session.scalars(query.order_by(Reconciliation.id.desc()).limit(limit + 1))
    rows, next_cursor = cut(found.all(), limit)
    return Page(
        items=[ReconciliationOut.model_validate(row, from_attributes=True) for row in rows],
        next_cursor=next_cursor,
    )


@router.get("/reconciliations/{run_id}", summary="One run with its figures", dependencies=[READ])
async def get_reconciliation(run_id: RunId, session: OrgTx, principal: StaffDep) -> ReconciliationDetail:
    return detail(await get_own(session, Reconciliation, run_id, principal.org_id))


@router.get(
    "/reconciliations/{run_id}/differences",
    summary="What did not agree, newest day first; at most 500 are kept",
    dependencies=[READ],
)
async def list_reconciliation_differences(
    run_id: RunId,
    session: OrgTx,
    principal: StaffDep,
    cause: Causes = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReconciliationDifferenceOut]:
    await get_own(session, Reconciliation, run_id, principal.org_id)
    query = select(ReconciliationDifference).where(
        ReconciliationDifference.org_id == principal.org_id, ReconciliationDifference.run_id == run_id
    )
    if cause:
        query = query.where(ReconciliationDifference.cause.in_(cause))
    if (last := after(cursor)) is not None:
        query = query.where(ReconciliationDifference.position > last)
    found = await session.scalars(query.order_by(ReconciliationDifference.position).limit(limit + 1))
    rows = found.all()
    more = len(rows) > limit
    differ = await open_of(session, principal.org_id, [_document(row) for row in rows if row.document])
    items = [_shown(row, differ.get(_document(row))) for row in rows[:limit]]
    return Page(items=items, next_cursor=cursor_for(items[-1].position) if more else None)


def _document(row: ReconciliationDifference) -> tuple[str, str]:
    entity, _, qbo_id = (row.document or "").partition(" ")
    return entity, qbo_id


def _shown(row: ReconciliationDifference, difference_id: int | None) -> ReconciliationDifferenceOut:
    values = {
        name: getattr(row, name) for name in ReconciliationDifferenceOut.model_fields if hasattr(row, name)
    }
    return ReconciliationDifferenceOut(
        **values, settles=CAUSES[row.cause].settles, difference_id=difference_id
    )
