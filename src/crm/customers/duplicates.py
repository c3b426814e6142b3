"""Who may be the same person as a lead, and what a person decides about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.leads import convert_lead
from crm.customers.shapes import ASIDE, LeadStatus, SameDecision, SamePerson
from crm.customers.tables import Customer, Lead, LeadOther
from crm.identity.principal import Principal
from crm.kit.database import get_own
from crm.kit.errors import Conflict

HINTS_MAX = 10
_KEYS = (("email", "email_key"), ("phone", "phone_key"), ("address", "address_key"))


async def hints(session: AsyncSession, org_id: int, lead_id: int) -> list[SamePerson]:
    """Customers and leads with the same e-mail, phone or address, but for those told apart already."""
    lead = await get_own(session, Lead, lead_id, org_id)
    if lead.customer_id is not None or lead.duplicate_of is not None:
        return []
    told = await session.execute(
        select(LeadOther.kind, LeadOther.other_id).where(
            LeadOther.org_id == org_id, LeadOther.lead_id == lead_id
        )
    )
    apart = {(kind, other) for kind, other in told}
    # Said of the other lead, it holds as well.
    apart |= {
        ("lead", other)
        for other in await session.scalars(
            select(LeadOther.lead_id).where(
                LeadOther.org_id == org_id, LeadOther.kind == "lead", LeadOther.other_id == lead_id
            )
        )
    }
    customers = await _alike(session, Customer, lead)
    leads = await _alike(session, Lead, lead, Lead.id != lead_id, Lead.status.not_in(ASIDE))
    found = [("customer", row) for row in customers] + [("lead", row) for row in leads]
    return [_hint(kind, row, lead) for kind, row in found if (kind, row.id) not in apart][:HINTS_MAX]


async def _alike(
    session: AsyncSession, table: type[Customer | Lead], lead: Lead, *more: Any
) -> Sequence[Any]:
    given = [(name, getattr(lead, name)) for _, name in _KEYS if getattr(lead, name)]
    if not given:
        return []
    same = or_(*(getattr(table, name) == value for name, value in given))
    query = select(table).where(table.org_id == lead.org_id, same, *more).order_by(table.id.desc())
    return (await session.scalars(query.limit(HINTS_MAX * 2))).all()


def _hint(kind: Any, row: Any, lead: Lead) -> SamePerson:
    same: Any = [
        word for word, name in _KEYS if getattr(lead, name) and getattr(row, name) == getattr(lead, name)
    ]
    return SamePerson(
        kind=kind,
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        status=LeadStatus(row.status) if kind == "lead" else None,
        same=same,
        created_at=row.created_at,
    )


async def decide(session: AsyncSession, principal: Principal, lead_id: int, said: SameDecision) -> Lead:
    """Joins the lead with the other, or tells them apart. Raises Conflict for a lead that has left the pipeline."""
    lead = await get_own(session, Lead, lead_id, principal.org_id, lock=True)
    other_table: type[Customer | Lead] = Customer if said.kind == "customer" else Lead
    other = await get_own(session, other_table, said.id, principal.org_id)
    if not said.same:
        await _tell_apart(session, principal, lead_id, said)
        return lead
    await session.execute(
        delete(LeadOther).where(
            LeadOther.org_id == lead.org_id,
            LeadOther.lead_id == lead_id,
            LeadOther.kind == said.kind,
            LeadOther.other_id == said.id,
        )
    )
    if isinstance(other, Customer):
        joined, _ = await convert_lead(session, principal, lead_id, other.id)
        return joined
    return await _join(session, principal, lead, other)


async def _tell_apart(session: AsyncSession, principal: Principal, lead_id: int, said: SameDecision) -> None:
    made = await session.execute(
        insert(LeadOther)
        .values(
            org_id=principal.org_id,
            lead_id=lead_id,
            kind=said.kind,
            other_id=said.id,
            said_by=principal.actor,
        )
        .on_conflict_do_nothing()
        .returning(LeadOther.lead_id)
    )
    if made.one_or_none() is not None:
        await record(
            session,
            principal.org_id,
            Event.LEAD_TOLD_APART,
            actor=principal.actor,
            lead_id=lead_id,
            kind=said.kind,
            other_id=said.id,
        )


async def _join(session: AsyncSession, principal: Principal, lead: Lead, other: Lead) -> Lead:
    if lead.duplicate_of == other.id:
        return lead
    if lead.id == other.id or other.status in ASIDE:
        raise Conflict("That lead is not in the pipeline. Choose another.", kind="lead-aside")
    if lead.status == LeadStatus.CONVERTED:
        raise Conflict("This lead is a customer already.", kind="lead-converted")
    lead.status, lead.duplicate_of = LeadStatus.DUPLICATE.value, other.id
    await session.flush()
    await session.refresh(lead)
    await record(
        session,
        principal.org_id,
        Event.LEAD_MERGED,
        actor=principal.actor,
        lead_id=lead.id,
        other_id=other.id,
    )
    return lead
