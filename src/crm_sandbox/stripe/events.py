"""Says that something happened: keeps the event, hands it to the delivery; also answers /v1/events."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.delivery import Target, configured_target
from crm_sandbox.stripe.errors import ApiError, no_such
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_of
from crm_sandbox.stripe.parameters import BOOLEAN, EXPAND, LISTING, TEXT
from crm_sandbox.stripe.shapes import API_VERSION, StripeObject
from crm_sandbox.stripe.state import AccountSpace, StripeState

KEPT_SECONDS = 30 * 24 * 3600
"""How long events can be listed (https://docs.stripe.com/api/events)."""

LIST_EVENTS = {**LISTING, "type": TEXT, "types": [TEXT], "delivery_success": BOOLEAN}
RETRY_EVENT = {"account": TEXT, "for_stripecli": BOOLEAN, "webhook_endpoint": TEXT, **EXPAND}


def emit(
    call: Call, type: str, body: StripeObject, previous_attributes: dict[str, Any] | None = None
) -> StripeObject:
    """Records an event with a snapshot of `body` and sends it to every endpoint that listens."""
    event: StripeObject = {
        "id": new_id("evt_"),
        "object": "event",
        "api_version": API_VERSION,
        "created": call.state.now(),
        "data": {"object": body},
        "livemode": False,
        "pending_webhooks": 0,
        "request": {"id": call.request_id, "idempotency_key": call.idempotency_key},
        "type": type,
    }
    if previous_attributes is not None:
        event["data"]["previous_attributes"] = previous_attributes
    if call.space.platform is not None:
        event["account"] = call.space.id
    targets = listeners(call.state, call.space, type)
    event["pending_webhooks"] = len(targets)
    call.space.add(event)
    kept = call.space.objects["event"][event["id"]]
    call.state.delivery.send(kept, targets)
    return kept


def listeners(state: StripeState, space: AccountSpace, type: str) -> list[Target]:
    """Where an event of this account goes: the configured address and the registered endpoints.

    An endpoint hears its own account, or with `connect` all connected ones. The configured address hears
    both, like `stripe listen --forward-to` does.
    """
    configured = configured_target(state.config)
    targets = [configured] if configured else []
    owners = [(space, False)] + ([(space.platform, True)] if space.platform else [])
    for owner, connect in owners:
        for endpoint in owner.objects["webhook_endpoint"].values():
            hears = matches(type, endpoint["enabled_events"]) and endpoint["status"] == "enabled"
            if hears and (endpoint["application"] is not None) == connect:
                targets.append(_target(state, owner, endpoint))
    return targets


def _target(state: StripeState, owner: AccountSpace, endpoint: StripeObject) -> Target:
    now = state.timers.now()
    secrets = tuple(secret for secret, until in owner.endpoint_secrets[endpoint["id"]] if until > now)
    return Target(endpoint["id"], endpoint["url"], secrets)


def matches(type: str, patterns: list[str]) -> bool:
    """Whether a type is one of the patterns, which may end in `*`."""
    return any(
        type == pattern or (pattern.endswith("*") and type.startswith(pattern[:-1])) for pattern in patterns
    )


def list_events(call: Call) -> StripeObject:
    """GET /v1/events, newest first, 30 days back."""
    wanted = [call.params["type"]] if call.params.get("type") else call.params.get("types")
    success = call.params.get("delivery_success")
    oldest = call.state.now() - KEPT_SECONDS

    def chosen(event: StripeObject) -> bool:
        if event["created"] < oldest or (wanted and not matches(event["type"], wanted)):
            return False
        return success is None or success == (call.state.delivery.pending(event["id"]) == 0)

    events = call.space.objects["event"]
    if success is False and not (call.params.get("starting_after") or call.params.get("ending_before")):
        events = {id: events[id] for id in call.state.delivery.undelivered() if id in events}
    answer = page_of(call, events, "event", chosen)
    answer["data"] = [as_of_now(call.state, event) for event in answer["data"]]
    return answer


def retrieve_event(call: Call) -> StripeObject:
    """GET /v1/events/{id}."""
    event = call.named("event", "id")
    if event["created"] < call.state.now() - KEPT_SECONDS:
        raise no_such("event", event["id"], "id", status=404)
    return as_of_now(call.state, event)


def retry_event(call: Call) -> StripeObject:
    """POST /v1/events/{id}/retry: undocumented; `stripe events resend` calls it.

    With `webhook_endpoint` it goes to that one; `for_stripecli` means a running `stripe listen`, for which the
    configured address stands. Raises ApiError when there is neither.
    """
    event = call.named("event", "id")
    endpoint = call.referred("webhook_endpoint", "webhook_endpoint")
    if endpoint is not None:
        target: Target | None = _target(call.state, call.space, endpoint)
    else:
        target = configured_target(call.state.config)
    if target is None:
        raise ApiError("There is nowhere to send it: the simulator was started without a webhook address.")
    call.state.delivery.resend(event, [target])
    return as_of_now(call.state, event)


def as_of_now(state: StripeState, event: StripeObject) -> StripeObject:
    """The event with the number of endpoints that have not yet taken it."""
    return {**event, "pending_webhooks": state.delivery.pending(event["id"])}
