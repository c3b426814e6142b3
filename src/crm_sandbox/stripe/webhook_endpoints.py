"""Webhook endpoints registered by the API; the signing secret is told once, at creation.

Rolling a secret is a button of Stripe's dashboard, not of its API; here it is a hook for tests.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import invalid_param, not_simulated
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page
from crm_sandbox.stripe.parameters import BOOLEAN, EXPAND, LISTING, METADATA, TEXT, merged_metadata
from crm_sandbox.stripe.shapes import API_VERSION, StripeObject

MAX_ENDPOINTS = 16
"""https://docs.stripe.com/webhooks: at most 16 per account."""
FOREVER = float("inf")
KEEP_OLD_SECONDS_MAX = 24 * 3600
"""https://docs.stripe.com/webhooks#roll-endpoint-secrets: at most 24 hours."""
MAX_SECRETS = 10

CREATE_ENDPOINT = {
    "api_version": TEXT,
    "connect": BOOLEAN,
    "description": TEXT,
    "enabled_events": [TEXT],
    "metadata": METADATA,
    "url": TEXT,
    **EXPAND,
}
UPDATE_ENDPOINT = {
    "description": TEXT,
    "disabled": BOOLEAN,
    "enabled_events": [TEXT],
    "metadata": METADATA,
    "url": TEXT,
    **EXPAND,
}
LIST_ENDPOINTS = {name: kind for name, kind in LISTING.items() if name != "created"}


def create_endpoint(call: Call) -> StripeObject:
    """POST /v1/webhook_endpoints; with `connect` it hears the connected accounts instead of its own."""
    if len(call.space.objects["webhook_endpoint"]) >= MAX_ENDPOINTS:
        raise invalid_param(f"You have reached the maximum of {MAX_ENDPOINTS} test webhook endpoints.", "url")
    _check_url(call.params["url"])
    if call.params.get("api_version") not in (None, API_VERSION):
        raise not_simulated(f"events in another version than {API_VERSION}", "api_version")
    secret = new_id("whsec_")
    endpoint = call.space.add(
        {
            "id": new_id("we_"),
            "object": "webhook_endpoint",
            "api_version": call.params.get("api_version"),
            "application": call.space.client_id if call.params.get("connect") else None,
            "created": call.state.now(),
            "description": call.params.get("description"),
            "enabled_events": call.params["enabled_events"],
            "livemode": False,
            "metadata": call.params.get("metadata") or {},
            "status": "enabled",
            "url": call.params["url"],
        }
    )
    call.space.endpoint_secrets[endpoint["id"]] = [(secret, FOREVER)]
    return {**endpoint, "secret": secret}


def roll_secret(call: Call, endpoint: StripeObject, keep_old_seconds: float) -> str:
    """A new secret; the old ones sign beside it for a while, so that receivers can change over.

    Raises ValueError beyond KEEP_OLD_SECONDS_MAX.
    """
    if not 0 <= keep_old_seconds <= KEEP_OLD_SECONDS_MAX:
        raise ValueError(f"an old secret lives 0 to {KEEP_OLD_SECONDS_MAX} seconds longer")
    now = call.state.timers.now()
    old = [
        (secret, min(until, now + keep_old_seconds))
        for secret, until in call.space.endpoint_secrets[endpoint["id"]]
        if until > now
    ]
    fresh = new_id("whsec_")
    call.space.endpoint_secrets[endpoint["id"]] = [(fresh, FOREVER), *old][:MAX_SECRETS]
    return fresh


def retrieve_endpoint(call: Call) -> StripeObject:
    """GET /v1/webhook_endpoints/{webhook_endpoint}."""
    return call.named("webhook_endpoint", "webhook_endpoint")


def list_endpoints(call: Call) -> StripeObject:
    """GET /v1/webhook_endpoints."""
    return page(call, "webhook_endpoint")


def update_endpoint(call: Call) -> StripeObject:
    """POST /v1/webhook_endpoints/{webhook_endpoint}."""
    endpoint = call.named("webhook_endpoint", "webhook_endpoint")
    if "url" in call.params:
        _check_url(call.params["url"] or "")
    for name in ("description", "enabled_events", "url"):
        if name in call.params:
            endpoint[name] = call.params[name]
    if "disabled" in call.params:
        endpoint["status"] = "disabled" if call.params["disabled"] else "enabled"
    endpoint["metadata"] = merged_metadata(endpoint["metadata"], call.params.get("metadata"))
    return endpoint


def delete_endpoint(call: Call) -> StripeObject:
    """DELETE /v1/webhook_endpoints/{webhook_endpoint}."""
    endpoint = call.named("webhook_endpoint", "webhook_endpoint")
    del call.space.objects["webhook_endpoint"][endpoint["id"]]
    del call.space.endpoint_secrets[endpoint["id"]]
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid_param(
            "Invalid URL: An explicit scheme (such as https) must be provided.", "url", "url_invalid"
        )
