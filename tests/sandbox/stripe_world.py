"""A running Stripe simulator, a webhook receiver next to it and the real stripe-python client for tests."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
import requests
import stripe
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from tests.sandbox.stripe_shapes import DESCRIPTION, entries_of, wrong_with

from crm_sandbox.clock import Clock
from crm_sandbox.server import listen
from crm_sandbox.stripe import StripeState
from crm_sandbox.testing import running_sandbox

SECRETS = ("whsec_new_one", "whsec_old_one")
KEY = "sk_test_simulator_key_of_thirty_characters"
GOOD_CARD = "4242 4242 4242 4242"
PATIENCE_SECONDS = 10.0


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
    answers: list[dict[str, Any]] = field(default_factory=list)
    """What the API answered to this world's clients, in order."""
    made_up: set[str] = field(default_factory=set)
    """Events whose object a test wrote by hand."""

    def client_for(self, key: str) -> stripe.StripeClient:
        return client_for(self.base_url, key, self.answers)

    def wrong_shapes(self) -> list[str]:
        """What does not fit the description of Stripe's API: of all answers, all events and all that is kept."""
        if not DESCRIPTION.exists():
            return []
        kept = [body for kind in self.state.summary()["objects"] for body in self.state.objects(kind)]
        entries = [entry for body in self.answers for entry in (body, *entries_of(body))]
        sent = [body for body in (*kept, *entries) if "object" in body and body.get("id") not in self.made_up]
        return sorted({wrong for body in sent for wrong in wrong_with(body)})

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
        if path == "events" and not isinstance(given["object"], str):
            self.made_up.add(answer.json()["id"])
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


@contextlib.contextmanager
def receiving(app: Starlette, listening: socket.socket) -> Iterator[None]:
    """Serves the receiver over real HTTP in a thread until the block ends."""
    settings = uvicorn.Config(app, log_level="error", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        wait_until(lambda: server.started, "the receiver starts")
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        listening.close()


@contextlib.contextmanager
def listening_for_webhooks(receiver: Receiver) -> Iterator[str]:
    """The address of a receiver that takes every POST until the block ends."""
    taker = Starlette(routes=[Route("/{any:path}", receiver.take, methods=["POST"])])
    listening = listen("127.0.0.1", 0)
    with receiving(taker, listening):
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture
def world() -> Iterator[StripeWorld]:
    """A fresh sandbox whose Stripe delivers to a receiver of this test's own."""
    with open_world() as opened:
        yield opened


@contextlib.contextmanager
def open_world() -> Iterator[StripeWorld]:
    """A sandbox, and a receiver to which its Stripe delivers."""
    stripe.enable_telemetry = False
    receiver = Receiver()
    with contextlib.ExitStack() as stack:
        hook_url = stack.enter_context(listening_for_webhooks(receiver))
        sandbox = stack.enter_context(
            running_sandbox(
                stripe_webhook_url=f"{hook_url}/hook",
                stripe_webhook_secrets=SECRETS,
                webhook_retry_seconds=(0.05, 0.05, 0.05),
            )
        )
        answers: list[dict[str, Any]] = []

        def remember(answer: httpx2.Response) -> None:
            if answer.request.url.path.startswith("/v1/") and answer.status_code == 200:
                answers.append(json.loads(answer.read()))

        http = stack.enter_context(httpx2.Client(event_hooks={"response": [remember]}))
        client = client_for(sandbox.base_url, answers=answers)
        opened = StripeWorld(
            sandbox.base_url, hook_url, sandbox.stripe, sandbox.clock, receiver, http, client, answers
        )
        yield opened
        wrong = opened.wrong_shapes()
        assert not wrong, "\n".join(wrong)


def client_for(
    base_url: str, key: str = KEY, answers: list[dict[str, Any]] | None = None
) -> stripe.StripeClient:
    """The real client, pointed at the simulator, which never retries by itself; `answers` takes what it is told."""
    session = requests.Session()
    if answers is not None:
        session.hooks["response"].append(
            lambda answer, **_: answers.append(answer.json()) if answer.status_code == 200 else None
        )
    return stripe.StripeClient(
        key,
        base_addresses={"api": base_url, "connect": base_url, "files": base_url},
        http_client=stripe.RequestsClient(timeout=10, session=session),
        max_network_retries=0,
    )
