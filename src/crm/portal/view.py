"""What the customer sees of their proposal, and where the payment of the deposit stands."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit.settings import Settings
from crm.payments.tables import Payment
from crm.portal.shapes import Contractor, PortalCustomer, PortalPayment, PortalView
from crm.proposals.content import Content
from crm.proposals.lifecycle import OPEN, Status
from crm.proposals.shapes import core

_PAYABLE_STATES = frozenset({"due", "failed"})


async def portal_view(session: AsyncSession, content: Content, settings: Settings) -> PortalView:
    proposal, org, status = content.proposal, content.org, content.status()
    payment = await _payment(session, content, settings.deposit_percent)
    return PortalView(
        **core(content, settings.deposit_percent),
        contractor=Contractor.model_validate(org, from_attributes=True),
        customer=PortalCustomer(name=content.customer.name),
        signer_name=content.approval.signer_name if content.approval else None,
        decline_reason=proposal.decline_reason,
        payment=payment,
        # Sign first, then pay: money without a signature is money without a contract.
        can_pay=status is Status.APPROVED and payment.state in _PAYABLE_STATES and payment.amount_minor > 0,
        can_approve=status in OPEN,
        dev_mode=settings.stripe_dev_mode,
        demo=settings.crm_env != "production",
    )


async def _payment(session: AsyncSession, content: Content, default_percent: int) -> PortalPayment:
    """The stored payment; before the first try to pay there is none, and the deposit is simply due."""
    total = content.headline().total_minor
    stored = (
        await session.scalars(
            select(Payment).where(
                Payment.org_id == content.org.id,
                Payment.proposal_id == content.proposal.id,
                Payment.part == "deposit",
            )
        )
    ).one_or_none()
    # Until somebody tries to pay again, what is due follows the option that the customer looks at.
    untouched = stored is None or (stored.state == "due" and content.status() is not Status.APPROVED)
    if stored is None or untouched:
        amount = content.deposit_minor(total, default_percent)
        return PortalPayment(
            state="due",
            amount_minor=amount,
            currency=content.proposal.currency,
            paid_at=None,
            failure=None,
            remaining_minor=total - amount,
            refunded_minor=0,
            disputed=False,
            simulated=False,
        )
    return PortalPayment(
        state=stored.state,
        amount_minor=stored.amount_minor,
        currency=stored.currency,
        paid_at=stored.paid_at,
        failure=stored.failure if stored.state == "failed" else None,
        remaining_minor=total - stored.amount_minor,
        refunded_minor=stored.refunded_minor,
        disputed=stored.disputed,
        simulated=stored.simulated,
    )
