"""Switches off an address that has stopped listening, and says so where people look."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.outgoing.tables import WebhookEndpoint


async def switch_off(session: AsyncSession, endpoint: WebhookEndpoint, reason: str) -> None:
    """What waits for it is kept and goes out when a person switches it on again."""
    if not endpoint.active:
        return
    endpoint.active, endpoint.disabled_reason = False, reason
    await session.flush()  # the row's lock before the log's, as everywhere else
    await record(
        session,
        endpoint.org_id,
        Event.WEBHOOK_SWITCHED_OFF,
        endpoint_id=endpoint.id,
        url=endpoint.url,
        reason=reason,
    )
