"""The console's home: figures that equal the stored payments, and statuses of the company's own day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.money_world import Money, stripe_settings

from crm.kit.settings import Settings


@pytest.fixture
def money(
    database_url: str, start_app: Callable[[Settings], RunningApp], owner_sql: psycopg.Connection
) -> Money:
    return Money(start_app(stripe_settings(database_url)), owner_sql)


@pytest.fixture
def staff(money: Money) -> httpx2.Client:
    return money.app.as_user("admin@peakpro.io")


def test_money_in_is_what_was_paid(money: Money, staff: httpx2.Client):
    """Paid, waiting for the books and under way, each counted and summed; yen are counted, not summed with dollars."""
    paid, yen, processing = (
        money.due(amount=100),
        money.due(amount=9_999, currency="JPY"),
        money.due(amount=7),
    )
    money.deliver(paid.paid(), yen.paid(), processing.session("completed", "unpaid"))
    found = staff.get("/overview").json()
    assert found["currency"] == "USD"
    assert found["payments"] == {
        "count": 2,
        "amount_minor": 100,
        "waiting_count": 2,
        "waiting_minor": 100,
        "processing_count": 1,
        "processing_minor": 7,
        "posted_count": 0,
        "posted_minor": 0,
        "needs_you_count": 0,
        "refunded_minor": 0,
        "refunds_posted_minor": 0,
        "postings_waiting_count": 0,
    }
    assert len(found["days"]) == 30


def test_a_difference_needs_a_person_until_it_is_resolved(money: Money, staff: httpx2.Client):
    """It stands on the home page with its sentence, and goes when somebody says what was done."""
    due = money.due()
    money.deliver(due.paid(amount_total=1))
    (item,) = staff.get("/overview").json()["needs_you"]
    assert (item["kind"], item["action"]) == ("difference", "resolve")
    assert "$0.01" in item["sentence"]
    done = staff.post(f"/differences/{item['id']}/resolve", json={"note": "Refunded in Stripe"})
    assert done.status_code == 200
    assert done.json()["resolved_by"] == "user:1"
    assert staff.get("/overview").json()["needs_you"] == []
    again = staff.post(f"/differences/{item['id']}/resolve", json={"note": "Once more"})
    assert again.json()["meta"]["resolution"] == "Refunded in Stripe"
    assert money.facts(due) == ["difference_found"]


@pytest.mark.parametrize("state", ["yesterday", "tomorrow"])
def test_a_proposal_is_open_as_long_as_it_can_be_paid(money: Money, staff: httpx2.Client, state: str):
    """Its last day is a day of the company, not of Greenwich: list, portal and checkout agree on it."""
    now = datetime.now(UTC)
    # One of these two zones has another date than Greenwich at any hour.
    zone, hours = ("Pacific/Pago_Pago", -11) if now.hour < 11 else ("Pacific/Kiritimati", 14)
    local = (now + timedelta(hours=hours)).date()
    last_day = local if state == "tomorrow" else local - timedelta(days=1)
    money.sql.execute("UPDATE orgs SET time_zone = %s WHERE id = 1", [zone])
    proposal_id = money.proposal(status="viewed", valid_until=last_day.isoformat())
    portal = staff.get(f"/portal/{proposal_id}").json()
    expected = "viewed" if state == "tomorrow" else "expired"
    assert portal["status"] == expected
    assert staff.get(f"/overview/proposals/{proposal_id}").json()["status"] == expected
    listed = staff.get(f"/overview/proposals?status={expected}").json()["items"]
    assert proposal_id in {row["id"] for row in listed}


@pytest.mark.parametrize(("currency", "figure"), [("USD", "$4,725.00"), ("JPY", "¥472,500")])
def test_history_tells_one_proposals_story(money: Money, staff: httpx2.Client, currency: str, figure: str):
    """Newest first, in sentences with the money written out in its currency."""
    due = money.due(currency=currency)
    money.deliver(due.session("completed", "unpaid"), due.session("async_payment_succeeded", "paid"))
    said = [entry["sentence"] for entry in staff.get(f"/overview/proposals/{due.proposal_id}/history").json()]
    assert said == [f"Deposit of {figure} paid", f"Bank transfer of {figure} under way"]
