"""What a template said before: every saved state of it, with who saved it and when, as far back as is kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.identity.tables import ApiKey, User
from crm.kit.errors import NotFound
from crm.proposals.reusable_tables import ProposalTemplate, TemplateRevision

REVISIONS_MAX = 100  # of one template; the oldest gives way


async def keep(
    session: AsyncSession, template: ProposalTemplate, actor: str, restored_from: int | None = None
) -> None:
    """Keeps the template as it is now, under its revision's number."""
    session.add(
        TemplateRevision(
            org_id=template.org_id,
            template_id=template.id,
            revision=template.revision,
            name=template.name,
            content=template.content,
            saved_by=actor,
            restored_from=restored_from,
        )
    )
    await session.flush()
    await session.execute(
        delete(TemplateRevision).where(
            TemplateRevision.org_id == template.org_id,
            TemplateRevision.template_id == template.id,
            TemplateRevision.revision <= template.revision - REVISIONS_MAX,
        )
    )


async def one(session: AsyncSession, template: ProposalTemplate, revision: int) -> TemplateRevision:
    """Raises NotFound for one that never was, or is no longer kept."""
    found = await session.scalar(
        select(TemplateRevision).where(
            TemplateRevision.org_id == template.org_id,
            TemplateRevision.template_id == template.id,
            TemplateRevision.revision == revision,
        )
    )
    if found is None:
        raise NotFound(f"Revision {revision} of this template is not kept; the last {REVISIONS_MAX} are.")
    return found


async def newest(
    session: AsyncSession, template: ProposalTemplate, before: int | None, limit: int
) -> Sequence[TemplateRevision]:
    query = select(TemplateRevision).where(
        TemplateRevision.org_id == template.org_id, TemplateRevision.template_id == template.id
    )
    if before is not None:
        query = query.where(TemplateRevision.id < before)
    return (await session.scalars(query.order_by(TemplateRevision.id.desc()).limit(limit))).all()


async def names(session: AsyncSession, org_id: int, actors: Sequence[str]) -> dict[str, str]:
    """Who these actors are, as people say it; of those that are neither a person nor a key nothing is known."""
    found: dict[str, str] = {}
    for kind, table in (("user", User), ("api_key", ApiKey)):
        ids = {int(actor.partition(":")[2]) for actor in actors if actor.startswith(f"{kind}:")}
        if ids:
            rows = await session.execute(
                select(table.id, table.name).where(table.org_id == org_id, table.id.in_(ids))
            )
            found |= {f"{kind}:{row_id}": name for row_id, name in rows.all()}
    return found
