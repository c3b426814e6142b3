"""The count of the activity log: adding what is new comes to the same as counting it all."""

from __future__ import annotations

import random

import psycopg

from crm.activity.events import Event
from crm.activity.log import record
from crm.kit.database import Database
from crm.metrics.log_fold import Counted, LogFold

ORGS = (1, 2)


async def say(
    database: Database, org_id: int, event: Event, payment_id: int, amount_cents: int = 100
) -> None:
    async with database.transaction(org_id) as session:
        await record(session, org_id, event, payment_id=payment_id, amount_cents=amount_cents)


async def counted(database: Database) -> dict[int, Counted]:
    """By a process that starts now."""
    return await LogFold().up_to_date(database, ORGS)


async def test_adding_what_is_new_equals_counting_it_all(database: Database):
    """Facts of two orgs in any order, counted after each few: what a process that starts then counts."""
    dice, fold = random.Random(5), LogFold()
    events = [Event.PAYMENT_SUCCESS, Event.INVOICE_CREATED, Event.INVOICE_PAID, Event.VIEWED]
    for _ in range(12):
        for _ in range(dice.randint(0, 6)):
            await say(
                database, dice.choice(ORGS), dice.choice(events), dice.randint(1, 5), dice.randint(1, 9999)
            )
        assert await fold.up_to_date(database, ORGS) == await counted(database)
    assert sum(org.payments for org in (await counted(database)).values()) > 5


async def test_an_invoice_made_again_is_one_more_and_no_new_wait(database: Database):
    """A deleted invoice's link goes, its entry stays: the counter never falls, and only the first one has a latency."""
    await say(database, 1, Event.PAYMENT_SUCCESS, 7, 472_500)
    await say(database, 1, Event.INVOICE_CREATED, 7)
    await say(database, 1, Event.INVOICE_CREATED, 7)
    org = (await counted(database))[1]
    assert (org.payments, org.amount_minor, org.invoices) == (1, 472_500, 2)
    assert sum(org.latency_counts) == 1
    assert list(org.waiting) == [7]
    await say(database, 1, Event.INVOICE_PAID, 7)
    await say(database, 1, Event.INVOICE_CREATED, 7)
    org = (await counted(database))[1]
    assert (org.invoices, sum(org.latency_counts), org.waiting) == (3, 1, {})


async def test_a_restored_backup_is_counted_anew(database: Database, owner_sql: psycopg.Connection):
    """The log of an org goes back and on by another way, past what was counted: the process notices."""
    fold = LogFold()
    for number in range(1, 4):
        await say(database, 1, Event.PAYMENT_SUCCESS, number)
    before = (await fold.up_to_date(database, ORGS))[1].payments
    owner_sql.execute("ALTER TABLE portal_activity_log DISABLE TRIGGER append_only")
    owner_sql.execute(
        "WITH gone AS (DELETE FROM portal_activity_log WHERE org_id = 1 AND seq > "
        "(SELECT max(seq) - 2 FROM portal_activity_log WHERE org_id = 1) RETURNING seq, prev_hash) "
        "UPDATE activity_heads SET seq = g.seq - 1, hash = g.prev_hash "
        "FROM (SELECT * FROM gone ORDER BY seq LIMIT 1) g WHERE org_id = 1"
    )
    assert (await fold.up_to_date(database, ORGS))[1].payments == before - 2
    await fold.up_to_date(database, ORGS)
    for number in range(4, 9):
        await say(database, 1, Event.PAYMENT_SUCCESS, number)
    assert await fold.up_to_date(database, ORGS) == await counted(database)


async def test_a_backup_that_went_on_meanwhile_is_counted_anew(
    database: Database, owner_sql: psycopg.Connection
):
    """The same, while nobody looked: the log is longer than what was counted, but another one."""
    fold = LogFold()
    await say(database, 1, Event.PAYMENT_SUCCESS, 1, 100)
    await fold.up_to_date(database, ORGS)
    owner_sql.execute("ALTER TABLE portal_activity_log DISABLE TRIGGER append_only")
    owner_sql.execute("DELETE FROM portal_activity_log WHERE org_id = 1")
    owner_sql.execute("DELETE FROM activity_heads WHERE org_id = 1")
    for number in range(1, 20):
        await say(database, 1, Event.PAYMENT_SUCCESS, number, 5)
    found = (await fold.up_to_date(database, ORGS))[1]
    assert (found.payments, found.amount_minor) == (19, 95)
