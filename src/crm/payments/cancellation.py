"""Ends an approved contract: nothing more may be paid, and what was paid goes back in full."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict
from crm.kit.money import format_money
from crm.payments.parts import close_page, open_page, parts_of
from crm.payments.refunds import CANCELLED, order_refund, refundable
from crm.payments.states import SETTLED
from crm.payments.tables import Payment
from crm.proposals import lifecycle
from crm.proposals.change_orders import withdraw_all
from crm.proposals.lifecycle import Status
from crm.proposals.tables import Proposal


async def cancel(
    session: AsyncSession,
    org_id: int,
    proposal_id: int,
    *,
    reason: str,
    actor: str,
    by_customer: bool,
    refund_minor: int | None = None,
) -> Proposal:
    """Cancels; again changes nothing. The customer may until `cancel_until`, the office at any time.

    Raises NotFound or Conflict, also when `refund_minor` is given and another amount would go back. A bank transfer that is under way is given back when it clears (`refund_paid`).
    """
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=True)
    if proposal.status == Status.CANCELLED:
        return proposal
    lifecycle.move(Status(proposal.status), Status.CANCELLED)
    if by_customer:
        _must_be_in_time(proposal)
    for part in await parts_of(session, proposal, lock=True):
        if part.state in SETTLED or part.state == "void":
            continue
        if (page := await open_page(session, part)) is not None:
            await close_page(session, part, page)
        part.state = "void"
    await withdraw_all(session, proposal)
    proposal.status, proposal.cancelled_at = Status.CANCELLED, clock.now()
    proposal.cancel_reason, proposal.cancelled_by = reason, actor
    await session.flush()
    back = await refund_paid(session, proposal, actor=actor)
    if refund_minor is not None and back != refund_minor:
        raise Conflict(
            f"Meanwhile it is {format_money(back, proposal.currency)} that would go back, not "
            f"{format_money(refund_minor, proposal.currency)}. Please look at the amount and cancel again.",
            kind="amount-differs",
            refund_minor=back,
        )
    await record(
        session, org_id, Event.PROPOSAL_CANCELLED, proposal_id=proposal_id, actor=actor, reason=reason,
        amount_cents=back, currency=proposal.currency,
    )  # fmt: skip
    return proposal


def _must_be_in_time(proposal: Proposal) -> None:
    if proposal.cancel_until is None or clock.now() >= proposal.cancel_until:
        raise Conflict(
            "The time in which you can cancel by yourself has passed. Please call or write to the contractor.",
            kind="cancel-too-late",
        )


async def refund_paid(session: AsyncSession, proposal: Proposal, *, actor: str) -> int:
    """Orders a refund of everything paid on a cancelled contract that has not gone back; how much, in minor units.

    Safe to repeat: what was ordered is no longer left to give back.
    """
    if proposal.status != Status.CANCELLED:
        return 0
    rows = await session.execute(
        select(Payment.id, refundable())
        .where(
            Payment.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            Payment.paid_at.is_not(None),
        )
        .order_by(Payment.position, Payment.id)
    )
    back = 0
    for payment_id, left in rows.all():
        if left <= 0:
            continue
        await order_refund(
            session,
            proposal.org_id,
            payment_id,
            amount_minor=left,
            reason=CANCELLED,
            note="The contract was cancelled.",
            actor=actor,
        )
        back += left
    return back
