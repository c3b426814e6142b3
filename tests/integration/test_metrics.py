"""/metrics says what the database says: after restarts, from every process, and to nobody without the token."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from tests.conftest import RunningApp, settings_for
from tests.integration.money_world import Money, event, metric, signature, stripe_settings

from crm.jobs.queue import ORG_TASKS
from crm.kit.settings import Settings
from crm.payments.outcomes import OUTCOMES

Start = Callable[[Settings], RunningApp]
MONEY = ("crm_portal_payments_total", "crm_portal_payment_amount_cents_sum", "crm_leads_created_total")


def figures(http: httpx2.Client, org_id: int = 1) -> list[float]:
    return [metric(http, name, org_id=str(org_id)) for name in MONEY]


def test_two_processes_and_a_restart_say_the_same(
    database_url: str, start_app: Start, owner_sql: psycopg.Connection
):
    """Payments taken in by either process count on both, and on one that starts afterwards, to the cent."""
    settings = stripe_settings(database_url)
    first, second = (Money(start_app(settings), owner_sql) for _ in range(2))
    before = figures(first.http)
    total = 0
    for number, (taker, amount) in enumerate([(first, 101), (second, 99_999_998), (first, 7), (second, 1)]):
        taker.deliver(taker.due(amount=amount).paid())
        total += amount
        expected = [before[0] + number + 1, before[1] + total, before[2]]
        assert figures(first.http) == figures(second.http) == expected
    stored = first.sql.execute("SELECT count(*), sum(amount_minor) FROM payments WHERE paid_at IS NOT NULL")
    assert stored.fetchone() == (4, total)
    restarted = start_app(settings).client()
    assert figures(restarted) == figures(first.http)
    assert figures(restarted, org_id=2) == [0, 0, 0]


def test_leads_count_when_they_are_made(api: httpx2.Client, app_server: RunningApp):
    """One lead more is one more on the meter."""
    http = app_server.client()
    before = metric(http, "crm_leads_created_total", org_id="1")
    assert api.post("/leads", json={"name": "Somebody"}).status_code == 201
    assert metric(http, "crm_leads_created_total", org_id="1") == before + 1


def test_what_waits_for_the_books_is_told(database_url: str, start_app: Start, owner_sql: psycopg.Connection):
    """Without QuickBooks a paid deposit shows as waiting: how many, how much, since when."""
    money = Money(start_app(stripe_settings(database_url)), owner_sql)
    money.deliver(money.due(amount=5_000).paid())
    assert metric(money.http, "crm_payments_waiting", org_id="1") == 1
    assert metric(money.http, "crm_payments_waiting_cents", org_id="1") == 5_000
    assert metric(money.http, "crm_unreconciled_cents", org_id="1") == 5_000
    assert metric(money.http, "crm_qbo_connected", org_id="1") == 0
    assert metric(money.http, "crm_inbox_events_open", source="stripe", state="received") == 0
    assert metric(money.http, "crm_jobs_backlog", task="follow_up", state="waiting") == 1


def test_a_late_event_is_as_old_as_its_payment(
    database_url: str, start_app: Start, owner_sql: psycopg.Connection
):
    """Stripe's time of payment counts, not when we heard of it."""
    money = Money(start_app(stripe_settings(database_url)), owner_sql)
    now = int(time.time())
    money.deliver(*({**money.due().paid(), "created": now - seconds} for seconds in (0, 3600)))
    assert 3600 <= metric(money.http, "crm_payments_waiting_oldest_seconds", org_id="1") < 3700


def test_every_figure_is_there_before_anything_happened(app_server: RunningApp):
    """Zero is a figure: every company, every operation, so that no alert waits for a first event."""
    http = app_server.client()
    for org_id in ("1", "2"):
        for name in (
            "crm_portal_payments_total",
            "crm_portal_payment_amount_cents_sum",
            "crm_invoices_generated_total",
            "crm_payments_waiting",
            "crm_payments_waiting_cents",
            "crm_unreconciled_cents",
            "crm_postings_needing_a_person",
            "crm_qbo_connected",
            "crm_qbo_disconnected",
            "crm_payments_waiting_oldest_seconds",
        ):
            assert metric(http, name, org_id=org_id) == 0, name
        for operation in ("create_invoice", "refresh_token", "auto_invoice"):
            assert metric(http, "crm_qbo_api_errors_total", org_id=org_id, op=operation) == 0
    assert metric(http, "crm_payment_to_invoice_seconds_count") == 0
    for task in ORG_TASKS:
        assert metric(http, "crm_jobs_failed", task=task) == 0
        for state in ("waiting", "later", "running"):
            assert metric(http, "crm_jobs_backlog", task=task, state=state) == 0
    for source in ("stripe", "quickbooks"):
        for state in ("received", "failed"):
            assert metric(http, "crm_inbox_events_open", source=source, state=state) == 0
        for outcome in OUTCOMES:  # of this test's process, so perhaps counted on
            assert metric(http, "crm_webhooks_total", source=source, outcome=outcome) >= 0


def test_prometheus_can_read_it(app_server: RunningApp):
    """The whole text parses, and no sample stands there twice."""
    answer = app_server.client().get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text))
    samples = [(s.name, tuple(sorted(s.labels.items()))) for family in families for s in family.samples]
    assert len(samples) == len(set(samples))
    assert all(family.documentation for family in families if family.name.startswith("crm_"))


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer wrong", "Bearer tokén", "Basic eDp4"])
def test_with_a_token_set_others_see_nothing(database_url: str, start_app: Start, header: str | None):
    """METRICS_TOKEN closes the door: 401 as a problem for all but its bearer."""
    app = start_app(settings_for(database_url, metrics_token=SecretStr("let-me-scrape")))
    headers = {} if header is None else {b"authorization": header.strip().encode()}
    refused = app.client().get("/metrics", headers=headers)
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert "crm_portal" not in refused.text
    assert app.client().get("/metrics?of=process", headers=headers).status_code == 401
    allowed = app.client(Authorization="Bearer let-me-scrape").get("/metrics")
    assert allowed.status_code == 200
    assert "crm_portal_payments_total" in allowed.text


def test_jobs_are_told_by_when_they_are_due(app_server: RunningApp, owner_sql: psycopg.Connection):
    """What is due waits, what is due later does not; the oldest is as old as its time, a new one as its entry."""
    http = app_server.client()
    owner_sql.execute(
        "INSERT INTO procrastinate_jobs (queue_name, task_name, status, scheduled_at) VALUES "
        "('default', 'fetch_fee', 'todo', now() - interval '90 seconds'), "
        "('default', 'fetch_fee', 'todo', now() + interval '1 hour'), ('default', 'fetch_fee', 'doing', NULL)"
    )
    states = {
        s: metric(http, "crm_jobs_backlog", task="fetch_fee", state=s)
        for s in ("waiting", "later", "running")
    }
    assert states == {"waiting": 1, "later": 1, "running": 1}
    assert 90 <= metric(http, "crm_jobs_oldest_seconds") < 150


def test_a_sweep_is_made_good_by_its_next_run(app_server: RunningApp, owner_sql: psycopg.Connection):
    """A sweep that gave up counts until it succeeds again; an org's job counts until a person runs it again."""
    http = app_server.client()

    def add(status: str) -> None:
        owner_sql.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status) SELECT 'default', t, "
            "cast(%s AS procrastinate_job_status) FROM unnest(ARRAY['sweep_stripe', 'fetch_fee']) t",
            [status],
        )

    add("failed")
    assert [metric(http, "crm_jobs_failed", task=task) for task in ("sweep_stripe", "fetch_fee")] == [1, 1]
    add("succeeded")
    assert metric(http, "crm_jobs_failed", task="fetch_fee") == 1
    with pytest.raises(AssertionError, match="no sample"):
        metric(http, "crm_jobs_failed", task="sweep_stripe")


def test_workers_count_while_they_are_heard_of(app_server: RunningApp, owner_sql: psycopg.Connection):
    """A worker that has been silent for longer than the reaper waits is dead."""
    owner_sql.execute(
        "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '20 seconds')"
    )
    assert metric(app_server.client(), "crm_workers_alive") == 1


def test_reads_count_within_the_month(app_server: RunningApp, owner_sql: psycopg.Connection):
    """Metered reads by org and operation since the month began; writes and older months are not in them."""
    owner_sql.execute(
        "INSERT INTO qbo_usage (org_id, day, operation, calls, metered) "
        "SELECT 1, first - days, operation, 9, metered "
        "FROM (VALUES (date_trunc('month', now() AT TIME ZONE 'UTC')::date)) m(first), "
        "(VALUES (0, 'find_customer', 5), (1, 'find_customer', 70), (0, 'create_invoice', 0)) "
        "AS u(days, operation, metered)"
    )
    text = app_server.client().get("/metrics").text
    samples = [line for line in text.splitlines() if line.startswith("crm_qbo_metered_reads_total")]
    assert samples == ['crm_qbo_metered_reads_total{operation="find_customer",org_id="1"} 5.0']


def test_a_process_tells_its_own_figures_without_the_database(start_app: Start):
    """Webhooks that could not be kept are told by the very process whose database is away."""
    http = start_app(stripe_settings("postgresql://nobody@127.0.0.1:9/nowhere")).client()
    before = metric(http, "crm_webhooks_total", "/metrics?of=process", source="stripe", outcome="unavailable")
    body = json.dumps(event("plan.created", {"id": "plan_1"})).encode()
    refused = http.post("/payments/webhook", content=body, headers={"stripe-signature": signature(body)})
    assert refused.status_code == 503
    after = metric(http, "crm_webhooks_total", "/metrics?of=process", source="stripe", outcome="unavailable")
    assert after == before + 1
    assert "crm_portal_payments_total" not in http.get("/metrics?of=process").text
    assert http.get("/metrics").status_code == 503


def test_intuits_malformed_webhooks_are_counted(database_url: str, start_app: Start):
    """Signed, but no event: counted as Stripe's are."""
    settings = settings_for(database_url, qbo_webhook_verifier_token=SecretStr("verifier"))
    http = start_app(settings).client()
    before = metric(http, "crm_webhooks_total", source="quickbooks", outcome="malformed")
    proof = base64.b64encode(hmac.digest(b"verifier", b"{}", "sha256")).decode()
    answer = http.post("/qbo/webhook", content=b"{}", headers={"intuit-signature": proof})
    assert answer.status_code == 400
    assert metric(http, "crm_webhooks_total", source="quickbooks", outcome="malformed") == before + 1
