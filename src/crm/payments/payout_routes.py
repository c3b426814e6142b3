"""What is in a payout: the movements of Stripe's balance that it paid out, each with the payment it belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel
from sqlalchemy import select

from crm.customers.tables import Customer
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.errors import NotFound
from crm.payments.shapes import PayoutOut
from crm.payments.tables import Payment, Payout
from crm.payments.transaction_tables import StripeTransaction
from crm.proposals.tables import Proposal

router = APIRouter(tags=["payments"])
READ = require(Permission.PAYMENTS_READ)
ITEMS_MAX = 1_000


class PayoutItemOut(BaseModel):
    """One movement: `net = amount - fee`, minor units. Without a payment it is of one that was not made here."""

    transaction_id: str
    type: str
    category: str
    source: str | None
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    description: str | None
    created_at: datetime
    payment_id: int | None
    proposal_id: int | None
    proposal_title: str | None
    customer_name: str | None


class PayoutDetail(PayoutOut):
    """The payout with its items, newest first and at most 1,000; `items_net_minor` is the sum of all of them.

    `itemised_at` null: Stripe has not said yet what is in it (manual payouts it never itemises).
    """

    itemised_at: datetime | None
    items_net_minor: int
    items: list[PayoutItemOut]


@router.get("/payouts/{payout_id}", summary="A payout with what is in it", dependencies=[READ])
async def get_payout(
    payout_id: Annotated[str, Path(max_length=255, pattern=r"^[\x21-\x7e]+$")],
    session: OrgTx,
    principal: StaffDep,
) -> PayoutDetail:
    org_id = principal.org_id
    payout = await session.get(Payout, (org_id, payout_id))
    if payout is None:
        raise NotFound(f"There is no payout {payout_id} here.")
    rows = await session.execute(
        select(StripeTransaction, Payment.id, Payment.proposal_id, Proposal.title, Customer.name)
        .outerjoin(
            Payment,
            (Payment.org_id == StripeTransaction.org_id)
            & (Payment.stripe_payment_intent == StripeTransaction.intent),
        )
        .outerjoin(Proposal, (Proposal.org_id == Payment.org_id) & (Proposal.id == Payment.proposal_id))
        .outerjoin(Customer, (Customer.org_id == Proposal.org_id) & (Customer.id == Proposal.customer_id))
        .where(
            StripeTransaction.org_id == org_id,
            StripeTransaction.payout_id == payout_id,
            StripeTransaction.type != "payout",
        )
        .order_by(StripeTransaction.created_at.desc(), StripeTransaction.transaction_id)
    )
    items = [
        PayoutItemOut(
            **{name: getattr(row, name) for name in PayoutItemOut.model_fields if hasattr(row, name)},
            payment_id=payment_id,
            proposal_id=proposal_id,
            proposal_title=title,
            customer_name=customer,
        )
        for row, payment_id, proposal_id, title, customer in rows
    ]
    shown = PayoutOut.model_validate(payout, from_attributes=True)
    return PayoutDetail(
        **shown.model_dump(),
        itemised_at=payout.itemised_at,
        items_net_minor=sum(item.net_minor for item in items),
        items=items[:ITEMS_MAX],
    )
