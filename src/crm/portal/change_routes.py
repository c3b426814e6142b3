"""The customer and changes of the contract over HTTP: read, sign or decline a change order, and cancel in time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from crm.dependencies import SettingsDep
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Page
from crm.payments import cancellation
from crm.payments.change_approval import approve_change
from crm.portal.consent import CHANGE_CONSENT
from crm.portal.routes import ProposalId, only_customer, signature_of
from crm.portal.shapes import ApproveChangeIn, CancelByCustomer, DeclineIn, PortalView
from crm.portal.view import portal_view
from crm.proposals import change_orders
from crm.proposals.change_shapes import ChangeOrderOut, change_order_out
from crm.proposals.content import load
from crm.proposals.decision import CUSTOMER_ACTOR
from crm.proposals.payer import PayerDep, PayerTx

router = APIRouter(prefix="/portal/{proposal_id}", tags=["portal"])
OrderId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("/change-orders", summary="The change orders that the customer was sent")
async def list_portal_change_orders(
    proposal_id: ProposalId, principal: PayerDep, session: PayerTx
) -> Page[ChangeOrderOut]:
    content = await load(session, principal.org_id, proposal_id)
    rows = await change_orders.orders_of(session, content.proposal)
    return Page(items=[change_order_out(row) for row in rows if row.sent_at is not None])


@router.post("/change-orders/{order_id}/approve", summary="Sign a change order")
async def approve_change_order(
    proposal_id: ProposalId,
    order_id: OrderId,
    body: ApproveChangeIn,
    request: Request,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> PortalView:
    only_customer(principal)
    signature = signature_of(body, request, CHANGE_CONSENT[body.language])
    await approve_change(session, principal.org_id, proposal_id, order_id, signature)
    return await portal_view(session, await load(session, principal.org_id, proposal_id), settings)


@router.post("/change-orders/{order_id}/decline", summary="Say no to a change order")
async def decline_change_order(
    proposal_id: ProposalId,
    order_id: OrderId,
    body: DeclineIn,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> PortalView:
    only_customer(principal)
    await change_orders.decline(session, principal.org_id, proposal_id, order_id, body.reason)
    return await portal_view(session, await load(session, principal.org_id, proposal_id), settings)


@router.post("/cancel", summary="Cancel the contract while the law allows it")
async def cancel_by_customer(
    proposal_id: ProposalId,
    body: CancelByCustomer,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> PortalView:
    """Everything that was paid is given back in full; a bank transfer under way when it clears."""
    only_customer(principal)
    await cancellation.cancel(
        session, principal.org_id, proposal_id, reason=body.reason, actor=CUSTOMER_ACTOR, by_customer=True
    )
    return await portal_view(session, await load(session, principal.org_id, proposal_id), settings)
