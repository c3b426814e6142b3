"""Leads and customers over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import func, select

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers import duplicates, leads
from crm.customers.shapes import (
    ASIDE,
    ConvertedLead,
    ConvertLead,
    CustomerChange,
    CustomerIn,
    CustomerOut,
    LeadChange,
    LeadIn,
    LeadOut,
    LeadStatus,
    SameDecision,
    SamePerson,
    StageCount,
)
from crm.customers.tables import Customer, Lead
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.errors import Invalid
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.search import find

router = APIRouter(route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
Search = Annotated[
    SearchText | None, Query(description="Words of a name, company, e-mail, phone number or address.")
]
READ = [require(Permission.READ)]
WRITE_CUSTOMERS = [require(Permission.CUSTOMERS_WRITE)]
WRITE_LEADS = [require(Permission.LEADS_WRITE)]


@router.get("/customers", tags=["customers"], dependencies=READ, summary="Customers, newest first")
async def list_customers(
    principal: StaffDep, session: OrgTx, q: Search = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[CustomerOut]:
    query = (
        select(Customer)
        .where(Customer.org_id == principal.org_id)
        .order_by(Customer.id.desc())
        .limit(limit + 1)
    )
    before = after(cursor)
    if q:
        found = await find(session, principal.org_id, "customers", q, before=before, most=limit + 1)
        query = query.where(Customer.id.in_(found))
    elif before is not None:
        query = query.where(Customer.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[CustomerOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post(
    "/customers",
    tags=["customers"],
    dependencies=[*WRITE_CUSTOMERS, once],
    status_code=201,
    summary="Add one",
)
async def create_customer(body: CustomerIn, principal: StaffDep, session: OrgTx) -> CustomerOut:
    customer = Customer(org_id=principal.org_id, **body.model_dump())
    session.add(customer)
    await session.flush()
    await session.refresh(customer)
    await record(
        session, principal.org_id, Event.CUSTOMER_CREATED, actor=principal.actor, customer_id=customer.id
    )
    return CustomerOut.model_validate(customer)


@router.get("/customers/{id}", tags=["customers"], dependencies=READ, summary="One customer")
async def read_customer(id: Id, principal: StaffDep, session: OrgTx) -> CustomerOut:
    return CustomerOut.model_validate(await get_own(session, Customer, id, principal.org_id))


@router.patch(
    "/customers/{id}", tags=["customers"], dependencies=WRITE_CUSTOMERS, summary="Change a customer"
)
async def change_customer(id: Id, body: CustomerChange, principal: StaffDep, session: OrgTx) -> CustomerOut:
    customer = await get_own(session, Customer, id, principal.org_id, lock=True)
    fields = body.model_dump(exclude_unset=True)
    if fields.get("name", customer.name) is None:
        raise Invalid("Please fill this in.", field="name")
    changed = sorted(name for name, value in fields.items() if getattr(customer, name) != value)
    for name in changed:
        setattr(customer, name, fields[name])
    if changed:
        await session.flush()
        await session.refresh(customer)
        await record(
            session,
            principal.org_id,
            Event.CUSTOMER_UPDATED,
            actor=principal.actor,
            customer_id=customer.id,
            fields=changed,
        )
    return CustomerOut.model_validate(customer)


@router.get("/leads", tags=["leads"], dependencies=READ, summary="Leads, newest first")
async def list_leads(
    principal: StaffDep,
    session: OrgTx,
    status: Annotated[
        LeadStatus | None, Query(description="Without it all but `spam` and `duplicate`.")
    ] = None,
    q: Search = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[LeadOut]:
    query = select(Lead).where(Lead.org_id == principal.org_id).order_by(Lead.id.desc()).limit(limit + 1)
    before = after(cursor)
    if q:
        only = [status] if status is not None else [each for each in LeadStatus if each not in ASIDE]
        found = await find(session, principal.org_id, "leads", q, before=before, most=limit + 1, only=only)
        query = query.where(Lead.id.in_(found))
    else:
        query = query.where(Lead.status == status if status is not None else Lead.status.not_in(ASIDE))
        if before is not None:
            query = query.where(Lead.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[LeadOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post("/leads", tags=["leads"], dependencies=[*WRITE_LEADS, once], status_code=201, summary="Add one")
async def create_lead(body: LeadIn, principal: StaffDep, session: OrgTx) -> LeadOut:
    return LeadOut.model_validate(await leads.create_lead(session, principal, body))


@router.get("/leads/stages", tags=["leads"], dependencies=READ, summary="How many leads stand at each stage")
async def count_leads(principal: StaffDep, session: OrgTx) -> list[StageCount]:
    found = await session.execute(
        select(Lead.status, func.count()).where(Lead.org_id == principal.org_id).group_by(Lead.status)
    )
    counts = {status: many for status, many in found}  # noqa: C416 - a row is no pair to mypy
    return [StageCount(status=status, count=counts.get(status.value, 0)) for status in LeadStatus]


@router.get("/leads/{id}", tags=["leads"], dependencies=READ, summary="One lead")
async def read_lead(id: Id, principal: StaffDep, session: OrgTx) -> LeadOut:
    return LeadOut.model_validate(await get_own(session, Lead, id, principal.org_id))


@router.patch("/leads/{id}", tags=["leads"], dependencies=WRITE_LEADS, summary="Change a lead")
async def change_lead(id: Id, body: LeadChange, principal: StaffDep, session: OrgTx) -> LeadOut:
    return LeadOut.model_validate(await leads.change_lead(session, principal, id, body))


@router.post(
    "/leads/{id}/convert", tags=["leads"], dependencies=[*WRITE_LEADS, once], summary="Make a customer of it"
)
async def convert_lead(
    id: Id, principal: StaffDep, session: OrgTx, body: ConvertLead | None = None
) -> ConvertedLead:
    lead, customer = await leads.convert_lead(session, principal, id, body.customer_id if body else None)
    return ConvertedLead(lead=LeadOut.model_validate(lead), customer=CustomerOut.model_validate(customer))


@router.get(
    "/leads/{id}/same-person",
    tags=["leads"],
    dependencies=READ,
    summary="Leads and customers with the same e-mail, phone or address",
)
async def find_same_person(id: Id, principal: StaffDep, session: OrgTx) -> list[SamePerson]:
    return await duplicates.hints(session, principal.org_id, id)


@router.post(
    "/leads/{id}/same-person",
    tags=["leads"],
    dependencies=[*WRITE_LEADS, once],
    summary="Say whether it is the same person",
)
async def decide_same_person(id: Id, body: SameDecision, principal: StaffDep, session: OrgTx) -> LeadOut:
    return LeadOut.model_validate(await duplicates.decide(session, principal, id, body))
