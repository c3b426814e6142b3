"""A running Stripe simulator, a webhook receiver next to it and the real stripe-python client for tests."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx2
import pytest
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.stripe import StripeState, routes

SECRETS = ("whsec_new_one", "whsec_old_one")
KEY = "sk_test_simulator_key_of_thirty_characters"
GOOD_CARD = "4242 4242 4242 4242"
PATIENCE_SECONDS = 10.0


class Running:
    """An ASGI application served over real HTTP on a free port until the block ends."""

    def __init__(self, app: ASGIApp, listening: socket.socket) -> None:
        self._socket = listening
        config = uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]})

    def __enter__(self) -> Running:
        self._thread.start()
        wait_until(lambda: self._server.started, "the server starts")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.should_exit = True
        self._thread.join(PATIENCE_SECONDS)
        self._socket.close()


@dataclass
class Receiver:
    """Keeps what it is sent; `statuses` are answered first, then always 200."""

    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    async def take(self, request: Request) -> Response:
        self.received.append((dict(request.headers), await request.body()))
        return PlainTextResponse("", self.statuses.pop(0) if self.statuses else 200)

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.received]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events]

    def wait_for(self, type: str, count: int = 1) -> dict[str, Any]:
        """The last event of a type, once `count` have come."""
        wait_until(lambda: self.types().count(type) >= count, f"{count} x {type}")
        return [event for event in self.events if event["type"] == type][-1]


@dataclass
class StripeWorld:
    """Everything a test needs at hand."""

    base_url: str
    hook_url: str
    state: StripeState
    clock: Clock
    receiver: Receiver
    http: httpx2.Client
    client: stripe.StripeClient

    def client_for(self, key: str = KEY, **more: Any) -> stripe.StripeClient:
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base_url},
            http_client=stripe.RequestsClient(timeout=10),
            max_network_retries=0,
            **more,
        )

    def new_session(self, amount: int = 472_500, **more: Any) -> Any:
        """A Checkout Session for a roof deposit."""
        currency = more.pop("currency", "usd")
        client = more.pop("client", self.client)
        product = {"name": "Roof deposit, proposal 7"}
        price_data = {"currency": currency, "unit_amount": amount, "product_data": product}
        asked = {
            "mode": "payment",
            "line_items": [{"price_data": price_data, "quantity": 1}],
            "success_url": "http://portal.test/done?cs={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://portal.test/back",
            "metadata": {"proposal_id": "7", "org_id": "1"},
            "payment_intent_data": {"metadata": {"proposal_id": "7"}},
        }
        options = more.pop("options", {})
        return client.v1.checkout.sessions.create({**asked, **more}, options)

    def pay(self, url: str, card: str = GOOD_CARD, **fields: str) -> httpx2.Response:
        """Fills in the hosted page as a payer does and submits it."""
        form = {
            "method": "card",
            "email": "ann@example.com",
            "card_number": card,
            "card_expiry": "12 / 34",
            "card_cvc": "123",
            "card_name": "Ann Homeowner",
            "postal_code": "80202",
        }
        return self.http.post(url, data={**form, **fields})

    def debit(self, url: str, outcome: str = "clears") -> httpx2.Response:
        form = {"method": "us_bank_account", "email": "ann@example.com", "account_name": "Ann Homeowner"}
        return self.http.post(url, data={**form, "bank_outcome": outcome})

    def hook(self, path: str, **given: Any) -> dict[str, Any]:
        """Calls a test hook under /_state/stripe and insists that it worked."""
        answer = self.http.post(f"{self.base_url}/_state/stripe/{path}", json=given)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def raw(self, method: str, path: str, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {KEY}", **more.pop("headers", {})}
        return self.http.request(method, self.base_url + path, headers=headers, **more)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Returns as soon as the condition holds; fails the test after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE_SECONDS} s in vain: {what}"
        time.sleep(0.005)


def listening() -> tuple[socket.socket, str]:
    opened = socket.create_server(("127.0.0.1", 0))
    return opened, f"http://127.0.0.1:{opened.getsockname()[1]}"


@pytest.fixture
def world() -> Iterator[StripeWorld]:
    stripe.enable_telemetry = False
    receiver = Receiver()
    sim_socket, base_url = listening()
    hook_socket, hook_base = listening()
    config = SandboxConfig(
        base_url=base_url,
        stripe_webhook_url=f"{hook_base}/hook",
        stripe_webhook_secrets=SECRETS,
        webhook_retry_seconds=(0.05, 0.05, 0.05),
    )
    clock = Clock()
    state = StripeState(config, clock)
    app = Starlette(routes=routes(config, clock, state))
    taker = Starlette(routes=[Route("/{any:path}", receiver.take, methods=["POST"])])
    with Running(taker, hook_socket), Running(app, sim_socket), httpx2.Client() as http:
        made = StripeWorld(base_url, hook_base, state, clock, receiver, http, client=None)  # type: ignore[arg-type]
        made.client = made.client_for()
        yield made
