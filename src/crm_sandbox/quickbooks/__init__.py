"""QuickBooks Online in memory: OAuth, the accounting API and real books behind it."""

from starlette.routing import BaseRoute

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.quickbooks.accounting import accounting_routes
from crm_sandbox.quickbooks.control import control_routes
from crm_sandbox.quickbooks.oauth import oauth_routes
from crm_sandbox.quickbooks.state import QuickBooksState


def routes(config: SandboxConfig, clock: Clock, state: QuickBooksState | None = None) -> list[BaseRoute]:
    """All addresses of the simulator. Pass a `state` to be able to look at it and reset it."""
    held = state or QuickBooksState(config, clock)
    return [*oauth_routes(held), *accounting_routes(held), *control_routes(held)]


__all__ = ["QuickBooksState", "routes"]
