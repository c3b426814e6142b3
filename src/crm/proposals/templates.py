"""Templates of proposals: kept, made of a proposal, and turned into a new draft."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.principal import Principal
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid
from crm.kit.field_errors import field_errors
from crm.proposals import template_revisions
from crm.proposals.content import Content, load
from crm.proposals.drafting import create
from crm.proposals.inputs import LineIn, MilestoneIn, NewProposal, ProposalContent
from crm.proposals.reusable_tables import ProposalTemplate
from crm.proposals.tables import LineItem

TEMPLATES_MAX = 500


async def keep_template(
    session: AsyncSession, principal: Principal, name: str, content: ProposalContent
) -> ProposalTemplate:
    """Raises Conflict for a name that is taken, and when there are too many. What was left out stays left out,
    so that a later standard of the company counts."""
    count = await session.scalar(select(func.count()).where(ProposalTemplate.org_id == principal.org_id))
    if (count or 0) >= TEMPLATES_MAX:
        raise Conflict(f"A company may have at most {TEMPLATES_MAX} templates.")
    row = ProposalTemplate(org_id=principal.org_id, name=name, content=_stored(content))
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise _taken() from error
    await session.refresh(row)
    await template_revisions.keep(session, row, principal.actor)
    await _say(session, principal, Event.TEMPLATE_CREATED, row)
    return row


async def change_template(
    session: AsyncSession,
    principal: Principal,
    template_id: int,
    name: str | None,
    content: ProposalContent | None,
) -> ProposalTemplate:
    """Raises NotFound, and Conflict for a name that is taken. What is the same as before makes no revision."""
    row = await get_own(session, ProposalTemplate, template_id, principal.org_id, lock=True)
    name = name if name is not None else row.name
    new = _stored(content) if content is not None else row.content
    if (name, new) == (row.name, row.content):
        return row
    await _write(session, row, name, new)
    await template_revisions.keep(session, row, principal.actor)
    await _say(session, principal, Event.TEMPLATE_UPDATED, row)
    return row


async def restore_template(
    session: AsyncSession, principal: Principal, template_id: int, revision: int
) -> ProposalTemplate:
    """The template as it was then, as a revision of its own, so that this is taken back in the same way. Raises NotFound,
    and Conflict for a name that another template has by now."""
    row = await get_own(session, ProposalTemplate, template_id, principal.org_id, lock=True)
    old = await template_revisions.one(session, row, revision)
    if (old.name, old.content) == (row.name, row.content):
        return row
    await _write(session, row, old.name, old.content)
    await template_revisions.keep(session, row, principal.actor, restored_from=revision)
    await record(
        session,
        principal.org_id,
        Event.TEMPLATE_RESTORED,
        actor=principal.actor,
        template_id=row.id,
        name=row.name,
        revision=revision,
    )
    return row


async def _write(session: AsyncSession, row: ProposalTemplate, name: str, content: dict[str, Any]) -> None:
    try:
        async with session.begin_nested():
            row.name, row.content = name, content
            row.revision += 1
    except IntegrityError as error:
        raise _taken() from error
    await session.refresh(row)


async def delete_template(session: AsyncSession, principal: Principal, template_id: int) -> None:
    """Raises NotFound. Proposals made of it stay."""
    row = await get_own(session, ProposalTemplate, template_id, principal.org_id, lock=True)
    await _say(session, principal, Event.TEMPLATE_DELETED, row)
    await session.delete(row)


async def draft_from(
    session: AsyncSession, principal: Principal, template_id: int, changes: dict[str, Any]
) -> Content:
    """A new draft of it with these fields (`customer_id` among them) instead of its own. Raises NotFound, and
    Conflict that names what in it is no longer possible."""
    row = await get_own(session, ProposalTemplate, template_id, principal.org_id)
    try:
        new = NewProposal.model_validate({**row.content, **changes})
        return await create(session, principal, new)
    except ValidationError as error:
        raise _outdated(row, field_errors(error.errors())) from error
    except Invalid as error:
        errors = error.more["errors"]
        if errors[0]["field"].partition(".")[0] in changes:
            raise  # it is about what was given now, not about the template
        raise _outdated(row, errors) from error


async def content_to_reuse(session: AsyncSession, org_id: int, proposal_id: int) -> ProposalContent:
    """What a proposal says, without its customer and date. Raises NotFound."""
    content = await load(session, org_id, proposal_id)
    proposal = content.proposal
    return ProposalContent.model_validate(
        {
            "language": proposal.language,
            "title": proposal.title,
            "introduction": proposal.introduction,
            "terms": proposal.terms,
            "currency": proposal.currency,
            "deposit": {"percent": proposal.deposit_percent, "amount_minor": proposal.deposit_minor},
            "milestones": [
                {name: getattr(one, name) for name in MilestoneIn.model_fields} for one in content.milestones
            ],
            "lines": [_line(line) for line in content.common_lines],
            "options": [
                {
                    "name": option.name,
                    "description": option.description,
                    "lines": [_line(line) for line in content.own_lines(option.id)],
                }
                for option in content.options
            ],
            "files": [{"file_id": one.file.id, "caption": one.caption} for one in content.files],
        }
    )


def _line(line: LineItem) -> dict[str, Any]:
    return {name: getattr(line, name) for name in LineIn.model_fields}


def _stored(content: ProposalContent) -> dict[str, Any]:
    return content.model_dump(mode="json", exclude_unset=True)


def _outdated(row: ProposalTemplate, errors: list[dict[str, str]]) -> Conflict:
    first = errors[0]
    return Conflict(
        f"The template {row.name} holds something that is no longer possible ({first['field']}: "
        f"{first['message']}) Please mend the template.",
        kind="template-outdated",
        errors=errors,
    )


def _taken() -> Conflict:
    return Conflict("There is a template of this name already.", kind="template-exists")


async def _say(session: AsyncSession, principal: Principal, event: Event, row: ProposalTemplate) -> None:
    await record(session, principal.org_id, event, actor=principal.actor, template_id=row.id, name=row.name)
