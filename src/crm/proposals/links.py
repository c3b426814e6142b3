"""Portal links: each opens one proposal and nothing else, ends by itself and can be revoked.

The secret rides behind the # of the address, which browsers never send, and only its hash is kept.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.principal import CUSTOMER, Principal
from crm.kit import clock
from crm.kit.database import Database, get_own
from crm.kit.errors import Conflict, NotFound, Unauthenticated
from crm.proposals.lifecycle import Status, blocked
from crm.proposals.tables import PortalLink, Proposal

TOKEN_BYTES = 32
LINK_DAYS = 90
LINKS_PER_PROPOSAL_MAX = 50


async def create_link(
    session: AsyncSession,
    proposal: Proposal,
    public_url: str,
    *,
    days: int = LINK_DAYS,
    actor: str,
    token: str | None = None,
) -> tuple[PortalLink, str]:
    """A new link and its address; a random `token` unless one is given. Raises Conflict for a draft, and at LINKS_PER_PROPOSAL_MAX links in use."""
    if proposal.status in {Status.DRAFT, Status.SUPERSEDED}:
        raise blocked(Status(proposal.status), "be opened by the customer")
    in_use = await session.scalar(
        select(func.count()).where(
            PortalLink.org_id == proposal.org_id,
            PortalLink.proposal_id == proposal.id,
            PortalLink.revoked_at.is_(None),
            PortalLink.expires_at > clock.now(),
        )
    )
    if (in_use or 0) >= LINKS_PER_PROPOSAL_MAX:
        raise Conflict(f"There are {LINKS_PER_PROPOSAL_MAX} links in use already; revoke one first.")
    token = token or secrets.token_urlsafe(TOKEN_BYTES)
    link = PortalLink(
        org_id=proposal.org_id,
        proposal_id=proposal.id,
        token_hash=token_hash(token),
        expires_at=clock.now() + timedelta(days=days),
    )
    session.add(link)
    await session.flush()
    await session.refresh(link)
    await record(
        session,
        proposal.org_id,
        Event.PORTAL_LINK_CREATED,
        proposal_id=proposal.id,
        actor=actor,
        link_id=link.id,
    )
    return link, link_url(public_url, proposal.id, token)


def link_url(public_url: str, proposal_id: int, token: str) -> str:
    return f"{public_url.rstrip('/')}/proposal/{proposal_id}#t={token}"


async def revoke_link(session: AsyncSession, principal: Principal, proposal_id: int, link_id: int) -> None:
    """Takes effect with the next request. Raises NotFound; revoking twice changes nothing."""
    link = await get_own(session, PortalLink, link_id, principal.org_id, lock=True)
    if link.proposal_id != proposal_id:
        raise NotFound(f"There is no link {link_id} of this proposal.")
    if link.revoked_at is None:
        link.revoked_at = clock.now()
        await record(
            session,
            principal.org_id,
            Event.PORTAL_LINK_REVOKED,
            proposal_id=proposal_id,
            actor=principal.actor,
            link_id=link.id,
        )


async def open_link(database: Database, token: str, proposal_id: int) -> tuple[Principal, datetime]:
    """The customer behind a token, and when the link ends. Raises Unauthenticated or Conflict, by `kind`:
    portal-link-unknown (also when it opens another proposal), -revoked, -expired, proposal-superseded."""
    async with database.transaction() as session:
        route = (
            await session.execute(
                text("SELECT org_id, proposal_id, portal_link_id FROM crm_portal_route(:hash)"),
                {"hash": token_hash(token)},
            )
        ).one_or_none()
    if route is None or route.proposal_id != proposal_id:
        raise Unauthenticated(
            "This link does not open this proposal. Please use the whole link from your message.",
            kind="portal-link-unknown",
            title="This link does not fit",
        )
    async with database.transaction(route.org_id) as session:
        link = await session.get_one(PortalLink, (route.org_id, route.portal_link_id))
        status = await session.scalar(
            select(Proposal.status).where(Proposal.org_id == route.org_id, Proposal.id == proposal_id)
        )
    if status == Status.SUPERSEDED:
        raise Conflict(
            "A newer version has replaced this proposal. Please use the newer link, or ask for it.",
            kind="proposal-superseded",
            title="There is a newer version",
        )
    if link.revoked_at is not None:
        raise Unauthenticated(
            "This link was withdrawn. Please ask for a new one.",
            kind="portal-link-revoked",
            title="Link withdrawn",
        )
    if link.expires_at <= clock.now():
        raise Unauthenticated(
            "This link has expired. Please ask for a new one.",
            kind="portal-link-expired",
            title="Link expired",
        )
    return Principal(route.org_id, CUSTOMER, CUSTOMER, proposal_id=proposal_id), link.expires_at


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
