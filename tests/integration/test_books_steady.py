"""The books from day to day: what a deposit costs, what waits for a connection, and a database that goes away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm import pipeline
from crm.accounting import postings
from crm.kit.database import conninfo, owner_url
from crm.kit.settings import Settings

OTHER_REALM = "9341000000000002"


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        yield opened


async def test_second_deposit_costs_two_writes_and_no_read(world: World) -> None:
    """In the steady state a deposit of a known customer is two writes, free at Intuit, and no metered read."""
    world.connect()
    world.sql.execute("UPDATE proposals SET customer_id = 1 WHERE org_id = 1 AND id = 9")  # that of 7
    first = world.pay(7)
    await world.run()
    world.assert_booked_once(first)
    seen, (calls, reads) = world.last_request(), used(world)

    second = world.pay(9)
    await world.run()
    world.assert_booked_once(second)
    asked = [(r["method"], r["path"].rpartition("/")[2]) for r in world.requests(seen)]
    assert asked == [("POST", "invoice"), ("POST", "payment")]
    assert used(world) == (calls + 2, reads)


def used(world: World) -> tuple[int, int]:
    """This month's calls, and the metered ones among them."""
    quota = world.staff().get("/qbo/quota").json()
    return sum(one["calls"] for one in quota["operations"]), quota["used"]


async def test_unconnected_payment_waits_and_connecting_books_it(world: World) -> None:
    """Without a connection the webhook succeeds and the payment waits in plain sight; connecting books it."""
    payment_id = world.pay()
    await pipeline.payment_came(world.books, 1, ())
    line = world.posting(payment_id)
    assert (line["state"], line["attempts"], line["problem"]) == ("waiting", 0, None)
    assert world.staff().get("/qbo/status").json() == {"connected": False}
    answer = world.staff().post("/qbo/invoice/7")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "qbo-not-connected")

    world.connect()
    await pipeline.books_connected(world.books, 1, ())
    world.assert_booked_once(payment_id)


async def test_other_company_after_reconnecting_gets_its_own_documents(world: World) -> None:
    """Connecting another company books what is new there; what stands in the old one is not made again."""
    world.connect()
    first = world.pay(7)
    await world.run()
    world.connect(realm_id=OTHER_REALM)
    second = world.pay(9)
    await world.run()
    world.assert_booked_once(second, realm_id=OTHER_REALM)
    assert len(world.in_books("Invoice")) == 1
    assert len(world.in_books("Invoice", OTHER_REALM)) == 1
    assert world.posting(first)["state"] == "posted"


async def test_realm_of_another_org_is_refused(world: World) -> None:
    """One company belongs to one org: the second that consents is refused, and its payment goes nowhere."""
    world.connect(1)
    with pytest.raises(AssertionError, match="qbo-realm-taken"):
        world.connect(2, world.realm_id)
    assert world.staff(2).get("/qbo/status").json() == {"connected": False}


async def test_database_that_goes_away_in_between_needs_no_person(world: World) -> None:
    """All connections to the database end while the payment is written: booked once, and nobody is bothered."""
    world.connect()
    payment_id = world.pay()
    fault = world.sandbox.add_fault("pause_after", "/payment$", times=1)
    running = asyncio.create_task(world.run())
    while not world.sandbox.call("GET", f"/_faults/{fault}")["waiting"]:
        await asyncio.sleep(0.05)
    world.sql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    world.sandbox.call("POST", f"/_faults/{fault}/release")
    await asyncio.wait({running})
    stored = world.sql.execute("SELECT state, problem FROM postings").fetchall()
    assert stored == [("waiting", None)]
    world.staff().get("/postings")  # the API's connections are gone, too: it says 503 once

    world.sql.execute("UPDATE postings SET lease_until = now()")  # the lease of the run that failed is over
    await world.run()
    world.assert_booked_once(payment_id)


async def test_a_deadlock_in_our_database_needs_no_person(
    world: World, owner_sql: psycopg.Connection, database_url: str
) -> None:
    """While the invoice's link is written, somebody else waits for it who holds the log: PostgreSQL ends ours. It is
    looked for and booked once by the next run, and nobody reads of a defect."""
    world.connect()
    payment_id = world.pay()
    fault = world.sandbox.add_fault("pause_after", "/invoice$", times=1)
    running = asyncio.create_task(world.run())
    while not world.sandbox.call("GET", f"/_faults/{fault}")["waiting"]:
        await asyncio.sleep(0.05)
    with psycopg.connect(conninfo(owner_url(database_url))) as other:
        other.execute("SET deadlock_timeout = '1min'")  # so that it is not this one that is ended
        other.execute("SELECT 1 FROM activity_heads WHERE org_id = 1 FOR UPDATE")
        world.sandbox.call("POST", f"/_faults/{fault}/release")
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%activity_heads%'"
        while owner_sql.execute(waits).fetchone() == (0,):
            await asyncio.sleep(0.02)
        await asyncio.to_thread(other.execute, "UPDATE qbo_requests SET attempts = attempts")
        other.rollback()
    await asyncio.wait({running})
    assert world.sql.execute("SELECT state, problem FROM postings").fetchall() == [("waiting", None)]
    world.sql.execute("UPDATE postings SET lease_until = now()")  # the lease of the run that failed is over
    await world.run()
    world.assert_booked_once(payment_id)


async def test_payment_dated_ahead_is_booked_at_once(world: World) -> None:
    """Stripe's clock may run before ours: a payment of tomorrow is not booked tomorrow, but now."""
    world.connect()
    payment_id = world.pay()
    world.sql.execute("UPDATE payments SET paid_at = now() + interval '1 day' WHERE id = %s", [payment_id])
    await pipeline.payment_came(world.books, 1, ())
    world.assert_booked_once(payment_id)


async def test_two_runs_of_one_lane_book_once(world: World) -> None:
    """Two workers that take up the same payment, the first one's lease being lost, book it once."""
    world.connect()
    payment_id = world.pay()
    fault = world.sandbox.add_fault("pause_before", "/invoice$", times=1)
    first = asyncio.create_task(world.run())
    while not world.sandbox.call("GET", f"/_faults/{fault}")["waiting"]:
        await asyncio.sleep(0.05)
    world.sql.execute("UPDATE postings SET lease_until = now() - interval '1 second'")
    await postings.run_lane(world.books, 1)
    world.sandbox.call("POST", f"/_faults/{fault}/release")
    await first
    world.assert_booked_once(payment_id)


@pytest.mark.parametrize("looked_for", ["FROM Customer", "FROM Account WHERE Name"])
async def test_first_deposits_at_the_same_moment_are_booked_once(world: World, looked_for: str) -> None:
    """Three first deposits that all find nothing and go on at the same moment: one customer, item and account, three
    invoices, and nobody is asked for help."""
    world.connect()
    world.sql.execute("UPDATE proposals SET customer_id = 1 WHERE org_id = 1 AND id IN (9, 10)")  # that of 7
    paid = [world.pay(proposal_id) for proposal_id in (7, 9, 10)]
    fault = world.sandbox.add_fault("pause_before", "/query$", method="GET", query=looked_for, times=3)
    async with world.books.db.transaction(1) as session:
        await postings.ensure(session, 1)
    lanes = asyncio.gather(*(postings.run_lane(world.books, 1) for _ in paid))
    while world.sandbox.call("GET", f"/_faults/{fault}")["waiting"] < len(paid):
        await asyncio.sleep(0.05)
    world.sandbox.call("POST", f"/_faults/{fault}/release")
    await lanes
    await world.run()  # the three that were let go at once may have been one call too many for that second
    for payment_id in paid:
        world.assert_booked_once(payment_id)
    emails = [c.get("PrimaryEmailAddr", {}).get("Address") for c in world.in_books("Customer")]
    assert emails.count("elena.hartley@example.com") == 1
    assert [i["Name"] for i in world.in_books("Item")].count("Roof Deposit") == 1
    assert [a["Name"] for a in world.in_books("Account")].count("Stripe Clearing") == 1


async def test_company_that_fails_is_tried_by_one_at_a_time(world: World) -> None:
    """After a failure one payment at a time tries the company, however many wait; well again, all are booked."""
    world.connect()
    paid = [world.pay(proposal_id) for proposal_id in (7, 9, 10)]
    company = "/companyinfo/"
    world.sandbox.add_fault("status", company, method="GET", times=1, status=500, body="{}")
    await world.run()
    fault = world.sandbox.add_fault("pause_before", company, method="GET", times=None)
    world.end_pauses()
    lanes = asyncio.gather(*(postings.run_lane(world.books, 1) for _ in range(3)))
    await asyncio.sleep(1)
    trying = world.sandbox.call("GET", f"/_faults/{fault}")["waiting"]
    world.sandbox.call("DELETE", f"/_faults/{fault}")
    await lanes
    assert trying == 1
    await world.run()
    for payment_id in paid:
        world.assert_booked_once(payment_id)
