"""The month-close report of a reconciliation, to download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.reconcile.shapes import ReconciliationDetail, detail
from crm.accounting.reconcile.tables import Reconciliation, ReconciliationDifference
from crm.files.keeping import content_of
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.errors import Conflict
from crm.kit.inputs import ID_MAX
from crm.papers import month_close
from crm.papers.typesetting import typeset

router = APIRouter(tags=["papers"])
READ = require(Permission.BOOKS_READ)
RunId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get(
    "/reconciliations/{run_id}/report.pdf",
    summary="The month-close report as PDF",
    dependencies=[READ],
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def get_month_close(run_id: RunId, session: OrgTx, principal: StaffDep) -> Response:
    org = await session.get_one(Org, principal.org_id)
    run, differences = await _done(session, principal.org_id, run_id)
    logo = None
    if org.logo_file_id is not None:
        _, logo = await content_of(session, org.id, org.logo_file_id)
    paper = month_close.report(org, run, differences, logo=logo)
    return _file(await typeset(paper), "application/pdf", f"{paper.name}.pdf", shown=True)


@router.get(
    "/reconciliations/{run_id}/report.csv",
    summary="The month-close report as a table",
    dependencies=[READ],
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
async def get_month_close_table(run_id: RunId, session: OrgTx, principal: StaffDep) -> Response:
    run, differences = await _done(session, principal.org_id, run_id)
    name = f"month-close-{run.from_day}-{run.to_day}.csv"
    return _file(month_close.as_csv(run, differences).encode(), "text/csv; charset=utf-8", name, shown=False)


async def _done(
    session: AsyncSession, org_id: int, run_id: int
) -> tuple[ReconciliationDetail, list[ReconciliationDifference]]:
    row = await get_own(session, Reconciliation, run_id, org_id)
    if row.state != "done":
        raise Conflict(
            "This run is not done, so there is nothing to report yet. Compare again first.", kind="not-done"
        )
    found = await session.scalars(
        select(ReconciliationDifference)
        .where(ReconciliationDifference.org_id == org_id, ReconciliationDifference.run_id == run_id)
        .order_by(ReconciliationDifference.position)
    )
    return detail(row), list(found)


def _file(content: bytes, media_type: str, name: str, *, shown: bool) -> Response:
    disposition = f'{"inline" if shown else "attachment"}; filename="{name}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": disposition})
