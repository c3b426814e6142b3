"""An org with its QuickBooks company and a paid deposit: what the tests of the books share.

The API and the simulator are real and spoken to over HTTP; the worker's own functions run in the test.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg
from pydantic import SecretStr
from tests.conftest import SECRET_KEY, RunningApp, settings_for

from crm.accounting import postings
from crm.accounting.context import Books
from crm.gateways.http import make_client
from crm.kit.database import Database, app_url
from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox

OWNERS = {1: "admin@peakpro.io", 2: "admin@summit.example"}
Json = dict[str, Any]


def books_settings(database_url: str, sandbox_url: str, **changes: Any) -> Settings:
    """The product pointed at the simulator of Intuit, Stripe in the seeds' dev mode."""
    return settings_for(database_url, **{**intuit_at(sandbox_url), **changes})


def intuit_at(sandbox_url: str) -> dict[str, Any]:
    """The settings that point the product at this simulator of Intuit."""
    return {
        "qbo_client_id": "sandbox-client-id",
        "qbo_client_secret": SecretStr("sandbox-client-secret"),
        "qbo_api_base": sandbox_url,
        "qbo_authorize_url": f"{sandbox_url}/connect/oauth2",
        "qbo_token_url": f"{sandbox_url}/oauth2/v1/tokens/bearer",
        "qbo_revoke_url": f"{sandbox_url}/v2/oauth2/tokens/revoke",
    }


def consent(staff: httpx2.Client, realm_id: str) -> Json:
    """Connects QuickBooks as a person does: start, the consent form, and back to the callback."""
    done = staff.get(agree(staff, realm_id), headers={"Accept": "application/json"})
    assert done.status_code == 200, done.text
    connected: Json = done.json()
    return connected


def agree(staff: httpx2.Client, realm_id: str) -> str:
    """The person consents on Intuit's page; where Intuit then sends the browser, on our server."""
    start = staff.get("/qbo/oauth/start")
    assert start.status_code == 302, start.text
    address = urlsplit(start.headers["location"])
    form = {name: values[0] for name, values in parse_qs(address.query).items()}
    form |= {"decision": "approve", "realm_id": realm_id}
    agreed = httpx2.post(f"{address.scheme}://{address.netloc}{address.path}", data=form)
    assert agreed.status_code == 302, agreed.text
    back = urlsplit(agreed.headers["location"])
    return f"{back.path}?{back.query}"


@dataclass
class World:
    """Org 1 unless told otherwise. `run` does what the worker would do next."""

    books: Books
    sandbox: RunningSandbox
    app: RunningApp
    sql: psycopg.Connection[Any]
    realm_id: str
    _staff: dict[int, httpx2.Client] = field(default_factory=dict)

    def staff(self, org_id: int = 1) -> httpx2.Client:
        """The org's owner, logged in."""
        if org_id not in self._staff:
            self._staff[org_id] = self.app.as_user(OWNERS[org_id])
        return self._staff[org_id]

    def connect(self, org_id: int = 1, realm_id: str | None = None) -> None:
        consent(self.staff(org_id), realm_id or self.realm_id)

    def pay(self, proposal_id: int = 7, org_id: int = 1, amount_cents: int = 472_500) -> int:
        """The event of a paid deposit through the webhook; our payment's id."""
        session_id = f"cs_test_{secrets.token_hex(12)}"
        event = {
            "id": f"evt_{secrets.token_hex(12)}",
            "type": "checkout.session.completed",
            "data": {
                "object": {
                    "id": session_id,
                    "amount_total": amount_cents,
                    "payment_status": "paid",
                    "payment_intent": f"pi_{secrets.token_hex(12)}",
                    "metadata": {"org_id": str(org_id), "proposal_id": str(proposal_id)},
                }
            },
        }
        answer = self.app.client().post("/payments/webhook", json=event)
        assert answer.status_code == 200, answer.text
        row = self.sql.execute(
            "SELECT id FROM payments WHERE org_id = %s AND stripe_session_id = %s AND state = 'paid'",
            [org_id, session_id],
        ).fetchone()
        assert row is not None
        return int(row[0])

    async def run(self, org_id: int = 1) -> None:
        """One run of the company's lane, its pauses and waits being over: the clock is data."""
        await run_lane_now(self.books, self.sql, org_id)

    def end_pauses(self, org_id: int = 1) -> None:
        end_pauses(self.sql, org_id)

    def posting(self, payment_id: int, org_id: int = 1) -> Json:
        """The payment's line of GET /postings."""
        answer = self.staff(org_id).get("/postings")
        assert answer.status_code == 200, answer.text
        (found,) = [item for item in answer.json()["items"] if item["payment_id"] == payment_id]
        line: Json = found
        return line

    def retry(self, payment_id: int, org_id: int = 1) -> None:
        """A person presses Retry."""
        answer = self.staff(org_id).post(f"/postings/{self.posting(payment_id, org_id)['id']}/retry")
        assert answer.status_code == 200, answer.text

    def in_books(self, entity: str, realm_id: str | None = None) -> list[Json]:
        """Everything of a kind that stands in the company, inactive ones too."""
        return self.sandbox.quickbooks.objects(realm_id or self.realm_id, entity)

    def assert_booked_once(self, payment_id: int, org_id: int = 1, realm_id: str | None = None) -> None:
        """One invoice over the deposit and one payment that settles it, said once in the log."""
        line = self.posting(payment_id, org_id)
        assert (line["state"], line["problem"], line["problem_code"]) == ("posted", None, None), line
        note = self.sql.execute(
            "SELECT stripe_session_id FROM payments WHERE org_id = %s AND id = %s", [org_id, payment_id]
        ).fetchone()
        assert note is not None
        invoices = [i for i in self.in_books("Invoice", realm_id) if note[0] in i.get("PrivateNote", "")]
        payments = [p for p in self.in_books("Payment", realm_id) if note[0] in p.get("PrivateNote", "")]
        assert [i["Id"] for i in invoices] == [line["qbo_invoice_id"]]
        assert [p["Id"] for p in payments] == [line["qbo_payment_id"]]
        assert (invoices[0]["TotalAmt"] * 100, invoices[0]["Balance"]) == (line["amount_minor"], 0)
        assert payments[0].get("UnappliedAmt", 0) == 0
        assert payments[0]["Line"][0]["LinkedTxn"] == [{"TxnId": invoices[0]["Id"], "TxnType": "Invoice"}]
        said = self.sql.execute(
            "SELECT event, count(*) FROM portal_activity_log WHERE org_id = %s AND proposal_id = %s "
            "AND event IN ('payment_success', 'invoice_created', 'invoice_paid') GROUP BY 1 ORDER BY 1",
            [org_id, line["proposal_id"]],
        ).fetchall()
        assert said == [("invoice_created", 1), ("invoice_paid", 1), ("payment_success", 1)]

    def requests(self, after: int = 0) -> list[Json]:
        """What the simulator was asked under /v3, oldest first."""
        found = self.sandbox.call("GET", f"/_state/requests?after={after}")["requests"]
        return [entry for entry in reversed(found) if entry["path"].startswith("/v3/company/")]

    def last_request(self) -> int:
        newest = self.sandbox.call("GET", "/_state/requests?limit=1")["requests"]
        return int(newest[0]["number"]) if newest else 0


async def run_lane_now(books: Books, sql: psycopg.Connection[Any], org_id: int) -> None:
    """A posting for all that is paid, and one run of the lane whatever pause or wait it has."""
    async with books.db.transaction(org_id) as session:
        await postings.ensure(session, org_id)
    end_pauses(sql, org_id)
    await postings.run_lane(books, org_id)


def end_pauses(sql: psycopg.Connection[Any], org_id: int) -> None:
    """Blocks the event loop, so never beside a run that may hold the same rows."""
    sql.execute("UPDATE qbo_lanes SET paused_until = NULL WHERE org_id = %s", [org_id])
    sql.execute(
        "UPDATE postings SET next_attempt_at = now() WHERE org_id = %s AND state = 'waiting'", [org_id]
    )


@asynccontextmanager
async def open_world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
    **sandbox_config: Any,
) -> AsyncIterator[World]:
    """The demo's orgs with a simulator of their own, nothing connected yet."""
    with running_sandbox(**sandbox_config) as sandbox:
        settings = books_settings(database_url, sandbox.base_url)
        app = start_app(settings)
        db = Database(app_url(database_url, SECRET_KEY), pool_size=10)
        async with make_client() as http:
            yield World(Books(db, settings, http), sandbox, app, owner_sql, sandbox.realm_id)
        await db.close()
