"""A customer's yes to a change order: the signature, the new total, and the rest of the payments divided anew."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit.database import get_own
from crm.payments.parts import alter_schedule, parts_of
from crm.proposals import change_orders
from crm.proposals.decision import Signature
from crm.proposals.schedule import Part
from crm.proposals.tables import ChangeOrder, Proposal


async def approve_change(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, signature: Signature
) -> ChangeOrder:
    """Raises NotFound, Conflict or Invalid; approving again changes nothing."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=True)
    # Before anything is said in the log, in the order in which Stripe's events lock them too.
    await parts_of(session, proposal, lock=True)
    proposal, order, new = await change_orders.approve(session, org_id, proposal_id, order_id, signature)
    if new:
        await alter_schedule(session, proposal, Part(f"change:{order.position}", order.title, 0))
    return order
