"""Prometheus metrics counted from what is stored, so they survive restarts and agree between processes.

Only what one process alone can know (HTTP timings, webhook outcomes) is counted in memory.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Header
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from crm.dependencies import StateDep
from crm.kit.errors import Unauthenticated

router = APIRouter(tags=["health"])

QBO_OPERATIONS = ("create_invoice", "refresh_token", "auto_invoice")
LATENCY_BUCKETS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def get_metrics(state: StateDep, authorization: Annotated[str | None, Header()] = None) -> Response:
    token = state.settings.metrics_token
    if token is not None:
        given = (authorization or "").removeprefix("Bearer ")
        if not secrets.compare_digest(given.encode(), token.get_secret_value().encode()):
            raise Unauthenticated("These metrics need the bearer token METRICS_TOKEN.")
    async with state.database.transaction() as session:
        orgs = list((await session.scalars(text("SELECT org_id FROM crm_org_list()"))).all())
    async with state.database.transaction(0, *orgs) as session:
        families = await collect(session, orgs)
    registry = CollectorRegistry()
    registry.register(_Fixed(families))
    return Response(generate_latest(registry) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


class _Fixed:
    """Families that are counted already, in the form the library's registry takes."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


async def collect(session: AsyncSession, orgs: Sequence[int]) -> list[Metric]:
    """All families, for a transaction that sees all orgs. Every org is present, at 0 where nothing happened."""
    return [
        *await _money(session, orgs),
        *await _books(session, orgs),
        await _latency(session),
        *await _connection(session, orgs),
        *await _work(session),
    ]


async def _by_org(session: AsyncSession, query: str) -> dict[int, Sequence[Any]]:
    return {row[0]: row[1:] for row in (await session.execute(text(query))).all()}


async def _money(session: AsyncSession, orgs: Sequence[int]) -> list[Metric]:
    paid = await _by_org(
        session,
        "SELECT org_id, count(*), coalesce(sum(amount_minor), 0) FROM payments WHERE paid_at IS NOT NULL GROUP BY 1",
    )
    leads = await _by_org(session, "SELECT org_id, count(*) FROM leads GROUP BY 1")
    refunds = await _by_org(
        session,
        "SELECT org_id, coalesce(sum(amount_minor), 0) FROM refunds WHERE status = 'succeeded' GROUP BY 1",
    )
    payments = CounterMetricFamily("crm_portal_payments", "Payments that succeeded", labels=["org_id"])
    amounts = SummaryMetricFamily(
        "crm_portal_payment_amount_cents",
        "Amounts of payments that succeeded, minor units",
        labels=["org_id"],
    )
    created = CounterMetricFamily("crm_leads_created", "Leads created", labels=["org_id"])
    refunded = GaugeMetricFamily("crm_refunded_cents", "Refunds that stand, minor units", labels=["org_id"])
    for org_id in orgs:
        count, total = paid.get(org_id, (0, 0))
        payments.add_metric([str(org_id)], count)
        amounts.add_metric([str(org_id)], count_value=count, sum_value=int(total))
        created.add_metric([str(org_id)], leads.get(org_id, (0,))[0])
        refunded.add_metric([str(org_id)], int(refunds.get(org_id, (0,))[0]))
    return [payments, amounts, created, refunded]


_LINKED = (
    "EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = '{}' "
    "AND l.local_kind = 'payment' AND l.local_id = p.id::text)"
)
_WAITING = (
    "SELECT p.org_id, count(*), coalesce(sum(p.amount_minor), 0), "
    "coalesce(extract(epoch FROM now() - min(p.paid_at)), 0) FROM payments p "
    f"WHERE p.paid_at IS NOT NULL AND NOT {_LINKED.format('Payment')} GROUP BY 1"
)


async def _books(session: AsyncSession, orgs: Sequence[int]) -> list[Metric]:
    invoices = await _by_org(
        session,
        "SELECT org_id, count(*) FROM qbo_links WHERE entity = 'Invoice' AND local_kind = 'payment' GROUP BY 1",
    )
    waiting = await _by_org(session, _WAITING)
    stuck = await _by_org(
        session, "SELECT org_id, count(*) FROM postings WHERE state = 'needs_you' GROUP BY 1"
    )
    rows = (await session.execute(text("SELECT org_id, op, errors FROM qbo_error_counts"))).all()
    counts = {(row[0], row[1]): row[2] for row in rows}
    reads = await _by_org(session, "SELECT org_id, sum(metered) FROM qbo_usage GROUP BY 1")
    generated = CounterMetricFamily(
        "crm_invoices_generated", "Invoices created in QuickBooks", labels=["org_id"]
    )
    errors = CounterMetricFamily(
        "crm_qbo_api_errors", "Failed operations at QuickBooks", labels=["org_id", "op"]
    )
    metered = CounterMetricFamily(
        "crm_qbo_metered_reads", "Calls to QuickBooks that Intuit counts (CorePlus)", labels=["org_id"]
    )
    gauges = [
        GaugeMetricFamily(name, what, labels=["org_id"])
        for name, what in (
            ("crm_payments_waiting", "Paid payments that do not stand in the books yet"),
            ("crm_payments_waiting_cents", "Their amount, minor units"),
            ("crm_payments_waiting_oldest_seconds", "How long the oldest of them has waited"),
            ("crm_postings_needing_a_person", "Payments that QuickBooks refused and a person must look at"),
        )
    ]
    unreconciled = GaugeMetricFamily(
        "crm_unreconciled_cents", "Paid, not applied in QuickBooks, minor units", labels=["org_id"]
    )
    for org_id in orgs:
        label = [str(org_id)]
        count, cents, oldest = waiting.get(org_id, (0, 0, 0))
        generated.add_metric(label, invoices.get(org_id, (0,))[0])
        metered.add_metric(label, int(reads.get(org_id, (0,))[0]))
        for operation in QBO_OPERATIONS:
            errors.add_metric([*label, operation], counts.get((org_id, operation), 0))
        for gauge, value in zip(gauges, (count, cents, oldest, stuck.get(org_id, (0,))[0]), strict=True):
            gauge.add_metric(label, float(value))
        unreconciled.add_metric(label, int(cents))
    return [generated, errors, metered, unreconciled, *gauges]


async def _latency(session: AsyncSession) -> Metric:
    """From the webhook's commit to the link that says the invoice stands in QuickBooks."""
    seconds = "extract(epoch FROM l.created_at - a.created_at)"
    columns = ", ".join(f"count(*) FILTER (WHERE {seconds} <= {bound})" for bound in LATENCY_BUCKETS)
    row = (
        await session.execute(
            text(
                f"SELECT {columns}, count(*), coalesce(sum({seconds}), 0) FROM qbo_links l "
                "JOIN portal_activity_log a ON a.org_id = l.org_id AND a.event = 'payment_success' "
                "AND a.meta->>'payment_id' = l.local_id "
                "WHERE l.entity = 'Invoice' AND l.local_kind = 'payment'"
            )
        )
    ).one()
    buckets = [(str(float(bound)), row[i]) for i, bound in enumerate(LATENCY_BUCKETS)]
    family = HistogramMetricFamily(
        "crm_payment_to_invoice_seconds", "From a paid webhook to its invoice in QuickBooks"
    )
    family.add_metric([], buckets=[*buckets, ("+Inf", row[-2])], sum_value=float(row[-1]))
    return family


async def _connection(session: AsyncSession, orgs: Sequence[int]) -> list[Metric]:
    rows = await _by_org(
        session,
        "SELECT org_id, disconnected_at IS NULL AND refresh_token IS NOT NULL, "
        "extract(epoch FROM least(refresh_expires_at, hard_expires_at) - now()) / 86400 FROM qbo_tokens",
    )
    connected = GaugeMetricFamily("crm_qbo_connected", "1 while QuickBooks is connected", labels=["org_id"])
    days = GaugeMetricFamily(
        "crm_qbo_refresh_token_days_left", "Days until a person must reconnect", labels=["org_id"]
    )
    for org_id in orgs:
        alive, left = rows.get(org_id, (False, None))
        connected.add_metric([str(org_id)], 1 if alive else 0)
        if alive and left is not None:
            days.add_metric([str(org_id)], float(left))
    return [connected, days]


async def _work(session: AsyncSession) -> list[Metric]:
    jobs = await session.execute(
        text(
            "SELECT task_name, status::text, count(*) FROM procrastinate_jobs "
            "WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2"
        )
    )
    backlog = GaugeMetricFamily("crm_jobs_backlog", "Jobs that wait or run", labels=["task", "status"])
    failed = GaugeMetricFamily("crm_jobs_failed", "Jobs that gave up and need a person", labels=["task"])
    for task, status, count in jobs.all():
        if status == "failed":
            failed.add_metric([task], count)
        else:
            backlog.add_metric([task, status], count)
    inbox = await session.execute(text("SELECT source, state, count(*) FROM inbox_events GROUP BY 1, 2"))
    events = GaugeMetricFamily(
        "crm_inbox_events", "Events kept, by what became of them", labels=["source", "state"]
    )
    for source, state, count in inbox.all():
        events.add_metric([source, state], count)
    return [backlog, failed, events]
