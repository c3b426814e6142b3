"""Questions, wishes and answers on a proposal, and asking for a new link when the old one ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Literal

from sqlalchemy import Select, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.activity.tables import ActivityEntry
from crm.identity.principal import Principal
from crm.kit import clock
from crm.kit.database import Database, get_own
from crm.kit.errors import Conflict, TooMany, Unauthenticated
from crm.portal.tables import PortalMessage
from crm.proposals.decision import CUSTOMER_ACTOR
from crm.proposals.links import token_hash
from crm.proposals.tables import Proposal

MESSAGES_SHOWN_MAX = 100
CUSTOMER_MESSAGES_MAX = 20
CUSTOMER_WINDOW = timedelta(hours=24)
NEW_LINK_WINDOW = timedelta(hours=12)

_SAID_BY_CUSTOMER = {"question": Event.QUESTION_ASKED, "changes": Event.CHANGES_REQUESTED}


async def ask(
    session: AsyncSession,
    principal: Principal,
    proposal_id: int,
    kind: Literal["question", "changes"],
    words: str,
) -> None:
    """Keeps what the customer wrote and tells the office. The same words twice in a row count once (a double
    tap, a reload). Raises TooMany beyond CUSTOMER_MESSAGES_MAX within CUSTOMER_WINDOW."""
    # The proposal's row makes two taps at once come one after the other.
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id, lock=True)
    thread = _thread(proposal).order_by(PortalMessage.id.desc())
    last = await session.scalar(thread.limit(1))
    if last is not None and (last.kind, last.text) == (kind, words):
        return
    recent = await session.scalar(
        select(func.count()).select_from(
            _thread(proposal)
            .where(
                PortalMessage.author == CUSTOMER_ACTOR,
                PortalMessage.created_at > clock.now() - CUSTOMER_WINDOW,
            )
            .subquery()
        )
    )
    if (recent or 0) >= CUSTOMER_MESSAGES_MAX:
        raise TooMany(
            "You have written often today. Please call, or write again tomorrow.",
            retry_after_seconds=int(CUSTOMER_WINDOW.total_seconds()),
        )
    await _keep(session, principal, proposal_id, kind, words, CUSTOMER_ACTOR, _SAID_BY_CUSTOMER[kind])


async def answer(session: AsyncSession, principal: Principal, proposal_id: int, words: str) -> PortalMessage:
    """What the office writes back; the customer reads it on their page. Raises NotFound, or Conflict for a draft,
    which no customer can open."""
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
    if proposal.sent_at is None and proposal.version == 1:
        raise Conflict(
            "The customer cannot read this yet: the proposal has not been sent.", kind="proposal-draft"
        )
    return await _keep(
        session, principal, proposal_id, "answer", words, principal.actor, Event.QUESTION_ANSWERED
    )


async def messages_of(session: AsyncSession, proposal: Proposal) -> Sequence[PortalMessage]:
    """The newest MESSAGES_SHOWN_MAX of all versions, the oldest of them first."""
    newest = _thread(proposal).order_by(PortalMessage.id.desc()).limit(MESSAGES_SHOWN_MAX)
    return list(reversed((await session.scalars(newest)).all()))


async def ask_new_link(database: Database, token: str, proposal_id: int) -> None:
    """Tells the office that a customer stands before a link which no longer works; once per NEW_LINK_WINDOW.

    Raises Unauthenticated for a token that never opened this proposal: strangers can make no noise.
    """
    async with database.transaction() as session:
        route = (
            await session.execute(
                text("SELECT org_id, proposal_id FROM crm_portal_route(:hash)"), {"hash": token_hash(token)}
            )
        ).one_or_none()
    if route is None or route.proposal_id != proposal_id:
        raise Unauthenticated(
            "This link does not open this proposal. Please use the whole link from your message.",
            kind="portal-link-unknown",
        )
    async with database.transaction(route.org_id) as session:
        await get_own(session, Proposal, proposal_id, route.org_id, lock=True)
        asked = await session.scalar(
            select(ActivityEntry.id)
            .where(
                ActivityEntry.org_id == route.org_id,
                ActivityEntry.proposal_id == proposal_id,
                ActivityEntry.event == Event.NEW_LINK_ASKED,
                ActivityEntry.created_at > clock.now() - NEW_LINK_WINDOW,
            )
            .limit(1)
        )
        if asked is None:
            await record(
                session, route.org_id, Event.NEW_LINK_ASKED, proposal_id=proposal_id, actor=CUSTOMER_ACTOR
            )


def _thread(proposal: Proposal) -> Select[PortalMessage]:
    """The messages of all versions: a question about the first is still read beside the second."""
    versions = select(Proposal.id).where(
        Proposal.org_id == proposal.org_id, Proposal.number == (proposal.number or proposal.id)
    )
    return select(PortalMessage).where(
        PortalMessage.org_id == proposal.org_id, PortalMessage.proposal_id.in_(versions)
    )


async def _keep(
    session: AsyncSession,
    principal: Principal,
    proposal_id: int,
    kind: str,
    words: str,
    author: str,
    event: Event,
) -> PortalMessage:
    message = PortalMessage(
        org_id=principal.org_id, proposal_id=proposal_id, kind=kind, text=words, author=author
    )
    session.add(message)
    await session.flush()
    await session.refresh(message)
    await record(
        session,
        principal.org_id,
        event,
        proposal_id=proposal_id,
        actor=author,
        message_id=message.id,
        text=words,
    )
    return message
