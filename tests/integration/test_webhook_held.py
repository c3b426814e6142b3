"""One org's rows held by somebody (a frozen worker, an open psql) do not hold up what Stripe tells of others."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from tests.integration.money_world import Due, Money, event, money_on

from crm.inbox.stripe_event import StripeEvent, parse
from crm.kit.database import Database, app_url, conninfo, get_own, owner_url
from crm.payments.stripe_events import take_in
from crm.proposals.tables import Proposal


@pytest.fixture(scope="module")
def money(postgres_url: str, demo_template: str) -> Iterator[Money]:
    with money_on(postgres_url, demo_template) as made:
        yield made


def test_others_are_taken_while_one_orgs_log_is_held(money: Money) -> None:
    """While org 1's chain head is locked, its event gets a 503 and org 2's a 200; freed, org 1's is taken too."""
    held, free = money.due(org_id=1), money.due(org_id=2)
    money.deliver(money.due(org_id=1).paid())  # makes the chain head of org 1
    url = money.app.settings.database_url
    assert url is not None
    told = held.paid()
    with psycopg.connect(conninfo(owner_url(url))) as frozen, ThreadPoolExecutor(4) as senders:
        frozen.execute("SELECT 1 FROM activity_heads WHERE org_id = 1 FOR UPDATE")
        started = time.monotonic()
        blocked = senders.submit(Money(money.app, money.sql).send, told)
        time.sleep(0.2)  # org 2's event arrives while org 1's stands in the batch before it
        other = senders.submit(Money(money.app, money.sql).send, free.paid())
        assert other.result(timeout=20).status_code == 200
        answer = blocked.result(timeout=20)
        assert answer.status_code == 503, answer.text
        assert time.monotonic() - started < 15
        frozen.rollback()
    assert money.payment(free) == "paid"
    assert money.payment(held) == "due"
    money.deliver(told)
    assert money.payment(held) == "paid"
    assert money.facts(held).count("payment_success") == 1


async def test_money_is_taken_while_the_office_holds_its_proposal(money: Money) -> None:
    """Who holds a proposal's row holds up nothing that only refers to it: payment and charge are taken at once."""
    due = money.due(org_id=1)
    known = "UPDATE payments SET stripe_payment_intent = %s WHERE id = %s"  # so that the charge need not wait for it
    money.sql.execute(known, [due.intent, due.payment_id])
    told = [_parsed(due.paid()), _parsed(_charged(due))]
    async with _database(money) as db, db.transaction(1) as office:
        await get_own(office, Proposal, due.proposal_id, 1, lock=True)
        assert await take_in(db, told, dev_mode=False) == [None, None]
    assert money.payment(due) == "paid"
    transactions = "SELECT count(DISTINCT xmin::text) FROM inbox_events WHERE event_key = ANY(%s)"
    assert money.one(transactions, [one.key for one in told]) == 1  # not held up and tried one by one


async def test_a_batch_holds_all_of_its_payments_before_it_holds_the_log(money: Money) -> None:
    """Two batches that name the same payments never wait in a circle: what waits for a payment holds no org's log."""
    first, second = money.due(org_id=1), money.due(org_id=1)
    money.deliver(second.paid())
    told = [_parsed(first.paid()), _parsed(_charged(second))]
    async with _database(money) as db:
        with psycopg.connect(conninfo(owner_url(money.app.settings.database_url or ""))) as other:
            other.execute("SELECT 1 FROM payments WHERE id = %s FOR NO KEY UPDATE", [second.payment_id])
            taking = asyncio.create_task(take_in(db, told, dev_mode=False))
            await _until_it_waits(money, "payments")
            other.execute("SELECT 1 FROM activity_heads WHERE org_id = 1 FOR NO KEY UPDATE NOWAIT")
        assert await asyncio.wait_for(taking, 20) == [None, None]
    assert money.payment(first) == "paid"


def _parsed(told: dict[str, Any]) -> StripeEvent:
    return parse(json.dumps(told).encode(), livemode=None)


def _charged(due: Due) -> dict[str, Any]:
    object_ = {"id": due.charge, "object": "charge", "payment_intent": due.intent}
    return event("charge.succeeded", object_)


@asynccontextmanager
async def _database(money: Money) -> AsyncIterator[Database]:
    """Connections as the server has them, for a transaction of our own beside it."""
    url = money.app.settings.database_url
    assert url is not None
    db = Database(app_url(url, money.app.settings.secret_keys[0]))
    try:
        yield db
    finally:
        await db.close()


async def _until_it_waits(money: Money, table: str) -> None:
    """Until somebody waits for a row of `table`, by PostgreSQL's own list."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s"
    for _ in range(100):
        if money.one(waits, f"%FROM {table} %"):
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"nobody waited for a row of {table}")
