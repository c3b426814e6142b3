"""What reads at QuickBooks cost, and what is left of them this month: for one company and for all of us together.

Intuit counts answered reads (CorePlus) over all companies of the app and blocks them when 500,000 are used up in a
month; writes are free (facts/quickbooks.md 2.11). So reads are given up in the order in which they can be missed:
checks first, then what comes back from QuickBooks, and what a posting needs at the very last.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import sync_log
from crm.accounting.context import Books
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call
from crm.kit import clock
from crm.kit.errors import Unavailable

ORG_READS_DEFAULT = (
    5_000  # a month; a company with 100 jobs needs well under 1,000 (tests/integration/test_quota.py)
)
ORG_READS_MAX = 500_000
NO_CHECKS_AT, WRITES_ONLY_AT, NOTHING_AT = 0.80, 0.95, 1.0
ALARMS = (0.60, 0.80, 0.95)
LISTENING = frozenset({"cdc", "read_changed"})  # what webhooks and the daily look need
RETRY_SECONDS = 6 * 3600.0
CODE = "reads-used-up"

Level = Literal["all", "no_checks", "writes_only", "nothing"]


@dataclass(frozen=True, slots=True)
class Quota:
    """This month's metered reads, UTC. `all_used` and `all_budget` are those of all companies together."""

    used: int
    budget: int
    all_used: int
    all_budget: int

    @property
    def share(self) -> float:
        """The part used of whichever budget is nearer to its end."""
        return max(self.used / self.budget, self.all_used / self.all_budget)

    @property
    def level(self) -> Level:
        if self.share >= NOTHING_AT:
            return "nothing"
        if self.share >= WRITES_ONLY_AT:
            return "writes_only"
        return "no_checks" if self.share >= NO_CHECKS_AT else "all"


def allows(level: Level, operation: str, *, for_posting: bool) -> bool:
    """Whether a read may still be made at this level. Writes are never asked about."""
    if level == "all":
        return True
    if for_posting:  # also the look before a write is repeated: without it something might stand there twice
        return level != "nothing"
    return level == "no_checks" and operation in LISTENING


async def read(session: AsyncSession, org_id: int, all_budget: int) -> Quota:
    row = (
        await session.execute(
            text(
                "SELECT (SELECT coalesce(sum(metered), 0) FROM qbo_usage WHERE org_id = :org AND day >= :month), "
                "(SELECT reads FROM qbo_budgets WHERE org_id = :org), (SELECT reads FROM crm_metered_reads(:month))"
            ),
            {"org": org_id, "month": month_of(clock.now().date())},
        )
    ).one()
    return Quota(int(row[0]), int(row[1] or ORG_READS_DEFAULT), int(row[2] or 0), all_budget)


async def ask_leave(books: Books, org_id: int, call: Call) -> None:
    """Before a metered read. Raises Unavailable when this kind of read must wait for the next month."""
    if not call.metered:
        return
    async with books.db.transaction(org_id) as session:
        quota = await read(session, org_id, books.settings.qbo_reads_per_month)
    if allows(quota.level, call.operation, for_posting=sync_log.at_work()):
        return
    whose = (
        f"{quota.used:,} of this company's {quota.budget:,}"
        if quota.used / quota.budget >= quota.all_used / quota.all_budget
        else f"{quota.all_used:,} of all companies' {quota.all_budget:,}"
    )
    raise Unavailable(
        f"This month's reads from QuickBooks are nearly used up ({whose}), so this read waits until the month ends or "
        "the budget is raised (Books > Quota). Writing into the books goes on.",
        code=CODE,
        retry_after_seconds=RETRY_SECONDS,
    )


async def raise_alarms(session: AsyncSession, org_id: int, all_budget: int) -> float | None:
    """Says once a month and step that 60, 80 or 95 % are used; the step said now, None when there was none."""
    quota, month = await read(session, org_id, all_budget), month_of(clock.now().date())
    reached = max((step for step in ALARMS if quota.share >= step), default=None)
    if reached is None:
        return None
    said = await session.execute(
        text(
            "INSERT INTO qbo_budgets AS b (org_id, alarmed_month, alarmed_percent) VALUES (:org, :month, :percent) "
            "ON CONFLICT (org_id) DO UPDATE SET alarmed_month = :month, alarmed_percent = :percent "
            "WHERE b.alarmed_month IS DISTINCT FROM :month OR b.alarmed_percent < :percent RETURNING 1"
        ),
        {"org": org_id, "month": month, "percent": round(reached * 100)},
    )
    if said.first() is None:
        return None
    await record(
        session,
        org_id,
        Event.QBO_READS_ALARM,
        percent=round(reached * 100),
        used=quota.used,
        budget=quota.budget,
        forecast=forecast(quota.used, clock.now().date()),
    )
    return reached


def forecast(used: int, today: date) -> int:
    """What the month will end with if it goes on as until today; today counts as whole, so early days do not cry wolf."""
    days = calendar.monthrange(today.year, today.month)[1]
    return round(used / today.day * days)


def month_of(day: date) -> date:
    return day.replace(day=1)
