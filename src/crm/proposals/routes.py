"""Proposals over HTTP, for staff: write, send, replace, and the links customers open them with."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.tables import Customer
from crm.dependencies import SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.search import find
from crm.proposals import decision, drafting
from crm.proposals.content import Content, deposit_minor, load, status_today
from crm.proposals.inputs import NewLink, NewProposal, ProposalChange, SendIn
from crm.proposals.lifecycle import Status
from crm.proposals.links import create_link, revoke_link
from crm.proposals.revisions import etag, reviser
from crm.proposals.shapes import (
    CustomerRef,
    Discarded,
    LinkOut,
    NewLinkOut,
    ProposalOut,
    ProposalSummary,
    SentProposal,
    proposal_out,
)
from crm.proposals.tables import PortalLink, Proposal

router = APIRouter(prefix="/proposals", tags=["proposals"], route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
IF_MATCH_LENGTH_MAX = 500
IfMatch = Annotated[
    str | None,
    Header(max_length=IF_MATCH_LENGTH_MAX, description="The ETag that the change was made upon."),
]
Autosave = Annotated[
    bool, Query(description="Saved by a program while somebody writes: the log says it once a sitting.")
]
READ = [require(Permission.READ)]
WRITE = [require(Permission.PROPOSALS_WRITE)]


@router.get("", dependencies=READ, summary="Proposals, newest first")
async def list_proposals(
    principal: StaffDep,
    session: OrgTx,
    settings: SettingsDep,
    status: Status | None = None,
    customer_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    number: Annotated[int | None, Query(ge=1, le=ID_MAX, description="All versions of this one.")] = None,
    q: Annotated[SearchText | None, Query(description="Words of the title, number or customer.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ProposalSummary]:
    query = (
        select(Proposal, Customer)
        .join(Customer, (Customer.org_id == Proposal.org_id) & (Customer.id == Proposal.customer_id))
        .where(Proposal.org_id == principal.org_id)
        .order_by(Proposal.id.desc())
        .limit(limit + 1)
    )
    if status is not None:
        query = query.where(Proposal.status == status)
    if customer_id is not None:
        query = query.where(Proposal.customer_id == customer_id)
    if number is not None:
        query = query.where(Proposal.number == number)
    before = after(cursor)
    if q:
        found = await find(
            session, principal.org_id, "proposals", q, before=before, most=limit + 1, only=status and [status]
        )
        query = query.where(Proposal.id.in_(found))
    elif before is not None:
        query = query.where(Proposal.id < before)
    rows = (await session.execute(query)).all()
    customers = {customer.id: customer for _, customer in rows}
    page, next_cursor = cut([proposal for proposal, _ in rows], limit)
    org = await session.get_one(Org, principal.org_id)
    return Page(
        items=[
            _summary(proposal, customers[proposal.customer_id], org, settings.deposit_percent)
            for proposal in page
        ],
        next_cursor=next_cursor,
    )


def _summary(proposal: Proposal, customer: Customer, org: Org, default_percent: int) -> ProposalSummary:
    return ProposalSummary(
        id=proposal.id,
        number=proposal.number or proposal.id,
        version=proposal.version,
        title=proposal.title,
        customer=CustomerRef(id=customer.id, name=customer.name, email=customer.email),
        status=status_today(proposal, org),
        currency=proposal.currency,
        total_minor=proposal.total_minor,
        deposit_minor=deposit_minor(proposal, org, proposal.total_minor, default_percent),
        valid_until=proposal.valid_until,
        sent_at=proposal.sent_at,
        approved_at=proposal.approved_at,
        created_at=proposal.created_at,
        updated_at=proposal.updated_at,
    )


@router.post("", dependencies=[*WRITE, once], status_code=201, summary="Write a draft")
async def create_proposal(
    body: NewProposal, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> ProposalOut:
    return proposal_out(await drafting.create(session, principal, body), settings.deposit_percent)


@router.get("/{id}", dependencies=READ, summary="One proposal")
async def read_proposal(
    id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep, response: Response
) -> ProposalOut:
    """A draft comes with an `ETag`, which a change of it may name."""
    content = await load(session, principal.org_id, id)
    return await _with_revision(session, content, settings.deposit_percent, response)


@router.patch("/{id}", dependencies=WRITE, summary="Change a draft")
async def change_proposal(
    id: Id,
    body: ProposalChange,
    principal: StaffDep,
    session: OrgTx,
    settings: SettingsDep,
    response: Response,
    *,
    if_match: IfMatch = None,
    autosave: Autosave = False,
) -> ProposalOut:
    """With `If-Match` nobody's change is overwritten unseen: 412 says who was first and when."""
    content = await drafting.change(session, principal, id, body, if_match=if_match, autosave=autosave)
    return await _with_revision(session, content, settings.deposit_percent, response)


@router.post("/{id}/send", dependencies=[*WRITE, once], summary="Open it to the customer")
async def send_proposal(
    id: Id,
    principal: StaffDep,
    session: OrgTx,
    settings: SettingsDep,
    body: SendIn | None = None,
    if_match: IfMatch = None,
) -> SentProposal:
    """With `If-Match` nothing is sent that the sender has not seen: 412 says who changed it and when."""
    told = body or SendIn()
    content = await decision.send(
        session,
        principal.org_id,
        id,
        default_percent=settings.deposit_percent,
        actor=principal.actor,
        override_reason=told.override_reason,
        notify=told.notify,
        to=told.to,
        message=told.message,
        if_match=if_match,
    )
    _, url = await create_link(session, content.proposal, settings.portal_public_url, actor=principal.actor)
    return SentProposal(proposal=proposal_out(content, settings.deposit_percent), portal_url=url)


@router.post(
    "/{id}/supersede", dependencies=[*WRITE, once], status_code=201, summary="Replace it by a new draft"
)
async def supersede_proposal(
    id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> ProposalOut:
    return proposal_out(await drafting.supersede(session, principal, id), settings.deposit_percent)


@router.delete("/{id}", dependencies=WRITE, summary="Discard a draft")
async def discard_proposal(id: Id, principal: StaffDep, session: OrgTx) -> Discarded:
    return Discarded(reopened=await drafting.discard(session, principal, id))


@router.get("/{id}/portal-links", dependencies=READ, summary="Its links, without their secrets")
async def list_portal_links(
    id: Id, principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[LinkOut]:
    await _must_exist(session, principal.org_id, id)
    query = (
        select(PortalLink)
        .where(PortalLink.org_id == principal.org_id, PortalLink.proposal_id == id)
        .order_by(PortalLink.id.desc())
        .limit(limit + 1)
    )
    if (before := after(cursor)) is not None:
        query = query.where(PortalLink.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(
        items=[LinkOut.model_validate(row, from_attributes=True) for row in rows], next_cursor=next_cursor
    )


@router.post(
    "/{id}/portal-links", dependencies=[*WRITE, once], status_code=201, summary="Make a link for the customer"
)
async def create_portal_link(
    id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep, body: NewLink | None = None
) -> NewLinkOut:
    proposal = await get_own(session, Proposal, id, principal.org_id, lock=True)
    link, url = await create_link(
        session,
        proposal,
        settings.portal_public_url,
        days=(body or NewLink()).days,
        actor=principal.actor,
    )
    return NewLinkOut(id=link.id, url=url, expires_at=link.expires_at)


@router.delete("/{id}/portal-links/{link_id}", dependencies=WRITE, status_code=204, summary="Revoke a link")
async def revoke_portal_link(id: Id, link_id: Id, principal: StaffDep, session: OrgTx) -> None:
    await revoke_link(session, principal, id, link_id)


async def _with_revision(
    session: AsyncSession, content: Content, default_percent: int, response: Response
) -> ProposalOut:
    if content.status() is Status.DRAFT:
        response.headers["ETag"] = etag(content.proposal)
    out = proposal_out(content, default_percent)
    return out.model_copy(update={"revised_by": await reviser(session, content.proposal)})


async def _must_exist(session: AsyncSession, org_id: int, proposal_id: int) -> None:
    await get_own(session, Proposal, proposal_id, org_id)
