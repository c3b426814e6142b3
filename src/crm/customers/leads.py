"""Leads: somebody asked; and what makes a customer of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.shapes import ASIDE, LeadChange, LeadIn, LeadStatus
from crm.customers.tables import Customer, Lead
from crm.identity.principal import Principal
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid, NotFound


async def create_lead(session: AsyncSession, principal: Principal, new: LeadIn) -> Lead:
    lead = Lead(org_id=principal.org_id, **new.model_dump())
    session.add(lead)
    await session.flush()
    await session.refresh(lead)
    await record(
        session,
        principal.org_id,
        Event.LEAD_CREATED,
        actor=principal.actor,
        lead_id=lead.id,
        source=lead.source,
        notify=False,  # the office wrote it down itself
    )
    return lead


async def change_lead(session: AsyncSession, principal: Principal, lead_id: int, change: LeadChange) -> Lead:
    """Changes what was given. Raises Conflict for a status that only converting sets or unsets."""
    lead = await get_own(session, Lead, lead_id, principal.org_id, lock=True)
    fields = change.model_dump(exclude_unset=True)
    if fields.get("name", lead.name) is None:
        raise Invalid("Please fill this in.", field="name")
    status = fields.pop("status", None)
    if status is not None and status != lead.status:
        fields |= _moved(lead, status)
    changed = sorted(name for name, value in fields.items() if getattr(lead, name) != value)
    for name in changed:
        setattr(lead, name, fields[name])
    if changed:
        await session.flush()
        await session.refresh(lead)
        await record(
            session,
            principal.org_id,
            Event.LEAD_UPDATED,
            actor=principal.actor,
            lead_id=lead.id,
            fields=changed,
        )
    return lead


def _moved(lead: Lead, status: LeadStatus) -> dict[str, Any]:
    """What changes with the status. Raises Conflict for one that only another step sets or unsets."""
    if LeadStatus.CONVERTED in (status, lead.status):
        raise Conflict("A lead becomes a customer by converting it, and stays one.", kind="lead-converted")
    if status == LeadStatus.DUPLICATE:
        raise Conflict("Say which lead it is the same person as.", kind="lead-duplicate")
    fields: dict[str, Any] = {"status": status.value, "duplicate_of": None}
    if status != LeadStatus.SPAM:  # somebody looked: it was none
        fields |= {"spam_reason": None, "caught_as_spam": False}
    return fields


async def convert_lead(
    session: AsyncSession, principal: Principal, lead_id: int, customer_id: int | None
) -> tuple[Lead, Customer]:
    """The lead and its customer: the one named, the one with the same e-mail, or a new one.

    Converting again answers with the customer it became. Raises Invalid for an unknown customer.
    """
    lead = await get_own(session, Lead, lead_id, principal.org_id, lock=True)
    if lead.customer_id is not None:
        return lead, await get_own(session, Customer, lead.customer_id, principal.org_id)
    if lead.status in ASIDE:
        raise Conflict("This lead was put aside. Take it back into the pipeline first.", kind="lead-aside")
    customer = await _customer_for(session, principal, lead, customer_id)
    lead.status, lead.customer_id = LeadStatus.CONVERTED.value, customer.id
    lead.converted_at = clock.now()
    await session.flush()
    await session.refresh(lead)
    await record(
        session,
        principal.org_id,
        Event.LEAD_CONVERTED,
        actor=principal.actor,
        lead_id=lead.id,
        customer_id=customer.id,
    )
    return lead, customer


async def _customer_for(
    session: AsyncSession, principal: Principal, lead: Lead, customer_id: int | None
) -> Customer:
    if customer_id is not None:
        try:
            return await get_own(session, Customer, customer_id, principal.org_id)
        except NotFound:
            raise Invalid("There is no such customer here.", field="customer_id") from None
    if lead.email is not None:
        known = await session.scalar(
            select(Customer)
            .where(Customer.org_id == principal.org_id, Customer.email_key == lead.email_key)
            .order_by(Customer.id)
            .limit(1)
        )
        if known is not None:
            return known
    customer = Customer(
        org_id=principal.org_id,
        name=lead.name,
        email=lead.email,
        phone=lead.phone,
        site_address=lead.site_address,
    )
    session.add(customer)
    await session.flush()
    await session.refresh(customer)
    await record(
        session, principal.org_id, Event.CUSTOMER_CREATED, actor=principal.actor, customer_id=customer.id
    )
    return customer
