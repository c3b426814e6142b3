"""Where QuickBooks tells us what changed: proven, kept in the inbox under its org, answered at once.

The answer must come within 3 seconds (facts/quickbooks.md 2.9), so only what is to be looked at is noted here
(`comeback/heard`); a job looks.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated

from fastapi import APIRouter, Header, Request
from pydantic import BaseModel
from sqlalchemy import text

from crm.accounting.comeback import heard
from crm.dependencies import StateDep
from crm.gateways.intuit_signature import is_from_intuit
from crm.inbox.quickbooks_event import QuickBooksEvent, parse
from crm.kit import clock
from crm.kit.database import NOBODY, Database
from crm.kit.errors import BadRequest, NotConfigured
from crm.payments.outcomes import WEBHOOKS
from crm.problems import DATABASE_AWAY

router = APIRouter(tags=["books"])


class Received(BaseModel):
    received: bool = True


@router.post("/qbo/webhook", summary="Intuit's webhooks")
async def receive_qbo_webhook(
    request: Request, state: StateDep, intuit_signature: Annotated[str | None, Header()] = None
) -> Received:
    token = state.settings.qbo_webhook_verifier_token
    if token is None:
        raise NotConfigured(
            "QuickBooks webhooks are not set up: copy the verifier token from developer.intuit.com > Webhooks "
            "into QBO_WEBHOOK_VERIFIER_TOKEN.",
            kind="qbo-webhook-not-configured",
        )
    body = await request.body()
    if not is_from_intuit(body, intuit_signature, token.get_secret_value()):
        WEBHOOKS.labels("quickbooks", "bad_signature").inc()
        raise BadRequest(
            "The signature does not fit. Check QBO_WEBHOOK_VERIFIER_TOKEN.", kind="webhook-signature"
        )
    try:
        events = parse(body)
    except BadRequest:
        WEBHOOKS.labels("quickbooks", "malformed").inc()
        raise
    try:
        await keep(state.database, events, state.settings.qbo_env)
    except DATABASE_AWAY:
        WEBHOOKS.labels("quickbooks", "unavailable").inc()
        raise
    WEBHOOKS.labels("quickbooks", "received").inc()
    return Received()


async def keep(db: Database, events: list[QuickBooksEvent], env: str) -> int:
    """Keeps each event once, under the org that holds its company; how many were new."""
    fresh: dict[int, list[QuickBooksEvent]] = defaultdict(list)
    async with db.transaction() as session:
        owners = {
            realm_id: await session.scalar(
                text("SELECT org_id FROM crm_realm_route(:realm, :env)"), {"realm": realm_id, "env": env}
            )
            for realm_id in sorted({event.realm_id for event in events})
        }
    async with db.transaction(NOBODY, *(owner for owner in owners.values() if owner is not None)) as session:
        for event in sorted(events, key=lambda e: (e.realm_id, e.key)):
            owner = owners[event.realm_id]
            kept = await session.execute(
                text(
                    "INSERT INTO inbox_events (org_id, source, account, event_key, type, body, received_at, "
                    "state, note, handled_at) VALUES (:org, 'quickbooks', :realm, :key, :type, :body, :now, "
                    "'kept', :note, :now) ON CONFLICT (source, account, event_key) DO NOTHING RETURNING id"
                ),
                {
                    "org": owner if owner is not None else NOBODY,
                    "realm": event.realm_id,
                    "key": event.key,
                    "type": event.type,
                    "body": event.body,
                    "now": clock.now(),
                    "note": None if owner is not None else "no org holds this company",
                },
            )
            if kept.first() is not None:
                fresh[owner if owner is not None else NOBODY].append(event)
        for org_id in sorted(fresh.keys() - {NOBODY}):
            await heard.hear(session, org_id, fresh[org_id])
    return sum(map(len, fresh.values()))
