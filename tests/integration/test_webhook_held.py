"""One org's rows held by somebody (a frozen worker, an open psql) do not hold up what Stripe tells of others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.integration.money_world import Money, money_on

from crm.kit.database import conninfo, owner_url


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
