"""How long the log of deliveries reaches back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit import clock
from crm.outgoing.tables import WebhookDelivery

KEPT_FOR = timedelta(days=90)


async def forget_old_deliveries(session: AsyncSession, org_id: int) -> None:
    """Deletes what is over and older than KEPT_FOR, with its attempts; what waits stays."""
    await session.execute(
        delete(WebhookDelivery).where(
            WebhookDelivery.org_id == org_id,
            WebhookDelivery.state != "waiting",
            WebhookDelivery.created_at < clock.now() - KEPT_FOR,
        )
    )
