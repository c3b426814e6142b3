"""Gives money back: kept as an order with its key first, then asked of Stripe by a job, never more than is left.

A crash in between repeats the same request under the same key; an order that has waited looks for its refund at
Stripe before it asks again, because Stripe forgets keys after a day.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.stripe import StripeGateway
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import ROW_LOCK, Big, Database, get_own, raw
from crm.kit.errors import Conflict, Invalid, Refused
from crm.kit.money import format_money, payable_step
from crm.payments import differences, states
from crm.payments.differences import Found
from crm.payments.money_events import save_refund
from crm.payments.overpaid import OVERPAID, overpaid_minor
from crm.payments.tables import Dispute, Payment, Refund, RefundOrder
from crm.proposals.tables import Proposal

Reason = Literal["requested_by_customer", "duplicate", "overpaid", "cancelled", "other"]
CANCELLED: Reason = "cancelled"
# What Stripe has a word for; the others are told in the metadata (docs.stripe.com/api/refunds/create).
_STRIPE_REASONS = frozenset({"requested_by_customer", "duplicate"})
LOOK_AFTER = timedelta(minutes=1)
WOKEN_AFTER = timedelta(minutes=5)
WOKEN_AT_ONCE_MAX = 200


async def order_refund(
    session: AsyncSession,
    org_id: int,
    payment_id: int,
    *,
    amount_minor: int | None,
    reason: Reason,
    note: str,
    actor: str,
) -> RefundOrder:
    """Keeps the order and queues it; all that is left when `amount_minor` is None. Minor units.

    Raises NotFound, Conflict (nothing paid, still processing, nothing left) or Invalid (more than is left).
    """
    payment = await get_own(session, Payment, payment_id, org_id)
    # The proposal first, as everywhere: whoever divides its schedule locks it before its parts.
    proposal = await get_own(session, Proposal, payment.proposal_id, org_id, lock=True)
    payment = await get_own(session, Payment, payment_id, org_id, lock=True)
    left = await _refundable(session, payment)
    amount = left if amount_minor is None else amount_minor
    if amount > left:
        raise Invalid(
            f"Only {format_money(left, payment.currency)} of this payment can be given back. Write that or less.",
            field="amount_minor",
            kind="refund-too-large",
            refundable_minor=left,
        )
    if amount % payable_step(payment.currency):
        raise Invalid(f"Stripe moves {payment.currency} in whole units only.", field="amount_minor")
    if reason == OVERPAID:
        too_much = max(await overpaid_minor(session, proposal), 0)
        if amount > too_much:
            raise Invalid(
                f"{format_money(too_much, payment.currency)} was paid beyond the total. Write that or less, or "
                "choose another reason.",
                field="amount_minor",
                kind="refund-too-large",
                refundable_minor=min(left, too_much),
            )
    order = RefundOrder(
        org_id=org_id,
        payment_id=payment_id,
        amount_minor=Big(amount),
        currency=payment.currency,
        reason=reason,
        note=note,
        state="prepared",
        asked_by=actor,
    )
    session.add(order)
    await session.flush()
    await session.refresh(order)
    await record(
        session, org_id, Event.REFUND_REQUESTED, proposal_id=payment.proposal_id, actor=actor,
        payment_id=payment_id, order_id=order.id, amount_cents=amount, currency=payment.currency, reason=reason,
        note=note,
    )  # fmt: skip
    await queue.enqueue(session, "send_refund", org_id=org_id, order_id=order.id)
    return order


async def _refundable(session: AsyncSession, payment: Payment) -> int:
    """What is left to give back, in minor units; more than 0. Raises Conflict with the reason when it is 0."""
    if payment.state == "processing":
        raise Conflict(
            "This bank transfer has not cleared yet. It can be given back once it is paid.",
            kind="payment-processing",
        )
    if payment.paid_at is None:
        raise Conflict("This payment is not paid, so there is nothing to give back.", kind="not-paid")
    left = await session.scalar(
        select(refundable()).where(Payment.org_id == payment.org_id, Payment.id == payment.id)
    )
    if not left:
        why = (
            "The customer's bank disputes this payment; answer the dispute in Stripe instead."
            if payment.disputed
            else "All of this payment was given back already, or is on its way."
        )
        raise Conflict(why, kind="nothing-to-refund")
    return left


def refundable() -> ColumnElement[int]:
    """What is left to give back of a row of `payments`: paid, less refunds, orders under way and disputes."""
    given = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .where(
            Refund.org_id == Payment.org_id,
            Refund.payment_id == Payment.id,
            Refund.status.not_in(states.REFUND_GONE),
        )
        .scalar_subquery()
    )
    asked = (
        select(func.coalesce(func.sum(RefundOrder.amount_minor), 0))
        .where(
            RefundOrder.org_id == Payment.org_id,
            RefundOrder.payment_id == Payment.id,
            RefundOrder.state == "prepared",
        )
        .scalar_subquery()
    )
    disputed = (
        select(func.coalesce(func.sum(Dispute.amount_minor), 0))
        .where(
            Dispute.org_id == Payment.org_id,
            Dispute.payment_id == Payment.id,
            Dispute.status.not_in(states.DISPUTE_HARMLESS),
        )
        .scalar_subquery()
    )
    left = cast(func.greatest(Payment.amount_minor - given - asked - disputed, 0), BigInteger)
    return case((Payment.paid_at.is_(None), 0), else_=left)


async def send_refund(db: Database, stripe: StripeGateway, org_id: int, order_id: int) -> None:
    """The job: asks Stripe and stores the answer. Raises Unavailable (the queue tries again).

    A refusal ends the order with its sentence, and a person is told.
    """
    async with db.transaction(org_id) as session:
        order = await session.get_one(RefundOrder, (org_id, order_id))
        payment = await session.get_one(Payment, (org_id, order.payment_id))
    if order.state != "prepared":
        return
    try:
        refund = _simulated(order) if payment.simulated else await _at_stripe(stripe, order, payment)
    except Refused as error:
        await _refused(db, order, payment, error)
        return
    async with db.transaction(org_id) as session:
        await session.get_one(Payment, (org_id, payment.id), with_for_update=ROW_LOCK)
        order = await session.get_one(RefundOrder, (org_id, order_id), with_for_update=ROW_LOCK)
        if order.state == "prepared":
            order.state, order.refund_id = "sent", str(refund["id"])
            await session.flush()
            await save_refund(await raw(session), org_id, payment.id, payment.proposal_id, refund)


async def _at_stripe(stripe: StripeGateway, order: RefundOrder, payment: Payment) -> dict[str, Any]:
    """The refund of this order, made now or by an attempt whose answer was lost."""
    if payment.stripe_payment_intent is None:
        raise Refused(
            "Stripe's number of this payment is not known here. Give the money back in Stripe; it shows here.",
            code="no-intent",
        )
    mark = f"{order.org_id}:{order.id}:{int(order.created_at.timestamp())}"
    if order.created_at < clock.now() - LOOK_AFTER:
        for found in await stripe.list_refunds(payment.stripe_payment_intent, account=payment.stripe_account):
            if (found.get("metadata") or {}).get("refund_order") == mark:
                return found
    params: dict[str, Any] = {
        "payment_intent": payment.stripe_payment_intent,
        "amount": order.amount_minor,
        "metadata": {"refund_order": mark, "reason": order.reason, "proposal_id": str(payment.proposal_id)},
    }
    if order.reason in _STRIPE_REASONS:
        params["reason"] = order.reason
    return await stripe.create_refund(
        params, idempotency_key=f"refund:{mark}", account=payment.stripe_account
    )


def _simulated(order: RefundOrder) -> dict[str, Any]:
    """Dev mode: what Stripe would answer for a card; no money moved, none moves back."""
    return {
        "id": f"re_mock_{order.org_id}_{order.id}",
        "amount": order.amount_minor,
        "currency": order.currency.lower(),
        "status": "succeeded",
        "created": int(clock.now().timestamp()),
    }


async def _refused(db: Database, order: RefundOrder, payment: Payment, error: Refused) -> None:
    money = format_money(order.amount_minor, order.currency)
    async with db.transaction(order.org_id) as session:
        row = await session.get_one(RefundOrder, (order.org_id, order.id), with_for_update=ROW_LOCK)
        if row.state != "prepared":
            return
        row.state, row.problem = "refused", error.detail
        await record(
            session, order.org_id, Event.REFUND_REFUSED, proposal_id=payment.proposal_id, payment_id=payment.id,
            order_id=order.id, amount_cents=order.amount_minor, currency=order.currency, sentence=error.detail,
        )  # fmt: skip
        sentence = (
            f"The refund of {money} on payment {payment.id} was not made. {error.detail} Try again, or give the "
            "money back another way, for example by check."
        )
        found = Found(order.org_id, "refund_refused", str(order.id), sentence, payment.proposal_id)
        await differences.keep(await raw(session), [found])


async def wake_prepared(session: AsyncSession, org_id: int) -> int:
    """A job for each order that has waited long; how many. A second job finds nothing to do."""
    waiting = await session.scalars(
        select(RefundOrder.id)
        .where(
            RefundOrder.org_id == org_id,
            RefundOrder.state == "prepared",
            RefundOrder.created_at < clock.now() - WOKEN_AFTER,
        )
        .order_by(RefundOrder.id)
        .limit(WOKEN_AT_ONCE_MAX)
    )
    order_ids = waiting.all()
    for order_id in order_ids:
        await queue.enqueue(session, "send_refund", org_id=org_id, order_id=order_id)
    return len(order_ids)
