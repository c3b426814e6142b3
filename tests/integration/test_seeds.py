"""The tests of both seed documents, word for word: the same calls and bodies, the same answers.

Their PowerShell becomes HTTP, nothing else. The server runs as with `make run`: no Stripe key, the QuickBooks
simulator in Intuit's place.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import psycopg
import pytest
from pydantic import SecretStr
from tests.conftest import SECRET_KEY, RunningApp, settings_for

from crm.kit.settings import Settings
from crm_sandbox.testing import RunningSandbox, running_sandbox

WAIT_SECONDS = 60.0


def webhook_body(session_id: str, amount: int, proposal_id: str) -> dict[str, Any]:
    return {
        "type": "checkout.session.completed",
        "data": {
            "object": {
                "id": session_id,
                "amount_total": amount,
                "payment_status": "paid",
                "metadata": {"proposal_id": proposal_id, "org_id": "1"},
            }
        },
    }


@pytest.fixture
def simulators() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def dev(
    database_url: str, simulators: RunningSandbox, start_app: Callable[[Settings], RunningApp]
) -> RunningApp:
    """The server of `make run`."""
    return start_app(
        settings_for(
            database_url,
            qbo_client_id=simulators.config.qbo_client_id,
            qbo_client_secret=SecretStr(simulators.config.qbo_client_secret),
            **addresses(simulators),
        )
    )


def addresses(simulators: RunningSandbox) -> dict[str, str]:
    return {
        "qbo_api_base": simulators.base_url,
        "qbo_authorize_url": f"{simulators.base_url}/connect/oauth2",
        "qbo_token_url": f"{simulators.base_url}/oauth2/v1/tokens/bearer",
        "qbo_revoke_url": f"{simulators.base_url}/v2/oauth2/tokens/revoke",
    }


@pytest.fixture
def h(dev: RunningApp) -> httpx2.Client:
    """`$h`: the seeds' login and bearer header."""
    return dev.as_user("admin@peakpro.io")


@pytest.fixture
def worker(dev: RunningApp, simulators: RunningSandbox) -> Iterator[Callable[[], None]]:
    """Starts the worker as a process of its own; it ends with the test."""
    started: list[subprocess.Popen[bytes]] = []
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("STRIPE", "QBO"))},
        "DATABASE_URL": str(dev.settings.database_url),
        "CRM_SECRET_KEY": SECRET_KEY,
        "QBO_CLIENT_ID": simulators.config.qbo_client_id,
        "QBO_CLIENT_SECRET": simulators.config.qbo_client_secret,
        **{name.upper(): address for name, address in addresses(simulators).items()},
    }

    def start() -> None:
        started.append(subprocess.Popen([sys.executable, "-m", "crm.cli", "worker"], env=environment))

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def metrics_lines(dev: RunningApp, like: str) -> list[str]:
    """`$metrics -split "`n" | Select-String <like>`, without the descriptions."""
    text = dev.client().get("/metrics").text
    return [line for line in text.split("\n") if like in line and not line.startswith("#")]


def activity(
    owner_sql: psycopg.Connection, proposal_id: int, *events: str
) -> list[tuple[str, dict[str, Any]]]:
    """The seeds' query of the log, for the events that the seeds know; newest first."""
    rows = owner_sql.execute(
        "SELECT event, meta FROM portal_activity_log WHERE proposal_id = %s AND event = ANY(%s) ORDER BY id DESC",
        [proposal_id, list(events)],
    )
    return list(rows.fetchall())


def test_sprint_3(dev: RunningApp, h: httpx2.Client, owner_sql: psycopg.Connection):
    """Checkout session, webhook simulation and metrics verification of the Stripe seed."""
    customer = dev.as_customer(h, 7)
    view = customer.get("/portal/7").json()
    signed = {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True}
    assert customer.post("/portal/7/approve", json=signed).status_code == 200

    before = int(time.time())
    answer = h.post("/payments/checkout_session?proposal_id=7&amount_dollars=15750")
    checkout = answer.json()
    assert answer.status_code == 200
    assert set(checkout) == {"checkout_url", "session_id", "deposit_cents", "total_cents", "dev_mode"}
    assert checkout["checkout_url"] == "http://localhost:5173/proposal/7?mock_payment=true"
    prefix, _, unix = checkout["session_id"].rpartition("_")
    assert prefix == "cs_test_mock_7"
    assert before <= int(unix) <= time.time() + 1
    assert (checkout["deposit_cents"], checkout["total_cents"], checkout["dev_mode"]) == (
        472500,
        1575000,
        True,
    )

    result = dev.client().post("/payments/webhook", json=webhook_body("cs_test_123", 472500, "7"))
    assert (result.status_code, result.json()) == (200, {"received": True})

    paid, created, approved = activity(owner_sql, 7, "approve", "checkout_created", "payment_success")
    assert (paid[0], created[0], approved[0]) == ("payment_success", "checkout_created", "approve")
    assert paid[1] | {"amount_cents": 472500, "stripe_session_id": "cs_test_123"} == paid[1]
    assert paid[1]["payment_status"] == "paid"
    expected = {"session_id": checkout["session_id"], "deposit_cents": 472500, "dev_mode": True}
    assert expected.items() <= created[1].items()

    lines = metrics_lines(dev, "crm_portal_payment")
    assert 'crm_portal_payments_total{org_id="1"} 1.0' in lines
    assert 'crm_portal_payment_amount_cents_sum{org_id="1"} 472500.0' in lines


def test_sprint_4_before_connecting(dev: RunningApp, h: httpx2.Client, owner_sql: psycopg.Connection):
    """Test 1: not connected, exactly. Test 5: then the webhook succeeds all the same, and nothing crashes."""
    status = h.get("/qbo/status")
    assert (status.status_code, status.text) == (200, '{"connected":false}')

    answer = dev.client().post("/payments/webhook", json=webhook_body("cs_test_999", 300000, "10"))
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    known = ("payment_success", "invoice_created")
    assert [event for event, _ in activity(owner_sql, 10, *known)] == ["payment_success"]
    assert metrics_lines(dev, "crm_portal_payments_total{")[0] == 'crm_portal_payments_total{org_id="1"} 1.0'
    assert metrics_lines(dev, "crm_invoices_generated_total{")[0] == (
        'crm_invoices_generated_total{org_id="1"} 0.0'
    )
    assert h.post("/qbo/invoice/10").status_code == 409


def test_metrics_of_the_seeds_are_there_from_the_start(dev: RunningApp):
    """Every counter that the seeds name stands at 0.0 before anything happened."""
    lines = {frozenset_line(line) for line in dev.client().get("/metrics").text.splitlines()}
    for expected in (
        'crm_portal_payments_total{org_id="1"} 0.0',
        'crm_portal_payment_amount_cents_sum{org_id="1"} 0.0',
        'crm_invoices_generated_total{org_id="1"} 0.0',
        'crm_qbo_api_errors_total{org_id="1", op="create_invoice"} 0.0',
        'crm_qbo_api_errors_total{org_id="1", op="refresh_token"} 0.0',
        'crm_qbo_api_errors_total{org_id="1", op="auto_invoice"} 0.0',
        'crm_portal_payments_total{org_id="2"} 0.0',
        'crm_leads_created_total{org_id="1"} 12.0',
    ):
        assert frozenset_line(expected) in lines, expected


def frozenset_line(line: str) -> tuple[str, frozenset[str], str]:
    """A sample without the order and spacing of its labels."""
    head, _, value = line.rpartition(" ")
    name, _, labels = head.partition("{")
    return name, frozenset(part.strip() for part in labels.rstrip("}").split(",")), value


def connect(dev: RunningApp, h: httpx2.Client, simulators: RunningSandbox) -> httpx2.Response:
    """Test 2: the browser goes to QuickBooks, a person consents, and is sent back to the callback."""
    start = h.get("/qbo/oauth/start", follow_redirects=False)
    assert start.status_code in {302, 307}
    asked = dict(parse_qsl(urlsplit(start.headers["location"]).query))
    assert asked["scope"] == "com.intuit.quickbooks.accounting"
    form = {**asked, "decision": "approve", "realm_id": simulators.realm_id}
    consent = httpx2.post(f"{simulators.base_url}/connect/oauth2", data=form, follow_redirects=False)
    assert consent.status_code == 302, consent.text
    back = urlsplit(consent.headers["location"])
    assert back.path == "/qbo/oauth/callback"
    return dev.client().get(f"{back.path}?{back.query}")


def test_sprint_4_connected(
    dev: RunningApp,
    h: httpx2.Client,
    simulators: RunningSandbox,
    worker: Callable[[], None],
    owner_sql: psycopg.Connection,
):
    """Tests 2 to 4: connecting, the manual invoice, the invoice that follows a webhook, and the metrics."""
    connected = connect(dev, h, simulators)
    assert connected.json() == {
        "status": "connected",
        "realm_id": simulators.realm_id,
        "env": "sandbox",
        "org_id": 1,
    }
    status = h.get("/qbo/status").json()
    assert {
        "connected": True,
        "realm_id": simulators.realm_id,
        "env": "sandbox",
        "expired": False,
    }.items() <= (status.items())
    assert status["expires_at"] > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())

    paid = dev.client().post("/payments/webhook", json=webhook_body("cs_test_123", 472500, "7"))
    assert paid.json() == {"received": True}
    invoice = h.post("/qbo/invoice/7").json()
    expected = {"status": "created", "amount_usd": 4725.0, "proposal_id": 7, "env": "sandbox"}
    assert expected.items() <= invoice.items()
    assert isinstance(invoice["qbo_invoice_id"], str)
    ((_, meta),) = activity(owner_sql, 7, "invoice_created")
    assert {
        "qbo_invoice_id": invoice["qbo_invoice_id"],
        "amount_usd": 4725.0,
        "env": "sandbox",
    }.items() <= meta.items()
    again = h.post("/qbo/invoice/7").json()
    assert (again["status"], again["qbo_invoice_id"]) == ("exists", invoice["qbo_invoice_id"])

    worker()
    paid = dev.client().post("/payments/webhook", json=webhook_body("cs_test_789", 450000, "9"))
    assert paid.json() == {"received": True}
    known = ("payment_success", "invoice_created")
    deadline = time.monotonic() + WAIT_SECONDS
    while len(found := activity(owner_sql, 9, *known)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [event for event, _ in found[::-1]] == ["payment_success", "invoice_created"]
    assert metrics_lines(dev, "crm_invoices_generated_total{")[0] == (
        'crm_invoices_generated_total{org_id="1"} 2.0'
    )

    tokens = simulators.connect_quickbooks()
    statement = {"query": "SELECT * FROM Invoice ORDERBY Id DESC MAXRESULTS 2"}
    made = httpx2.get(
        f"{simulators.base_url}/v3/company/{tokens.realm_id}/query", params=statement, headers=tokens.headers
    ).json()["QueryResponse"]["Invoice"]
    notes = sorted(row["PrivateNote"].split("\n")[0] for row in made)
    assert notes == [f"Auto-created from PeakPro CRM (Proposal #{number})" for number in (7, 9)]
    assert sorted(row["TotalAmt"] for row in made) == [4500.0, 4725.0]
    assert {row["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] for row in made} == {"Roof Deposit"}
