"""The product as real processes on free ports, for tests that kill them: API, workers and the simulators.

Everything is spoken to over HTTP, as customers, Stripe and Intuit do; processes end by their own ids only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import random
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import psycopg
from tests.conftest import SECRET_KEY, settings_for
from tests.integration.books_world import consent
from tests.row_copies import copy_row

from crm import demo
from crm.demo_story import _form
from crm.kit import migrations
from crm.kit.database import conninfo, owner_url
from crm.kit.embedded_postgres import EmbeddedPostgres

WEBHOOK_SECRET = "whsec_acceptance_0123456789"
STRIPE_KEY = "sk_test_acceptance_0123456789abcdef"
# How long a test waits before it says that something does not happen at all: with room for a machine under load.
WAIT_SECONDS_MAX = 90.0
PROPOSAL = 7
DEPOSIT_CENTS = 472_500
Json = dict[str, Any]


@dataclass
class Due:
    """A deposit whose payment page is open."""

    org_id: int
    proposal_id: int
    session_id: str
    url: str
    amount_cents: int
    event_id: str = field(default_factory=lambda: f"evt_{secrets.token_hex(12)}")


class Stack:
    """One database, one API, one simulator and as many workers as a test starts."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.folder = folder
        self.port, self.sandbox_port = _free_port(), _free_port()
        self.api_url = f"http://127.0.0.1:{self.port}"
        self.sandbox_url = f"http://localhost:{self.sandbox_port}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self.http = httpx2.Client(timeout=WAIT_SECONDS_MAX)
        self.sql = psycopg.connect(conninfo(owner_url(database_url)), autocommit=True)
        self._staff: dict[int, httpx2.Client] = {}
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = keep | {
            "CRM_ENV": "development",
            "DATABASE_URL": database_url,
            "CRM_SECRET_KEY": SECRET_KEY,
            "CRM_DATA_DIR": str(folder),
            "PORT": str(self.port),
            "PORTAL_PORT": str(self.port),
            "STRIPE_SECRET_KEY": STRIPE_KEY,
            "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
            "STRIPE_API_BASE": self.sandbox_url,
            "SANDBOX_STRIPE_WEBHOOK_URL": f"{self.api_url}/payments/webhook",
            "QBO_CLIENT_ID": "sandbox-client-id",
            "QBO_CLIENT_SECRET": "sandbox-client-secret",
            "QBO_REDIRECT_URI": f"{self.api_url}/qbo/oauth/callback",
            "QBO_API_BASE": self.sandbox_url,
            "QBO_AUTHORIZE_URL": f"{self.sandbox_url}/connect/oauth2",
            "QBO_TOKEN_URL": f"{self.sandbox_url}/oauth2/v1/tokens/bearer",
            "QBO_REVOKE_URL": f"{self.sandbox_url}/v2/oauth2/tokens/revoke",
        }

    # --- processes ---

    def start_api(self) -> subprocess.Popen[bytes]:
        """A new API process, ready to serve."""
        self.api = process = self._start("api", "crm.cli", "api")
        wait_until(lambda: self._ready(f"{self.api_url}/readyz", process), "the API is ready")
        return process

    def start_another_api(self, port: int | None = None) -> tuple[subprocess.Popen[bytes], str]:
        """One more API process beside the first, and its address; on `port`, when it stands up again."""
        port = port or _free_port()
        address = f"http://127.0.0.1:{port}"
        ports = {"PORT": str(port), "PORTAL_PORT": str(port)}
        process = self._start("another-api", "crm.cli", "api", environment=self.environment | ports)
        wait_until(lambda: self._ready(f"{address}/readyz", process), "the other API is ready")
        return process, address

    def start_worker(self) -> subprocess.Popen[bytes]:
        self.worker = self._start("worker", "crm.cli", "worker")
        self.workers.append(self.worker)
        return self.worker

    def start_sandbox(self) -> subprocess.Popen[bytes]:
        process = self._start("sandbox", "crm_sandbox", "--port", str(self.sandbox_port))
        wait_until(lambda: self._ready(f"{self.sandbox_url}/_health", process), "the sandbox is ready")
        return process

    def _start(
        self, name: str, module: str, *arguments: str, environment: Json | None = None
    ) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=environment or self.environment,
                cwd=self.folder,  # not the repository: a developer's .env must not count
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.processes.append(process)
        return process

    def _ready(self, url: str, process: subprocess.Popen[bytes]) -> bool:
        assert process.poll() is None, f"{url}: the process ended; see {self.folder}"
        try:
            return self.http.get(url, timeout=2).status_code == 200
        except httpx2.TransportError:
            return False

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9: no farewell, no clean-up."""
        process.kill()
        process.wait()

    def close(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)
        for client in self._staff.values():
            client.close()
        self.http.close()
        self.sql.close()

    # --- orgs and people ---

    def add_orgs(self, org_ids: Sequence[int], *, proposals: int = 1) -> None:
        """Contractors like org 1, each with its owner and `proposals` copies of proposal 7."""
        for org_id in org_ids:
            self._copy("orgs", "id = 1", {"id": org_id})
            self._copy("users", "org_id = 1 AND id = 1", {"org_id": org_id, "email": _email(org_id)})
            self._copy("customers", "org_id = 1 AND id = 1", {"org_id": org_id})
            for number in range(proposals):
                self.add_proposal(org_id, PROPOSAL + number)

    def add_proposal(self, org_id: int, proposal_id: int) -> None:
        """A copy of proposal 7 of org 1, sent."""
        changed = {"org_id": org_id, "id": proposal_id, "number": None}
        self._copy("proposals", f"org_id = 1 AND id = {PROPOSAL}", changed)

    def _copy(self, table: str, where: str, changes: Json) -> None:
        copy_row(self.sql, table, where, changes)

    def staff(self, org_id: int) -> httpx2.Client:
        """The org's owner, logged in."""
        if org_id not in self._staff:
            client = httpx2.Client(base_url=self.api_url, timeout=WAIT_SECONDS_MAX)
            body = {"email": _email(org_id), "password": "password"}
            answer = client.post("/auth/login", json=body)
            assert answer.status_code == 200, answer.text
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
            self._staff[org_id] = client
        return self._staff[org_id]

    def connect(self, org_id: int) -> None:
        """QuickBooks is connected: a person consents to this org's own company."""
        consent(self.staff(org_id), realm(org_id))

    def connect_all(self, org_ids: Sequence[int]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.connect, org_ids))

    # --- paying ---

    def open_checkout(self, org_id: int, proposal_id: int = PROPOSAL) -> Due:
        answer = self.staff(org_id).post(f"/payments/checkout_session?proposal_id={proposal_id}")
        assert answer.status_code == 200, answer.text
        made = answer.json()
        return Due(org_id, proposal_id, made["session_id"], made["checkout_url"], made["deposit_cents"])

    def open_checkouts(self, org_ids: Sequence[int]) -> list[Due]:
        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(self.open_checkout, org_ids))

    def pay_on_page(self, due: Due) -> None:
        """The customer pays by card on Stripe's page; Stripe sends its signed events by itself, again if need be."""
        page = self.http.get(due.url)
        form = _form(page.text)
        card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
        for name in form.fields:
            form.fields[name] = next((v for k, v in card.items() if k in name.lower()), form.fields[name])
        form.fields["email"] = form.fields.get("email") or "somebody@example.com"
        paid = self.http.post(urljoin(str(page.url), form.action), data=form.fields)
        assert paid.status_code in {302, 303}, paid.text

    def send_paid_event(
        self, due: Due, *, to: str | None = None, paid_seconds_ago: int = 0
    ) -> httpx2.Response:
        """The signed event that says so, sent by the test in Stripe's place; late when it was paid long ago."""
        session = {
            "id": due.session_id,
            "object": "checkout.session",
            "amount_total": due.amount_cents,
            "currency": "usd",
            "payment_status": "paid",
            "payment_intent": f"pi_{due.event_id}",
        }
        event = {
            "id": due.event_id,
            "object": "event",
            "type": "checkout.session.completed",
            "created": int(time.time()) - paid_seconds_ago,
            "livemode": False,
            "data": {"object": session},
        }
        return self.send_webhook(json.dumps(event).encode(), to=to)

    def send_webhook(
        self, body: bytes, *, to: str | None = None, secret: str = WEBHOOK_SECRET
    ) -> httpx2.Response:
        """Any bytes, signed with `secret`, to the first API or to the one at the address `to`."""
        stamp = int(time.time())
        signature = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"Stripe-Signature": f"t={stamp},v1={signature}", "Content-Type": "application/json"}
        return self.http.post(f"{to or self.api_url}/payments/webhook", content=body, headers=headers)

    # --- looking ---

    def sandbox(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, f"{self.sandbox_url}{path}", json=body)
        assert answer.status_code < 400, answer.text
        return answer.json()

    def in_books(self, org_id: int, entity: str) -> list[Json]:
        found: list[Json] = self.sandbox("GET", f"/_state/quickbooks/{realm(org_id)}/{entity}")["objects"]
        return found

    def posted(self, org_id: int) -> int:
        """Payments that stand in the books; their fees are postings of their own."""
        row = self.sql.execute(
            "SELECT count(*) FROM postings WHERE org_id = %s AND state = 'posted' AND kind = 'payment'",
            [org_id],
        ).fetchone()
        assert row is not None
        return int(row[0])

    def paid(self, org_id: int) -> int:
        row = self.sql.execute(
            "SELECT count(*) FROM payments WHERE org_id = %s AND state = 'paid'", [org_id]
        ).fetchone()
        assert row is not None
        return int(row[0])

    def metrics(self) -> dict[str, float]:
        """Every sample of /metrics by its name with labels."""
        answer = self.http.get(f"{self.api_url}/metrics")
        assert answer.status_code == 200
        lines = (line for line in answer.text.splitlines() if line and not line.startswith("#"))
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}

    def verify_log(self) -> str:
        """What `crm verify-log` says; it must say it with status 0."""
        done = subprocess.run(
            [sys.executable, "-m", "crm.cli", "verify-log"],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def assert_booked_once(self, org_id: int, payments: int = 1) -> None:
        """In QuickBooks and in our log: each payment one invoice, paid by one payment; one customer, one item."""
        invoices, applied = self.in_books(org_id, "Invoice"), self.in_books(org_id, "Payment")
        assert len(invoices) == payments
        assert {i["Balance"] for i in invoices} == {0}
        assert {i["TotalAmt"] for i in invoices} == {DEPOSIT_CENTS / 100}
        links = sorted(p["Line"][0]["LinkedTxn"][0]["TxnId"] for p in applied)
        assert links == sorted(i["Id"] for i in invoices)
        emails = [c.get("PrimaryEmailAddr", {}).get("Address") for c in self.in_books(org_id, "Customer")]
        assert emails.count("elena.hartley@example.com") == 1
        assert [i["Name"] for i in self.in_books(org_id, "Item")].count("Roof Deposit") == 1
        assert [a["Name"] for a in self.in_books(org_id, "Account")].count("Stripe Clearing") == 1
        assert self.events(org_id) == {
            "payment_success": payments,
            "invoice_created": payments,
            "invoice_paid": payments,
        }
        assert self.posted(org_id) == payments

    def open_postings(self) -> str:
        """What is not booked yet, for the message of a wait."""
        rows = self.sql.execute(
            "SELECT org_id, state, problem_code, count(*) FROM postings WHERE state <> 'posted' GROUP BY 1, 2, 3"
        ).fetchall()
        return f"open before: {rows}"

    def events(self, org_id: int) -> dict[str, int]:
        return dict(
            self.sql.execute(
                "SELECT event, count(*)::int FROM portal_activity_log WHERE org_id = %s "
                "AND event IN ('payment_success', 'invoice_created', 'invoice_paid') GROUP BY 1",
                [org_id],
            ).fetchall()
        )

    def assert_metrics_equal_database(self, org_ids: Sequence[int]) -> None:
        metrics = self.metrics()
        for org_id in org_ids:
            count, cents, invoices, waiting = self.sql.execute(
                "SELECT count(*), coalesce(sum(amount_minor), 0), "
                "(SELECT count(*) FROM qbo_links WHERE org_id = %(o)s AND entity = 'Invoice'), "
                "count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id "
                "AND l.entity = 'Payment' AND l.local_id = p.id::text)) "
                "FROM payments p WHERE org_id = %(o)s AND state = 'paid'",
                {"o": org_id},
            ).fetchone() or (0, 0, 0, 0)
            label = f'{{org_id="{org_id}"}}'
            assert metrics[f"crm_portal_payments_total{label}"] == count
            assert metrics[f"crm_portal_payment_amount_cents_sum{label}"] == cents
            assert metrics[f"crm_invoices_generated_total{label}"] == invoices
            assert metrics[f"crm_payments_waiting{label}"] == waiting


@contextmanager
def running_stack(
    database_url: str, folder: Path, *, workers: int = 1, **environment: str
) -> Iterator[Stack]:
    """API, simulators and `workers` workers; `stack.worker` is the one started last."""
    stack = Stack(database_url, folder)
    stack.environment |= environment
    try:
        stack.start_sandbox()
        stack.start_api()
        for _ in range(workers):
            stack.start_worker()
        yield stack
    finally:
        stack.close()


def alone(name: str, seed: int, work: Callable[[Stack, random.Random], None], *, workers: int) -> int:
    """A long form outside pytest, on a database of its own: 0 when `work` went through, else 1 and what was wrong."""
    folder = Path(tempfile.mkdtemp(prefix="crm-alone-"))
    folder.chmod(0o755)  # as root the server runs as another account, which must get through
    server = EmbeddedPostgres(folder / "data")
    server.start()
    passed = False
    print(f"{name}, seed {seed}, logs in {folder}", flush=True)
    try:
        migrations.upgrade(server.url, SECRET_KEY)
        demo.load_demo(settings_for(server.url), server.url)
        with running_stack(server.url, folder, workers=workers) as stack:
            work(stack, random.Random(seed))
        passed = True
    except AssertionError as error:
        print(f"FAILED with seed {seed}: {error}\nlogs are kept in {folder}", file=sys.stderr)
    finally:
        server.stop()
        if passed:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if passed else 1


def realm(org_id: int) -> str:
    """Each org's own company at Intuit."""
    return f"93410000{org_id:04d}"


def wait_until(condition: Callable[[], bool], what: str, seconds: float = WAIT_SECONDS_MAX) -> float:
    """Seconds until `condition` held; fails with `what` after `seconds`."""
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, f"after {seconds:g} s not yet: {what}"
        time.sleep(0.05)
    return time.monotonic() - started


def _email(org_id: int) -> str:
    return "admin@peakpro.io" if org_id == 1 else f"owner@org{org_id}.test"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def names(text: str) -> str:
    """A point's name as an identifier, for pytest's ids and for triggers."""
    return re.sub(r"\W+", "_", text).strip("_").lower()
