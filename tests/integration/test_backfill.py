"""Many waiting payments of one company: in batches, within QuickBooks' limits, exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from bench.backlog import add_backlog
from bench.skipping import skipping
from tests.conftest import SECRET_KEY, RunningApp
from tests.integration.books_world import World, open_world

from crm.accounting import postings
from crm.accounting.backfill import choosing
from crm.kit import clock
from crm.kit.database import Database, app_url
from crm.kit.errors import Unavailable
from crm.kit.settings import Settings
from crm_sandbox.quickbooks.preference_changes import change_settings


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        with skipping(opened.sandbox.clock):
            opened.connect()
            await opened.run()
            paid = opened.pay()  # the first makes the accounts and the item
            await opened.run()
            opened.assert_booked_once(paid)
            yield opened


async def drain(world: World) -> None:
    async with world.books.db.transaction(1) as session:
        await postings.ensure(session, 1)
    await postings.run_lane(world.books, 1)


async def drain_by_two(world: World) -> None:
    """Two workers at once, which share nothing but the database."""
    async with world.books.db.transaction(1) as session:
        await postings.ensure(session, 1)
    other = Database(app_url(world.books.settings.database_url or "", SECRET_KEY), pool_size=10)
    try:
        lanes = [postings.run_lane(books, 1) for books in (world.books, replace(world.books, db=other))]
        await asyncio.gather(*lanes)
        await postings.run_lane(world.books, 1)  # what one of them left when the other had it
    finally:
        await other.close()


def states(world: World) -> dict[str, int]:
    rows = world.sql.execute("SELECT state, count(*) FROM postings WHERE org_id = 1 GROUP BY 1").fetchall()
    return {row[0]: int(row[1]) for row in rows}


def batches(world: World, after: int = 0) -> int:
    return sum(1 for entry in world.requests(after) if entry["path"].endswith("/batch"))


def assert_all_booked_once(world: World, amounts: dict[int, int]) -> None:
    """Each has one invoice and one payment that settles it, over its own amount; nothing else came into the books."""
    notes = dict(world.sql.execute("SELECT stripe_session_id, id FROM payments WHERE org_id = 1").fetchall())
    for entity in ("Invoice", "Payment"):
        ours = [one for one in world.in_books(entity) if "cs_test_late" in one.get("PrivateNote", "")]
        totals = {}
        for one in ours:
            session_id = next(word for word in one["PrivateNote"].split() if word.startswith("cs_test_late"))
            assert notes[session_id] not in totals, (
                f"{entity} of payment {notes[session_id]} stands there twice"
            )
            totals[notes[session_id]] = int(Decimal(str(one["TotalAmt"])) * 100)
            assert one.get("Balance", 0) == 0
            assert one.get("UnappliedAmt", 0) == 0
        assert totals == amounts
    said = world.sql.execute(
        "SELECT event, count(*) FROM portal_activity_log WHERE org_id = 1 AND event IN ('invoice_created', "
        "'invoice_paid') GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert said == [("invoice_created", len(amounts) + 1), ("invoice_paid", len(amounts) + 1)]


async def test_many_payments_leave_in_batches_of_thirty(world: World) -> None:
    """66 payments of 34 new customers, booked by two workers at once: all booked once, mostly in batches, no 429, and each
    customer made once."""
    amounts = add_backlog(world.sql, 1, 66, 34)
    seen = world.last_request()
    await drain_by_two(world)
    assert states(world) == {"posted": 67}
    assert_all_booked_once(world, amounts)
    assert batches(world, seen) >= 3
    sizes = world.sql.execute(
        "SELECT count(*) FROM qbo_requests WHERE org_id = 1 AND batched_at IS NOT NULL GROUP BY batched_at"
    ).fetchall()
    assert max(row[0] for row in sizes) == 30
    assert world.sandbox.quickbooks.throttle.refused == 0
    emails = [c.get("PrimaryEmailAddr", {}).get("Address", "") for c in world.in_books("Customer")]
    late = [email for email in emails if email.startswith("late")]
    assert len(late) == len(set(late)) == 34


async def test_a_wave_is_full_though_the_oldest_payments_are_of_few_customers(world: World) -> None:
    """Five payments in a row of each of 31 new customers: the wave finds 30 customers who can be made side by side, behind
    the payments that have to wait for them."""
    add_backlog(world.sql, 1, 155, 31)
    async with world.books.db.transaction(1) as session:
        await postings.ensure(session, 1)
        chosen, more = await choosing.choose(session, 1, clock.now())
    assert (len(chosen), more) == (30, True)


async def test_batch_whose_answer_is_lost_is_looked_for_before_anything_is_sent_again(world: World) -> None:
    """A batch takes effect and its answer is cut: what it made is found one by one, and nothing stands there twice."""
    amounts = add_backlog(world.sql, 1, 35, 5)
    world.sandbox.add_fault("drop_after", "/batch$", times=1, after=3)
    await drain(world)
    waiting = world.sql.execute(
        "SELECT count(*) FROM qbo_requests WHERE org_id = 1 AND state = 'sent' AND batched_at IS NOT NULL"
    ).fetchone()
    assert waiting is not None
    assert waiting[0] > 1
    unanswered = (
        world.staff().get("/qbo/log", params={"outcome": "unavailable", "limit": 200}).json()["items"]
    )
    assert [one["operation"] for one in unanswered].count("batch") == 1
    assert len([one for one in unanswered if one["subject"].startswith("payment:")]) == waiting[0]
    for _ in range(3):
        await world.run()
    assert states(world) == {"posted": 36}
    assert_all_booked_once(world, amounts)


async def test_batch_that_did_not_arrive_is_sent_again_only_when_it_is_certainly_over(world: World) -> None:
    """A batch is cut before QuickBooks has it: nobody can know, so each item waits for two minutes, and is then made."""
    amounts = add_backlog(world.sql, 1, 35, 5)
    world.sandbox.add_fault("reset_before", "/batch$", times=1, after=4)
    await drain(world)
    held = world.sql.execute(
        "SELECT count(*) FROM qbo_requests WHERE org_id = 1 AND state = 'sent' AND batched_at IS NOT NULL"
    ).fetchone()
    seen = world.last_request()
    world.end_pauses()
    claimed = world.sql.execute(
        "SELECT subject FROM qbo_requests WHERE org_id = 1 AND state = 'sent'"
    ).fetchone()
    assert held is not None
    assert claimed is not None
    assert held[0] > 1
    with pytest.raises(Unavailable) as soon:
        await postings.post_now(world.books, 1, "payment", claimed[0])
    assert soon.value.code == "batch-under-way"
    assert not [r for r in world.requests(seen) if r["method"] == "POST"]

    world.sandbox.clock.advance(130)
    for _ in range(3):
        await world.run()
    assert states(world) == {"posted": 36}
    assert_all_booked_once(world, amounts)


async def test_run_that_dies_in_a_batch_leaves_nothing_twice(world: World) -> None:
    """A worker dies while QuickBooks works at its batch: another one finishes what it began, each payment once."""
    amounts = add_backlog(world.sql, 1, 35, 5)
    fault = world.sandbox.add_fault("pause_after", "/batch$", times=1, after=3)
    dying = asyncio.create_task(drain(world))
    while not world.sandbox.call("GET", f"/_faults/{fault}")["waiting"]:
        await asyncio.sleep(0.05)
    dying.cancel()
    await asyncio.wait({dying})
    world.sandbox.release(fault)
    world.sandbox.clock.advance(150)  # leases end, and the batch is over
    for _ in range(3):
        await world.run()
    assert states(world) == {"posted": 36}
    assert_all_booked_once(world, amounts)


async def test_one_bad_item_stops_only_itself(world: World) -> None:
    """QuickBooks refuses one item of a batch: that payment gets its sentence as from a single call, the others are booked."""
    amounts = add_backlog(world.sql, 1, 35, 5)
    bad = min(amounts)
    world.sql.execute("UPDATE payments SET paid_at = '2019-06-01' WHERE org_id = 1 AND id = %s", [bad])
    change_settings(world.sandbox.quickbooks.company(world.realm_id), {"book_close_date": "2020-12-31"})
    await drain(world)
    assert states(world) == {"posted": 35, "needs_you": 1}
    row = world.sql.execute(
        "SELECT payment_id, problem_code, problem FROM postings WHERE state = 'needs_you'"
    )
    found = row.fetchone()
    assert found is not None
    assert found[:2] == (bad, "6210")
    assert "closed" in found[2].lower()
    staff = world.staff()
    items = staff.get("/qbo/log", params={"subject": f"payment:{bad}", "operation": "create_invoice"}).json()[
        "items"
    ]
    assert [(one["outcome"], one["code"], one["sentence"]) for one in items] == [
        ("refused", "6210", found[2])
    ]
    left = staff.get("/qbo/log", params={"operation": "create_payment", "limit": 200}).json()["items"]
    assert len(left) == 35, "one row for each payment, in a batch or alone"
    one = staff.get(f"/qbo/log/{left[0]['id']}").json()
    assert one["write"]["state"] == "succeeded"
    assert f'"Id": "{one["write"]["qbo_id"]}"' in one["answer"]
    assert "TotalAmt" in one["request"]
    batches_kept = staff.get("/qbo/log", params={"operation": "batch"}).json()["items"]
    lists = [staff.get(f"/qbo/log/{batch['id']}").json()["in_batch"] for batch in batches_kept]
    batched = world.sql.execute("SELECT count(*) FROM qbo_requests WHERE batched_at IS NOT NULL").fetchone()
    assert batched == (sum(len(items) for items in lists),)
    listed = [item for items in lists for item in items]
    assert [item["subject"] for item in listed if item["outcome"] != "ok"] == [f"payment:{bad}"]
    assert all(
        item["number"] for item in listed if item["operation"] == "create_invoice" and item["outcome"] == "ok"
    )
    usage = world.sql.execute("SELECT sum(calls) FROM qbo_usage WHERE operation = 'batch'").fetchone()
    assert usage is not None
    assert usage[0] == len(batches_kept)
    assert_all_booked_once(world, {payment: minor for payment, minor in amounts.items() if payment != bad})
