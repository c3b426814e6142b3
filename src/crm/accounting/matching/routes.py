"""The API of the review queue: who may be meant, choosing, a new customer, and taking it back."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.matching import queue as review
from crm.accounting.matching.tables import CustomerMatch, MatchingRule, QboCustomer
from crm.accounting.tables import QboToken
from crm.customers.tables import Customer
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.errors import NotFound
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.times import Moment

router = APIRouter(tags=["books"], prefix="/books/review")
READ = require(Permission.BOOKS_READ)
WRITE = require(Permission.BOOKS_WRITE)


class CandidateOut(BaseModel):
    """A customer in QuickBooks who may be meant. `score` from 0 to 100, and what speaks for it."""

    qbo_id: str
    name: str
    company: str | None
    email: str | None
    phone: str | None
    street: str | None
    postal_code: str | None
    active: bool
    job: bool
    score: int
    reasons: list[str]


class ReviewOut(BaseModel):
    """A customer of ours (`id`) and who may be meant. `exact` is the one that a bulk choice takes. `waiting_minor` waits
    for the answer, in `currency`."""

    id: int
    name: str
    company: str | None
    email: str | None
    phone: str | None
    street: str | None
    postal_code: str | None
    candidates: list[CandidateOut]
    exact: str | None
    waiting_count: int
    waiting_minor: int
    currency: str | None
    state: Literal["open", "decided"]
    decision: Literal["link", "new"] | None
    qbo_id: str | None
    qbo_name: str | None
    decided_by: str | None
    can_undo: bool
    created_at: Moment


class Choice(BaseModel):
    """The customer in QuickBooks that is meant; null: none of them, a new one."""

    qbo_id: Annotated[str, Field(min_length=1, max_length=40)] | None


class Rule(BaseModel):
    """What to do when it is not safe which customer is meant: ask a person, or always make a new one."""

    unsure: Literal["ask", "always_new"]


class Chosen(BaseModel):
    chosen: int


@router.get("", summary="Customers who wait for a match in QuickBooks", dependencies=[READ])
async def list_review(
    session: OrgTx,
    principal: StaffDep,
    state: Annotated[Literal["open", "decided"], Query()] = "open",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ReviewOut]:
    realm = await realm_of(session, principal.org_id)
    query = _query(principal.org_id, realm).where(CustomerMatch.state == state)
    if (before := after(cursor)) is not None:
        query = query.where(CustomerMatch.customer_id < before)
    rows = (await session.execute(query.order_by(CustomerMatch.customer_id.desc()).limit(limit + 1))).all()
    items, next_cursor = cut([await _out(session, *row) for row in rows], limit)
    return Page(items=list(items), next_cursor=next_cursor)


@router.get("/rule", summary="What is done when it is not safe who is meant", dependencies=[READ])
async def get_matching_rule(session: OrgTx, principal: StaffDep) -> Rule:
    unsure: Any = await review.rule(session, principal.org_id)
    return Rule(unsure=unsure)


@router.put("/rule", summary="Change what is done when it is not safe who is meant", dependencies=[WRITE])
async def set_matching_rule(body: Rule, session: OrgTx, principal: StaffDep) -> Rule:
    await session.execute(
        insert(MatchingRule)
        .values(org_id=principal.org_id, unsure=body.unsure)
        .on_conflict_do_update(index_elements=["org_id"], set_={"unsure": body.unsure})
    )
    return body


@router.post("/exact", summary="Take over every match that leaves no doubt", dependencies=[WRITE])
async def choose_exact(session: OrgTx, principal: StaffDep) -> Chosen:
    realm = await realm_of(session, principal.org_id)
    matches = await session.scalars(
        select(CustomerMatch)
        .where(
            CustomerMatch.org_id == principal.org_id,
            CustomerMatch.realm_id == realm,
            CustomerMatch.state == "open",
        )
        .order_by(CustomerMatch.customer_id)
        .limit(500)
    )
    found = [(match.customer_id, review.exact(match)) for match in matches]
    for customer_id, qbo_id in found:
        if qbo_id is not None:
            await review.choose(session, principal.org_id, realm, customer_id, qbo_id, principal.actor)
    return Chosen(chosen=sum(qbo_id is not None for _, qbo_id in found))


@router.get("/{customer_id}", summary="One customer who waits for a match", dependencies=[READ])
async def get_review(customer_id: int, session: OrgTx, principal: StaffDep) -> ReviewOut:
    return await _one(session, principal.org_id, customer_id)


@router.post(
    "/{customer_id}/choose", summary="Say who is meant, or that it is a new one", dependencies=[WRITE]
)
async def choose_match(customer_id: int, body: Choice, session: OrgTx, principal: StaffDep) -> ReviewOut:
    realm = await realm_of(session, principal.org_id)
    await review.choose(
        session, principal.org_id, realm, _possible(customer_id), body.qbo_id, principal.actor
    )
    return await _one(session, principal.org_id, customer_id)


@router.post(
    "/{customer_id}/undo", summary="Take a choice back before anything is booked", dependencies=[WRITE]
)
async def undo_match(customer_id: int, session: OrgTx, principal: StaffDep) -> ReviewOut:
    realm = await realm_of(session, principal.org_id)
    await review.undo(session, principal.org_id, realm, _possible(customer_id), principal.actor)
    return await _one(session, principal.org_id, customer_id)


async def realm_of(session: AsyncSession, org_id: int) -> str:
    realm = await session.scalar(select(QboToken.realm_id).where(QboToken.org_id == org_id))
    return realm or ""


def _query(org_id: int, realm: str) -> Any:
    return (
        select(CustomerMatch, Customer)
        .join(
            Customer, (Customer.org_id == CustomerMatch.org_id) & (Customer.id == CustomerMatch.customer_id)
        )
        .where(CustomerMatch.org_id == org_id, CustomerMatch.realm_id == realm)
    )


def _possible(customer_id: int) -> int:
    if not 0 < customer_id <= ID_MAX:
        raise NotFound(f"Customer {customer_id} does not wait for a match.")
    return customer_id


async def _one(session: AsyncSession, org_id: int, customer_id: int) -> ReviewOut:
    _possible(customer_id)
    await session.flush()
    query = _query(org_id, await realm_of(session, org_id)).where(CustomerMatch.customer_id == customer_id)
    row = (await session.execute(query)).first()
    if row is None:
        raise NotFound(f"Customer {customer_id} does not wait for a match.")
    return await _out(session, *row)


async def _out(session: AsyncSession, match: CustomerMatch, customer: Customer) -> ReviewOut:
    waiting = (
        await session.execute(
            text(
                "SELECT count(*), coalesce(sum(x.amount_minor), 0), min(x.currency) FROM postings x "
                "JOIN proposals r ON r.org_id = x.org_id AND r.id = x.proposal_id WHERE x.org_id = :org "
                "AND r.customer_id = :customer AND x.state <> 'posted' AND x.kind = 'payment'"
            ),
            {"org": match.org_id, "customer": match.customer_id},
        )
    ).one()
    qbo_name = await session.scalar(
        select(QboCustomer.name).where(
            QboCustomer.org_id == match.org_id,
            QboCustomer.realm_id == match.realm_id,
            QboCustomer.qbo_id == match.qbo_id,
        )
    )
    address = customer.billing_address or customer.site_address or {}
    state: Any = match.state
    decision: Any = match.decision
    undoable = match.state == "decided" and not await review.posted(session, match.org_id, match.customer_id)
    return ReviewOut(
        id=customer.id,
        name=customer.name,
        company=customer.company,
        email=customer.email,
        phone=customer.phone,
        street=address.get("line1"),
        postal_code=address.get("postal_code"),
        candidates=[CandidateOut(**one) for one in match.candidates],
        exact=review.exact(match) if match.state == "open" else None,
        waiting_count=int(waiting[0]),
        waiting_minor=int(waiting[1]),
        currency=waiting[2],
        state=state,
        decision=decision,
        qbo_id=match.qbo_id,
        qbo_name=qbo_name,
        decided_by=match.decided_by,
        can_undo=undoable,
        created_at=match.created_at,
    )
