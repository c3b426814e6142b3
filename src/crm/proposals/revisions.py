"""Two people, one draft: every change says which revision it was made upon, and the second is told of the first."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.identity.tables import ApiKey, User
from crm.kit import clock
from crm.kit.errors import ChangedMeanwhile
from crm.proposals.tables import Proposal

# What one person saves by itself within this time of their last change is one fact in the log, not a hundred.
SITTING = timedelta(minutes=10)


def etag(proposal: Proposal) -> str:
    """A draft's entity tag (RFC 9110): the number of its revision."""
    return f'"{proposal.revision}"'


async def must_match(session: AsyncSession, proposal: Proposal, if_match: str | None) -> None:
    """Raises ChangedMeanwhile when the caller saw another revision than the stored one; None asks nothing."""
    if if_match is None or if_match.strip() == "*":
        return
    if etag(proposal) in (one.strip() for one in if_match.split(",")):
        return
    by = await reviser(session, proposal)
    raise ChangedMeanwhile(
        f"{by or 'Somebody else'} changed this draft while you were writing. Read it again, then decide whose "
        "words to keep.",
        changed_by=by,
        changed_at=proposal.revised_at.isoformat(),
        revision=proposal.revision,
    )


def revise(proposal: Proposal, actor: str) -> bool:
    """Counts a change. Returns whether it goes on with what the same person was writing just before."""
    now = clock.now()
    same_sitting = (
        proposal.revision > 1 and proposal.revised_by == actor and now - proposal.revised_at < SITTING
    )
    proposal.revision += 1
    proposal.revised_by, proposal.revised_at = actor, now
    return same_sitting


async def reviser(session: AsyncSession, proposal: Proposal) -> str | None:
    """The name of who made the last change; None when nobody has changed it yet."""
    kind, _, number = (proposal.revised_by or "").partition(":")
    if not number.isdigit():
        return None
    if kind == "user":
        query = select(User.name).where(User.org_id == proposal.org_id, User.id == int(number))
    else:
        query = select(ApiKey.name).where(ApiKey.org_id == proposal.org_id, ApiKey.id == int(number))
    return await session.scalar(query)
