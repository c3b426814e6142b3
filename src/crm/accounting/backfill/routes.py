"""The API of taking in what waited: what chosen days would do, doing it, how far it is, and stopping it."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.backfill import days as backfill
from crm.accounting.tables import QboToken
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.inputs import Input
from crm.kit.times import Moment

router = APIRouter(prefix="/books/backfill", tags=["books"], route_class=IdempotentRoute)


class BackfillDays(Input):
    """In the company's time zone, both included. Without `from_day` nothing is too old, without `to_day` nothing too new."""

    from_day: date | None = None
    to_day: date | None = None


class BackfillAmount(BaseModel):
    currency: str
    amount_minor: int


class BackfillPart(BaseModel):
    """Payments that wait or need a person, or were left out by an earlier choice of days. `others`: the refunds, fees,
    payouts and disputes of these days."""

    payments: int
    amounts: list[BackfillAmount]
    others: int


class BackfillPlan(BaseModel):
    """What these days would do. `minutes`: at the rate that QuickBooks allows, at least."""

    taken: BackfillPart
    left_out: BackfillPart
    minutes: int


class BackfillRun(BaseModel):
    """The one that was begun last. `running`: some of what waited then still waits; the others stand in the books
    (`posted`) or need a person."""

    id: int
    from_day: date | None
    to_day: date | None
    started_by: str
    started_at: Moment
    cancelled_at: Moment | None
    running: bool
    posted: int
    waiting: int
    needs_you: int
    minutes_left: int


class BackfillOut(BaseModel):
    """`connected` false: what was chosen begins when QuickBooks is connected."""

    connected: bool
    run: BackfillRun | None


@router.get(
    "",
    summary="How far taking in the payments that waited is",
    dependencies=[require(Permission.BOOKS_READ)],
)
async def get_backfill(session: OrgTx, principal: StaffDep) -> BackfillOut:
    return await _now(session, principal.org_id)


@router.get(
    "/plan",
    summary="What choosing these days would take in and leave out; changes nothing",
    dependencies=[require(Permission.BOOKS_READ)],
)
async def plan_backfill(
    session: OrgTx,
    principal: StaffDep,
    from_day: date | None = None,
    to_day: date | None = None,
) -> BackfillPlan:
    plan = await backfill.plan(session, principal.org_id, backfill.Days(from_day, to_day))
    return BackfillPlan.model_validate(plan, from_attributes=True)


@router.post(
    "",
    status_code=201,
    summary="Take in the payments of these days, and leave out the others that wait",
    dependencies=[require(Permission.BOOKS_WRITE), once],
)
async def start_backfill(body: BackfillDays, session: OrgTx, principal: StaffDep) -> BackfillOut:
    await backfill.start(
        session, principal.org_id, backfill.Days(body.from_day, body.to_day), principal.actor
    )
    return await _now(session, principal.org_id)


@router.post(
    "/cancel",
    summary="Stop: what still waits is left out until days are chosen again",
    dependencies=[require(Permission.BOOKS_WRITE)],
)
async def cancel_backfill(session: OrgTx, principal: StaffDep) -> BackfillOut:
    await backfill.cancel(session, principal.org_id, principal.actor)
    return await _now(session, principal.org_id)


async def _now(session: AsyncSession, org_id: int) -> BackfillOut:
    token = await session.get(QboToken, org_id)
    connected = token is not None and token.disconnected_at is None and token.refresh_token is not None
    found = await backfill.newest(session, org_id)
    if found is None:
        return BackfillOut(connected=connected, run=None)
    row = found.row
    run = BackfillRun(
        id=row.id,
        from_day=row.from_day,
        to_day=row.to_day,
        started_by=row.started_by,
        started_at=row.started_at,
        cancelled_at=row.cancelled_at,
        running=found.running,
        posted=found.posted,
        waiting=found.waiting,
        needs_you=found.needs_you,
        minutes_left=backfill.minutes_for(found.waiting) if found.running else 0,
    )
    return BackfillOut(connected=connected, run=run)
