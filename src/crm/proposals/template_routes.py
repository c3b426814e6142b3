"""Templates of proposals over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from crm.dependencies import SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX, Input, Name, RowId, SearchText, SensibleDate
from crm.kit.paging import Cursor, Limit, Page, after, contains, cut
from crm.kit.times import Moment
from crm.proposals import template_revisions, templates
from crm.proposals.inputs import ProposalContent
from crm.proposals.reusable_tables import ProposalTemplate
from crm.proposals.shapes import ProposalOut, proposal_out

router = APIRouter(prefix="/proposal-templates", tags=["templates"], route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
READ = [require(Permission.READ)]
WRITE = [require(Permission.PROPOSALS_WRITE)]


class NewProposalTemplate(Input):
    name: Name
    content: ProposalContent


class TemplateOfProposal(Input):
    name: Name
    proposal_id: RowId


class ProposalTemplateChange(Input):
    """Fields left out stay; `content` replaces all that was there."""

    name: Name | None = None
    content: ProposalContent | None = None


class DraftFromTemplate(Input):
    customer_id: RowId
    title: Annotated[Name | None, Field(description="The template's when left out.")] = None
    valid_until: SensibleDate | None = None


class ProposalTemplateSummary(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    created_at: Moment
    updated_at: Moment


class ProposalTemplateOut(ProposalTemplateSummary):
    revision: int
    content: Annotated[
        dict[str, object],
        Field(description="A proposal without customer and date, as POST /proposals takes it."),
    ]


class TemplateRevisionOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    revision: int
    name: str
    content: dict[str, object]
    saved_by: Annotated[str | None, Field(description="Who; null where nobody did, as of the demo's.")]
    saved_at: Moment
    restored_from: Annotated[
        int | None, Field(description="The revision that was brought back with this one.")
    ]


@router.get("", dependencies=READ, summary="Templates, newest first")
async def list_proposal_templates(
    principal: StaffDep,
    session: OrgTx,
    q: SearchText | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ProposalTemplateSummary]:
    query = (
        select(ProposalTemplate)
        .where(ProposalTemplate.org_id == principal.org_id)
        .order_by(ProposalTemplate.id.desc())
        .limit(limit + 1)
    )
    if q:
        query = query.where(contains(ProposalTemplate.name, q))
    if (before := after(cursor)) is not None:
        query = query.where(ProposalTemplate.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[ProposalTemplateSummary.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post("", dependencies=[*WRITE, once], status_code=201, summary="Write a template")
async def create_proposal_template(
    body: NewProposalTemplate, principal: StaffDep, session: OrgTx
) -> ProposalTemplateOut:
    row = await templates.keep_template(session, principal, body.name, body.content)
    return ProposalTemplateOut.model_validate(row)


@router.post(
    "/of-proposal", dependencies=[*WRITE, once], status_code=201, summary="Keep a proposal as a template"
)
async def keep_proposal_as_template(
    body: TemplateOfProposal, principal: StaffDep, session: OrgTx
) -> ProposalTemplateOut:
    content = await templates.content_to_reuse(session, principal.org_id, body.proposal_id)
    return ProposalTemplateOut.model_validate(
        await templates.keep_template(session, principal, body.name, content)
    )


@router.get("/{id}", dependencies=READ, summary="One template")
async def read_proposal_template(id: Id, principal: StaffDep, session: OrgTx) -> ProposalTemplateOut:
    return ProposalTemplateOut.model_validate(await get_own(session, ProposalTemplate, id, principal.org_id))


@router.patch("/{id}", dependencies=WRITE, summary="Change a template; no proposal changes with it")
async def change_proposal_template(
    id: Id, body: ProposalTemplateChange, principal: StaffDep, session: OrgTx
) -> ProposalTemplateOut:
    row = await templates.change_template(session, principal, id, body.name, body.content)
    return ProposalTemplateOut.model_validate(row)


@router.get("/{id}/revisions", dependencies=READ, summary="What a template said before, newest first")
async def list_template_revisions(
    id: Id, principal: StaffDep, session: OrgTx, limit: Limit = 20, cursor: Cursor = None
) -> Page[TemplateRevisionOut]:
    """The first one is the template as it is now; the last 100 are kept."""
    template = await get_own(session, ProposalTemplate, id, principal.org_id)
    found = await template_revisions.newest(session, template, after(cursor), limit + 1)
    rows, next_cursor = cut(found, limit)
    who = await template_revisions.names(session, principal.org_id, [row.saved_by for row in rows])
    return Page(
        items=[
            TemplateRevisionOut.model_validate(row).model_copy(update={"saved_by": who.get(row.saved_by)})
            for row in rows
        ],
        next_cursor=next_cursor,
    )


@router.post(
    "/{id}/revisions/{revision}/restore", dependencies=[*WRITE, once], summary="Bring an older revision back"
)
async def restore_template_revision(
    id: Id, revision: Id, principal: StaffDep, session: OrgTx
) -> ProposalTemplateOut:
    """It becomes the newest one; restoring the one before takes that back. No proposal changes with it."""
    return ProposalTemplateOut.model_validate(
        await templates.restore_template(session, principal, id, revision)
    )


@router.delete("/{id}", dependencies=WRITE, status_code=204, summary="Delete a template")
async def delete_proposal_template(id: Id, principal: StaffDep, session: OrgTx) -> None:
    await templates.delete_template(session, principal, id)


@router.post(
    "/{id}/proposals", dependencies=[*WRITE, once], status_code=201, summary="A new draft from a template"
)
async def create_proposal_from_template(
    id: Id, body: DraftFromTemplate, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> ProposalOut:
    changes = body.model_dump(exclude_unset=True)
    if body.title is None:
        changes.pop("title", None)
    content = await templates.draft_from(session, principal, id, changes)
    return proposal_out(content, settings.deposit_percent)
