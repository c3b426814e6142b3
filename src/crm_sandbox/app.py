"""Puts both simulators, the faults, the request log and the page behind one address."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from email.utils import formatdate
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from crm_sandbox import quickbooks, stripe
from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.faults import FaultRules, fault_routes
from crm_sandbox.memory import Memory
from crm_sandbox.quickbooks.kept import RECORDS as QUICKBOOKS_RECORDS
from crm_sandbox.requests_log import RequestLog
from crm_sandbox.stale_reads import StaleReads
from crm_sandbox.state_file import StateFile
from crm_sandbox.stripe.kept import ACTS, RECORDS

PAGE = Path(__file__).with_name("page.html")


class Sandbox(Starlette):
    """The application; what it holds (`quickbooks`, `stripe`, `clock`, `faults`, `log`) may be looked at."""

    def __init__(self, config: SandboxConfig, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or Clock()
        self.log = RequestLog(self.clock)
        self.quickbooks = quickbooks.QuickBooksState(config, self.clock)
        self.stripe = stripe.StripeState(config, self.clock)
        self.faults = FaultRules(self.clock, StaleReads(config, self.clock, self.quickbooks, self.stripe))
        self._requests = 0  # that may have changed something
        self._memory: Memory | None = None
        super().__init__(
            routes=[
                *fault_routes(self.faults),
                *self._own_routes(),
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

    def reset(self) -> None:
        """Back to the beginning: both simulators, the faults and the log; the clock goes on."""
        self.faults.clear()
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

    def changes(self) -> int:
        """A number that grows with everything that may be new to save."""
        return self._requests + self.quickbooks.changes() + self.stripe.changes()

    def _own_routes(self) -> list[BaseRoute]:
        async def page(request: Request) -> Response:
            return HTMLResponse(PAGE.read_text(encoding="utf-8"))

        async def healthy(request: Request) -> Response:
            return JSONResponse({"ok": True})

        async def summary(request: Request) -> Response:
            return JSONResponse(
                {
                    "now": self.clock.now().isoformat(timespec="milliseconds"),
                    "quickbooks": self.quickbooks.summary(),
                    "stripe": self.stripe.summary(),
                    "faults": self.faults.as_json(),
                }
            )

        async def requests(request: Request) -> Response:
            after, limit = request.query_params.get("after", "0"), request.query_params.get("limit", "1000")
            if not (after.isdigit() and limit.isdigit()):
                return JSONResponse({"error": "after and limit are numbers"}, 400)
            return JSONResponse({"requests": self.log.newest_first(int(after), int(limit))})

        async def reset(request: Request) -> Response:
            self.reset()
            if self._memory is not None:
                await self._memory.save()  # at once: what was to be forgotten must not come back
            return JSONResponse({"reset": True})

        async def show_clock(request: Request) -> Response:
            return JSONResponse({"now": self.clock.now().isoformat()})

        async def advance_clock(request: Request) -> Response:
            try:
                seconds = float((await request.json())["advance_seconds"])
                return JSONResponse({"now": self.clock.advance(seconds).isoformat()})
            except OverflowError as error:
                return JSONResponse({"error": str(error)}, 400)
            except (ValueError, KeyError, TypeError):
                return JSONResponse({"error": 'send {"advance_seconds": a number from 0}'}, 400)

        return [
            Route("/", page, methods=["GET"]),
            Route("/_health", healthy, methods=["GET"]),
            Route("/_state", summary, methods=["GET"]),
            Route("/_state/requests", requests, methods=["GET"]),
            Route("/_state/reset", reset, methods=["POST"]),
            Route("/_state/clock", show_clock, methods=["GET"]),
            Route("/_state/clock", advance_clock, methods=["POST"]),
        ]


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
