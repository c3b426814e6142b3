"""What the customer sees of their proposal, and where its payments stand."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit.settings import Settings
from crm.payments.parts import parts_of
from crm.payments.tables import Payment
from crm.portal.consent import CHANGE_CONSENT, CONSENT
from crm.portal.messages import messages_of
from crm.portal.shapes import (
    ChosenPrice,
    Contractor,
    MessageOut,
    PortalCustomer,
    PortalPayment,
    PortalView,
)
from crm.portal.tables import PortalMessage
from crm.proposals import pricing
from crm.proposals.content import Content
from crm.proposals.decision import chosen, ticked
from crm.proposals.lifecycle import OPEN, Status
from crm.proposals.schedule import DEPOSIT, Part
from crm.proposals.shapes import PartOut, core

_AGREED = frozenset({Status.APPROVED, Status.CANCELLED})
_PAYABLE_STATES = frozenset({"due", "failed"})


async def portal_view(session: AsyncSession, content: Content, settings: Settings) -> PortalView:
    proposal, org, status = content.proposal, content.org, content.status()
    payments = await _payments(session, content, settings.deposit_percent)
    payment = _that_matters(payments)
    return PortalView(
        **core(content, settings.deposit_percent),
        contractor=Contractor.model_validate(org, from_attributes=True),
        customer=PortalCustomer(name=content.customer.name),
        signer_name=content.approval.signer_name if content.approval else None,
        signature_path=content.approval.signature_path if content.approval else None,
        consent=CONSENT[proposal.language],
        change_consent=CHANGE_CONSENT[proposal.language],
        decline_reason=proposal.decline_reason,
        payment=payment,
        payments=payments,
        messages=[message_out(message) for message in await messages_of(session, proposal)],
        # Sign first, then pay: money without a signature is money without a contract.
        can_pay=status is Status.APPROVED and payment.state in _PAYABLE_STATES and payment.amount_minor > 0,
        can_approve=status in OPEN,
        dev_mode=settings.stripe_dev_mode,
        demo=settings.crm_env != "production",
    )


def chosen_price(
    content: Content, option_id: int | None, line_ids: Sequence[int], default_percent: int
) -> ChosenPrice:
    """Raises Invalid for an option or an extra that is not on offer, as signing it would."""
    choice = chosen(content, option_id)
    totals = content.totals(choice, ticked(content, choice, line_ids))
    rule = content.deposit_rule(default_percent)
    return ChosenPrice(
        subtotal_minor=totals.subtotal_minor,
        tax_minor=totals.tax_minor,
        total_minor=totals.total_minor,
        deposit_minor=pricing.deposit(totals.total_minor, content.proposal.currency, rule),
        schedule=[
            PartOut(key=part.key, name=part.name, amount_minor=part.amount_minor)
            for part in content.schedule(totals.total_minor, default_percent)
        ],
    )


def message_out(message: PortalMessage) -> MessageOut:
    return MessageOut.model_validate(message, from_attributes=True)


async def _payments(session: AsyncSession, content: Content, default_percent: int) -> list[PortalPayment]:
    """The stored parts. Before the approval they are as the schedule would be, but for a deposit taken early."""
    proposal = content.proposal
    rows = [row for row in await parts_of(session, proposal) if row.state != "void"]
    total = content.headline().total_minor + proposal.changes_minor
    if content.status() not in _AGREED or not rows:
        planned = content.schedule(total, default_percent)
        taken = {row.part: row for row in rows if row.state != "due"}
        shown = [
            _stored(taken[part.key]) if part.key in taken else _planned(part, proposal.currency)
            for part in planned
        ]
    else:
        shown = [_stored(row) for row in rows]
    shown = shown or [_planned(Part(DEPOSIT, "Deposit", 0), proposal.currency)]  # nothing costs anything
    left = total - sum(payment.amount_minor for payment in shown if payment.state == "paid")
    return [
        payment.model_copy(
            update={"remaining_minor": left - (0 if payment.state == "paid" else payment.amount_minor)}
        )
        for payment in shown
    ]


def _planned(part: Part, currency: str) -> PortalPayment:
    return PortalPayment(
        id=None,
        key=part.key,
        name=part.name,
        state="due" if part.key == DEPOSIT else "planned",
        amount_minor=part.amount_minor,
        currency=currency,
        paid_at=None,
        failure=None,
        remaining_minor=0,
        refunded_minor=0,
        disputed=False,
        simulated=False,
    )


def _stored(row: Payment) -> PortalPayment:
    return PortalPayment(
        id=row.id,
        key=row.part,
        name=row.name,
        state=row.state,
        amount_minor=row.amount_minor,
        currency=row.currency,
        paid_at=row.paid_at,
        failure=row.failure if row.state == "failed" else None,
        remaining_minor=0,
        refunded_minor=row.refunded_minor,
        disputed=row.disputed,
        simulated=row.simulated,
    )


def _that_matters(payments: list[PortalPayment]) -> PortalPayment:
    """What is to be paid now, else what is on its way, else the last that was paid, else the next one."""
    for state in ("failed", "due", "processing"):
        if found := [payment for payment in payments if payment.state == state]:
            return found[0]
    paid = [payment for payment in payments if payment.state == "paid"]
    return paid[-1] if paid else payments[0]
