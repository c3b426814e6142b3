"""A real Prometheus scrapes the running product through a story; every panel and every alert says what happened.

Two API processes, three workers, the simulators. The story's figures are known beforehand (the constants below), or
asked of the simulator and the database; a panel or an alert without an expectation fails.
"""

from __future__ import annotations

import calendar
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.acceptance.prometheus_server import (
    ROOT,
    Labels,
    Prometheus,
    Vector,
    running_prometheus,
    tools,
)
from tests.acceptance.stack import PROPOSAL, Stack, realm, running_stack, wait_until
from tests.conftest import database_from

from crm.metrics.log_fold import LATENCY_BUCKETS

HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)  # crm.edge
TOKEN = "let-prometheus-in"
BOOKED, LOST, NEVER, ENDING, REFUSED, LOST_IDLE = 1, 101, 102, 103, 104, 105
ORGS = (1, 2, LOST, NEVER, ENDING, REFUSED, LOST_IDLE)
# Paid deposits by org: cents, and how many seconds ago Stripe says it was.
PAID = {
    BOOKED: {7: (472_500, 0), 9: (450_000, 0), 10: (300_000, 0)},
    LOST: {7: (472_500, 1200)},
    NEVER: {7: (472_500, 3000), 8: (472_500, 0)},
    REFUSED: {7: (472_500, 1000)},
}
LEADS, BAD_SIGNATURES, MALFORMED, WORKERS = 8, (2, 4), 1, 3
READS_BEFORE, FREE_READS, DAYS_LEFT = 300_000, 500_000, 10
PAYMENTS = sum(len(paid) for paid in PAID.values())
CENTS = sum(cents for paid in PAID.values() for cents, _ in paid.values())
BOOKED_CENTS = sum(cents for cents, _ in PAID[BOOKED].values())
DASHBOARD = json.loads(
    (ROOT / "monitoring/grafana-provisioning/dashboards/peakpro-crm-kpis.json").read_text()
)
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


@dataclass
class Story:
    """What runs, and the moment at which it is looked at: that of the last scrape of the stored figures."""

    stack: Stack
    prometheus: Prometheus
    other_url: str
    other: subprocess.Popen[bytes]
    at: float = 0.0
    slowest_webhook_seconds: float = 0.0

    @property
    def apis(self) -> tuple[str, str]:
        return self.stack.api_url, self.other_url

    def rows(self, query: str) -> dict[Any, Any]:
        return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in self.stack.sql.execute(query)}

    def one(self, query: str) -> Any:
        (row,) = self.stack.sql.execute(query).fetchall()
        return row[0]

    def age(self, org_id: int) -> float:
        """Seconds since the org's oldest payment that waits was paid."""
        paid_at = self.one(f"SELECT extract(epoch FROM min(paid_at)) FROM payments WHERE org_id = {org_id}")
        return self.at - float(paid_at)

    def days_left(self) -> dict[int, float]:
        ends = self.rows(
            "SELECT org_id, extract(epoch FROM least(refresh_expires_at, hard_expires_at)) FROM qbo_tokens "
            "WHERE disconnected_at IS NULL"
        )
        return {org_id: (float(end) - self.at) / 86400 for org_id, end in ends.items()}

    def reads(self) -> int:
        """What Intuit would count: reads that QuickBooks (simulated) answered, and those of before the story."""
        requests = self.stack.sandbox("GET", "/_state/requests?limit=1000")["requests"]
        answered = [r for r in requests if r["method"] == "GET" and r["path"].startswith("/v3/company/")]
        return READS_BEFORE + sum(200 <= r["status"] < 300 for r in answered)

    def forecast(self) -> float:
        moment = datetime.fromtimestamp(self.at, UTC)
        elapsed = max(1.0, moment.day - 1 + moment.hour / 24 + moment.minute / 1440)
        return self.reads() / elapsed * calendar.monthrange(moment.year, moment.month)[1]

    def webhook(self, send: Callable[[], httpx2.Response]) -> int:
        """The answer's status; how long it took is remembered."""
        started = time.monotonic()
        status = send().status_code
        self.slowest_webhook_seconds = max(self.slowest_webhook_seconds, time.monotonic() - started)
        return status

    def slowest_bucket(self) -> float:
        return next(bound for bound in HTTP_BUCKETS if self.slowest_webhook_seconds <= bound)

    def latency_quantile(self, share: float) -> float:
        """As histogram_quantile reckons: evenly within the bucket that holds it."""
        waits = self.stack.sql.execute(
            "SELECT extract(epoch FROM i.created_at - p.created_at)::float FROM portal_activity_log p "
            "JOIN portal_activity_log i ON i.org_id = p.org_id AND i.meta->>'payment_id' = p.meta->>'payment_id' "
            "WHERE p.event = 'payment_success' AND i.event = 'invoice_created'"
        ).fetchall()
        rank, below = share * len(waits), 0
        for low, high in zip((0.0, *LATENCY_BUCKETS), LATENCY_BUCKETS, strict=False):
            inside = sum(low < seconds <= high for (seconds,) in waits)
            if below + inside >= rank:
                return low + (high - low) * (rank - below) / inside
            below += inside
        return float(LATENCY_BUCKETS[-1])


@pytest.fixture(scope="module")
def story(postgres_url: str, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Told once; Prometheus looks on from before the first payment."""
    tools()
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        database_from(postgres_url, demo_template) as url,
        running_stack(url, folder, workers=WORKERS, METRICS_TOKEN=TOKEN) as stack,
    ):
        other, other_url = stack.start_another_api()
        _add_orgs(stack)
        first, second = (urlsplit(url).netloc for url in (stack.api_url, other_url))
        with running_prometheus(folder, {"crm-api:8089": first, "portal:8089": second}, TOKEN) as prometheus:
            told = Story(stack, prometheus, other_url, other)
            _connect(stack)  # meanwhile Prometheus takes its 5 s to the first scrape
            wait_until(
                lambda: len(prometheus.ask("crm_portal_payments_total")) == len(ORGS), "a first scrape"
            )
            for api_url in told.apis:  # a timing's series is there with its first request only
                event = json.dumps(
                    {"id": f"evt_{api_url}", "type": "plan.created", "data": {"object": {"id": api_url}}}
                )
                assert told.webhook(partial(stack.send_webhook, event.encode(), to=api_url)) == 200
            seen = 'count by (instance) (crm_http_request_seconds_count{route="/payments/webhook"})'
            wait_until(lambda: len(prometheus.ask(seen)) == len(told.apis), "both processes are scraped")
            _tell(told)
            yield told


def _add_orgs(stack: Stack) -> None:
    """Companies without a payment, and no lead yet."""
    stack.add_orgs([LOST, ENDING, REFUSED, LOST_IDLE])
    stack.add_orgs([NEVER], proposals=3)
    stack.sql.execute("DELETE FROM leads")


def _connect(stack: Stack) -> None:
    """QuickBooks connected, lost, ending, with closed books; and most of the free reads used."""
    stack.connect_all([BOOKED, LOST, ENDING, REFUSED, LOST_IDLE])
    for org_id in (LOST, LOST_IDLE):
        assert stack.staff(org_id).post("/qbo/disconnect").status_code == 204
    stack.sandbox("POST", f"/_state/quickbooks/{realm(REFUSED)}/settings", {"book_close_date": "2099-12-31"})
    stack.sql.execute(
        "UPDATE qbo_tokens SET refresh_expires_at = now() + make_interval(days => %s) WHERE org_id = %s",
        [DAYS_LEFT, ENDING],
    )
    stack.sql.execute(
        "INSERT INTO qbo_usage (org_id, day, operation, calls, metered) VALUES (%s, %s, 'read_company', %s, %s)",
        [ENDING, datetime.now(UTC).date(), READS_BEFORE, READS_BEFORE],
    )


def _tell(story: Story) -> None:
    """Payments through both processes, leads, a failing call, refused webhooks, a job that gives up; until all is quiet."""
    stack = story.stack
    path = f"^/v3/company/{realm(BOOKED)}/invoice$"
    stack.sandbox(
        "POST", "/_faults", {"match": {"path": path}, "action": "status", "status": 500, "times": 1}
    )
    number = 0
    for org_id, paid in PAID.items():
        for proposal_id, (cents, seconds_ago) in paid.items():
            due = stack.open_checkout(org_id, proposal_id)
            assert due.amount_cents == cents
            send = partial(
                stack.send_paid_event, due, to=story.apis[number % 2], paid_seconds_ago=seconds_ago
            )
            assert story.webhook(send) == 200
            number += 1
    for name in range(LEADS):
        assert stack.staff(BOOKED).post("/leads", json={"name": f"Lead {name}"}).status_code == 201
    for url, count in zip(story.apis, BAD_SIGNATURES, strict=True):
        for _ in range(count):
            refused = partial(stack.send_webhook, b"{}", to=url, secret="whsec_not_ours")
            assert story.webhook(refused) == 400
    for _ in range(MALFORMED):
        assert story.webhook(partial(stack.send_webhook, b"not an event", to=story.other_url)) == 400
    stack.sql.execute(
        "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'expire_session', 0, NULL, NULL, "
        """'{"session_id": "cs_test_gone", "account": "", "org_id": 1}'::jsonb, NULL)"""
        "::procrastinate_job_to_defer_v1])"
    )
    states = {(BOOKED, "posted"): 3, (LOST, "waiting"): 1, (NEVER, "waiting"): 2, (REFUSED, "needs_you"): 1}
    wait_until(
        lambda: story.rows("SELECT org_id, state, count(*)::int FROM postings GROUP BY 1, 2") == states,
        "every payment is where it ends",
    )
    wait_until(lambda: _failed_jobs(story) == {"expire_session": 1}, "the job gives up")
    _look_now(story)


def _failed_jobs(story: Story) -> dict[str, int]:
    return story.rows(
        "SELECT task_name, count(*)::int FROM procrastinate_jobs WHERE status = 'failed' GROUP BY 1"
    )


def _look_now(story: Story) -> None:
    """Chooses a moment that Prometheus saw after now, with no job under way (sweeps come each minute)."""
    now = time.time()

    def quiet() -> bool:
        seen = story.prometheus.ask("timestamp(crm_jobs_oldest_seconds)")
        busy = story.prometheus.ask('sum(crm_jobs_backlog{state=~"waiting|running"})')
        story.at = next(iter(seen.values()), 0.0)
        # Recorded ones are up to an evaluation younger than what they are made of.
        return story.at > now + 1.5 and set(busy.values()) == {0.0}

    wait_until(quiet, "a scrape of a quiet moment")


def v(values: dict[Any, float] | float, label: str = "") -> Vector:
    """A vector as expected: one number, or one by the value of `label`."""
    if isinstance(values, dict):
        return {frozenset({(label, str(key))}): value for key, value in values.items()}
    return {frozenset(): values}


@dataclass(frozen=True)
class Near:
    """An expectation that time moves on while it is looked at, or that Prometheus extrapolates, by at most `by`."""

    vector: Vector
    by: float


Expected = Vector | Near

# The windows of `increase` reach back before the story, to series at 0, and end at a scrape: so they are exact.
PANELS_EXPECTED: dict[str, Sequence[Expected] | Callable[[Story], Sequence[Expected]]] = {
    "Payments (24h)": [v(PAYMENTS)],
    "Revenue (7d)": [v(CENTS / 100)],
    "Lead → Payment Conversion (7d)": [v(PAYMENTS / LEADS)],
    "Payments waiting for the books": [v(PAYMENTS - 3)],
    "Amount waiting for the books": [v((CENTS - BOOKED_CENTS) / 100)],
    "Oldest payment waiting": lambda s: [Near(v(s.age(NEVER)), 1)],
    "Payment → invoice, half within": lambda s: [v(s.latency_quantile(0.5))],
    "Payment → invoice, 95 of 100 within": lambda s: [v(s.latency_quantile(0.95))],
    "Invoices Generated (24h)": [v(3)],
    "Revenue (30d)": [v(CENTS / 100)],
    "QuickBooks API Errors (24h)": [v(4)],
    "Payment → Invoice Conversion (7d)": [v(3 / PAYMENTS)],
    "QuickBooks connected": [
        v({org_id: int(org_id in {BOOKED, ENDING, REFUSED}) for org_id in ORGS}, "org_id")
    ],
    "Days until QuickBooks must be reconnected": lambda s: [Near(v(s.days_left(), "org_id"), 0.001)],
    "Metered reads this month": lambda s: [v(s.reads() / FREE_READS)],
    "Metered reads, forecast for the month": lambda s: [Near(v(s.forecast()), s.forecast() / 10_000)],
    "Jobs waiting": [v(0)],
    "Oldest job waiting": [v(0)],
    "Jobs that gave up": [v(1)],
    "Workers alive": [v(WORKERS)],
    "Webhook errors (24h)": [
        # Of two processes, scraped at moments of their own: the window ends a little after each.
        Near(
            v({"bad_signature": sum(BAD_SIGNATURES), "malformed": MALFORMED, "unavailable": 0}, "outcome"),
            0.49,
        )
    ],
    "Events without effect": [v({"received": 0, "failed": 0}, "state")],
    "Received": [v(CENTS / 100)],
    "In the books": [v(BOOKED_CENTS / 100)],
    "Not in the books": [v((CENTS - BOOKED_CENTS) / 100)],
    "Refunded": [v(0)],
    # Nothing was compared yet in this story; test_reconciliation.py has the figures of what was.
    "Unexplained": [{}],
    "Differences to do": [{}],
    "Last compared": [{}],
    # Nobody approves in this story, so there is no mean and no share (not 0, and not NaN); test_figures.py has both.
    "Average deposit, by org": [{}],
    "Approval → payment, mean": [{}],
    "View → approve → pay (30d)": [{}, {}],
    "Payments and invoices per hour": [v(PAYMENTS), v(3)],
    "Payments waiting, by org": [
        v({org_id: {LOST: 1, NEVER: 2, REFUSED: 1}.get(org_id, 0) for org_id in ORGS}, "org_id")
    ],
    "Payment → invoice time": lambda s: [v(s.latency_quantile(0.5)), v(s.latency_quantile(0.95))],
    "QuickBooks API errors by operation": [
        v({"create_invoice": 2, "auto_invoice": 2, "refresh_token": 0}, "op")
    ],
    "Metered reads by operation": lambda s: [
        v(
            s.rows("SELECT operation, sum(metered)::int FROM qbo_usage GROUP BY 1 HAVING sum(metered) > 0"),
            "operation",
        )
    ],
    # At most the bucket's end that holds the slowest answer that was seen from outside.
    "Webhook answer time": lambda s: [Near(v(s.slowest_bucket() / 2), s.slowest_bucket() / 2)],
}

# By alert and severity (and percent): for which orgs, tasks ... it would fire, with the value. {} = for nobody.
ALERTS_EXPECTED: dict[tuple[str, ...], Expected | Callable[[Story], Expected]] = {
    ("CrmApiDown", "page"): {},
    ("CrmFiguresMissing", "page"): {},
    ("CrmNoWorker", "page"): {},
    ("CrmPaidNotBooked", "page"): lambda s: Near(v({REFUSED: s.age(REFUSED)}, "org_id"), 1),
    ("CrmUnexplainedMoney", "ticket"): {},
    ("CrmNotReconciled", "ticket"): {},
    ("CrmPaymentNeedsYou", "ticket"): v({REFUSED: 1}, "org_id"),
    ("CrmMoneyWaitsDisconnected", "page"): lambda s: Near(v({LOST: s.age(LOST)}, "org_id"), 1),
    ("CrmMoneyWaitsNeverConnected", "ticket"): lambda s: Near(v({NEVER: s.age(NEVER)}, "org_id"), 1),
    ("CrmBooksAreSlow", "ticket"): {},
    ("CrmQuickBooksDisconnected", "ticket"): v({LOST_IDLE: 1}, "org_id"),
    ("CrmQuickBooksTokenEnds", "ticket"): lambda s: Near(v({ENDING: s.days_left()[ENDING]}, "org_id"), 0.001),
    ("CrmQuickBooksTokenEnds", "page"): {},
    ("CrmQuickBooksErrors", "ticket"): {},
    ("CrmQuickBooksQuota", "ticket", "60"): lambda s: v(s.reads() / FREE_READS),
    ("CrmQuickBooksQuota", "ticket", "80"): {},
    ("CrmQuickBooksQuota", "page", "95"): {},
    ("CrmJobsFail", "ticket"): v({"expire_session": 1}, "task"),
    ("CrmJobsPileUp", "ticket"): {},
    ("CrmJobsWaitLong", "ticket"): {},
    ("CrmWebhookErrors", "ticket"): Near(
        {frozenset({("source", "stripe"), ("outcome", "bad_signature")}): sum(BAD_SIGNATURES)}, 0.49
    ),
    ("CrmEventsStumble", "ticket"): {},
}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panel_says_what_happened(story: Story, panel: dict[str, Any]) -> None:
    """Each of the panel's questions, as Grafana sends it for all orgs, is answered with the expected number."""
    table = PANELS_EXPECTED[panel["title"]]
    expected = table(story) if callable(table) else table
    asked = [target["expr"].replace("$org", ".*") for target in panel["targets"]]
    for expr, wanted in zip(asked, expected, strict=True):
        _assert_answer(story, expr, wanted)


def test_no_expectation_is_without_its_panel() -> None:
    """The table and the dashboard name the same panels."""
    assert PANELS_EXPECTED.keys() == {panel["title"] for panel in PANELS}


def test_panels_follow_the_chosen_orgs(story: Story) -> None:
    """With two of the orgs chosen, money and waiting are theirs."""
    exprs = {panel["title"]: panel["targets"][0]["expr"] for panel in PANELS}

    def chosen(title: str) -> str:
        return str(exprs[title].replace("$org", f"{LOST}|{NEVER}"))

    _assert_answer(story, chosen("Payments waiting for the books"), v(3))
    _assert_answer(story, chosen("Received"), v(3 * 4725.00))
    _assert_answer(story, chosen("QuickBooks connected"), v({LOST: 0, NEVER: 0}, "org_id"))


def test_alerts_speak_of_what_is_wrong_and_of_nothing_else(story: Story) -> None:
    """Every rule that the server has read answers with the expected orgs and numbers; those without delay fire."""
    rules = story.prometheus.alert_rules()
    assert {_key(rule) for rule in rules} == ALERTS_EXPECTED.keys()
    for rule in rules:
        wanted = ALERTS_EXPECTED[_key(rule)]
        _assert_answer(story, rule["query"], wanted(story) if callable(wanted) else wanted)
    at_once = {rule["name"]: rule["alerts"] for rule in rules if rule["alerts"] and not rule["duration"]}
    assert at_once.keys() == {
        "CrmQuickBooksTokenEnds",
        "CrmQuickBooksQuota",
        "CrmJobsFail",
        "CrmWebhookErrors",
    }
    for alerts in at_once.values():
        assert [alert["state"] for alert in alerts] == ["firing"]
        assert alerts[0]["annotations"]["runbook_url"].startswith("docs/runbook.md#")
    summary = at_once["CrmJobsFail"][0]["annotations"]["summary"]
    assert summary == "1 jobs of the kind expire_session gave up."


def test_every_process_and_prometheus_say_what_is_stored(story: Story) -> None:
    """Both API processes and Prometheus equal the database, to the cent."""
    _assert_equal_database(story)


def test_killed_processes_are_told_and_no_figure_is_lost(story: Story) -> None:
    """kill -9 of one API, then of both; started again they and Prometheus equal the database, with nothing twice."""
    stack, prometheus = story.stack, story.prometheus
    gone = urlsplit(story.other_url).netloc
    stack.kill(story.other)
    _wait_for(prometheus, "CrmApiDown", v({gone: 0}, "instance"))
    stack.kill(stack.api)
    _wait_for(prometheus, "CrmFiguresMissing", v(1))
    stack.start_api()
    story.other, _ = stack.start_another_api(urlsplit(story.other_url).port)
    due = stack.open_checkout(NEVER, PROPOSAL + 2)
    assert stack.send_paid_event(due, to=story.other_url).status_code == 200
    _wait_for(prometheus, "CrmApiDown", {})
    _wait_for(prometheus, "CrmFiguresMissing", {})
    _look_now(story)
    _assert_equal_database(story)
    _assert_answer(story, "sum(increase(crm_portal_payments_total[24h]))", v(PAYMENTS + 1))
    cents = "sum(increase(crm_portal_payment_amount_cents_sum[24h]))"
    _assert_answer(story, cents, v(CENTS + due.amount_cents))
    _assert_answer(story, "sum(increase(crm_invoices_generated_total[24h]))", v(3))


def _key(rule: dict[str, Any]) -> tuple[str, ...]:
    return (rule["name"], rule["labels"]["severity"], *filter(None, [rule["labels"].get("percent")]))


def _wait_for(prometheus: Prometheus, alert: str, wanted: Vector) -> None:
    (rule,) = (rule for rule in prometheus.alert_rules() if rule["name"] == alert)
    keep = {name for labels in wanted for name, _ in labels}
    wait_until(
        lambda: _only(prometheus.ask(rule["query"]), keep) == wanted,
        f"{alert} says {wanted}; {prometheus.targets()}",
    )


def _assert_answer(story: Story, expr: str, wanted: Expected) -> None:
    """Labels that the expectation does not speak of (whom Prometheus asked) do not count."""
    vector, by = (wanted.vector, wanted.by) if isinstance(wanted, Near) else (wanted, 1e-9)
    keep = {name for labels in vector for name, _ in labels}
    answer = _only(story.prometheus.ask(expr, story.at), keep)
    assert answer == pytest.approx(vector, rel=1e-12, abs=by), expr


def _only(vector: Vector, keep: set[str]) -> Vector:
    found: Vector = {}
    for labels, value in vector.items():
        kept: Labels = frozenset((name, text) for name, text in labels if name in keep)
        assert kept not in found, f"{vector}: several samples where one is expected"
        found[kept] = value
    return found


STORED = {
    'crm_portal_payments_total{org_id="%s"}': "SELECT count(*) FROM payments WHERE org_id = %s AND paid_at IS NOT NULL",
    'crm_portal_payment_amount_cents_sum{org_id="%s"}': (
        "SELECT coalesce(sum(amount_minor), 0) FROM payments WHERE org_id = %s AND state = 'paid'"
    ),
    'crm_proposals_approved_total{org_id="%s"}': (
        "SELECT count(*) FROM portal_activity_log WHERE org_id = %s AND event = 'approve'"
    ),
    'crm_leads_created_total{org_id="%s"}': "SELECT count(*) FROM leads WHERE org_id = %s",
    'crm_invoices_generated_total{org_id="%s"}': (
        "SELECT count(*) FROM qbo_links WHERE org_id = %s AND entity = 'Invoice'"
    ),
    'crm_payments_waiting{org_id="%s"}': (
        "SELECT count(*) FROM postings WHERE org_id = %s AND state <> 'posted'"
    ),
    'crm_unreconciled_cents{org_id="%s"}': (
        "SELECT coalesce(sum(p.amount_minor), 0) FROM payments p WHERE p.org_id = %s AND paid_at IS NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM qbo_links l WHERE l.org_id = p.org_id AND l.entity = 'Payment' "
        "AND l.local_kind = 'payment' AND l.local_id = p.id::text)"
    ),
    'crm_postings_needing_a_person{org_id="%s"}': (
        "SELECT count(*) FROM postings WHERE org_id = %s AND state = 'needs_you'"
    ),
    'crm_qbo_connected{org_id="%s"}': (
        "SELECT count(*) FROM qbo_tokens WHERE org_id = %s AND disconnected_at IS NULL"
    ),
    **{
        f'crm_qbo_api_errors_total{{op="{op}",org_id="%s"}}': (
            f"SELECT coalesce(sum(errors), 0) FROM qbo_error_counts WHERE org_id = %s AND op = '{op}'"
        )
        for op in ("create_invoice", "refresh_token", "auto_invoice")
    },
}


def _assert_equal_database(story: Story) -> None:
    stored = {
        name % org_id: float(story.one(query % org_id)) for name, query in STORED.items() for org_id in ORGS
    }
    stored["crm_payment_to_invoice_seconds_count"] = sum(
        stored[f'crm_invoices_generated_total{{org_id="{org_id}"}}'] for org_id in ORGS
    )
    for url in story.apis:
        answer = story.stack.http.get(f"{url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        lines = (line for line in answer.text.splitlines() if not line.startswith("#"))
        told = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}
        assert {name: told[name] for name in stored} == stored
    assert {name: story.prometheus.one(name, story.at) for name in stored} == stored
