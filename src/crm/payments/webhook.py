"""Where Stripe tells us things: the raw bytes, proven, kept and acted on before the answer.

The hot path of the product: no dependency, no model, one transaction for all events that arrive together.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crm.dependencies import AppState
from crm.gateways.stripe_signature import NotFromStripe, verify
from crm.inbox.group_commit import GroupCommit, Overloaded
from crm.inbox.stripe_event import StripeEvent, parse
from crm.kit.errors import BadRequest, Unavailable
from crm.kit.logging import logger
from crm.payments.outcomes import WEBHOOKS
from crm.payments.stripe_events import take_in

RECEIVED = b'{"received": true}'

log = logger("webhook")


def make_intake(state: AppState) -> GroupCommit[StripeEvent]:
    """One per process, made when it starts serving."""
    dev_mode = state.settings.unsigned_events_allowed

    async def commit(events: list[StripeEvent]) -> list[Exception | None]:
        return await take_in(state.database, events, dev_mode=dev_mode)

    return GroupCommit(commit)


async def receive_stripe_event(request: Request) -> Response:
    """200 once the event is kept; 400 what is not Stripe's or not an event; 503 so that Stripe sends again."""
    state: AppState = request.app.state.crm
    body = await request.body()
    settings = state.settings
    if not settings.unsigned_events_allowed:
        try:
            verify(body, request.headers.get("stripe-signature"), settings.webhook_secrets)
        except NotFromStripe as error:
            WEBHOOKS.labels("stripe", "bad_signature").inc()
            log.warning("webhook refused", why=str(error))
            raise BadRequest(
                f"The signature does not fit: {error}. Check STRIPE_WEBHOOK_SECRET.", kind="webhook-signature"
            ) from None
    try:
        event = parse(body, livemode=settings.livemode)
    except BadRequest:
        WEBHOOKS.labels("stripe", "malformed").inc()
        raise
    intake: GroupCommit[StripeEvent] = request.app.state.stripe_intake
    try:
        await intake.submit(event)
    except (Overloaded, Unavailable) as error:
        WEBHOOKS.labels("stripe", "unavailable").inc()
        raise Unavailable("Not kept; please send this event again.", kind="webhook-unavailable") from error
    WEBHOOKS.labels("stripe", "received").inc()
    return Response(RECEIVED, media_type="application/json")


ROUTE = Route("/payments/webhook", receive_stripe_event, methods=["POST"])

# The route stands outside FastAPI's router, so its description is written here.
DESCRIPTION = {
    "post": {
        "tags": ["payments"],
        "operationId": "receive_stripe_event",
        "summary": "Stripe's webhooks",
        "parameters": [
            {
                "name": "Stripe-Signature",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "Required unless dev mode accepts unsigned events.",
            }
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
        },
        "responses": {
            "200": {
                "description": "Kept, and its effect taken or left to a job",
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["received"],
                            "properties": {"received": {"type": "boolean"}},
                        }
                    }
                },
            },
            **{
                status: {
                    "description": text,
                    "content": {
                        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                    },
                }
                for status, text in (
                    ("400", "Bad signature, malformed body or wrong livemode; nothing stored"),
                    ("413", "More than 1 MB"),
                    ("503", "The database is away; send again"),
                )
            },
        },
    }
}
