"""Adding, changing and removing the addresses that are told, and sending by hand."""

from __future__ import annotations

import secrets
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.public_address import is_public
from crm.identity.principal import Principal
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.encryption import Sealer
from crm.kit.errors import Conflict, Invalid, NotFound
from crm.kit.settings import Settings
from crm.outgoing.couriers import SEALED_FOR
from crm.outgoing.shapes import EndpointChanges, NewEndpoint
from crm.outgoing.signature import new_secret
from crm.outgoing.staging import stage_test
from crm.outgoing.tables import WebhookDelivery, WebhookEndpoint

ENDPOINTS_PER_ORG_MAX = 20
# How long the secret before the newest signs too, so that nothing is lost while receivers change over.
ROTATION = timedelta(hours=24)


async def add(
    session: AsyncSession, principal: Principal, given: NewEndpoint, settings: Settings
) -> tuple[WebhookEndpoint, str]:
    """The endpoint and its signing secret, which is not shown again. Raises Conflict at ENDPOINTS_PER_ORG_MAX,
    Invalid for an address that production does not send to."""
    _refuse_unsafe(given.url, settings)
    count = await session.scalar(
        select(func.count()).where(
            WebhookEndpoint.org_id == principal.org_id, WebhookEndpoint.deleted_at.is_(None)
        )
    )
    if (count or 0) >= ENDPOINTS_PER_ORG_MAX:
        raise Conflict(f"There are {ENDPOINTS_PER_ORG_MAX} webhooks already; remove one first.")
    secret = new_secret()
    row = WebhookEndpoint(
        org_id=principal.org_id,
        url=given.url,
        events=given.events,
        description=given.description,
        secret=Sealer(settings.secret_keys, SEALED_FOR).seal(secret),
        created_by=principal.actor,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await _say(session, principal, Event.WEBHOOK_ADDED, row)
    return row, secret


async def change(
    session: AsyncSession, principal: Principal, endpoint_id: int, given: EndpointChanges, settings: Settings
) -> WebhookEndpoint:
    """Raises NotFound, Invalid for an address that production does not send to."""
    row = await endpoint(session, principal, endpoint_id, lock=True)
    if given.url is not None:
        _refuse_unsafe(given.url, settings)
        row.url = given.url
    if given.events is not None:
        row.events = list(given.events)
    if given.description is not None:
        row.description = given.description
    if given.active is not None:
        row.active, row.disabled_reason, row.failing_since = given.active, None, None
    await _say(session, principal, Event.WEBHOOK_CHANGED, row)
    return row


async def remove(session: AsyncSession, principal: Principal, endpoint_id: int) -> None:
    """What waited for it is dropped; the log of what was sent stays. Raises NotFound."""
    row = await endpoint(session, principal, endpoint_id, lock=True)
    row.deleted_at, row.active = clock.now(), False
    row.previous_secret = None
    await session.execute(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.org_id == principal.org_id,
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.state == "waiting",
        )
        .values(state="dropped")
    )
    await _say(session, principal, Event.WEBHOOK_REMOVED, row)


async def rotate(
    session: AsyncSession, principal: Principal, endpoint_id: int, settings: Settings
) -> tuple[WebhookEndpoint, str]:
    """A new secret, shown this once; the one before signs too for ROTATION. Raises NotFound."""
    row = await endpoint(session, principal, endpoint_id, lock=True)
    secret = new_secret()
    row.previous_secret, row.previous_secret_until = row.secret, clock.now() + ROTATION
    row.secret = Sealer(settings.secret_keys, SEALED_FOR).seal(secret)
    await _say(session, principal, Event.WEBHOOK_SECRET_ROTATED, row)
    return row, secret


async def send_test(session: AsyncSession, principal: Principal, endpoint_id: int) -> WebhookDelivery:
    """Raises NotFound, Conflict for one that is switched off."""
    row = await endpoint(session, principal, endpoint_id)
    _refuse_inactive(row)
    return await stage_test(session, row, secrets.token_hex(8))


async def resend(session: AsyncSession, principal: Principal, delivery_id: int) -> WebhookDelivery:
    """Sends it once more, now, under the same id, with the whole schedule of retries before it. Raises NotFound,
    Conflict when its address is removed or switched off."""
    delivery = await get_own(session, WebhookDelivery, delivery_id, principal.org_id, lock=True)
    if delivery.state == "dropped":
        raise Conflict("The webhook that this was for has been removed.")
    _refuse_inactive(await endpoint(session, principal, delivery.endpoint_id))
    delivery.state, delivery.tries, delivery.next_attempt_at = "waiting", 0, clock.now()
    return delivery


async def endpoint(
    session: AsyncSession, principal: Principal, endpoint_id: int, *, lock: bool = False
) -> WebhookEndpoint:
    """Raises NotFound, also for one that was removed."""
    row = await get_own(session, WebhookEndpoint, endpoint_id, principal.org_id, lock=lock)
    if row.deleted_at is not None:
        raise NotFound(f"The webhook {endpoint_id} has been removed.")
    return row


def _refuse_inactive(row: WebhookEndpoint) -> None:
    if not row.active:
        raise Conflict("This webhook is switched off; switch it on first.")


def _refuse_unsafe(url: str, settings: Settings) -> None:
    """Early and by name; where a name leads is looked at again before each connection (gateways)."""
    if settings.crm_env != "production":
        return
    parts = urlsplit(url)
    if parts.scheme != "https":
        raise Invalid("Use https: what we send names your customers.", field="url")
    try:
        public = is_public(str(ip_address(parts.hostname or "")))
    except ValueError:
        public = "." in (parts.hostname or "")  # a name; one without a dot is of somebody's own network
    if not public:
        raise Invalid("Use an address that can be reached from the internet.", field="url")


async def _say(session: AsyncSession, principal: Principal, event: Event, row: WebhookEndpoint) -> None:
    await record(session, row.org_id, event, actor=principal.actor, endpoint_id=row.id, url=row.url)
