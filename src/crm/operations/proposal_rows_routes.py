"""The API of the console's list of proposals: each with its payment, its books and what happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.tables import ActivityEntry
from crm.dependencies import StateDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.inputs import SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cursor_for
from crm.kit.search import find
from crm.kit.settings import Settings
from crm.operations.activity_routes import FOLLOWS, ActivityOut, entries_out
from crm.payments.states import shown_state
from crm.proposals import pricing
from crm.proposals.tables import Proposal

router = APIRouter(tags=["overview"], dependencies=[require(Permission.READ)])
HISTORY_MAX = 200


class ProposalRow(BaseModel):
    """A proposal with where its money is. `books_state`: none, waiting, posting, posted, different, needs_you."""

    id: int
    title: str
    customer_name: str
    status: str
    total_minor: int
    currency: str
    deposit_minor: int
    payment_state: str
    paid_at: datetime | None
    books_state: str
    books_sentence: str | None
    problem_code: str | None
    posting_id: int | None
    qbo_invoice_id: str | None
    qbo_payment_id: str | None
    simulated: bool
    updated_at: datetime


# As proposals stand today; written so that the index by status is of use.
_OPEN = "(r.valid_until IS NULL OR r.valid_until >= :today)"
_STANDS_AS = {
    "sent": f"r.status = 'sent' AND {_OPEN}",
    "viewed": f"r.status = 'viewed' AND {_OPEN}",
    "expired": "(r.status = 'expired' OR r.status IN ('sent', 'viewed') AND r.valid_until < :today)",
}
_STORED_AS = {"expired": ("expired", "sent", "viewed")}
MATCHES_MAX = 1_000

_ROWS = """
    SELECT r.id, r.title, c.name,
      CASE WHEN r.status IN ('sent', 'viewed') AND r.valid_until < :today THEN 'expired' ELSE r.status END,
      r.total_minor, r.currency, p.amount_minor, p.state, coalesce(p.refunded_minor, 0),
      coalesce(p.disputed, false), p.paid_at,
      x.state, x.lease_until > :now, x.problem, x.id, i.qbo_id, q.qbo_id, coalesce(p.simulated, false),
      greatest(r.updated_at, p.updated_at, x.posted_at), r.deposit_percent, r.deposit_minor, d.sentence,
      x.problem_code
    FROM proposals r
    JOIN customers c ON c.org_id = r.org_id AND c.id = r.customer_id
    LEFT JOIN payments p ON p.org_id = r.org_id AND p.proposal_id = r.id AND p.part = 'deposit'
    LEFT JOIN postings x ON x.org_id = p.org_id AND x.payment_id = p.id AND x.kind = 'payment'
    LEFT JOIN LATERAL (SELECT qbo_id FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Invoice'
      AND l.local_kind = 'payment' AND l.local_id = p.id::text LIMIT 1) i ON true
    LEFT JOIN LATERAL (SELECT qbo_id FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Payment'
      AND l.local_kind = 'payment' AND l.local_id = p.id::text LIMIT 1) q ON true
    LEFT JOIN LATERAL (SELECT sentence FROM differences f WHERE f.org_id = p.org_id AND f.payment_id = p.id
      AND f.resolved_at IS NULL AND f.kind LIKE 'qbo\\_%' ORDER BY f.id LIMIT 1) d ON true
    WHERE r.org_id = :org
"""


@router.get("/overview/proposals", summary="Proposals with their payment and their books")
async def list_proposal_rows(
    session: OrgTx,
    principal: StaffDep,
    state: StateDep,
    status: Annotated[
        str | None, Query(pattern="^(draft|sent|viewed|approved|declined|expired|superseded|cancelled)$")
    ] = None,
    q: Annotated[SearchText | None, Query(description="Words of the title, number or customer.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ProposalRow]:
    where, values = "", await _values(session, principal.org_id)
    if status is not None:
        where += f" AND {_STANDS_AS.get(status, 'r.status = :status')}"
        values["status"] = status
    before = after(cursor)
    if q:
        where += " AND r.id = ANY (:found)"
        only = _STORED_AS.get(status, (status,)) if status is not None else None
        # Which of those that match have expired shows only afterwards; without a status all that match do.
        most = (
            limit + 1
            if status in {None, "draft", "approved", "declined", "superseded", "cancelled"}
            else MATCHES_MAX
        )
        values["found"] = await find(
            session, principal.org_id, "proposals", q, before=before, most=most, only=only
        )
    if before is not None:
        where += " AND r.id < :before"
        values["before"] = before
    rows = (
        await session.execute(
            text(f"{_ROWS} {where} ORDER BY r.id DESC LIMIT :most"), values | {"most": limit + 1}
        )
    ).all()
    org = await session.get_one(Org, principal.org_id)
    items = [_row(row, org, state.settings) for row in rows[:limit]]
    return Page(items=items, next_cursor=cursor_for(items[-1].id) if len(rows) > limit else None)


@router.get("/overview/proposals/{proposal_id}", summary="One proposal's payment and books")
async def get_proposal_row(
    proposal_id: int, session: OrgTx, principal: StaffDep, state: StateDep
) -> ProposalRow:
    await get_own(session, Proposal, proposal_id, principal.org_id)
    row = (
        await session.execute(
            text(f"{_ROWS} AND r.id = :id"),
            await _values(session, principal.org_id) | {"id": proposal_id},
        )
    ).one()
    return _row(row, await session.get_one(Org, principal.org_id), state.settings)


async def _values(session: AsyncSession, org_id: int) -> dict[str, Any]:
    """`today` is the company's, as wherever a proposal's last day counts."""
    org, now = await session.get_one(Org, org_id), clock.now()
    return {"org": org_id, "now": now, "today": now.astimezone(ZoneInfo(org.time_zone)).date()}


def _row(row: Any, org: Org, settings: Settings) -> ProposalRow:
    rule = pricing.deposit_rule(row[19], row[20], org.deposit_percent, settings.deposit_percent)
    due = pricing.deposit(row[4], row[5], rule)  # until a payment holds the amount for good
    state = shown_state(row[7], row[6], row[8], disputed=row[9]) if row[7] else "due"
    paid = row[10] is not None
    books = "none" if not paid else row[11] or "waiting"
    if books == "waiting" and row[12]:
        books = "posting"
    if books == "posted" and row[21] is not None:
        books = "different"
    return ProposalRow(
        id=row[0],
        title=row[1],
        customer_name=row[2],
        status=row[3],
        total_minor=row[4],
        currency=row[5],
        deposit_minor=row[6] if row[6] is not None else due,
        payment_state=state,
        paid_at=row[10],
        books_state=books,
        books_sentence=row[13] or row[21],
        problem_code=row[22],
        posting_id=row[14],
        qbo_invoice_id=row[15],
        qbo_payment_id=row[16],
        simulated=row[17],
        updated_at=row[18],
    )


@router.get(
    "/overview/proposals/{proposal_id}/history", summary="What happened to one proposal, told briefly"
)
async def list_proposal_history(proposal_id: int, session: OrgTx, principal: StaffDep) -> list[ActivityOut]:
    """Without what follows of itself (a mail's link, a paper made); the log (`/activity?proposal_id=`) has all."""
    await get_own(session, Proposal, proposal_id, principal.org_id)
    found = await session.scalars(
        select(ActivityEntry)
        .where(ActivityEntry.org_id == principal.org_id, ActivityEntry.proposal_id == proposal_id, ~FOLLOWS)
        .order_by(ActivityEntry.id.desc())
        .limit(HISTORY_MAX)
    )
    return await entries_out(session, principal.org_id, found.all())
