"""The API of the quota: reads used and to come, by day and operation, and the company's own budget."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import quota
from crm.accounting.sync_log_words import doing
from crm.activity.events import Event
from crm.activity.log import record
from crm.dependencies import StateDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit import clock

router = APIRouter(prefix="/qbo/quota", tags=["books"])


class QuotaDay(BaseModel):
    day: date
    reads: int


class QuotaOperation(BaseModel):
    operation: str
    doing: str
    calls: int
    reads: int


class QuotaOut(BaseModel):
    """This month, UTC. `level`: all, no_checks (only webhooks, the daily look and what postings need), writes_only
    (only what postings need), nothing. `all_*` are all companies of this installation together."""

    month: str
    used: int
    budget: int
    forecast: int
    percent: float
    all_used: int
    all_budget: int
    level: Literal["all", "no_checks", "writes_only", "nothing"]
    days: list[QuotaDay]
    operations: list[QuotaOperation]


class Budget(BaseModel):
    reads: Annotated[int, Field(ge=100, le=quota.ORG_READS_MAX)]


@router.get("", summary="This month's metered reads", dependencies=[require(Permission.BOOKS_READ)])
async def get_qbo_quota(session: OrgTx, principal: StaffDep, state: StateDep) -> QuotaOut:
    return await _quota(session, principal.org_id, state.settings.qbo_reads_per_month)


@router.put(
    "/budget", summary="Set the company's reads a month", dependencies=[require(Permission.BOOKS_WRITE)]
)
async def set_qbo_budget(body: Budget, session: OrgTx, principal: StaffDep, state: StateDep) -> QuotaOut:
    await session.execute(
        text(
            "INSERT INTO qbo_budgets (org_id, reads) VALUES (:org, :reads) "
            "ON CONFLICT (org_id) DO UPDATE SET reads = :reads, alarmed_percent = 0"
        ),
        {"org": principal.org_id, "reads": body.reads},
    )
    await record(session, principal.org_id, Event.QBO_BUDGET_SET, actor=principal.actor, reads=body.reads)
    return await _quota(session, principal.org_id, state.settings.qbo_reads_per_month)


async def _quota(session: AsyncSession, org_id: int, all_budget: int) -> QuotaOut:
    now = await quota.read(session, org_id, all_budget)
    today = clock.now().date()
    values = {"org": org_id, "month": quota.month_of(today), "today": today}
    days = await session.execute(
        text(
            "SELECT d::date, coalesce(sum(u.metered), 0) FROM generate_series(cast(:month AS date), :today, "
            "interval '1 day') d LEFT JOIN qbo_usage u ON u.org_id = :org AND u.day = d::date GROUP BY 1 ORDER BY 1"
        ),
        values,
    )
    operations = await session.execute(
        text(
            "SELECT operation, sum(calls), sum(metered) FROM qbo_usage WHERE org_id = :org AND day >= :month "
            "GROUP BY 1 ORDER BY 3 DESC, 2 DESC, 1"
        ),
        values,
    )
    return QuotaOut(
        month=today.strftime("%Y-%m"),
        used=now.used,
        budget=now.budget,
        forecast=quota.forecast(now.used, today),
        percent=round(now.share * 100, 1),
        all_used=now.all_used,
        all_budget=now.all_budget,
        level=now.level,
        days=[QuotaDay(day=row[0], reads=int(row[1])) for row in days],
        operations=[
            QuotaOperation(operation=row[0], doing=doing(row[0]), calls=int(row[1]), reads=int(row[2]))
            for row in operations
        ],
    )
