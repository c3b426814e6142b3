"""Metered reads: counted, forecast, told about, and given up in the order in which they can be missed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import date
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.accounting import company, quota, sync_log
from crm.accounting.comeback import change_data
from crm.gateways.quickbooks import Call
from crm.kit.errors import Unavailable
from crm.kit.settings import Settings

JOBS_A_MONTH = 100
ALLOWED_A_MONTH = 1_000


@pytest.fixture
async def world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        opened.connect()
        yield opened


def used(world: World, reads: int) -> None:
    """So many were read this month."""
    world.sql.execute("DELETE FROM qbo_usage")
    world.sql.execute(
        "INSERT INTO qbo_usage (org_id, day, operation, calls, metered) "
        "VALUES (1, (now() AT TIME ZONE 'utc')::date, 'read_changed', %s, %s)",
        [reads, reads],
    )


def seen(world: World) -> dict[str, Any]:
    answer = world.staff().get("/qbo/quota")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_hundred_jobs_a_month_stay_far_below_a_thousand_reads(world: World) -> None:
    """Measured on three jobs of new customers with the daily look after each, then reckoned up: the first job's setting
    up counts once, every job as much as the dearer of the other two, and 31 daily looks."""
    costs = []
    for proposal_id, cents in ((7, 472_500), (9, 450_000), (10, 300_000)):
        before = seen(world)["used"]
        payment_id = world.pay(proposal_id, amount_cents=cents)
        await world.run()
        world.assert_booked_once(payment_id)
        costs.append(seen(world)["used"] - before)
    before = seen(world)["used"]
    await change_data.catch_up(world.books, 1)  # the first compares all that is linked
    await change_data.catch_up(world.books, 1)
    looks = seen(world)["used"] - before
    assert costs[0] >= max(costs[1:]), costs
    month = costs[0] + (JOBS_A_MONTH - 1) * max(costs[1:]) + 31 * looks
    assert 0 < month < ALLOWED_A_MONTH, (costs, looks, month)
    assert seen(world)["all_used"] == seen(world)["used"], "the sum of all, kept read by read, is the same"


async def test_reads_are_given_up_step_by_step_and_writing_goes_on(world: World) -> None:
    """From 80 % no checks, from 95 % only what postings need, at the end only writes; the sentence says what to do."""
    first = world.pay()
    await world.run()
    world.assert_booked_once(first)
    look = Call(
        "GET", "cdc", "cdc", params=(("entities", "Invoice"), ("changedSince", "2026-11-01T00:00:00Z"))
    )
    check = Call("GET", f"companyinfo/{world.realm_id}", "check_company")

    refused: set[tuple[str, bool]] = set()

    async def allowed(call: Call) -> bool:
        try:
            await company.ask(world.books, 1, call)
        except Unavailable as error:
            refused.add((error.code, "Writing into the books goes on" in error.detail))
            return False
        return True

    found = {}
    for reads in (3_990, 4_000, 4_750, 5_000):
        used(world, reads)
        level = seen(world)["level"]
        with sync_log.about("payment:1"):
            posting = await allowed(check)
        found[level] = (await allowed(check), await allowed(look), posting)
    assert found == {
        "all": (True, True, True),
        "no_checks": (False, True, True),
        "writes_only": (False, False, True),
        "nothing": (False, False, False),
    }
    assert refused == {(quota.CODE, True)}
    used(world, 5_000)
    asked = world.last_request()
    second = world.pay(9, amount_cents=450_000)  # a new customer: looking for it is a read, so this one waits
    await world.run()
    assert world.posting(second)["problem"].startswith(
        "This month's reads from QuickBooks are nearly used up"
    )
    assert world.requests(asked) == []
    assert world.staff().put("/qbo/quota/budget", json={"reads": 6_000}).json()["level"] == "no_checks"
    await world.run()
    world.assert_booked_once(second)


async def test_the_budget_of_all_companies_together_counts_too(world: World) -> None:
    """Another company's reads bring this one's checks to rest, though it read nothing itself."""
    world.sql.execute(
        "INSERT INTO qbo_usage (org_id, day, operation, calls, metered) "
        "VALUES (2, (now() AT TIME ZONE 'utc')::date, 'cdc', 450000, 450000)"
    )
    now = seen(world)
    assert (now["used"], now["all_used"], now["all_budget"], now["level"]) == (
        0,
        450_000,
        500_000,
        "no_checks",
    )
    assert now["operations"] == []
    world.sql.execute("UPDATE qbo_usage SET metered = metered - 100000, calls = 7 WHERE org_id = 2")
    assert seen(world)["all_used"] == 350_000
    world.sql.execute("DELETE FROM qbo_usage WHERE org_id = 2")
    assert seen(world)["all_used"] == 0, "what is taken back is taken off the sum"


async def test_each_step_is_told_once_a_month(world: World) -> None:
    """60, 80 and 95 % are each said once, to owners and bookkeepers by mail; a new month begins anew."""

    async def alarm() -> float | None:
        async with world.books.db.transaction(1) as session:
            return await quota.raise_alarms(session, 1, 500_000)

    steps = []
    for reads in (2_000, 3_000, 3_500, 4_900, 4_999):
        used(world, reads)
        steps.append(await alarm())
    assert steps == [None, 0.60, None, 0.95, None]
    world.sql.execute("UPDATE qbo_budgets SET alarmed_month = '2026-01-01'")
    assert await alarm() == 0.95
    said = world.staff().get("/activity", params={"event": "qbo_reads_alarm"}).json()["items"]
    assert said[-1]["sentence"].startswith("60 % of this month's reads from QuickBooks are used")


@pytest.mark.parametrize(
    ("reads", "day", "expected"),
    [(0, date(2026, 11, 1), 0), (10, date(2026, 11, 1), 300), (500, date(2026, 11, 15), 1_000),
     (900, date(2026, 11, 30), 900), (28, date(2027, 2, 28), 28)],
)  # fmt: skip
def test_the_forecast_goes_on_as_until_today(reads: int, day: date, expected: int) -> None:
    """The whole month at the pace of its days so far."""
    assert quota.forecast(reads, day) == expected


def test_who_only_reads_sets_no_budget(app_server: RunningApp) -> None:
    """Seeing is for all who see the books, setting for those who work with them."""
    viewer = app_server.as_user("viewer@peakpro.io")
    assert viewer.get("/qbo/quota").status_code == 200
    assert viewer.put("/qbo/quota/budget", json={"reads": 900}).status_code == 403
    owner = app_server.as_user("admin@peakpro.io")
    assert owner.put("/qbo/quota/budget", json={"reads": 5}).status_code == 422
