"""How selling goes: the way from sent to paid, deposits, time to payment, leads by source, and how long money waits."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit import clock

router = APIRouter(tags=["overview"])
DAYS = 90
DAYS_MAX = 730
SOURCES_MAX = 20
# Ends of the ages, in seconds, and their words; what is older than the last end has words of its own.
AGES = (
    (3_600, "up to an hour"),
    (86_400, "up to a day"),
    (3 * 86_400, "up to 3 days"),
    (7 * 86_400, "up to a week"),
)
OLDER = "more than a week"


class Funnel(BaseModel):
    """Proposals that were sent within these days, and how far each has come since. `paid`: at least one payment."""

    sent: int
    viewed: int
    approved: int
    paid: int
    paid_minor: int


class LeadSource(BaseModel):
    """Leads that came within these days. `proposal`: their customer got an offer since; `paid`: and paid on one."""

    source: str | None
    leads: int
    converted: int
    proposal: int
    paid: int


class WaitingAge(BaseModel):
    """Paid money that does not stand in the books yet, by how long ago it was paid."""

    words: str
    count: int
    amount_minor: int


class Figures(BaseModel):
    """Amounts are minor units of the company's currency; other currencies are counted, not summed. A deposit is the
    first payment after an approval; both means are null while there is none. `ages` is empty for who may not see the
    books."""

    days: int
    currency: str
    funnel: Funnel
    deposits: int
    average_deposit_minor: int | None
    approval_to_payment_seconds: float | None
    sources: list[LeadSource]
    ages: list[WaitingAge]


@router.get(
    "/overview/figures",
    summary="Conversion, deposits, time to payment, leads by source, ages of what waits",
    dependencies=[require(Permission.PAYMENTS_READ)],
)
async def get_figures(
    session: OrgTx, principal: StaffDep, days: Annotated[int, Query(ge=1, le=DAYS_MAX)] = DAYS
) -> Figures:
    org = await session.get_one(Org, principal.org_id)
    now = clock.now()
    values = {"org": org.id, "currency": org.currency, "since": now - timedelta(days=days), "now": now}
    funnel = (await session.execute(text(_FUNNEL), values)).one()
    deposit = (await session.execute(text(_DEPOSITS), values)).one()
    sources = (await session.execute(text(_SOURCES), values | {"most": SOURCES_MAX})).all()
    return Figures(
        days=days,
        currency=org.currency,
        funnel=Funnel(
            sent=funnel[0], viewed=funnel[1], approved=funnel[2], paid=funnel[3], paid_minor=int(funnel[4])
        ),
        deposits=deposit[0],
        average_deposit_minor=None if deposit[1] is None else int(deposit[1]),
        approval_to_payment_seconds=None if deposit[2] is None else float(deposit[2]),
        sources=[
            LeadSource(source=row[0], leads=row[1], converted=row[2], proposal=row[3], paid=row[4])
            for row in sources
        ],
        ages=await _ages(session, values) if principal.may(Permission.BOOKS_READ) else [],
    )


async def _ages(session: AsyncSession, values: dict[str, Any]) -> list[WaitingAge]:
    waiting = (await session.execute(text(_WAITING), values | {"ends": [end for end, _ in AGES]})).all()
    by_age = {row[0]: (row[1], int(row[2])) for row in waiting}
    words = [word for _, word in AGES] + [OLDER]
    return [
        WaitingAge(words=word, count=by_age.get(place, (0, 0))[0], amount_minor=by_age.get(place, (0, 0))[1])
        for place, word in enumerate(words)
    ]


# Approving or paying shows that it was seen, also when the page's own word of it got lost.
_FUNNEL = """
    SELECT count(*), count(*) FILTER (WHERE r.viewed_at IS NOT NULL OR r.approved_at IS NOT NULL OR p.times > 0),
      count(*) FILTER (WHERE r.approved_at IS NOT NULL), count(*) FILTER (WHERE p.times > 0),
      coalesce(sum(p.minor), 0)
    FROM proposals r
    LEFT JOIN LATERAL (
      SELECT count(*) AS times, sum(amount_minor) FILTER (WHERE currency = :currency) AS minor
      FROM payments p WHERE p.org_id = r.org_id AND p.proposal_id = r.id AND p.paid_at IS NOT NULL
    ) p ON true
    WHERE r.org_id = :org AND r.sent_at >= :since
"""

# The log's own times and amounts, as Prometheus counts them (`metrics/log_fold.py`).
_DEPOSITS = """
    SELECT count(*), round(avg(d.minor) FILTER (WHERE d.currency = :currency)),
      avg(extract(epoch FROM d.at - a.created_at))
    FROM portal_activity_log a
    CROSS JOIN LATERAL (
      SELECT s.created_at AS at, (s.meta->>'amount_cents')::bigint AS minor, coalesce(s.meta->>'currency', 'USD') AS currency
      FROM portal_activity_log s WHERE s.org_id = a.org_id AND s.proposal_id = a.proposal_id
        AND s.event = 'payment_success' AND s.seq > a.seq ORDER BY s.seq LIMIT 1
    ) d
    WHERE a.org_id = :org AND a.event = 'approve' AND d.at >= :since
"""

_SOURCES = """
    SELECT l.source, count(*), count(l.customer_id), count(*) FILTER (WHERE offered), count(*) FILTER (WHERE paid)
    FROM (
      SELECT l.source, l.customer_id, r.offered, r.paid FROM leads l
      CROSS JOIN LATERAL (
        SELECT count(*) > 0 AS offered, coalesce(bool_or(EXISTS (SELECT 1 FROM payments p WHERE p.org_id = r.org_id
          AND p.proposal_id = r.id AND p.paid_at IS NOT NULL)), false) AS paid
        FROM proposals r WHERE r.org_id = l.org_id AND r.customer_id = l.customer_id
          AND r.sent_at IS NOT NULL AND r.created_at >= l.created_at
      ) r
      WHERE l.org_id = :org AND l.created_at >= :since AND l.status NOT IN ('spam', 'duplicate')
    ) l GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT :most
"""

_WAITING = """
    SELECT width_bucket(extract(epoch FROM :now - p.paid_at)::float8, CAST(:ends AS float8[])) AS place,
      count(*), coalesce(sum(p.amount_minor) FILTER (WHERE p.currency = :currency), 0)
    FROM payments p WHERE p.org_id = :org AND p.paid_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Payment' AND l.local_kind = 'payment'
        AND l.local_id = p.id::text)
    GROUP BY 1
"""
