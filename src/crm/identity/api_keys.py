"""API keys: `ppk_<prefix>_<secret>`, shown once and kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.authentication import API_KEY_PREFIX
from crm.identity.permissions import Role
from crm.identity.principal import Principal
from crm.identity.tables import ApiKey
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict

KEYS_PER_ORG_MAX = 100
SECRET_BYTES = 32


async def create(session: AsyncSession, principal: Principal, name: str, role: Role) -> tuple[ApiKey, str]:
    """The new row and the whole key. Raises Conflict at KEYS_PER_ORG_MAX keys in use."""
    in_use = await session.scalar(
        select(func.count()).where(ApiKey.org_id == principal.org_id, ApiKey.revoked_at.is_(None))
    )
    if (in_use or 0) >= KEYS_PER_ORG_MAX:
        raise Conflict(f"There are {KEYS_PER_ORG_MAX} API keys in use already; revoke one first.")
    prefix = API_KEY_PREFIX + secrets.token_hex(4)
    key = f"{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    row = ApiKey(
        org_id=principal.org_id,
        name=name,
        prefix=prefix,
        key_hash=hashlib.sha256(key.encode()).digest(),
        role=role.value,
        created_by=principal.user_id,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await record(
        session,
        principal.org_id,
        Event.API_KEY_CREATED,
        actor=principal.actor,
        api_key_id=row.id,
        role=role.value,
    )
    return row, key


async def revoke(session: AsyncSession, principal: Principal, key_id: int) -> None:
    """Takes effect with the next request made with it. Raises NotFound; revoking twice changes nothing."""
    row = await get_own(session, ApiKey, key_id, principal.org_id, lock=True)
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        await record(
            session, principal.org_id, Event.API_KEY_REVOKED, actor=principal.actor, api_key_id=row.id
        )
