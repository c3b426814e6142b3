"""/metrics says what the database says: after restarts, from every process, and to nobody without the token."""

from __future__ import annotations

from collections.abc import Callable

import httpx2
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from tests.conftest import RunningApp, settings_for
from tests.integration.money_world import Money, metric, stripe_settings

from crm.kit.settings import Settings

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
    assert metric(money.http, "crm_inbox_events", source="stripe", state="done") == 1
    assert metric(money.http, "crm_jobs_backlog", task="follow_up", status="todo") == 1


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
            "crm_qbo_metered_reads_total",
            "crm_qbo_connected",
        ):
            assert metric(http, name, org_id=org_id) == 0, name
        for operation in ("create_invoice", "refresh_token", "auto_invoice"):
            assert metric(http, "crm_qbo_api_errors_total", org_id=org_id, op=operation) == 0
    assert metric(http, "crm_payment_to_invoice_seconds_count") == 0


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
    allowed = app.client(Authorization="Bearer let-me-scrape").get("/metrics")
    assert allowed.status_code == 200
    assert "crm_portal_payments_total" in allowed.text
