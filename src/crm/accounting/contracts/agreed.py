"""Reads what was agreed from our rows: the approved proposal with the lines that were chosen, and change orders."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts.lines import Agreed, SoldLine
from crm.proposals import content, pricing
from crm.proposals.change_orders import lines_of
from crm.proposals.tables import ChangeOrder


async def contract(
    session: AsyncSession, org_id: int, proposal_id: int, order_ids: Iterable[int] | None = None
) -> Agreed:
    """The contract with the change orders of these ids, or with all that are approved (None)."""
    found = await content.load(session, org_id, proposal_id)
    proposal = found.proposal
    ticked = found.ticked_lines()
    chosen = [
        line for line in found.offered(proposal.selected_option_id) if not line.optional or line.id in ticked
    ]
    orders = [
        order
        for order in await _approved(session, org_id, proposal_id)
        if order_ids is None or order.id in order_ids
    ]
    return Agreed(
        proposal.id,
        proposal.title,
        proposal.currency,
        (*_sold(chosen), *(line for order in orders for line in _sold(lines_of(order)))),
        proposal.tax_minor + sum(order.tax_minor for order in orders),
        tuple(order.id for order in orders),
    )


async def offered(session: AsyncSession, org_id: int, proposal_id: int) -> Agreed:
    """What is offered: the option at the top with what is ticked, or what was approved. Without change orders."""
    found = await content.load(session, org_id, proposal_id)
    option, ticked = found.headline_option_id(), found.ticked_lines()
    lines = [line for line in found.offered(option) if not line.optional or line.id in ticked]
    proposal = found.proposal
    tax = found.totals(option).tax_minor
    return Agreed(proposal.id, proposal.title, proposal.currency, tuple(_sold(lines)), tax)


async def change(session: AsyncSession, org_id: int, order_id: int) -> Agreed:
    """One change order alone."""
    order = await session.get_one(ChangeOrder, (org_id, order_id))
    found = await content.load(session, org_id, order.proposal_id)
    title = f"{found.proposal.title}: change {order.position}, {order.title}"
    lines = tuple(_sold(lines_of(order)))
    return Agreed(order.proposal_id, title, found.proposal.currency, lines, order.tax_minor, (order.id,))


async def _approved(session: AsyncSession, org_id: int, proposal_id: int) -> Sequence[ChangeOrder]:
    rows = await session.scalars(
        select(ChangeOrder)
        .where(
            ChangeOrder.org_id == org_id,
            ChangeOrder.proposal_id == proposal_id,
            ChangeOrder.state == "approved",
        )
        .order_by(ChangeOrder.position)
    )
    return rows.all()


def _sold(lines: Sequence[Any]) -> list[SoldLine]:
    return [
        SoldLine(
            line.name,
            line.description,
            line.section,
            line.quantity,
            pricing.line_amount(line),
            line.tax_percent,
        )
        for line in lines
    ]
