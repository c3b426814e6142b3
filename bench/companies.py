"""The whole product as real processes, with companies whose QuickBooks (simulated) is connected."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg
from bench.deposits import STRIPE_KEY, WEBHOOK_SECRET, Deposit, add_deposits, add_org, signed_requests
from bench.load import Measured, drive
from bench.stack import (
    NotMeasured,
    Processes,
    free_port,
    new_database,
    own_folder,
    own_postgres,
    product_environment,
)

from crm.identity.passwords import hash_password
from crm.kit.database import conninfo, owner_url

FIRST_REALM = 9_341_453_199_000_000
PASSWORD = "only-for-measurements"
BOOKED_SECONDS_MAX = 120.0
REQUESTS_KEPT = 1_000  # by the simulator's log
CONNECTIONS = 8
FULL_LOAD_SECONDS_MAX = 60.0


@dataclass
class Companies:
    """Orgs 1..n, each with a company of its own; the processes that serve them."""

    processes: Processes
    owner: psycopg.Connection[Any]
    api_port: int
    sandbox_url: str
    count: int
    pids: dict[str, int] = field(default_factory=dict)
    ready_seconds: float = 0.0

    def connect_all(self) -> None:
        """Each org's owner logs in and consents on Intuit's (simulated) page."""
        password_hash = asyncio.run(hash_password(PASSWORD))
        for org_id in range(1, self.count + 1):
            add_org(self.owner, org_id)
            email = f"owner{org_id}@example.com"
            self.owner.execute(
                "INSERT INTO users (org_id, email, name, role, password_hash) VALUES (%s, %s, 'Owner', 'owner', %s)",
                [org_id, email, password_hash],
            )
            with httpx2.Client(
                base_url=f"http://127.0.0.1:{self.api_port}", timeout=30, trust_env=False
            ) as http:
                login = http.post("/auth/login", json={"email": email, "password": PASSWORD})
                login.raise_for_status()
                http.cookies.clear()
                http.headers["Authorization"] = f"Bearer {login.json()['access_token']}"
                _consent(http, str(FIRST_REALM + org_id))

    def pay(self, per_company: int, rate: float | None) -> tuple[list[Deposit], Measured]:
        """Sends the paid events of `per_company` deposits of each org, in turn: `rate` a second, or full load."""
        by_org = [add_deposits(self.owner, org, per_company) for org in range(1, self.count + 1)]
        deposits = [
            by_org[place % self.count][place // self.count] for place in range(per_company * self.count)
        ]
        requests = signed_requests("/payments/webhook", deposits)
        seconds = len(requests) / rate + 0.5 if rate else FULL_LOAD_SECONDS_MAX
        measured = drive(self.api_port, requests, connections=CONNECTIONS, seconds=seconds, rate=rate)
        if len(measured.acknowledged) != len(requests):
            raise NotMeasured(
                f"only {len(measured.acknowledged)} of {len(requests)} webhooks were acknowledged"
            )
        return deposits, measured

    def wait_until_booked(self) -> None:
        """Until no paid payment is without its posted posting. Raises NotMeasured with what is in the way."""
        deadline = time.monotonic() + BOOKED_SECONDS_MAX
        query = (
            "SELECT count(*), max(x.problem) FROM payments p LEFT JOIN postings x "
            "ON x.org_id = p.org_id AND x.payment_id = p.id "
            "WHERE p.state = 'paid' AND x.state IS DISTINCT FROM 'posted'"
        )
        while row := self.owner.execute(query).fetchone():
            if row[0] == 0:
                return
            if time.monotonic() > deadline:
                words = self.processes.last_words("worker")
                raise NotMeasured(
                    f"{row[0]} payments are not booked: {row[1] or 'no problem noted'}\n{words}"
                )
            time.sleep(0.1)

    def outside_calls(self, after: int = 0) -> list[dict[str, Any]]:
        """The simulator's requests numbered above `after`, oldest first."""
        answer = httpx2.get(
            f"{self.sandbox_url}/_state/requests",
            params={"after": after, "limit": REQUESTS_KEPT},
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        found = answer.json()
        calls: list[dict[str, Any]] = found["requests"] if isinstance(found, dict) else found
        return calls[::-1]


def _consent(http: httpx2.Client, realm_id: str) -> None:
    start = http.get("/qbo/oauth/start", follow_redirects=False)
    address = urlsplit(start.headers["location"])
    form = {name: values[0] for name, values in parse_qs(address.query).items()}
    form |= {"decision": "approve", "realm_id": realm_id}
    agreed = httpx2.post(f"{address.scheme}://{address.netloc}{address.path}", data=form, trust_env=False)
    back = urlsplit(agreed.headers["location"])
    done = http.get(f"{back.path}?{back.query}", headers={"Accept": "application/json"})
    if done.status_code != 200 or done.json().get("status") != "connected":
        raise NotMeasured(f"QuickBooks was not connected: {done.text}")


@contextmanager
def companies(count: int) -> Iterator[Companies]:
    """API, worker and simulators on one embedded PostgreSQL, with `count` connected companies."""
    with own_folder() as folder, own_postgres(folder) as server_url, Processes(folder) as processes:
        database_url = new_database(server_url, "crm_books", migrated=True)
        with psycopg.connect(conninfo(owner_url(database_url)), autocommit=True) as owner:
            port, sandbox_port = free_port(), free_port()
            made = Companies(processes, owner, port, f"http://localhost:{sandbox_port}", count)
            environment = _environment(made, database_url, folder)
            processes.start(
                "sandbox", [sys.executable, "-m", "crm_sandbox", "--port", str(sandbox_port)], environment
            )
            processes.wait_ready("sandbox", f"http://127.0.0.1:{sandbox_port}/_health")
            made.pids["api"] = processes.start_product("api", environment)
            made.ready_seconds = processes.wait_ready("api", f"http://127.0.0.1:{port}/readyz")
            made.pids["worker"] = processes.start_product("worker", environment)
            made.connect_all()
            yield made


def _environment(made: Companies, database_url: str, folder: Path) -> dict[str, str]:
    return product_environment(
        database_url,
        folder,
        PORT=str(made.api_port),
        PORTAL_PORT=str(made.api_port),
        STRIPE_SECRET_KEY=STRIPE_KEY,
        STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
        STRIPE_API_BASE=made.sandbox_url,
        QBO_CLIENT_ID="sandbox-client-id",
        QBO_CLIENT_SECRET="sandbox-client-secret",
        QBO_REDIRECT_URI=f"http://127.0.0.1:{made.api_port}/qbo/oauth/callback",
        QBO_API_BASE=made.sandbox_url,
        QBO_AUTHORIZE_URL=f"{made.sandbox_url}/connect/oauth2",
        QBO_TOKEN_URL=f"{made.sandbox_url}/oauth2/v1/tokens/bearer",
        QBO_REVOKE_URL=f"{made.sandbox_url}/v2/oauth2/tokens/revoke",
    )
