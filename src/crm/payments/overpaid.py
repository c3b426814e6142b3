"""What was paid beyond the agreed total after a credit, and how much of it has gone back.

Only refunds with the reason "overpaid" count here: money given back for another reason leaves the price and the
schedule as they are.
"""

from __future__ import annotations

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit import clock
from crm.kit.database import raw
from crm.kit.money import format_money
from crm.payments import differences
from crm.payments.differences import RESOLVED_BY_STRIPE, Found
from crm.payments.states import REFUND_GONE, SETTLED
from crm.payments.tables import Difference, Payment, Refund, RefundOrder
from crm.proposals import pricing
from crm.proposals.lifecycle import Status
from crm.proposals.tables import Proposal

OVERPAID = "overpaid"


async def agreed_minor(session: AsyncSession, proposal: Proposal) -> int:
    """What the parts of the schedule sum to: the payable total, and what was paid beyond it and went back."""
    payable = pricing.payable_total(proposal.total_minor + proposal.changes_minor, proposal.currency)
    return payable + await returned_minor(session, proposal)


async def returned_minor(session: AsyncSession, proposal: Proposal) -> int:
    """What went back, or is on its way back, of money paid beyond the total."""
    found = await session.scalar(
        select(func.coalesce(func.sum(RefundOrder.amount_minor), 0))
        .join(Payment, (Payment.org_id == RefundOrder.org_id) & (Payment.id == RefundOrder.payment_id))
        .outerjoin(
            Refund, (Refund.org_id == RefundOrder.org_id) & (Refund.refund_id == RefundOrder.refund_id)
        )
        .where(
            RefundOrder.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            RefundOrder.reason == OVERPAID,
            RefundOrder.state != "refused",
            or_(Refund.status.is_(None), Refund.status.not_in(REFUND_GONE)),
        )
    )
    return int(found or 0)


async def overpaid_minor(session: AsyncSession, proposal: Proposal) -> int:
    """What has been settled beyond the agreed total and has not gone back; below 0 while something is left to pay."""
    settled = await session.scalar(
        select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(
            Payment.org_id == proposal.org_id,
            Payment.proposal_id == proposal.id,
            Payment.state.in_(SETTLED),
        )
    )
    return int(settled or 0) - await agreed_minor(session, proposal)


async def tell_overpaid(session: AsyncSession, proposal: Proposal) -> None:
    """A difference for a person while money is to be given back; over when it has gone."""
    agreed = proposal.approved_at is not None and proposal.status != Status.CANCELLED
    too_much = await overpaid_minor(session, proposal) if agreed else 0
    subject = f"{proposal.id}:{too_much}"
    await session.execute(
        update(Difference)
        .where(
            Difference.org_id == proposal.org_id,
            Difference.kind == OVERPAID,
            Difference.subject.startswith(f"{proposal.id}:", autoescape=True),
            Difference.subject != subject,
            Difference.resolved_at.is_(None),
        )
        .values(resolved_at=clock.now(), resolved_by=RESOLVED_BY_STRIPE)
    )
    if too_much <= 0:
        return
    money = format_money(too_much, proposal.currency)
    sentence = (
        f"{money} was paid on proposal {proposal.id} beyond the total, which a credit has lowered. Give it back "
        "from one of its payments with the reason “Paid too much”."
    )
    meta = {"amount_minor": too_much, "currency": proposal.currency}
    found = Found(proposal.org_id, OVERPAID, subject, sentence, proposal.id, meta)
    await differences.keep(await raw(session), [found])
