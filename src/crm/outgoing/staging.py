"""Turns facts of the activity log into messages for the addresses that want to hear of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.kit import clock
from crm.outgoing.switching import switch_off
from crm.outgoing.tables import WebhookDelivery, WebhookEndpoint
from crm.proposals.tables import Proposal

VERSION = 1  # of the payload's form; a field may be added under the same number, none changed or taken away
WAITING_PER_ENDPOINT_MAX = 10_000
TEST = "test"

# What each fact is called outside, and which of its details go with it (docs/webhooks.md lists the same).
TYPES: dict[Event, tuple[str, tuple[str, ...]]] = {
    Event.PROPOSAL_SENT: ("proposal.sent", ()),
    Event.VIEWED: ("proposal.viewed", ()),
    Event.APPROVE: ("proposal.approved", ("signer_name", "option_id", "content_hash")),
    Event.DECLINE: ("proposal.declined", ("reason",)),
    Event.PROPOSAL_CANCELLED: ("proposal.cancelled", ("reason",)),
    Event.PAYMENT_SUCCESS: ("payment.paid", ("payment_id", "amount_minor", "currency")),
    Event.PAYMENT_FAILED: ("payment.failed", ("payment_id", "amount_minor", "currency", "reason")),
    Event.PAYMENT_REFUNDED: ("payment.refunded", ("payment_id", "refund_id", "amount_minor", "currency")),
    Event.INVOICE_CREATED: ("invoice.created", ("payment_id", "qbo_invoice_id")),
}
NAMES = tuple(name for name, _ in TYPES.values())


async def stage(session: AsyncSession, org_id: int, entry_ids: Sequence[int]) -> None:
    """A message for each of these facts and each address that wants it; again, it adds nothing.

    An address hears of what happened after it was named, and nothing while it is switched off.
    """
    endpoints = (
        await session.scalars(
            select(WebhookEndpoint).where(
                WebhookEndpoint.org_id == org_id,
                WebhookEndpoint.active,
                WebhookEndpoint.deleted_at.is_(None),
            )
        )
    ).all()
    if not endpoints:
        return
    entries = (
        await session.scalars(
            select(ActivityEntry)
            .where(
                ActivityEntry.org_id == org_id,
                ActivityEntry.id.in_(entry_ids),
                ActivityEntry.event.in_(list(TYPES)),
            )
            .order_by(ActivityEntry.id)
        )
    ).all()
    proposals = await _proposals(session, org_id, {entry.proposal_id for entry in entries})
    rows: list[dict[str, Any]] = []
    for entry in entries:
        name, details = TYPES[Event(entry.event)]
        event_id, payload = f"evt_{org_id}_{entry.id}", _payload(entry, name, details, proposals)
        rows.extend(
            _row(org_id, endpoint.id, event_id, name, payload)
            for endpoint in endpoints
            if name in endpoint.events and entry.created_at >= endpoint.created_at
        )
    if rows:
        await session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())
        await _switch_off_the_full(session, org_id, endpoints)


async def stage_test(session: AsyncSession, endpoint: WebhookEndpoint, key: str) -> WebhookDelivery:
    """A message of type `test` for one address; `key` makes its id."""
    event_id, moment = f"evt_test_{key}", clock.iso(clock.now())
    data = {"message": "This is a test."}
    payload = _envelope(event_id, TEST, moment, endpoint.org_id, data)
    row = WebhookDelivery(**_row(endpoint.org_id, endpoint.id, event_id, TEST, payload))
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


def _row(org_id: int, endpoint_id: int, event_id: str, name: str, payload: str) -> dict[str, Any]:
    return {
        "org_id": org_id,
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "type": name,
        "payload": payload,
        "next_attempt_at": clock.now(),
    }


def _payload(
    entry: ActivityEntry, name: str, details: tuple[str, ...], proposals: dict[int, dict[str, Any]]
) -> str:
    meta = entry.meta | ({"amount_minor": entry.meta["amount_cents"]} if "amount_cents" in entry.meta else {})
    data: dict[str, Any] = {detail: meta.get(detail) for detail in details}
    data["proposal"] = proposals.get(entry.proposal_id) if entry.proposal_id is not None else None
    event_id = f"evt_{entry.org_id}_{entry.id}"
    return _envelope(event_id, name, clock.iso(entry.created_at), entry.org_id, data)


def _envelope(event_id: str, name: str, moment: str, org_id: int, data: dict[str, Any]) -> str:
    body = {
        "id": event_id,
        "type": name,
        "version": VERSION,
        "timestamp": moment,
        "org_id": org_id,
        "data": data,
    }
    return orjson.dumps(body).decode()


async def _proposals(session: AsyncSession, org_id: int, ids: set[int | None]) -> dict[int, dict[str, Any]]:
    """What never changes of a version that was sent; its state is what the message itself says."""
    rows = await session.scalars(
        select(Proposal).where(Proposal.org_id == org_id, Proposal.id.in_([one for one in ids if one]))
    )
    return {
        row.id: {
            "id": row.id,
            "number": row.number,
            "version": row.version,
            "title": row.title,
            "customer_id": row.customer_id,
            "total_minor": row.total_minor,
            "currency": row.currency,
        }
        for row in rows
    }


async def _switch_off_the_full(
    session: AsyncSession, org_id: int, endpoints: Sequence[WebhookEndpoint]
) -> None:
    waiting = await session.execute(
        select(WebhookDelivery.endpoint_id, func.count())
        .where(WebhookDelivery.org_id == org_id, WebhookDelivery.state == "waiting")
        .group_by(WebhookDelivery.endpoint_id)
    )
    full = {endpoint_id for endpoint_id, count in waiting if count >= WAITING_PER_ENDPOINT_MAX}
    for endpoint in endpoints:
        if endpoint.id in full:
            await switch_off(session, endpoint, f"{WAITING_PER_ENDPOINT_MAX:,} messages wait for it")
