"""Which of the payments that waited are taken into the books: chosen by day, counted before, followed, stopped, undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.accounting.locks import CLAIM_LOCKS
from crm.kit.settings import Settings

Json = dict[str, Any]


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        yield opened


def paid_on(world: World, day: str, proposal_id: int = 7) -> int:
    """A payment of that day, at eight in the evening in Denver: already the next day in UTC."""
    payment_id = world.pay(proposal_id)
    world.sql.execute(
        "UPDATE payments SET paid_at = %s::timestamp AT TIME ZONE 'America/Denver' WHERE id = %s",
        [f"{day} 20:00", payment_id],
    )
    return payment_id


def call(world: World, method: str, path: str = "", status: int = 200, **more: Any) -> Json:
    answer = world.staff().request(method, f"/books/backfill{path}", **more)
    assert answer.status_code == status, answer.text
    said: Json = answer.json()
    return said


def waiting(world: World) -> float:
    lines = world.staff().get("/metrics").text.splitlines()
    return float(next(x for x in lines if x.startswith('crm_payments_waiting{org_id="1"}')).rsplit(" ", 1)[1])


async def test_a_start_date_leaves_out_what_is_older_until_another_is_chosen(world: World) -> None:
    """Counted before anything happens, left out with its reason, never booked, and taken back by an earlier date."""
    old, new = paid_on(world, "2026-03-31"), paid_on(world, "2026-04-01", 9)
    plan = call(world, "GET", "/plan", params={"from_day": "2026-04-01"})
    one = {"payments": 1, "amounts": [{"currency": "USD", "amount_minor": 472_500}], "others": 0}
    assert plan == {"taken": one, "left_out": one, "minutes": 1}
    assert call(world, "GET") == {"connected": False, "run": None}

    begun = call(world, "POST", status=201, json={"from_day": "2026-04-01"})
    assert (begun["connected"], begun["run"]["running"], begun["run"]["waiting"]) == (False, True, 1)
    assert world.posting(old)["skipped_why"] == "Paid before April 1, 2026, your start date"
    assert waiting(world) == 1
    world.connect()
    await world.run()
    world.assert_booked_once(new)
    assert world.posting(old)["state"] == "skipped"
    run = call(world, "GET")["run"]
    assert (run["running"], run["posted"], run["waiting"], run["needs_you"]) == (False, 1, 0, 0)

    call(world, "POST", status=201, json={"from_day": "2026-03-31"})
    await world.run()
    world.assert_booked_once(old)
    assert waiting(world) == 0
    items = world.staff().get("/activity", params={"limit": 50}).json()["items"]
    said = [item["sentence"] for item in items if item["event"].startswith(("backfill", "posting_"))]
    assert said == [
        "Payments since March 31, 2026 are taken into the books; left out of those that waited: 0",
        "Taken back into the books",
        "Payments since April 1, 2026 are taken into the books; left out of those that waited: 1",
        "Left out of the books: Paid before April 1, 2026, your start date",
    ]


async def test_stripes_own_money_is_chosen_by_its_day(world: World) -> None:
    """Payouts by the bank's day, disputes and fees by Stripe's, in the company's zone; a return, a loss and a payment's fee go
    with what they belong to; what was sent under its own name is not touched, nor what returns it."""
    payment_id = paid_on(world, "2026-03-31")
    move = (
        "INSERT INTO stripe_transactions (org_id, transaction_id, account, type, category, source, amount_minor, fee_minor, "
        "net_minor, currency, fee_group, created_at, available_on) VALUES (1, %s, '', 'x', %s, %s, -100, 0, -100, 'USD', %s, "
        "%s::timestamp AT TIME ZONE 'America/Denver', now())"
    )
    for day in ("2026-03-31", "2026-04-01"):
        for kind in ("dispute", "fee"):
            group = f"day-{day}-USD-1" if kind == "fee" else None
            world.sql.execute(move, [f"{kind}-{day}", kind, f"dp-{day}", group, f"{day} 22:00"])
        world.sql.execute(
            "INSERT INTO payouts (org_id, payout_id, amount_minor, currency, status, automatic, arrival_date, created_at) "
            "VALUES (1, %s, 100, 'USD', 'failed', true, %s::timestamp AT TIME ZONE 'UTC', now())", [f"po-{day}", day],
        )  # fmt: skip
        for kind, subject in (
            ("payout", f"payout:po-{day}"), ("payout_return", f"payout:po-{day}"), ("dispute", f"balance:dispute-{day}"),
            ("dispute_lost", f"dispute:dp-{day}"), ("stripe_fee", f"fee:day-{day}-USD-1"), ("account_fee", f"balance:fee-{day}"),
        ):  # fmt: skip
            world.sql.execute(
                "INSERT INTO postings (org_id, kind, subject, amount_minor, currency, next_attempt_at) "
                "VALUES (1, %s, %s, 100, 'USD', now())",
                [kind, subject],
            )
    world.sql.execute(
        "INSERT INTO postings (org_id, kind, subject, payment_id, amount_minor, currency, next_attempt_at) "
        "VALUES (1, 'stripe_fee', 'fee:of-payment', %s, 100, 'USD', now())",
        [payment_id],
    )  # fmt: skip
    world.sql.execute(
        "INSERT INTO qbo_requests (org_id, realm_id, operation, subject, generation, requestid, body, state) "
        "VALUES (1, '1', 'create_transfer', 'payout:po-2026-03-31', 1, 'r1', '{}', 'sent'), "
        "(1, '1', 'create_expense', 'account_fee:fee-2026-03-31', 1, 'r2', '{}', 'sent')"
    )
    plan = call(world, "GET", "/plan", params={"from_day": "2026-04-01"})
    assert (plan["taken"]["others"], plan["left_out"]["others"], plan["left_out"]["payments"]) == (6, 7, 1)
    call(world, "POST", status=201, json={"from_day": "2026-04-01"})
    rows = world.sql.execute(
        "SELECT kind, subject FROM postings WHERE state = 'skipped' AND outside_backfill ORDER BY kind, subject"
    ).fetchall()
    assert rows == [
        ("dispute", "balance:dispute-2026-03-31"),
        ("dispute_lost", "dispute:dp-2026-03-31"),
        ("payment", f"payment:{payment_id}"),
        ("stripe_fee", "fee:day-2026-03-31-USD-1"),
        ("stripe_fee", "fee:of-payment"),
    ]


async def test_stopping_leaves_out_what_still_waits_and_choosing_again_takes_it_in(world: World) -> None:
    """One at a time; what a person left out by hand, and what QuickBooks already has, stays as it is."""
    first, by_hand = paid_on(world, "2026-05-01"), paid_on(world, "2026-05-02", 9)
    assert call(world, "GET", "/plan")["taken"]["payments"] == 2
    world.staff().post(
        f"/postings/{world.posting(by_hand)['id']}/skip", json={"reason": "By cheque"}
    ).raise_for_status()
    call(world, "POST", status=201, json={})
    refused = call(world, "POST", status=409, json={"from_day": "2026-05-02"})
    assert refused["type"].endswith("/backfill-running")
    assert refused["detail"].startswith("Payments are still being taken in: 1 of them wait.")
    stopped = call(world, "POST", "/cancel")["run"]
    assert (stopped["running"], stopped["waiting"], stopped["cancelled_at"] is None) == (False, 0, False)
    assert call(world, "POST", "/cancel", 409)["type"].endswith("/backfill-not-running")
    world.connect()
    await world.run()
    assert world.in_books("Invoice") == []

    call(world, "POST", status=201, json={"to_day": "2026-05-01"})
    await world.run()
    world.assert_booked_once(first)
    assert world.posting(by_hand)["skipped_why"] == "By cheque"
    call(world, "POST", status=201, json={"from_day": "2026-05-02"})
    world.assert_booked_once(first)


async def test_stopping_leaves_what_needs_a_person_to_that_person(world: World) -> None:
    """A refusal stays under Needs you; only what waits is left out."""
    world.connect()
    company = f"/_state/quickbooks/{world.realm_id}/settings"
    world.sandbox.call("POST", company, {"book_close_date": "2099-12-31"})
    refused = paid_on(world, "2026-05-01")
    await world.run()
    assert world.posting(refused)["state"] == "needs_you"
    waits = paid_on(world, "2026-05-02", 9)
    run = call(world, "POST", status=201, json={})["run"]
    assert (run["waiting"], run["needs_you"]) == (1, 1)
    call(world, "POST", "/cancel")
    assert (world.posting(refused)["state"], world.posting(waits)["state"]) == ("needs_you", "skipped")


async def test_nothing_is_taken_up_while_a_choice_is_made(
    world: World, owner_sql: psycopg.Connection[Any]
) -> None:
    """A choice waits for a run that is taking something up, so that nothing is left out which is on its way."""
    paid_on(world, "2026-05-01")
    owner_sql.execute("SELECT pg_advisory_lock(%s, 1)", [CLAIM_LOCKS])
    with ThreadPoolExecutor(1) as pool:
        choice = pool.submit(call, world, "POST", "", 201, json={"from_day": "2026-05-02"})
        with pytest.raises(TimeoutError):
            choice.result(timeout=0.5)
        owner_sql.execute("SELECT pg_advisory_unlock(%s, 1)", [CLAIM_LOCKS])
        assert choice.result(timeout=20)["run"]["waiting"] == 0


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"from_day": "2999-01-01"}, "from_day"),
        ({"from_day": "2026-05-02", "to_day": "2026-05-01"}, "to_day"),
        ({"from_day": "31.12.2026"}, "from_day"),
    ],
)
async def test_days_that_cannot_be_are_told_at_their_field(world: World, days: Json, field: str) -> None:
    """Before and when it is begun; nothing is left out."""
    payment_id = paid_on(world, "2026-05-01")
    assert call(world, "GET", "/plan")["left_out"]["payments"] == 0
    for answer in (
        call(world, "GET", "/plan", 422, params=days),
        call(world, "POST", "", 422, json=days),
    ):
        assert field in answer["errors"][0]["field"]
    assert world.posting(payment_id)["state"] == "waiting"
