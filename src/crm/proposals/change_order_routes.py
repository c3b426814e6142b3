"""Change orders over HTTP, for staff: write, send, withdraw."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Page
from crm.proposals import change_orders
from crm.proposals.change_shapes import ChangeOrderIn, ChangeOrderOut, ChangeOrderPatch, change_order_out
from crm.proposals.tables import Proposal

router = APIRouter(
    prefix="/proposals/{id}/change-orders", tags=["change orders"], route_class=IdempotentRoute
)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
WRITE = [require(Permission.PROPOSALS_WRITE)]


@router.get("", dependencies=[require(Permission.READ)], summary="Its change orders, oldest first")
async def list_change_orders(id: Id, principal: StaffDep, session: OrgTx) -> Page[ChangeOrderOut]:
    proposal = await get_own(session, Proposal, id, principal.org_id)
    return Page(items=[change_order_out(row) for row in await change_orders.orders_of(session, proposal)])


@router.post("", dependencies=[*WRITE, once], status_code=201, summary="Write a change order")
async def create_change_order(
    id: Id, body: ChangeOrderIn, principal: StaffDep, session: OrgTx
) -> ChangeOrderOut:
    return change_order_out(await change_orders.create(session, principal.org_id, id, body))


@router.patch("/{order_id}", dependencies=WRITE, summary="Change its draft")
async def change_change_order(
    id: Id, order_id: Id, body: ChangeOrderPatch, principal: StaffDep, session: OrgTx
) -> ChangeOrderOut:
    return change_order_out(await change_orders.change(session, principal.org_id, id, order_id, body))


@router.post("/{order_id}/send", dependencies=[*WRITE, once], summary="Open it to the customer")
async def send_change_order(id: Id, order_id: Id, principal: StaffDep, session: OrgTx) -> ChangeOrderOut:
    sent = await change_orders.send(session, principal.org_id, id, order_id, actor=principal.actor)
    return change_order_out(sent)


@router.post("/{order_id}/withdraw", dependencies=[*WRITE, once], summary="Take it back before it is decided")
async def withdraw_change_order(id: Id, order_id: Id, principal: StaffDep, session: OrgTx) -> ChangeOrderOut:
    order = await change_orders.withdraw(session, principal.org_id, id, order_id, actor=principal.actor)
    return change_order_out(order)
