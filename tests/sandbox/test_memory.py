"""A sandbox with a state file goes on where it stood: after SIGTERM, after kill -9, and not after a broken file."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import os
import pickle
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import stripe
from starlette.applications import Starlette
from starlette.routing import Route
from tests.sandbox.quickbooks_world import Books, open_books, payment_body
from tests.sandbox.stripe_world import KEY, Receiver, receiving, wait_until

from crm_sandbox.clock import Clock
from crm_sandbox.quickbooks.kept import RECORDS as QUICKBOOKS_RECORDS
from crm_sandbox.server import listen
from crm_sandbox.state_file import MAGIC, StateFile
from crm_sandbox.stripe.kept import ACTS, RECORDS
from crm_sandbox.testing import running_sandbox

CLIENT = ("sandbox-client-id", "sandbox-client-secret")
BACK = "http://localhost/callback"
REALM = "9341453199574798"
INVOICE = {
    "CustomerRef": {"value": "1"},
    "Line": [
        {
            "Amount": 4725,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
        }
    ],
}


@dataclass
class Program:
    """`python -m crm_sandbox` with a state file, started and ended as often as a test likes."""

    state_file: Path
    port: int
    hook_url: str
    receiver: Receiver
    http: httpx2.Client
    client: stripe.StripeClient
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "crm_sandbox", "--port", str(self.port)]
        command += ["--state-file", str(self.state_file), "--stripe-webhook-url", self.hook_url]
        self.lines.clear()
        self.process = process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        threading.Thread(target=self._read, args=[process], daemon=True).start()
        wait_until(lambda: any(line.startswith("sandbox ready") for line in self.lines), "it starts")
        assert self.http.get(f"{self.url}/_health").status_code == 200

    def stop(self, number: int = signal.SIGTERM) -> None:
        assert self.process is not None
        self.process.send_signal(number)
        status = self.process.wait(5)
        assert status == (0 if number == signal.SIGTERM else -number)
        self.process = None

    def restart(self, number: int = signal.SIGTERM) -> None:
        self.stop(number)
        self.start()

    def hook(self, path: str, **given: Any) -> Any:
        answer = self.http.post(f"{self.url}/_state/{path}", json=given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def connect(self) -> dict[str, str]:
        """Consents as a person and exchanges the code as an app: the tokens, with the code."""
        form = {"client_id": CLIENT[0], "response_type": "code", "state": "s", "decision": "approve"}
        form |= {"scope": "com.intuit.quickbooks.accounting", "redirect_uri": BACK, "realm_id": REALM}
        sent_on = self.http.post(f"{self.url}/connect/oauth2", data=form).headers["location"]
        code = parse_qs(urlsplit(sent_on).query)["code"][0]
        answer = self.tokens(grant_type="authorization_code", code=code, redirect_uri=BACK)
        assert answer.status_code == 200, answer.text
        return {**answer.json(), "code": code}

    def tokens(self, **form: str) -> httpx2.Response:
        return self.http.post(f"{self.url}/oauth2/v1/tokens/bearer", data=form, auth=CLIENT)

    def books(self, method: str, path: str, token: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        answer = self.http.request(method, f"{self.url}/v3/company/{REALM}/{path}", headers=headers, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def new_session(self, key: str | None = None) -> Any:
        product = {"name": "Roof deposit"}
        price = {"currency": "usd", "unit_amount": 472_500, "product_data": product}
        asked: Any = {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": "http://portal.test/done",
            "cancel_url": "http://portal.test/back",
        }
        return self.client.v1.checkout.sessions.create(asked, {"idempotency_key": key} if key else {})

    def pay(self, url: str, **fields: str) -> None:
        card = {
            "method": "card",
            "card_number": "4242424242424242",
            "card_expiry": "12 / 34",
            "card_cvc": "123",
        }
        form = {**card, "email": "ann@example.com", "card_name": "Ann", "postal_code": "80202", **fields}
        assert self.http.post(url, data=form).status_code == 303

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            self.lines.extend(iter(process.stdout.readline, ""))


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    """A started sandbox that delivers Stripe's events to a receiver of this test's own."""
    receiver = Receiver()
    taker = Starlette(routes=[Route("/{any:path}", receiver.take, methods=["POST"])])
    with contextlib.ExitStack() as stack:
        listening = listen("127.0.0.1", 0)
        stack.enter_context(receiving(taker, listening))
        hook_url = f"http://127.0.0.1:{listening.getsockname()[1]}/hook"
        http = stack.enter_context(httpx2.Client())
        port = _free_port()
        client = stack.enter_context(_stripe(f"http://localhost:{port}"))
        started = Program(tmp_path / "sandbox.state", port, hook_url, receiver, http, client)
        started.start()
        try:
            yield started
        finally:
            if started.process is not None:
                started.process.kill()
                started.process.wait()


def test_quickbooks_goes_on(program: Program):
    """Tokens work, the invoice is there, its requestid answers it again, and a used code stays used."""
    tokens = program.connect()
    access = tokens["access_token"]
    made = program.books("POST", "invoice?requestid=dep-7", access, json=INVOICE)["Invoice"]
    program.hook(f"quickbooks/{REALM}/settings", book_close_date="2020-12-31")
    program.restart()
    assert program.books("GET", f"invoice/{made['Id']}", access)["Invoice"] == made
    again = program.books("POST", "invoice?requestid=dep-7", access, json=INVOICE)["Invoice"]
    assert again == made
    other = program.books("POST", "invoice?requestid=dep-8", access, json=INVOICE)["Invoice"]
    assert int(other["Id"]) > int(made["Id"])
    assert int(other["DocNumber"]) == int(made["DocNumber"]) + 1
    assert len(_invoices(program)) == 2
    trial = program.http.get(f"{program.url}/_state/quickbooks/{REALM}/trial_balance").json()
    assert trial["sum_cents"] == 0
    assert {row["balance_cents"] for row in trial["accounts"]} == {945_000, -945_000}
    settings = program.http.get(f"{program.url}/_state/quickbooks/{REALM}/settings").json()
    assert settings["book_close_date"] == "2020-12-31"
    refreshed = program.tokens(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.status_code == 200
    used = program.tokens(grant_type="authorization_code", code=tokens["code"], redirect_uri=BACK)
    assert used.status_code == 400


def test_stripe_goes_on(program: Program):
    """An idempotency key answers as before, and the page made before the stop takes a payment after it."""
    session = program.new_session(key="deposit:1:7")
    program.restart()
    assert program.new_session(key="deposit:1:7").id == session.id
    program.pay(session.url)
    assert program.receiver.wait_for("checkout.session.completed")["data"]["object"]["id"] == session.id
    program.receiver.wait_for("charge.updated")
    assert program.client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_what_was_to_happen_happens(program: Program):
    """A bank debit under way clears, also when its time came while nothing ran."""
    program.hook("stripe/settings", ach_clear_seconds=1.0)
    session = program.new_session()
    bank = {"method": "us_bank_account", "account_name": "Ann", "bank_outcome": "clears"}
    program.pay(session.url, **bank)
    program.receiver.wait_for("checkout.session.completed")
    program.stop()
    time.sleep(1.1)
    assert "checkout.session.async_payment_succeeded" not in program.receiver.types()
    program.start()
    program.receiver.wait_for("checkout.session.async_payment_succeeded")
    program.receiver.wait_for("charge.updated")


def test_undelivered_events_arrive_where_the_new_one_was_told(program: Program):
    """Refused before the stop, taken after it: each once, at today's address with today's secret."""
    program.receiver.statuses = [500] * 30
    session = program.new_session()
    program.pay(session.url)
    wait_until(lambda: len(program.receiver.received) >= 4, "the events were refused")
    program.stop()
    refused = {event["id"] for event in program.receiver.events}
    program.receiver.statuses, program.receiver.received = [], []
    program.hook_url += "/moved"
    os.environ["STRIPE_WEBHOOK_SECRET"] = "whsec_of_today"
    try:
        program.start()
    finally:
        del os.environ["STRIPE_WEBHOOK_SECRET"]
    wait_until(lambda: refused <= {event["id"] for event in program.receiver.events}, "they come")
    types = program.receiver.types()
    assert types.count("checkout.session.completed") == 1
    assert all("stripe-signature" in headers for headers, _ in program.receiver.received)
    deliveries = program.http.get(f"{program.url}/_state/stripe/deliveries?state=delivered").json()
    assert {row["url"] for row in deliveries["data"]} == {program.hook_url}


def test_kill_9_loses_nothing_that_is_older_than_a_second(program: Program):
    """1.5 s after the last change a killed sandbox has it all; without changes the file is left alone."""
    access = program.connect()["access_token"]
    made = program.books("POST", "invoice", access, json=INVOICE)["Invoice"]
    time.sleep(1.5)
    written = program.state_file.stat()
    assert stat.S_IMODE(written.st_mode) == 0o600
    time.sleep(1.2)
    assert program.state_file.stat().st_mtime_ns == written.st_mtime_ns
    program.restart(signal.SIGKILL)
    assert program.books("GET", f"invoice/{made['Id']}", access)["Invoice"] == made


def test_a_reset_is_not_undone(program: Program):
    """The file forgets with the sandbox, even when it is killed right after the answer."""
    access = program.connect()["access_token"]
    program.books("POST", "invoice", access, json=INVOICE)
    time.sleep(1.5)
    program.hook("reset")
    program.restart(signal.SIGKILL)
    assert _invoices(program) == []
    summary = program.http.get(f"{program.url}/_state").json()
    assert summary["quickbooks"]["grants"] == []


@dataclass
class _Harm:
    """Pickled, it makes a folder when somebody loads it."""

    folder: str

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.folder,)


@pytest.mark.parametrize("damage", ["cut", "garbage", "other version", "foreign"])
def test_a_file_that_is_not_ours_is_moved_aside(program: Program, damage: str, tmp_path: Path):
    """Each kind is told in a sentence, kept for a look and never half believed; the sandbox starts empty."""
    program.books("POST", "invoice", program.connect()["access_token"], json=INVOICE)
    program.stop()
    content = program.state_file.read_bytes()
    header = content.partition(b"\n")[0]
    version = header.split(b" ")[1]
    foreign = pickle.dumps(_Harm(str(tmp_path / "harm")))
    bad, why = {
        "cut": (content[:-100], "it is damaged"),
        "garbage": (b"\x00\xff" * 500, "it is not a sandbox's state"),
        "other version": (content.replace(version, b"0.abc", 1), "another version"),
        "foreign": (MAGIC + b" " + version + b" " + _sha256(foreign) + b"\n" + foreign, "cannot be loaded"),
    }[damage]
    program.state_file.write_bytes(bad)
    program.start()
    wait_until(lambda: "starting empty" in "".join(program.lines), "it says so")
    assert why in "".join(program.lines)
    aside = program.state_file.with_name("sandbox.state.unreadable")
    assert aside.read_bytes() == bad
    assert not (tmp_path / "harm").exists()
    assert _invoices(program) == []
    program.books("POST", "invoice", program.connect()["access_token"], json=INVOICE)
    program.restart()
    assert len(_invoices(program)) == 1


def test_two_sandboxes_do_not_share_a_file(program: Program):
    """The second says that it will remember nothing, and leaves the first one's memory alone."""
    program.connect()
    second = replace(program, port=_free_port(), lines=[], process=None)
    second.start()
    wait_until(lambda: "this one will remember nothing" in "".join(second.lines), "it says so")
    second.hook("reset")
    second.stop()
    program.restart()
    assert len(program.http.get(f"{program.url}/_state").json()["quickbooks"]["grants"]) == 1


def test_every_kind_of_thing_survives(tmp_path: Path):
    """Objects of all kinds, held events, waiting timers, secrets and the moved clock are as they were."""
    known: dict[str, Any] = {"state_file": tmp_path / "state", "qbo_rate_limits_on": False}
    known["clock"] = _StillClock()
    known |= {"qbo_webhook_url": "http://127.0.0.1:9/nobody", "qbo_verifier_token": "verifier"}
    known |= {
        "stripe_webhook_url": "http://127.0.0.1:9/nobody",
        "stripe_connected_accounts": ("acct_1Given",),
    }
    with running_sandbox(**known) as sandbox, httpx2.Client() as http, _stripe(sandbox.base_url) as client:
        sandbox.call("POST", "/_state/stripe/delivery", {"paused": True})
        sandbox.call("POST", "/_state/stripe/settings", {"processing_seconds": 0.001})
        sandbox.call("POST", "/_state/clock", {"advance_seconds": 86_400})
        _busy_stripe(client, http, sandbox.base_url)
        sandbox.call("POST", "/_state/stripe/delivery", {"shuffle": True})
        other = client.v1.accounts.create({"type": "standard"})
        client.v1.customers.create({"name": "Theirs"}, {"stripe_account": other.id})
        sandbox.call("POST", f"/_state/stripe/accounts/{other.id}/deauthorize", {})
        books = Books(sandbox)
        with books.client:
            _busy_books(books)
        before = copy.deepcopy(sandbox.app.snapshot())
    assert {act for _, act, _ in before["stripe"]["timers"]} == set(ACTS)
    assert before["stripe"]["delivery"]["held"]
    assert [event["type"] for event in before["quickbooks"]["webhooks"]["waiting"]][
        -1
    ] == "qbo.invoice.deleted.v1"
    known["clock"].offset = timedelta()
    with running_sandbox(**known) as sandbox:
        assert sandbox.app.snapshot() == before
        assert sandbox.quickbooks.trial_balance(REALM)["sum_cents"] == 0


def test_saving_is_quick(tmp_path: Path):
    """A thousand documents with their remembered answers are packed in less than 50 ms of the processor's time."""
    with open_books() as books:
        for number in range(500):
            invoice = books.make("Invoice", INVOICE, requestid=f"i{number}")
            books.make("Payment", payment_body(4725, (invoice["Id"], 4725)), requestid=f"p{number}")
        file = StateFile(tmp_path / "state", (*QUICKBOOKS_RECORDS, *RECORDS, *ACTS))
        seconds = []
        for _ in range(5):
            started = time.thread_time()  # not the clock on the wall: others use this machine too
            payload = file.pack(books.sandbox.app.snapshot())
            seconds.append(time.thread_time() - started)
    file.write(payload)
    kept = file.read()
    assert kept is not None
    assert len(kept["quickbooks"]["companies"][REALM]["objects"]["Payment"]) == 500
    assert min(seconds) < 0.05


class _StillClock(Clock):
    """Time that stands, so that what waits goes on waiting."""

    def unskewed(self) -> datetime:
        return datetime(2027, 3, 1, tzinfo=UTC) + self.offset


@contextlib.contextmanager
def _stripe(url: str) -> Iterator[stripe.StripeClient]:
    """The real client, with its connections closed at the end."""
    connections = stripe.RequestsClient(timeout=10)
    try:
        yield stripe.StripeClient(
            KEY, base_addresses={"api": url}, http_client=connections, max_network_retries=0
        )
    finally:
        connections.close()


def _busy_stripe(client: stripe.StripeClient, http: httpx2.Client, base_url: str) -> None:
    """One payment of each kind that leaves something to happen later, and what else an account may hold."""
    clock = client.v1.test_helpers.test_clocks.create({"frozen_time": 1_577_836_800})
    client.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": clock.frozen_time + 1})
    client.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/other", "enabled_events": ["*"]})
    price = {"currency": "usd", "unit_amount": 10_000, "product_data": {"name": "Roof"}}
    asked: Any = {
        "mode": "payment", "line_items": [{"price_data": price, "quantity": 1}], "cancel_url": "http://a.test",
        "success_url": "http://a.test",
    }  # fmt: skip
    bank = {"method": "us_bank_account", "account_name": "Ann", "email": "a@b.test"}
    card = {
        "method": "card",
        "card_expiry": "12 / 34",
        "card_cvc": "123",
        "card_name": "A",
        "email": "a@b.test",
    }
    for form in (
        {**card, "card_number": "4000000000000259", "postal_code": "80202"},  # disputed at once
        {**card, "card_number": "4000000000007726", "postal_code": "80202"},  # refunds arrive later
        {**card, "card_number": "4000000000005126", "postal_code": "80202"},  # refunds come back later
        {**bank, "bank_outcome": "clears"},
        {**bank, "bank_outcome": "fails"},
        {**bank, "bank_outcome": "disputed"},
    ):
        session = client.v1.checkout.sessions.create(asked, {"idempotency_key": str(form)})
        assert session.url
        assert http.post(session.url, data=form).status_code == 303
        number = form.get("card_number", "")
        if number.endswith(("7726", "5126")):
            paid = client.v1.checkout.sessions.retrieve(session.id)
            client.v1.refunds.create({"payment_intent": str(paid.payment_intent), "amount": 100})
    assert http.post(f"{base_url}/_state/stripe/ach/{session.id}/clear", json={}).status_code == 200
    dispute = client.v1.disputes.list().data[0]
    client.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": "winning_evidence"}})
    intent: Any = {"amount": 5_000, "currency": "usd", "confirm": True}
    client.v1.payment_intents.create(intent | {"capture_method": "manual", "payment_method": "pm_card_visa"})
    client.v1.payment_intents.create(intent | {"payment_method": "pm_card_bypassPending"})
    client.v1.payouts.create({"amount": 1_000, "currency": "usd"})


def _busy_books(books: Books) -> None:
    invoice = books.make("Invoice", INVOICE, requestid="one")
    books.make("Payment", payment_body(25, (invoice["Id"], 25)))
    gone = books.make("Invoice", INVOICE)
    books.make("Invoice", {"Id": gone["Id"], "SyncToken": gone["SyncToken"]}, operation="delete")
    books.refusal("Invoice", {}, requestid="refused")


def _invoices(program: Program) -> list[Any]:
    answer = program.http.get(f"{program.url}/_state/quickbooks/{REALM}/Invoice").json()
    return list(answer["objects"])


def _sha256(payload: bytes) -> bytes:

    return hashlib.sha256(payload).hexdigest().encode()


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
