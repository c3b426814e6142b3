"""Refunds, cancellation, and what a change would do to the payments, over HTTP, for staff."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.payments import cancellation, refunds
from crm.payments.foreseen import (
    ForeseenCancellation,
    ForeseenChange,
    foresee_cancellation,
    foresee_change,
)
from crm.payments.shapes import CancelIn, Cancelled, NewRefund, RefundOrderOut, refund_order_out
from crm.payments.tables import Payment, Refund, RefundOrder
from crm.proposals.change_shapes import ChangeOrderIn

router = APIRouter(tags=["payments"], route_class=IdempotentRoute)
Id = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.post(
    "/payments/{payment_id}/refunds",
    status_code=201,
    summary="Give all or part of a payment back",
    dependencies=[require(Permission.PAYMENTS_REFUND), once],
)
async def create_refund(
    payment_id: Id, body: NewRefund, principal: StaffDep, session: OrgTx
) -> RefundOrderOut:
    """Kept and sent to Stripe by a worker within moments; what Stripe says shows in the order's state."""
    order = await refunds.order_refund(
        session,
        principal.org_id,
        payment_id,
        amount_minor=body.amount_minor,
        reason=body.reason,
        note=body.note,
        actor=principal.actor,
    )
    return refund_order_out(order, None)


@router.get(
    "/refund-orders",
    summary="Refunds that people asked for, newest first",
    dependencies=[require(Permission.PAYMENTS_READ)],
)
async def list_refund_orders(
    session: OrgTx,
    principal: StaffDep,
    payment_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    proposal_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RefundOrderOut]:
    query = (
        select(RefundOrder, Refund.status)
        .outerjoin(
            Refund, (Refund.org_id == RefundOrder.org_id) & (Refund.refund_id == RefundOrder.refund_id)
        )
        .where(RefundOrder.org_id == principal.org_id)
    )
    if payment_id is not None:
        query = query.where(RefundOrder.payment_id == payment_id)
    if proposal_id is not None:
        query = query.join(
            Payment, (Payment.org_id == RefundOrder.org_id) & (Payment.id == RefundOrder.payment_id)
        ).where(Payment.proposal_id == proposal_id)
    if (before := after(cursor)) is not None:
        query = query.where(RefundOrder.id < before)
    found = await session.execute(query.order_by(RefundOrder.id.desc()).limit(limit + 1))
    rows, next_cursor = cut([refund_order_out(*row) for row in found.all()], limit)
    return Page(items=list(rows), next_cursor=next_cursor)


@router.post(
    "/proposals/{id}/change-orders/preview",
    summary="What a change order would do to price and payments; nothing is stored",
    tags=["change orders"],
    dependencies=[require(Permission.READ)],
)
async def preview_change_order(
    id: Id, body: ChangeOrderIn, principal: StaffDep, session: OrgTx
) -> ForeseenChange:
    return await foresee_change(session, principal.org_id, id, body)


@router.get(
    "/proposals/{id}/cancellation",
    summary="What cancelling would give back; nothing is stored",
    dependencies=[require(Permission.PAYMENTS_READ)],
)
async def preview_cancellation(id: Id, principal: StaffDep, session: OrgTx) -> ForeseenCancellation:
    return await foresee_cancellation(session, principal.org_id, id)


@router.post(
    "/proposals/{id}/cancel",
    summary="Cancel an approved contract and give back what was paid",
    dependencies=[require(Permission.PAYMENTS_REFUND), once],
)
async def cancel_proposal(id: Id, body: CancelIn, principal: StaffDep, session: OrgTx) -> Cancelled:
    proposal = await cancellation.cancel(
        session,
        principal.org_id,
        id,
        reason=body.reason,
        actor=principal.actor,
        by_customer=False,
        refund_minor=body.refund_minor,
    )
    assert proposal.cancelled_at is not None
    return Cancelled(
        id=proposal.id, cancelled_at=proposal.cancelled_at, cancel_reason=proposal.cancel_reason or ""
    )
