"""The stored figures in Prometheus' form. Every org, task and state is present, at 0 where nothing happened.

Present from the start, because `increase` sees only what happens after a series' first sample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.jobs.engine import STALLED_SECONDS
from crm.jobs.queue import ORG_TASKS
from crm.kit import clock
from crm.metrics.log_fold import LATENCY_BUCKETS, Counted

QBO_OPERATIONS = ("create_invoice", "refresh_token", "auto_invoice")
JOB_STATES = ("waiting", "later", "running")
INBOX_SOURCES, INBOX_OPEN_STATES = ("stripe", "quickbooks"), ("received", "failed")

Counts = Mapping[int, Counted]


async def collect(session: AsyncSession, counted: Counts, reads_per_month: int) -> list[Metric]:
    """All families of the orgs in `counted`, for a transaction that sees them and events that are nobody's."""
    # First what is counted already, without a pause in which another scrape could count on.
    return [
        *_payments(counted),
        *_books(counted),
        _latency(counted),
        *_sales(counted),
        *await _leads_and_refunds(session, counted),
        *await _quickbooks(session, counted, reads_per_month),
        *await _reconciliation(session, counted),
        *await _work(session),
        await _inbox(session),
    ]


async def _rows(session: AsyncSession, query: str, **values: Any) -> Sequence[Any]:
    return (await session.execute(text(query), values)).all()


async def _per_org(session: AsyncSession, counted: Counts, query: str) -> dict[int, int]:
    """What `query` says of each org, 0 where it says nothing."""
    found = {row[0]: int(row[1]) for row in await _rows(session, query)}
    return {org_id: found.get(org_id, 0) for org_id in counted}


def _by_org(
    family: type[CounterMetricFamily | GaugeMetricFamily], name: str, what: str, values: Mapping[int, float]
) -> Metric:
    metric = family(name, what, labels=["org_id"])
    for org_id, value in values.items():
        metric.add_metric([str(org_id)], value)
    return metric


def _payments(counted: Counts) -> list[Metric]:
    amounts = SummaryMetricFamily(
        "crm_portal_payment_amount_cents",
        "Amounts of payments that succeeded, minor units",
        labels=["org_id"],
    )
    for org_id, org in counted.items():
        amounts.add_metric([str(org_id)], count_value=org.payments, sum_value=org.amount_minor)
    payments = {org_id: org.payments for org_id, org in counted.items()}
    return [_by_org(CounterMetricFamily, "crm_portal_payments", "Payments that succeeded", payments), amounts]


def _books(counted: Counts) -> list[Metric]:
    """What stands in the books and what waits for them."""
    now = clock.now()
    waiting = {org_id: list(org.waiting.values()) for org_id, org in counted.items()}
    cents = {org_id: sum(one.amount_minor for one in open_) for org_id, open_ in waiting.items()}
    unreconciled = {
        org_id: cents[org_id] + sum(one.amount_minor for one in org.left_out.values())
        for org_id, org in counted.items()
    }
    oldest = {
        org_id: max(
            (max(0.0, (now - (one.paid_at or one.known_at)).total_seconds()) for one in open_), default=0.0
        )
        for org_id, open_ in waiting.items()
    }
    return [
        _by_org(
            CounterMetricFamily,
            "crm_invoices_generated",
            "Invoices created in QuickBooks",
            {org_id: org.invoices for org_id, org in counted.items()},
        ),
        _by_org(
            GaugeMetricFamily,
            "crm_payments_waiting",
            "Paid payments that do not stand in the books yet",
            {org_id: len(open_) for org_id, open_ in waiting.items()},
        ),
        _by_org(GaugeMetricFamily, "crm_payments_waiting_cents", "Their amount, minor units", cents),
        _by_org(
            GaugeMetricFamily,
            "crm_payments_waiting_oldest_seconds",
            "How long ago the oldest of them was paid",
            oldest,
        ),
        _by_org(
            GaugeMetricFamily,
            "crm_unreconciled_cents",
            "Paid, not applied in QuickBooks, minor units; also what a person left out of the books",
            unreconciled,
        ),
    ]


def _latency(counted: Counts) -> Metric:
    """Over all orgs: a histogram per org would be fourteen series each."""
    columns = zip(*(org.latency_counts for org in counted.values()), strict=True)
    counts = [sum(column) for column in columns] or [0] * (len(LATENCY_BUCKETS) + 1)
    bounds = [*(str(float(bound)) for bound in LATENCY_BUCKETS), "+Inf"]
    family = HistogramMetricFamily(
        "crm_payment_to_invoice_seconds", "From a paid webhook to its first invoice in QuickBooks"
    )
    seconds = sum(org.latency_seconds for org in counted.values())
    family.add_metric([], buckets=list(zip(bounds, accumulate(counts), strict=True)), sum_value=seconds)
    return family


def _sales(counted: Counts) -> list[Metric]:
    """The way from sent to paid; the first payment after an approval is its deposit."""
    deposits = SummaryMetricFamily(
        "crm_deposit_amount_cents", "First payments after an approval, minor units", labels=["org_id"]
    )
    waited = SummaryMetricFamily(
        "crm_approval_to_payment_seconds", "From an approval to the first payment after it", labels=["org_id"]
    )
    for org_id, org in counted.items():
        deposits.add_metric([str(org_id)], count_value=org.deposits, sum_value=org.deposit_minor)
        waited.add_metric([str(org_id)], count_value=org.deposits, sum_value=org.to_payment_seconds)
    steps = {
        "sent": ("Proposals sent", {org_id: org.sent for org_id, org in counted.items()}),
        "viewed": ("Proposals opened by the customer", {o: org.viewed for o, org in counted.items()}),
        "approved": ("Proposals approved", {o: org.approved for o, org in counted.items()}),
    }
    return [
        *(
            _by_org(CounterMetricFamily, f"crm_proposals_{name}", what, each)
            for name, (what, each) in steps.items()
        ),
        deposits,
        waited,
    ]


async def _leads_and_refunds(session: AsyncSession, counted: Counts) -> list[Metric]:
    leads = await _per_org(
        session, counted, "SELECT org_id, count(*) FROM leads WHERE NOT caught_as_spam GROUP BY 1"
    )
    refunds = await _per_org(
        session,
        counted,
        "SELECT org_id, sum(amount_minor) FROM refunds WHERE status = 'succeeded' GROUP BY 1",
    )
    return [
        _by_org(
            CounterMetricFamily,
            "crm_leads_created",
            "Leads created, but for what the website's form caught as spam",
            leads,
        ),
        _by_org(GaugeMetricFamily, "crm_refunded_cents", "Refunds that stand, minor units", refunds),
    ]


async def _reconciliation(session: AsyncSession, counted: Counts) -> list[Metric]:
    """What the newest comparison of Stripe, us and QuickBooks found; nothing where there was none yet."""
    rows = await _rows(
        session,
        "SELECT DISTINCT ON (org_id) org_id, unexplained_minor, to_do_minor, "
        "extract(epoch FROM cast(:now AS timestamptz) - finished_at) FROM reconciliations WHERE state = 'done' "
        "ORDER BY org_id, id DESC",
        now=clock.now(),
    )
    told = [row for row in rows if row[0] in counted]
    return [
        _by_org(GaugeMetricFamily, name, what, {row[0]: float(row[place]) for row in told})
        for place, name, what in (
            (
                1,
                "crm_reconciliation_unexplained_cents",
                "Differences that no reason is known for, minor units",
            ),
            (2, "crm_reconciliation_to_do_cents", "Differences that need a person, minor units"),
            (3, "crm_reconciliation_age_seconds", "How long ago Stripe and QuickBooks were last compared"),
        )
    ]


async def _quickbooks(session: AsyncSession, counted: Counts, reads_per_month: int) -> list[Metric]:
    """The connections, what fails there, and what Intuit counts."""
    errors = CounterMetricFamily(
        "crm_qbo_api_errors", "Failed operations at QuickBooks", labels=["org_id", "op"]
    )
    rows = await _rows(session, "SELECT org_id, op, errors FROM qbo_error_counts")
    failed = {(row[0], row[1]): row[2] for row in rows}
    for org_id in counted:
        for operation in QBO_OPERATIONS:
            errors.add_metric([str(org_id), operation], failed.get((org_id, operation), 0))
    reads = CounterMetricFamily(
        "crm_qbo_metered_reads",
        "Reads that Intuit counts (CorePlus) since the month began, UTC; starts again at 0 each month",
        labels=["org_id", "operation"],
    )
    for row in await _rows(
        session,
        "SELECT org_id, operation, sum(metered) FROM qbo_usage WHERE day >= :month GROUP BY 1, 2 "
        "HAVING sum(metered) > 0 ORDER BY 1, 2",
        month=clock.now().date().replace(day=1),
    ):
        reads.add_metric([str(row[0]), row[1]], int(row[2]))
    free = GaugeMetricFamily(
        "crm_qbo_metered_reads_free",
        "Reads that Intuit allows in a month without charge, over all orgs",
        value=reads_per_month,
    )
    stuck = await _per_org(
        session, counted, "SELECT org_id, count(*) FROM postings WHERE state = 'needs_you' GROUP BY 1"
    )
    needing = _by_org(
        GaugeMetricFamily,
        "crm_postings_needing_a_person",
        "Payments that QuickBooks refused and a person must look at",
        stuck,
    )
    return [errors, reads, free, needing, *await _connections(session, counted)]


async def _connections(session: AsyncSession, counted: Counts) -> list[Metric]:
    rows = await _rows(
        session,
        "SELECT org_id, disconnected_at IS NULL AND refresh_token IS NOT NULL, disconnected_at IS NOT NULL, "
        "extract(epoch FROM least(refresh_expires_at, hard_expires_at) - now()) / 86400 FROM qbo_tokens",
    )
    connected = {row[0]: int(row[1]) for row in rows}
    lost = {row[0]: int(row[2]) for row in rows}
    left = {row[0]: float(row[3]) for row in rows if row[1] and row[3] is not None}
    return [
        _by_org(
            GaugeMetricFamily,
            "crm_qbo_connected",
            "1 while QuickBooks is connected",
            {org_id: connected.get(org_id, 0) for org_id in counted},
        ),
        _by_org(
            GaugeMetricFamily,
            "crm_qbo_disconnected",
            "1 while a connection that was there is lost; 0 also where there never was one",
            {org_id: lost.get(org_id, 0) for org_id in counted},
        ),
        _by_org(
            GaugeMetricFamily,
            "crm_qbo_refresh_token_days_left",
            "Days until a person must reconnect; absent where nothing is connected",
            left,
        ),
    ]


# A sweep that gave up is made good by its next run; a job of an org is not, until a person runs it again.
_FAILED = (
    "SELECT j.task_name, count(*) FROM procrastinate_jobs j WHERE j.status = 'failed' "
    "AND (j.task_name = ANY (:of_orgs) OR NOT EXISTS (SELECT 1 FROM procrastinate_jobs s "
    "WHERE s.task_name = j.task_name AND s.status = 'succeeded' AND s.id > j.id)) GROUP BY 1"
)
_OPEN = (
    "SELECT j.task_name, CASE WHEN j.status = 'doing' THEN 'running' WHEN j.scheduled_at > :now THEN 'later' "
    "ELSE 'waiting' END, count(*), extract(epoch FROM :now - min(coalesce(j.scheduled_at, e.at))) "
    "FROM procrastinate_jobs j LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred' "
    "WHERE j.status IN ('todo', 'doing') GROUP BY 1, 2"
)


async def _work(session: AsyncSession) -> list[Metric]:
    now = clock.now()
    rows = await _rows(session, _OPEN, now=now)
    open_ = {(row[0], row[1]): row[2] for row in rows}
    failed_rows = await _rows(session, _FAILED, of_orgs=list(ORG_TASKS))
    failed_counts = {row[0]: row[1] for row in failed_rows}
    tasks = sorted({*ORG_TASKS, *(task for task, _ in open_), *failed_counts})
    backlog = GaugeMetricFamily(
        "crm_jobs_backlog", "Jobs that are due, that are due later, or that run now", labels=["task", "state"]
    )
    failed = GaugeMetricFamily("crm_jobs_failed", "Jobs that gave up and need a person", labels=["task"])
    for task in tasks:
        for state in JOB_STATES:
            backlog.add_metric([task, state], open_.get((task, state), 0))
        failed.add_metric([task], failed_counts.get(task, 0))
    oldest = max((float(row[3]) for row in rows if row[1] == "waiting" and row[3] is not None), default=0.0)
    alive = await session.scalar(
        text(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - make_interval(secs => :s)"
        ),
        {"s": STALLED_SECONDS},
    )
    return [
        backlog,
        failed,
        GaugeMetricFamily(
            "crm_jobs_oldest_seconds", "How long the oldest job that is due has waited", value=oldest
        ),
        GaugeMetricFamily(
            "crm_workers_alive", "Worker processes heard of within the last 12 s", value=alive or 0
        ),
    ]


async def _inbox(session: AsyncSession) -> Metric:
    """Only what is open: those that are done are as many as there ever were events."""
    rows = await _rows(
        session,
        "SELECT source, state, count(*) FROM inbox_events WHERE state IN ('received', 'failed') GROUP BY 1, 2",
    )
    counts = {(row[0], row[1]): row[2] for row in rows}
    events = GaugeMetricFamily(
        "crm_inbox_events_open",
        "Events kept whose effect is not taken yet (received) or stumbled (failed; a job tries again)",
        labels=["source", "state"],
    )
    for source in INBOX_SOURCES:
        for state in INBOX_OPEN_STATES:
            events.add_metric([source, state], counts.get((source, state), 0))
    return events
