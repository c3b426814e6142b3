"""Work that follows a fact: there if and only if the fact is, seen when it gives up, run again by a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.money_world import Money, event, metric, stripe_settings

from crm.kit.settings import Settings


@pytest.fixture
def money(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection
) -> Money:
    """A server whose Stripe and QuickBooks nobody answers for; its queue is empty."""
    made = Money(start_app(stripe_settings(database_url)), owner_sql)
    made.forget_jobs()
    return made


def queued(money: Money) -> list[tuple[str, str]]:
    rows = money.sql.execute("SELECT task_name, status::text FROM procrastinate_jobs ORDER BY id")
    return list(rows.fetchall())


def give_up(money: Money, org_id: int) -> int:
    """A job of this company that gave up."""
    args = f'{{"org_id": {org_id}, "payment_id": 1}}'
    return int(
        money.one(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status, attempts) "
            "VALUES ('default', 'fetch_fee', %s::jsonb, 'failed', 5) RETURNING id",
            args,
        )
    )


def test_the_follow_up_is_there_with_the_fact_and_not_without(money: Money):
    """A payment queues its booking in the same transaction; one whose effect fails queues only its repetition."""
    money.deliver(money.due().paid())
    assert queued(money) == [("follow_up", "todo")]
    money.forget_jobs()
    money.sql.execute("ALTER TABLE payments ADD CONSTRAINT unlucky CHECK (state <> 'paid') NOT VALID")
    money.deliver(money.due().paid())
    assert queued(money) == [("handle_inbox_event", "todo")]


def test_events_without_consequence_queue_nothing(money: Money):
    """No fact, no job; a fact that nothing follows from, no job either."""
    due = money.due()
    money.deliver(event("plan.created", {"id": "plan_1"}), due.session("expired", "unpaid"))
    assert queued(money) == []


def test_repetitions_queue_nothing_more(money: Money):
    """Three deliveries, one booking."""
    said = money.due().paid()
    money.deliver(said, said, said)
    assert queued(money) == [("follow_up", "todo")]


def test_a_job_that_needs_a_person_is_not_tried_for_ever(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection
):
    """What cannot work without a key stands as failed after its first run, and the metric counts it."""
    dev = Money(start_app(stripe_settings(database_url, stripe_secret_key=None)), owner_sql)
    dev.forget_jobs()
    due = dev.due()
    updated = {
        "id": due.charge,
        "object": "charge",
        "payment_intent": due.intent,
        "balance_transaction": "txn_1",
    }
    dev.deliver(due.paid(), event("charge.updated", updated))
    dev.run_jobs()
    assert ("fetch_fee", "failed") in queued(dev)
    assert metric(dev.http, "crm_jobs_failed", task="fetch_fee") == 1


@pytest.mark.parametrize("email", ["admin@peakpro.io", "bookkeeper@peakpro.io"])
def test_who_keeps_the_books_sees_what_gave_up_and_runs_it_again(money: Money, email: str):
    """Listed with its try count; run again it waits in the queue, and is no longer listed."""
    job_id = give_up(money, org_id=1)
    staff = money.app.as_user(email)
    (listed,) = staff.get("/jobs/failed").json()
    assert {"id": job_id, "task": "fetch_fee", "attempts": 5}.items() <= listed.items()
    assert staff.post(f"/jobs/{job_id}/retry").status_code == 200
    assert staff.get("/jobs/failed").json() == []
    assert queued(money) == [("fetch_fee", "todo")]
    assert staff.post(f"/jobs/{job_id}/retry").status_code == 404


def test_another_companys_jobs_are_not_there(money: Money):
    """Neither listed nor retried from outside."""
    job_id = give_up(money, org_id=1)
    other = money.app.as_user("admin@summit.example")
    assert other.get("/jobs/failed").json() == []
    assert other.post(f"/jobs/{job_id}/retry").status_code == 404
    assert queued(money) == [("fetch_fee", "failed")]


@pytest.mark.parametrize(
    ("email", "listing", "retrying"),
    [("sales@peakpro.io", 403, 403), ("viewer@peakpro.io", 200, 403)],
)
def test_others_do_not_run_jobs(money: Money, email: str, listing: int, retrying: int):
    """Who may only look may not run; who sells sees neither."""
    job_id = give_up(money, org_id=1)
    staff: httpx2.Client = money.app.as_user(email)
    answers: list[Any] = [staff.get("/jobs/failed"), staff.post(f"/jobs/{job_id}/retry")]
    assert [answer.status_code for answer in answers] == [listing, retrying]
    assert queued(money) == [("fetch_fee", "failed")]
