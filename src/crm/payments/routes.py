"""The API of payments: the checkout page, and what Stripe has told us."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from sqlalchemy import Select, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.tables import Customer
from crm.dependencies import StateDep
from crm.gateways.stripe import StripeGateway
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid
from crm.kit.inputs import ID_MAX
from crm.kit.money import format_money, to_decimal
from crm.kit.paging import Cursor, Limit, MomentCursor, Page, after, after_moment, cut, cut_by_moment
from crm.payments import parts, simulated, stripe_sweeps
from crm.payments.checkout import open_checkout
from crm.payments.refunds import refundable
from crm.payments.shapes import (
    Accepted,
    CheckoutOut,
    DifferenceOut,
    PaymentOut,
    PayoutOut,
    RefundOut,
    Resolution,
    Returned,
    SimulatedPayment,
)
from crm.payments.states import shown_state
from crm.payments.tables import Difference, Payment, Payout, Refund
from crm.proposals.payer import PayerDep
from crm.proposals.tables import Proposal

router = APIRouter(tags=["payments"])
READ = require(Permission.PAYMENTS_READ)


def stripe_gateway(state: StateDep) -> StripeGateway:
    return StripeGateway(state.settings)


StripeDep = Annotated[StripeGateway, Depends(stripe_gateway)]


@router.post(
    "/payments/checkout_session",
    summary="Open the page on which a proposal's deposit, or another part that is due, is paid",
    response_model_exclude_none=True,
)
async def create_checkout_session(
    proposal_id: int,
    principal: PayerDep,
    state: StateDep,
    stripe: StripeDep,
    payment_id: Annotated[
        int | None,
        Query(
            ge=1, le=ID_MAX, description="Which part of the schedule; the first that is due when left out."
        ),
    ] = None,
    amount_dollars: Annotated[
        str | None,
        Query(max_length=32, description="Optional; must equal the proposal's stored total, else 409."),
    ] = None,
) -> CheckoutOut:
    if principal.proposal_id is None:
        principal.must(Permission.PAYMENTS_WRITE)
    claimed = _amount(amount_dollars)
    if claimed is not None:
        async with state.database.transaction(principal.org_id) as session:
            proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
            _must_equal_total(claimed, proposal)
    made = await open_checkout(state.database, state.settings, stripe, principal, proposal_id, payment_id)
    return CheckoutOut(
        checkout_url=made.url,
        session_id=made.session_id,
        deposit_cents=made.deposit_minor,
        total_cents=made.total_minor,
        dev_mode=True if made.dev_mode else None,
    )


def _amount(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise Invalid("This is not an amount like 15750 or 15750.00.", field="amount_dollars") from None
    if not amount.is_finite() or amount <= 0 or abs(amount.adjusted()) > 15:
        raise Invalid("The amount must be a positive number like 15750.00.", field="amount_dollars")
    return amount


def _must_equal_total(claimed: Decimal, proposal: Proposal) -> None:
    if claimed != to_decimal(proposal.total_minor, proposal.currency):
        total = format_money(proposal.total_minor, proposal.currency)
        raise Conflict(
            f"The proposal's total is {total}, not {claimed}. The price comes from the stored proposal; leave "
            "amount_dollars out or send the total.",
            kind="amount-differs",
            total_minor=proposal.total_minor,
            currency=proposal.currency,
        )


@router.post(
    "/portal/{proposal_id}/simulated-payment",
    status_code=202,
    summary="Dev mode: act as the customer on the simulated payment page",
)
async def simulate_payment(
    proposal_id: int, body: SimulatedPayment, principal: PayerDep, state: StateDep
) -> Accepted:
    if principal.proposal_id is None:
        principal.must(Permission.PAYMENTS_WRITE)
    await simulated.pay(state.database, state.settings, principal, proposal_id, body.session_id, body.outcome)
    return Accepted()


@router.post(
    "/portal/{proposal_id}/confirm-payment",
    status_code=202,
    summary="Back from the payment page and no news yet: ask Stripe now",
)
async def confirm_payment(
    proposal_id: int, body: Returned, principal: PayerDep, state: StateDep, stripe: StripeDep
) -> Accepted:
    await stripe_sweeps.confirm(
        state.database, state.settings, stripe, principal.org_id, proposal_id, body.session_id
    )
    return Accepted()


@router.get("/payments", summary="Payments, newest first", dependencies=[READ])
async def list_payments(
    session: OrgTx,
    principal: StaffDep,
    proposal_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    state: Annotated[str | None, Query(pattern="^(planned|due|processing|paid|failed|void)$")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PaymentOut]:
    query = _payments(principal.org_id).order_by(Payment.id.desc()).limit(limit + 1)
    if proposal_id is not None:
        query = query.where(Payment.proposal_id == proposal_id)
    if state is not None:
        query = query.where(Payment.state == state)
    if (before := after(cursor)) is not None:
        query = query.where(Payment.id < before)
    rows, next_cursor = cut([_shaped(*row) for row in (await session.execute(query)).all()], limit)
    return Page(items=list(rows), next_cursor=next_cursor)


@router.get("/payments/{payment_id}", summary="One payment", dependencies=[READ])
async def get_payment(session: OrgTx, principal: StaffDep, payment_id: Annotated[int, Path()]) -> PaymentOut:
    await get_own(session, Payment, payment_id, principal.org_id)
    row = (await session.execute(_payments(principal.org_id).where(Payment.id == payment_id))).one()
    return _shaped(*row)


def _payments(org_id: int) -> Select[Payment, str, str, int]:
    return (
        select(Payment, Proposal.title, Customer.name, refundable())
        .join(Proposal, (Proposal.org_id == Payment.org_id) & (Proposal.id == Payment.proposal_id))
        .join(Customer, (Customer.org_id == Proposal.org_id) & (Customer.id == Proposal.customer_id))
        .where(Payment.org_id == org_id)
    )


def _shaped(payment: Payment, title: str, customer: str, left: int) -> PaymentOut:
    values: dict[str, Any] = {
        name: getattr(payment, name) for name in PaymentOut.model_fields if hasattr(payment, name)
    }
    values["state"] = shown_state(
        payment.state, payment.amount_minor, payment.refunded_minor, disputed=payment.disputed
    )
    return PaymentOut(**values, proposal_title=title, customer_name=customer, refundable_minor=max(left, 0))


@router.post(
    "/payments/{payment_id}/request",
    summary="Ask the customer for a planned payment",
    dependencies=[require(Permission.PAYMENTS_WRITE)],
)
async def ask_for_payment(
    session: OrgTx, principal: StaffDep, payment_id: Annotated[int, Path(ge=1, le=ID_MAX)]
) -> PaymentOut:
    await parts.request_payment(session, principal, payment_id)
    await session.flush()
    row = (await session.execute(_payments(principal.org_id).where(Payment.id == payment_id))).one()
    return _shaped(*row)


@router.get("/refunds", summary="Refunds, newest first", dependencies=[READ])
async def list_refunds(
    session: OrgTx,
    principal: StaffDep,
    payment_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    limit: Limit = 50,
    cursor: MomentCursor = None,
) -> Page[RefundOut]:
    query = select(Refund).where(Refund.org_id == principal.org_id)
    if payment_id is not None:
        query = query.where(Refund.payment_id == payment_id)
    if (before := after_moment(cursor)) is not None:
        query = query.where(tuple_(Refund.created_at, Refund.refund_id) < before)
    newest = query.order_by(Refund.created_at.desc(), Refund.refund_id.desc()).limit(limit + 1)
    found = (await session.scalars(newest)).all()
    rows, next_cursor = cut_by_moment(found, limit, lambda row: (row.created_at, row.refund_id))
    return Page(
        items=[RefundOut.model_validate(row, from_attributes=True) for row in rows], next_cursor=next_cursor
    )


@router.get("/payouts", summary="Stripe's payouts, newest first", dependencies=[READ])
async def list_payouts(
    session: OrgTx, principal: StaffDep, limit: Limit = 50, cursor: MomentCursor = None
) -> Page[PayoutOut]:
    query = select(Payout).where(Payout.org_id == principal.org_id)
    if (before := after_moment(cursor)) is not None:
        query = query.where(tuple_(Payout.created_at, Payout.payout_id) < before)
    newest = query.order_by(Payout.created_at.desc(), Payout.payout_id.desc()).limit(limit + 1)
    found = (await session.scalars(newest)).all()
    rows, next_cursor = cut_by_moment(found, limit, lambda row: (row.created_at, row.payout_id))
    return Page(
        items=[PayoutOut.model_validate(row, from_attributes=True) for row in rows], next_cursor=next_cursor
    )


@router.get("/differences", summary="What does not fit and needs a person", dependencies=[READ])
async def list_differences(
    session: OrgTx,
    principal: StaffDep,
    resolved: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DifferenceOut]:
    query = select(Difference).where(
        Difference.org_id == principal.org_id,
        Difference.resolved_at.is_not(None) if resolved else Difference.resolved_at.is_(None),
    )
    if (before := after(cursor)) is not None:
        query = query.where(Difference.id < before)
    found = await session.scalars(query.order_by(Difference.id.desc()).limit(limit + 1))
    rows, next_cursor = cut(found.all(), limit)
    return Page(
        items=[DifferenceOut.model_validate(row, from_attributes=True) for row in rows],
        next_cursor=next_cursor,
    )


@router.post(
    "/differences/{difference_id}/resolve",
    summary="Say what was done about a difference",
    dependencies=[require(Permission.BOOKS_WRITE)],
)
async def resolve_difference(
    difference_id: int, body: Resolution, session: OrgTx, principal: StaffDep
) -> DifferenceOut:
    row = await _resolved(session, principal.org_id, difference_id, principal.actor, body.note)
    return DifferenceOut.model_validate(row, from_attributes=True)


async def _resolved(
    session: AsyncSession, org_id: int, difference_id: int, actor: str, note: str
) -> Difference:
    row = await get_own(session, Difference, difference_id, org_id, lock=True)
    if row.resolved_at is None:
        row.resolved_at, row.resolved_by = clock.now(), actor
        row.meta = row.meta | {"resolution": note}
        await record(
            session,
            org_id,
            Event.DIFFERENCE_RESOLVED,
            actor=actor,
            difference_id=row.id,
            kind=row.kind,
            note=note,
        )
    return row
