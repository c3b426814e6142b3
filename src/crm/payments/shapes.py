"""What the payment routes take and give. Amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from crm.kit.inputs import AmountMinor, Input, LongText
from crm.payments.refunds import Reason
from crm.payments.simulated import Outcome
from crm.payments.tables import RefundOrder

# Stripe's ids, and ours of dev mode.
SessionId = Annotated[str, StringConstraints(max_length=255, pattern="^[A-Za-z0-9_]+$")]


class CheckoutOut(BaseModel):
    """The seed's answer; `deposit_cents` is the amount of the part to pay, `dev_mode` is there only when true."""

    checkout_url: str
    session_id: str
    deposit_cents: int
    total_cents: int
    dev_mode: bool | None = None


class SimulatedPayment(Input):
    session_id: SessionId
    outcome: Outcome


class Returned(Input):
    session_id: SessionId


class Accepted(BaseModel):
    accepted: bool = True


class PaymentOut(BaseModel):
    id: int
    proposal_id: int
    proposal_title: str
    customer_name: str
    part: Annotated[str, Field(examples=["deposit", "milestone:1", "final"])]
    name: str
    due_at: datetime | None
    amount_minor: int
    currency: str
    state: str
    refunded_minor: int
    refundable_minor: Annotated[int, Field(description="What is left that can be given back.")]
    fee_minor: int | None
    net_minor: int | None
    simulated: bool
    failure: str | None
    paid_at: datetime | None
    stripe_session_id: str | None
    stripe_payment_intent: str | None
    created_at: datetime


class NewRefund(Input):
    amount_minor: Annotated[AmountMinor | None, Field(description="All that is left when null.")] = None
    reason: Reason = "requested_by_customer"
    note: Annotated[LongText, StringConstraints(max_length=500)] = ""


class RefundOrderOut(BaseModel):
    """A refund as a person asked for it. `state`: prepared (on its way to Stripe), sent, refused (see `problem`)."""

    id: int
    payment_id: int
    amount_minor: int
    currency: str
    reason: str
    note: str
    state: Literal["prepared", "sent", "refused"]
    refund_id: str | None
    refund_status: Annotated[str | None, Field(description="What Stripe says of it; null until it has.")]
    problem: str | None
    asked_by: str
    created_at: datetime


def refund_order_out(order: RefundOrder, refund_status: str | None) -> RefundOrderOut:
    own = {name: getattr(order, name) for name in RefundOrderOut.model_fields if name != "refund_status"}
    return RefundOrderOut(**own, refund_status=refund_status)


class CancelIn(Input):
    reason: Annotated[LongText, StringConstraints(min_length=3, max_length=1000)]
    refund_minor: Annotated[
        int | None,
        Field(ge=0, description="What you expect to go back at once; when it is another amount by now, 409."),
    ] = None


class Cancelled(BaseModel):
    id: int
    cancelled_at: datetime
    cancel_reason: str


class RefundOut(BaseModel):
    refund_id: str
    payment_id: int
    amount_minor: int
    currency: str
    status: str
    reason: str | None
    failure_reason: str | None
    created_at: datetime


class PayoutOut(BaseModel):
    payout_id: str
    amount_minor: int
    currency: str
    status: str
    automatic: bool
    reconciliation_status: str | None
    failure: str | None
    arrival_date: datetime | None
    created_at: datetime


class DifferenceOut(BaseModel):
    id: int
    kind: str
    subject: str
    sentence: str
    meta: dict[str, Any]
    created_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None


class Resolution(Input):
    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
