"""What a change order or a cancellation would do to the money of a contract, told before it is done; stores nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.times import Moment
from crm.payments.parts import parts_of, replanned
from crm.payments.refunds import refundable
from crm.payments.tables import Payment
from crm.proposals import lifecycle
from crm.proposals.change_orders import must_be_approved, priced
from crm.proposals.change_shapes import ChangeOrderIn
from crm.proposals.lifecycle import Status
from crm.proposals.schedule import Part
from crm.proposals.tables import Proposal

NEW_PART = "change:new"


class ForeseenPart(BaseModel):
    """One payment, in minor units: null before when it would be new, null after when it would fall away."""

    key: str
    name: str
    state: str
    before_minor: int | None
    after_minor: int | None


class ForeseenChange(BaseModel):
    """A change order as though the customer had signed it now. Minor units of `currency`."""

    subtotal_minor: int
    tax_minor: int
    total_minor: int
    contract_before_minor: int
    contract_after_minor: int
    currency: str
    parts: list[ForeseenPart]
    overpaid_minor: int


class ForeseenCancellation(BaseModel):
    """`refund_minor` goes back at once; `processing_minor` is under way and goes back when it clears."""

    refund_minor: int
    processing_minor: int
    currency: str
    cancel_until: Moment | None
    in_time: bool


async def foresee_change(
    session: AsyncSession, org_id: int, proposal_id: int, change: ChangeOrderIn
) -> ForeseenChange:
    """By the rules that its approval follows. Raises NotFound, Conflict (no contract) or Invalid (a total that
    cannot be)."""
    proposal = await get_own(session, Proposal, proposal_id, org_id)
    must_be_approved(proposal)
    totals = priced(proposal, change.lines)
    before = proposal.total_minor + proposal.changes_minor
    after = before + totals.total_minor
    rows = [row for row in await parts_of(session, proposal) if row.state != "void"]
    done = await replanned(session, proposal, rows, after, Part(NEW_PART, change.title, 0))
    return ForeseenChange(
        subtotal_minor=totals.subtotal_minor,
        tax_minor=totals.tax_minor,
        total_minor=totals.total_minor,
        contract_before_minor=before,
        contract_after_minor=after,
        currency=proposal.currency,
        parts=_compared(rows, done.parts),
        overpaid_minor=done.overpaid_minor,
    )


def _compared(rows: Sequence[Payment], parts: Sequence[Part]) -> list[ForeseenPart]:
    """In the order of payment: what there is, with what becomes of it, then what is new."""
    after = {part.key: part.amount_minor for part in parts}
    there = [
        ForeseenPart(
            key=row.part,
            name=row.name,
            state=row.state,
            before_minor=row.amount_minor,
            after_minor=after.get(row.part),
        )
        for row in rows
    ]
    known = {row.part for row in rows}
    new = [
        ForeseenPart(
            key=part.key,
            name=part.name,
            state="planned",
            before_minor=None,
            after_minor=part.amount_minor,
        )
        for part in parts
        if part.key not in known
    ]
    return [*there, *new]


async def foresee_cancellation(session: AsyncSession, org_id: int, proposal_id: int) -> ForeseenCancellation:
    """Raises NotFound, and Conflict for what cannot be cancelled."""
    proposal = await get_own(session, Proposal, proposal_id, org_id)
    lifecycle.move(Status(proposal.status), Status.CANCELLED)
    until: datetime | None = proposal.cancel_until
    return ForeseenCancellation(
        refund_minor=await _refund_minor(session, proposal),
        processing_minor=await _processing_minor(session, proposal),
        currency=proposal.currency,
        cancel_until=until,
        in_time=until is not None and clock.now() < until,
    )


async def _refund_minor(session: AsyncSession, proposal: Proposal) -> int:
    """What a cancellation would give back at once, in minor units."""
    found = await session.scalar(
        select(func.coalesce(func.sum(refundable()), 0)).where(
            Payment.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            Payment.paid_at.is_not(None),
        )
    )
    return int(found or 0)


async def _processing_minor(session: AsyncSession, proposal: Proposal) -> int:
    found = await session.scalar(
        select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(
            Payment.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            Payment.state == "processing",
        )
    )
    return int(found or 0)
