"""Outgoing webhooks over HTTP: the addresses, their secrets, the log of what was sent."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Path, Query
from sqlalchemy import select

from crm.dependencies import SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.outgoing import endpoints
from crm.outgoing.shapes import (
    AttemptOut,
    DeliveryInFull,
    DeliveryOut,
    EndpointChanges,
    EndpointOut,
    EndpointWithSecret,
    NewEndpoint,
)
from crm.outgoing.tables import WebhookAttempt, WebhookDelivery, WebhookEndpoint

router = APIRouter(prefix="/webhooks", tags=["webhooks"], route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
MANAGE = [require(Permission.ORG_MANAGE)]
ATTEMPTS_SHOWN_MAX = 100


@router.get("/endpoints", dependencies=MANAGE, summary="Where events are sent")
async def list_webhook_endpoints(
    principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[EndpointOut]:
    query = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.org_id == principal.org_id, WebhookEndpoint.deleted_at.is_(None))
        .order_by(WebhookEndpoint.id.desc())
        .limit(limit + 1)
    )
    if (before := after(cursor)) is not None:
        query = query.where(WebhookEndpoint.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[EndpointOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post("/endpoints", dependencies=[*MANAGE, once], status_code=201, summary="Send events to an address")
async def create_webhook_endpoint(
    body: NewEndpoint, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> EndpointWithSecret:
    """The answer holds the signing secret, which is not shown again."""
    return _with_secret(*await endpoints.add(session, principal, body, settings))


@router.get("/endpoints/{id}", dependencies=MANAGE, summary="One address")
async def read_webhook_endpoint(id: Id, principal: StaffDep, session: OrgTx) -> EndpointOut:
    return EndpointOut.model_validate(await endpoints.endpoint(session, principal, id))


@router.patch("/endpoints/{id}", dependencies=MANAGE, summary="Change an address, switch it on or off")
async def update_webhook_endpoint(
    id: Id, body: EndpointChanges, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> EndpointOut:
    return EndpointOut.model_validate(await endpoints.change(session, principal, id, body, settings))


@router.delete("/endpoints/{id}", dependencies=MANAGE, status_code=204, summary="Send nothing there any more")
async def delete_webhook_endpoint(id: Id, principal: StaffDep, session: OrgTx) -> None:
    await endpoints.remove(session, principal, id)


@router.post("/endpoints/{id}/secret", dependencies=[*MANAGE, once], summary="Make a new signing secret")
async def rotate_webhook_secret(
    id: Id, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> EndpointWithSecret:
    """For 24 hours every message is signed with both, the new one and the one before."""
    return _with_secret(*await endpoints.rotate(session, principal, id, settings))


@router.post(
    "/endpoints/{id}/test", dependencies=[*MANAGE, once], status_code=201, summary="Send a test event"
)
async def send_webhook_test(id: Id, principal: StaffDep, session: OrgTx) -> DeliveryOut:
    return DeliveryOut.model_validate(await endpoints.send_test(session, principal, id))


@router.get("/deliveries", dependencies=MANAGE, summary="What was sent, newest first")
async def list_webhook_deliveries(
    principal: StaffDep,
    session: OrgTx,
    endpoint_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    state: Literal["waiting", "delivered", "failed", "dropped"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DeliveryOut]:
    """Kept for 90 days."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.org_id == principal.org_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit + 1)
    )
    if endpoint_id is not None:
        query = query.where(WebhookDelivery.endpoint_id == endpoint_id)
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if (before := after(cursor)) is not None:
        query = query.where(WebhookDelivery.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[DeliveryOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/deliveries/{id}", dependencies=MANAGE, summary="One message and every attempt at it")
async def read_webhook_delivery(id: Id, principal: StaffDep, session: OrgTx) -> DeliveryInFull:
    row = await get_own(session, WebhookDelivery, id, principal.org_id)
    attempts = await session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.org_id == principal.org_id, WebhookAttempt.delivery_id == id)
        .order_by(WebhookAttempt.id.desc())
        .limit(ATTEMPTS_SHOWN_MAX)
    )
    return DeliveryInFull(
        **DeliveryOut.model_validate(row).model_dump(),
        payload=orjson.loads(row.payload),
        attempts=[AttemptOut.model_validate(attempt) for attempt in attempts],
    )


@router.post("/deliveries/{id}/resend", dependencies=[*MANAGE, once], summary="Send a message once more")
async def resend_webhook_delivery(id: Id, principal: StaffDep, session: OrgTx) -> DeliveryOut:
    """Under the same id, whatever became of it before."""
    return DeliveryOut.model_validate(await endpoints.resend(session, principal, id))


def _with_secret(row: WebhookEndpoint, secret: str) -> EndpointWithSecret:
    return EndpointWithSecret(**EndpointOut.model_validate(row).model_dump(), signing_secret=secret)
