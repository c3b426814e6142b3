"""How long the answers to repeatable POSTs are kept; apart from the routes, as the worker needs no web framework."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from crm.identity.tables import IdempotencyKey
from crm.kit import clock

KEPT_FOR = timedelta(hours=24)


async def forget_old_keys(session: AsyncSession, org_id: int) -> None:
    """For the schedule: drops answers older than KEPT_FOR."""
    await session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.org_id == org_id, IdempotencyKey.created_at < clock.now() - KEPT_FOR
        )
    )
