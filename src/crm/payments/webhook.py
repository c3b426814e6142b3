"""Where Stripe tells us things: the raw bytes, proven, kept and acted on before the answer.

The hot path of the product: no dependency, no model, one transaction for all events that arrive together.
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from crm.dependencies import AppState
from crm.gateways.stripe_signature import NotFromStripe, verify
from crm.inbox.group_commit import GroupCommit, Overloaded
from crm.inbox.stripe_event import StripeEvent, parse
from crm.kit.errors import BadRequest, Unavailable
from crm.kit.logging import logger
from crm.kit.settings import Settings
from crm.payments.outcomes import WEBHOOKS
from crm.payments.stripe_events import take_in

_ANSWER = b'{"received": true}'
_HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(_ANSWER)).encode())]
_RECEIVED = WEBHOOKS.labels("stripe", "received")
_UNAVAILABLE = WEBHOOKS.labels("stripe", "unavailable")

log = logger("webhook")


def make_intake(state: AppState) -> GroupCommit[StripeEvent]:
    """One per process, made when it starts serving."""
    dev_mode = state.settings.unsigned_events_allowed

    async def commit(events: list[StripeEvent]) -> list[Exception | None]:
        return await take_in(state.database, events, dev_mode=dev_mode)

    return GroupCommit(commit)


class StripeWebhook:
    """200 once the event is kept; 400 what is not Stripe's or not an event; 503 so that Stripe sends again.

    A bare ASGI application: request and response objects would cost as much as checking the signature.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app: Starlette = scope["app"]
        state: AppState = app.state.crm
        event = _proven(await _body(receive), _signature(scope), state.settings)
        intake: GroupCommit[StripeEvent] = app.state.stripe_intake
        try:
            await intake.submit(event)
        except (Overloaded, Unavailable) as error:
            _UNAVAILABLE.inc()
            raise Unavailable(
                "Not kept; please send this event again.", kind="webhook-unavailable"
            ) from error
        _RECEIVED.inc()
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER})


def _proven(body: bytes, signature: str | None, settings: Settings) -> StripeEvent:
    """The event that Stripe signed. Raises BadRequest."""
    if not settings.unsigned_events_allowed:
        try:
            verify(body, signature, settings.webhook_secrets)
        except NotFromStripe as error:
            WEBHOOKS.labels("stripe", "bad_signature").inc()
            log.warning("webhook refused", why=str(error))
            raise BadRequest(
                f"The signature does not fit: {error}. Check STRIPE_WEBHOOK_SECRET.", kind="webhook-signature"
            ) from None
    try:
        return parse(body, livemode=settings.livemode)
    except BadRequest:
        WEBHOOKS.labels("stripe", "malformed").inc()
        raise


async def _body(receive: Receive) -> bytes:
    """The very bytes; the edge has bounded them. Raises ClientDisconnect."""
    pieces = []
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        more = message.get("more_body", False)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _signature(scope: Scope) -> str | None:
    found = next((value for name, value in scope["headers"] if name == b"stripe-signature"), None)
    return None if found is None else found.decode("latin-1")


ROUTE = Route("/payments/webhook", StripeWebhook(), methods=["POST"])

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
