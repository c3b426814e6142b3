"""A company in the middle of its work, for the pictures: money in the books, refused, asked about, changed there."""

from __future__ import annotations

import struct
import subprocess
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
from own_stack import CRM, ROOT, link_of
from playwright.sync_api import APIRequestContext, Browser, Page, Playwright
from screenshots import connect_quickbooks, pay_on_phone

from crm_sandbox.app import create_app
from crm_sandbox.config import SandboxConfig
from crm_sandbox.testing import RunningSandbox

WAIT_SECONDS_MAX = 60.0
LINE = {
    "name": "Gutter guards",
    "quantity": "62",
    "unit": "ft",
    "unit_price_minor": 1_850,
    "tax_percent": "8.81",
}
# The fee of the first payment, and a payout on its way that holds both.
STRIPE = """
UPDATE payments SET stripe_payment_intent = 'pi_9', stripe_charge = 'ch_9', fee_minor = 13733, net_minor = 458767
 WHERE org_id = 1 AND id = %(payment)s;
INSERT INTO payouts (org_id, payout_id, amount_minor, currency, status, automatic, created_at, itemised_at)
 VALUES (1, 'po_1SBx4eKvQ2eZvKYlo2C9tD8a', 458767, 'USD', 'in_transit', true, now(), now());
INSERT INTO stripe_transactions (org_id, transaction_id, account, type, category, source, charge, intent, amount_minor,
  fee_minor, net_minor, currency, payout_id, fee_group, created_at, available_on) VALUES
 (1, 'txn_1', '', 'charge', 'charge', 'ch_9', 'ch_9', 'pi_9', 472500, 13733, 458767, 'USD',
  'po_1SBx4eKvQ2eZvKYlo2C9tD8a', 'txn_1', now(), now()),
 (1, 'txn_2', '', 'payout', 'payout', 'po_1SBx4eKvQ2eZvKYlo2C9tD8a', NULL, NULL, -458767, 0, -458767, 'USD',
  'po_1SBx4eKvQ2eZvKYlo2C9tD8a', NULL, now(), now());
"""


class Company:
    """The office's API, and the simulator that keeps the books."""

    def __init__(self, playwright: Playwright, environment: dict[str, str]) -> None:
        self.environment = environment
        self.api = office_api(playwright, f"http://localhost:{environment['PORT']}")
        base = f"http://localhost:{environment['SANDBOX_PORT']}"
        self.sandbox = RunningSandbox(base, create_app(SandboxConfig(base_url=base)))
        self.realm = f"{base}/v3/company/{self.sandbox.realm_id}"
        self.headers: dict[str, str] = {}

    def made(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.api.post(path, data=body or {})
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status} {answer.text()[:500]}")
        return answer.json() if answer.body() else None

    def listed(self, path: str) -> list[dict[str, Any]]:
        answer = self.api.get(path)
        if not answer.ok:
            raise SystemExit(f"{path}: {answer.status} {answer.text()[:500]}")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def there(self, path: str) -> Any:
        """Read in QuickBooks itself."""
        self.headers = self.headers or self.sandbox.connect_quickbooks().headers
        return self.api.get(f"{self.realm}/{path}", headers=self.headers).json()

    def keeps(self, entity: str, body: dict[str, Any], **params: str) -> Any:
        """Writes in QuickBooks itself, as a bookkeeper there would."""
        self.headers = self.headers or self.sandbox.connect_quickbooks().headers
        answer = self.api.post(
            f"{self.realm}/{entity.lower()}", data=body, params=params, headers=self.headers
        )
        if not answer.ok:
            raise SystemExit(f"{entity}: {answer.status} {answer.text()[:500]}")
        return answer.json()[entity]

    def sql(self, statements: str, values: dict[str, Any]) -> None:
        asked = subprocess.run(
            [CRM, "database-url"], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=True
        )
        url = asked.stdout.split()[-1].replace("+asyncpg", "").replace("+psycopg", "")
        with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute(statements, values)


def played(browser: Browser, office: Page, company: Company, console: str) -> dict[str, Any]:
    """Plays it; returns the ids that the addresses of the pictures need."""
    made: dict[str, Any] = {}
    connect_quickbooks(office, console)
    company.keeps("Customer", {"DisplayName": "Marisol Vega"})
    company.keeps("Customer", {"DisplayName": "Vega, Marisol", "CompanyName": "Vega Interiors"})
    pay_on_phone(browser, link_of(7, company.environment))
    posted = until(lambda: company.listed("/postings?state=posted"), "the first deposit in the books")
    (payment,) = company.listed("/payments?state=paid")
    made["payment"], made["payout"] = payment["id"], "po_1SBx4eKvQ2eZvKYlo2C9tD8a"
    pay_on_phone(browser, link_of(9, company.environment))
    until(lambda: company.listed("/books/review"), "somebody to review")
    invoice = next(line["qbo_invoice_id"] for line in posted if line["qbo_invoice_id"])
    there = company.there(f"invoice/{invoice}")["Invoice"]
    company.keeps(
        "Invoice", {"Id": invoice, "SyncToken": there["SyncToken"], "sparse": True}, operation="void"
    )
    company.sandbox.call(
        "POST",
        f"/_state/quickbooks/{company.sandbox.realm_id}/settings",
        {"book_close_date": "2199-12-31"},
    )
    proposal = company.made(
        "/proposals", {"customer_id": 3, "title": "Gutter guards, 2216 South Acoma", "lines": [LINE]}
    )
    pay_on_phone(browser, company.made(f"/proposals/{proposal['id']}/send", {"notify": False})["portal_url"])
    until(lambda: company.listed("/postings?state=needs_you&limit=50")[1:], "a refused deposit")
    (made["difference"],) = (
        one["id"] for one in until(lambda: company.listed("/books/differences"), "a difference")[:1]
    )
    made["refused"] = company.listed("/qbo/log?outcome=refused")[0]["id"]
    company.sql(STRIPE, {"payment": made["payment"]})
    office_work(company, made)
    until(lambda: company.listed("/mail/messages"), "a mail")
    made["message"] = company.listed("/mail/messages")[0]["id"]
    return made


def office_work(company: Company, made: dict[str, Any]) -> None:
    """What the office has under way besides."""
    draft = company.made(
        "/proposals", {"customer_id": 1, "title": "Skylight, 1847 Elm Street", "lines": [LINE]}
    )
    made["draft"] = draft["id"]
    line = {"name": "Second layer: tear-off", "quantity": "9", "unit": "sq", "unit_price_minor": 9_500}
    change = {"title": "Second layer", "reason": "Found under the first.", "lines": [line]}
    made["change"] = company.made("/proposals/7/change-orders", change)["id"]
    company.made(f"/proposals/7/change-orders/{made['change']}/send", {"notify": False})
    company.made(
        f"/payments/{made['payment']}/refunds", {"amount_minor": 25_000, "note": "Gutters were reused."}
    )
    hook = {"url": "https://hooks.example.com/peakpro", "events": ["proposal.approved", "payment.paid"]}
    made["endpoint"] = company.made("/webhooks/endpoints", hook)["id"]
    made["delivery"] = company.made(f"/webhooks/endpoints/{made['endpoint']}/test")["id"]
    kept = company.api.post("/files?kind=photo&name=south-slope.png", data=png(640, 400))
    if not kept.ok:
        raise SystemExit(kept.text())
    company.made("/api-keys", {"name": "Website", "role": "sales"})
    template = company.api.get("/proposal-templates/1").json()["content"]
    dearer = {**template, "title": "Roof replacement with gutters", "lines": [*template["lines"], LINE]}
    changed = company.api.patch("/proposal-templates/1", data={"content": dearer})
    if not changed.ok:
        raise SystemExit(changed.text())
    company.made("/proposal-templates/1/revisions/1/restore")
    today = datetime.now(UTC).date().isoformat()
    company.made("/reconciliations", {"from_day": f"{today[:8]}01", "to_day": today})


def office_api(playwright: Playwright, console: str) -> APIRequestContext:
    """The product's API as an admin of the demo company uses it."""
    login = playwright.request.new_context(base_url=console).post(
        "/auth/login", data={"email": "admin@peakpro.io", "password": "password"}
    )
    key = {"Authorization": f"Bearer {login.json()['access_token']}"}
    return playwright.request.new_context(base_url=console, extra_http_headers=key)


def until(found: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while not (answer := found()):
        if time.monotonic() > deadline:
            raise SystemExit(f"there is still no sign of {what}")
        time.sleep(0.3)
    return answer


def png(width: int, height: int) -> bytes:
    """A plain picture, so that a list of files has one."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    row = b"\0" + bytes((96, 125, 139)) * width
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )
