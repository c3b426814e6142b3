"""What the tests of payments share: a server, Stripe's signed events, payments to try them on, and the jobs."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
import uvicorn
from pydantic import SecretStr
from tests.conftest import (
    START_SECONDS_MAX,
    RunningApp,
    _serve,
    database_from,
    settings_for,
)
from tests.row_copies import copy_row

from crm.app import create_app
from crm.kit.database import conninfo, owner_url
from crm.kit.settings import Settings

STRIPE_KEY = "sk_test_only_for_tests_0123456789abcdef"
NEW_SECRET, OLD_SECRET = "whsec_the_new_one_for_tests", "whsec_the_old_one_for_tests"
DEPOSIT = 472_500
# What a customer types into the simulated Stripe's page.
CARD = {
    "method": "card",
    "email": "ann@example.com",
    "card_number": "4242 4242 4242 4242",
    "card_expiry": "12 / 34",
    "card_cvc": "123",
    "card_name": "Ann Homeowner",
    "postal_code": "80202",
}
BANK = {
    "method": "us_bank_account",
    "email": "ann@example.com",
    "account_name": "Ann Homeowner",
    "bank_outcome": "clears",
}

_numbers = itertools.count(1)


def stripe_settings(database_url: str, **changes: Any) -> Settings:
    """Settings of a server with a Stripe test key: signed events only. Two secrets, as during a rotation."""
    fields: dict[str, Any] = {
        "stripe_secret_key": SecretStr(STRIPE_KEY),
        "stripe_webhook_secret": SecretStr(f"{NEW_SECRET},{OLD_SECRET}"),
        "stripe_api_base": "http://127.0.0.1:9",  # nobody answers there; who needs Stripe names a simulator
    }
    return settings_for(database_url, **{**fields, **changes})


def signature(body: bytes, secret: str = NEW_SECRET, *, at: float | None = None) -> str:
    """The header as Stripe makes it: HMAC-SHA256 over `t.body` (facts/stripe.md, section 1)."""
    stamp = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


def event(type_: str, object_: dict[str, Any], **envelope: Any) -> dict[str, Any]:
    """A snapshot event with an id of its own."""
    return {
        "id": f"evt_{next(_numbers):08d}",
        "object": "event",
        "type": type_,
        "created": 1_795_300_000,
        "livemode": False,
        "data": {"object": object_},
        **envelope,
    }


@dataclass(frozen=True)
class Due:
    """A deposit that waits on an open page at Stripe. Amount in minor units."""

    org_id: int
    proposal_id: int
    payment_id: int
    session_id: str
    intent: str
    charge: str
    amount: int
    currency: str

    def session(self, type_: str, payment_status: str, **changes: Any) -> dict[str, Any]:
        """The Checkout event `checkout.session.<type_>` of this page."""
        object_ = {
            "id": self.session_id,
            "object": "checkout.session",
            "amount_total": self.amount,
            "currency": self.currency.lower(),
            "payment_status": payment_status,
            "payment_intent": self.intent,
            "metadata": {"org_id": str(self.org_id), "proposal_id": str(self.proposal_id)},
            **changes,
        }
        return event(f"checkout.session.{type_}", object_)

    def paid(self, **changes: Any) -> dict[str, Any]:
        return self.session("completed", "paid", **changes)


def refund(due: Due, type_: str, status: str, **changes: Any) -> dict[str, Any]:
    """A refund event of this payment; 1,250.00 unless `changes` say otherwise."""
    object_ = {
        "id": f"re_{due.payment_id}",
        "object": "refund",
        "amount": 125_000,
        "currency": due.currency.lower(),
        "charge": due.charge,
        "payment_intent": due.intent,
        "status": status,
        "created": 1_795_309_000,
        **changes,
    }
    return event(type_, object_)


def payout(type_: str, status: str, payout_id: str, **changes: Any) -> dict[str, Any]:
    """A payout event of Stripe to the bank."""
    object_ = {
        "id": payout_id,
        "object": "payout",
        "amount": 371_000,
        "currency": "usd",
        "automatic": True,
        "status": status,
        "created": 1_795_386_400,
        "arrival_date": 1_795_472_800,
        "reconciliation_status": "in_progress",
        **changes,
    }
    return event(f"payout.{type_}", object_, **changes.pop("envelope", {}))


class Money:
    """One server on one database, and short ways to look and to act."""

    def __init__(self, app: RunningApp, owner_sql: psycopg.Connection[Any]) -> None:
        self.app = app
        self.sql = owner_sql
        self.http = app.client()

    def send(self, said: Any, secret: str = NEW_SECRET, **signing: Any) -> httpx2.Response:
        """Delivers an event (or raw bytes) signed as Stripe does."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return self.post(body, signature(body, secret, **signing))

    def post(self, body: bytes, header: bytes | str | None = None) -> httpx2.Response:
        """Delivers bytes with whatever signature header, or none."""
        headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]
        if header is not None:
            headers.append((b"stripe-signature", header if isinstance(header, bytes) else header.encode()))
        return self.http.post("/payments/webhook", content=body, headers=headers)

    def deliver(self, *events: dict[str, Any]) -> None:
        """Delivers events that must all be taken."""
        for one in events:
            answer = self.send(one)
            assert answer.status_code == 200, answer.text
            assert answer.json() == {"received": True}

    def proposal(self, org_id: int = 1, **changes: Any) -> int:
        """A proposal of its own, approved unless `changes` (columns) say otherwise; its id."""
        proposal_id = 10_000 + next(_numbers)
        changed = {"status": "approved", "number": None, **changes, "id": proposal_id}
        copy_row(self.sql, "proposals", "id = %s", changed, 7 if org_id == 1 else 20)
        return proposal_id

    def due(self, *, org_id: int = 1, amount: int = DEPOSIT, currency: str = "USD", account: str = "") -> Due:
        """A proposal of its own with an open page at Stripe, as checkout leaves it."""
        proposal_id, number = self.proposal(org_id, currency=currency), next(_numbers)
        row = self.sql.execute(
            "INSERT INTO payments (org_id, proposal_id, amount_minor, currency, stripe_account) "
            "VALUES (%s, %s, %s, %s, %s) RETURNING id",
            [org_id, proposal_id, amount, currency, account],
        ).fetchone()
        assert row is not None
        made = Due(
            org_id, proposal_id, row[0], f"cs_test_{number}", f"pi_{number}", f"ch_{number}", amount, currency
        )
        self.another_page(made, made.session_id)
        return made

    def another_page(self, due: Due, session_id: str, state: str = "open") -> None:
        """One more try to pay the same deposit."""
        self.sql.execute(
            "INSERT INTO checkout_sessions (org_id, payment_id, attempt, session_id, url, state, amount_minor, "
            "currency, expires_at) SELECT %s, %s, 1 + count(*), %s, 'https://pay.test/', %s, %s, %s, "
            "now() + interval '1 hour' FROM checkout_sessions WHERE payment_id = %s",
            [due.org_id, due.payment_id, session_id, state, due.amount, due.currency, due.payment_id],
        )

    def one(self, query: str, *values: Any) -> Any:
        """The only column of the only row."""
        rows = self.sql.execute(query, values).fetchall()
        assert len(rows) == 1, rows
        return rows[0][0]

    def payment(self, due: Due) -> str:
        return str(self.one("SELECT state FROM payments WHERE id = %s", due.payment_id))

    def facts(self, due: Due) -> list[str]:
        """What the log says happened to this proposal, in order."""
        rows = self.sql.execute(
            "SELECT event FROM portal_activity_log WHERE proposal_id = %s ORDER BY id", [due.proposal_id]
        )
        return [row[0] for row in rows]

    def kept(self) -> int:
        """How many events are in the inbox."""
        return int(self.one("SELECT count(*) FROM inbox_events"))

    def inbox(self, said: dict[str, Any]) -> str:
        """What became of an event."""
        return str(self.one("SELECT state FROM inbox_events WHERE event_key = %s", said["id"]))

    def differences(self, org_id: int = 1) -> list[tuple[str, str]]:
        rows = self.sql.execute(
            "SELECT kind, subject FROM differences WHERE org_id = %s ORDER BY id", [org_id]
        )
        return list(rows.fetchall())

    def forget_jobs(self) -> None:
        """Leaves the queue empty, so that `run_jobs` runs what this test made."""
        self.sql.execute("DELETE FROM procrastinate_jobs")

    def run_jobs(self) -> None:
        """Works through what the queue holds now, as a worker process does."""
        self.app.worker.run_jobs()


@contextlib.contextmanager
def serving(settings: Settings, listener: socket.socket | None = None) -> Iterator[RunningApp]:
    """The server for as long as a whole file of tests needs it; `start_app` is for one test. On a socket of the
    caller's own when its address must be known before."""
    app = create_app(settings)
    listener = listener or socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=3))
    thread = threading.Thread(target=_serve, args=(server, listener), daemon=True)
    thread.start()
    running = RunningApp(f"http://127.0.0.1:{listener.getsockname()[1]}", app, settings)
    deadline = time.monotonic() + START_SECONDS_MAX
    while not server.started:
        assert thread.is_alive(), "the server ended while starting"
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.005)
    try:
        yield running
    finally:
        running.close()
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


@contextlib.contextmanager
def money_on(postgres_url: str, template: str, **changes: Any) -> Iterator[Money]:
    """A server with a Stripe key and a database of its own, for a whole file of tests."""
    with (
        database_from(postgres_url, template) as url,
        psycopg.connect(conninfo(owner_url(url)), autocommit=True) as owner,
        serving(stripe_settings(url, **changes)) as app,
    ):
        yield Money(app, owner)


def metric(http: httpx2.Client, name: str, path: str = "/metrics", **labels: str) -> float:
    """One sample of /metrics; fails when it is absent."""
    lines = http.get(path).text.splitlines()
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    for line in lines:
        head, _, value = line.rpartition(" ")
        base, _, inside = head.partition("{")
        if base == name and set(filter(None, inside.removesuffix("}").split(","))) == wanted:
            return float(value)
    raise AssertionError(f"no sample {name}{labels}")
