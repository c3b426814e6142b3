"""Stripe on this machine: the part of its API, payment page and webhooks that the product meets."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.stripe.api import Api
from crm_sandbox.stripe.connect_oauth import oauth_routes
from crm_sandbox.stripe.endpoints import ENDPOINTS
from crm_sandbox.stripe.hooks import hook_routes
from crm_sandbox.stripe.payment_page import page_routes
from crm_sandbox.stripe.state import StripeState

__all__ = ["StripeState", "routes"]

_METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]


def routes(config: SandboxConfig, clock: Clock, state: StripeState | None = None) -> list[BaseRoute]:
    """All addresses of the simulator. Pass a `state` to be able to look at, reset and close it."""
    held = state or StripeState(config, clock)
    api = Api(held, ENDPOINTS)
    return [
        Route("/v1/{rest:path}", api.answer, methods=_METHODS),
        *oauth_routes(held),
        *page_routes(held),
        *hook_routes(held),
    ]
