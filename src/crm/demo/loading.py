"""Demo data: two roofing contractors, their teams, leads and proposals; never in production.

Ids, names and amounts are the contract's ("Demo data"). Everything goes through the same functions as real
work, so that totals, hashes and the activity log are what they would be.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.customers.leads import create_lead
from crm.customers.shapes import LeadIn
from crm.customers.tables import Customer
from crm.demo.content import CUSTOMERS, DEMO_PASSWORD, LEADS, ORGS, PROPOSALS, USERS
from crm.demo.price_book import PRICE_ITEMS, TEMPLATES
from crm.identity.passwords import hash_password
from crm.identity.permissions import Role
from crm.identity.principal import Principal
from crm.identity.tables import Org, User
from crm.kit import clock
from crm.kit.database import Database, owner_url
from crm.kit.encryption import derive_key
from crm.kit.settings import Settings
from crm.proposals import decision, drafting
from crm.proposals.inputs import NewProposal, ProposalContent
from crm.proposals.links import create_link, link_url, token_hash
from crm.proposals.price_book import create_price_item
from crm.proposals.price_items import PriceItemIn
from crm.proposals.tables import PortalLink, Proposal
from crm.proposals.templates import keep_template

ORG_IDS = tuple(ORGS)
# Far enough that a demo kept for months still works.
VALID_DAYS = 365
# Ids that people may add to begin behind the demo's.
FIRST_FREE_ID = 100


class NotInProduction(RuntimeError):
    """Demo users have a password that everybody knows."""


def load_demo(settings: Settings, database_url: str) -> bool:
    """Loads the demo data unless it is there already; returns whether it did. Raises NotInProduction."""
    return asyncio.run(load(settings, database_url))


async def load(settings: Settings, database_url: str) -> bool:
    """The same within an event loop. Works as the owner's role, because it chooses ids."""
    if settings.crm_env == "production":
        raise NotInProduction("Demo data is never loaded when CRM_ENV=production.")
    database = Database(owner_url(database_url), pool_size=1)
    try:
        async with database.transaction(*ORG_IDS) as session:
            await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('crm-demo-data'))"))
            if await session.scalar(select(Org.id).where(Org.id.in_(ORG_IDS)).limit(1)):
                return False
            await _load_everything(session)
            return True
    finally:
        await database.close()


async def _load_everything(session: AsyncSession) -> None:
    password_hash = await hash_password(DEMO_PASSWORD)  # one for all of them: it is no secret
    session.add_all(Org(id=org_id, **fields) for org_id, fields in ORGS.items())
    await session.flush()
    session.add_all(User(**fields, password_hash=password_hash) for fields in USERS)
    session.add_all(Customer(**fields) for fields in CUSTOMERS)
    await session.flush()
    for org_id in ORG_IDS:
        await session.execute(
            text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :id)"), {"table": "orgs", "id": org_id}
        )
    for days_ago, fields in LEADS:
        lead = await create_lead(session, _owner(1), LeadIn(**fields))
        lead.created_at = clock.now() - timedelta(days=days_ago)
    for proposal_id, org_id, content in PROPOSALS:
        await _set_next_id(session, "proposals", proposal_id)
        new = NewProposal.model_validate(
            {**content, "valid_until": (clock.now() + timedelta(days=VALID_DAYS)).date()}
        )
        await drafting.create(session, _owner(org_id), new)
        await decision.send(
            session, org_id, proposal_id, default_percent=None, actor=_owner(org_id).actor, notify=False
        )  # fmt: skip
    for item in PRICE_ITEMS:
        await create_price_item(session, _owner(1), PriceItemIn.model_validate(item))
    for name, content in TEMPLATES:
        await keep_template(session, _owner(1), name, ProposalContent.model_validate(content))
    for table in ("users", "customers", "proposals"):
        await _set_next_id(session, table, FIRST_FREE_ID)


async def _set_next_id(session: AsyncSession, table: str, next_id: int) -> None:
    await session.execute(
        text("SELECT setval(pg_get_serial_sequence(:table, 'id'), :id, false)"),
        {"table": table, "id": next_id},
    )


def _owner(org_id: int) -> Principal:
    user_id = next(u["id"] for u in USERS if u["org_id"] == org_id and u["role"] == Role.OWNER)
    return Principal(org_id, f"user:{user_id}", Role.OWNER, user_id)


async def demo_portal_url(database: Database, settings: Settings, proposal_id: int, org_id: int = 1) -> str:
    """The address at which a customer opens a demo proposal; the same every time on one installation.

    Its secret is derived from CRM_SECRET_KEY, so nobody else can know it. Raises NotInProduction.
    """
    if settings.crm_env == "production":
        raise NotInProduction("There are no demo links when CRM_ENV=production.")
    key = derive_key(settings.secret_keys[0], "demo-portal-link")
    digest = hmac.digest(key, f"{org_id}/{proposal_id}".encode(), "sha256")
    token = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    async with database.transaction(org_id) as session:
        link = await session.scalar(
            select(PortalLink).where(PortalLink.org_id == org_id, PortalLink.token_hash == token_hash(token))
        )
        if link is not None and link.revoked_at is None and link.expires_at > clock.now():
            return link_url(settings.portal_public_url, proposal_id, token)
        proposal = await session.get_one(Proposal, (org_id, proposal_id))
        _, url = await create_link(
            session,
            proposal,
            settings.portal_public_url,
            days=VALID_DAYS,
            actor=_owner(org_id).actor,
            token=token if link is None else None,
        )
        return url
