"""Puts both simulators, the faults, the request log and the page behind one address."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Message, Receive, Scope, Send

from crm_sandbox import quickbooks, stripe
from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.fault_presets import FaultPresets
from crm_sandbox.fault_routes import fault_routes
from crm_sandbox.faults import FaultRules
from crm_sandbox.foreign_pages import ForeignPages
from crm_sandbox.memory import Memory
from crm_sandbox.own_routes import own_routes
from crm_sandbox.page import page_routes
from crm_sandbox.quickbooks.kept import RECORDS as QUICKBOOKS_RECORDS
from crm_sandbox.requests_log import RequestLog
from crm_sandbox.stale_reads import StaleReads
from crm_sandbox.state_file import StateFile
from crm_sandbox.stripe.kept import ACTS, RECORDS


class Sandbox(Starlette):
    """The application; what it holds (`quickbooks`, `stripe`, `clock`, `faults`, `log`) may be looked at."""

    def __init__(self, config: SandboxConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.log = RequestLog(self.clock)
        self.quickbooks = quickbooks.QuickBooksState(config, self.clock)
        self.stripe = stripe.StripeState(config, self.clock)
        stale_reads = StaleReads(config, self.clock, self.quickbooks, self.stripe)
        self.faults = FaultRules(self.clock, stale_reads)
        self.presets = FaultPresets(self.faults, self.quickbooks, self.stripe)
        self._foreign_pages = ForeignPages(config)
        self._requests = 0  # that may have changed something
        self._memory: Memory | None = None
        super().__init__(
            routes=[
                *fault_routes(self.faults, self.presets),
                *page_routes(),
                *own_routes(self),
                # QuickBooks first: Intuit's userinfo lies under /v1, where Stripe takes all the rest.
                *quickbooks.routes(config, self.clock, self.quickbooks),
                *stripe.routes(config, self.clock, self.stripe),
            ],
            lifespan=self._life,
            exception_handlers={404: _nothing_here},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every request goes through the log and the faults before it reaches a simulator."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        refused = self._foreign_pages.refusal(scope)
        if refused is not None:
            await refused(scope, receive, self._dated(send))
            return
        # The server's own object knows the TCP connection, which a fault may cut.
        scope["sandbox.transport"] = getattr(getattr(send, "__self__", None), "transport", None)
        await self.log.record(self._through_faults, scope, receive, self._dated(send))

    async def _through_faults(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.faults.run(self._answer, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.faults.before(scope["method"], scope["path"])
        try:
            await super().__call__(scope, receive, send)
        finally:
            if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:
                self._requests += 1

    def _dated(self, send: Send) -> Send:
        """Adds the Date header, which the server leaves to us: it tells the sandbox's time, right or wrong."""

        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self.clock.now().timestamp(), usegmt=True).encode()
                message["headers"] = [*message.get("headers", ()), (b"date", date)]
            await send(message)

        return dated

    @contextlib.asynccontextmanager
    async def _life(self, _app: Starlette) -> AsyncIterator[None]:
        if self.config.state_file is not None:
            known = (*QUICKBOOKS_RECORDS, *RECORDS, *ACTS)
            self._memory = Memory(StateFile(self.config.state_file, known), self)
            await self._memory.open()
        webhooks = asyncio.create_task(self.quickbooks.webhooks.run())
        try:
            yield
        finally:
            if self._memory is not None:
                await self._memory.close()
            webhooks.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await webhooks
            self.stripe.close()

    def let_go(self) -> None:
        """Ends all that is wrong on purpose, and lets go on what it holds."""
        self.presets.end_all()
        self.faults.clear()

    def reset(self) -> None:
        """Back to the beginning: both simulators, the faults and the log; the clock goes on."""
        self.let_go()
        self.quickbooks.reset()
        self.stripe.reset()
        self.log.clear()

    def snapshot(self) -> dict[str, Any]:
        """What a restart must not lose: both simulators and the clock; faults and the log are of one run."""
        return {
            "ahead": self.clock.offset,
            "quickbooks": self.quickbooks.snapshot(),
            "stripe": self.stripe.snapshot(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on from a snapshot, in the serving loop."""
        self.clock.offset = kept["ahead"]
        self.quickbooks.restore(kept["quickbooks"])
        self.stripe.restore(kept["stripe"])

    async def save(self) -> None:
        """Writes the state file now, if there is one."""
        if self._memory is not None:
            await self._memory.save()

    def changes(self) -> int:
        """A number that grows with everything that may be new to save."""
        return self._requests + self.quickbooks.changes() + self.stripe.changes()


async def _nothing_here(request: Request, _: Exception) -> Response:
    """For a client whose address was set a little wrong: what is here, and where."""
    return PlainTextResponse(
        f"Nothing is simulated at {request.url.path}. QuickBooks answers under /v3/company/, Intuit's sign-in at the "
        "addresses that /.well-known/openid_configuration names, Stripe under /v1/; open / to look around.\n",
        404,
    )


def create_app(config: SandboxConfig, clock: Clock | None = None) -> Sandbox:
    """A fresh sandbox with nothing in it but the opening lists."""
    return Sandbox(config, clock)
