"""What stands in QuickBooks for what we linked is known here from the answers to our own writes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        yield opened


async def test_a_booked_deposit_is_mirrored_without_a_read(world: World) -> None:
    """Invoice and payment stand in the mirror as in QuickBooks, the invoice settled, though nobody read it again."""
    world.connect()
    payment_id = world.pay()
    await world.run()
    line = world.posting(payment_id)
    rows = world.sql.execute(
        "SELECT entity, qbo_id, status, currency, total_minor, balance_minor, unapplied_minor, customer_qbo_id, "
        "theirs, heard_until IS NOT NULL FROM qbo_mirror WHERE entity IN ('Invoice', 'Payment') ORDER BY entity"
    ).fetchall()
    (customer,) = {row[7] for row in rows}
    assert rows == [
        ("Invoice", line["qbo_invoice_id"], "live", "USD", 472_500, 0, None, customer, None, True),
        ("Payment", line["qbo_payment_id"], "live", "USD", 472_500, None, 0, customer, None, True),
    ]
    entities = world.sql.execute("SELECT DISTINCT entity FROM qbo_mirror ORDER BY 1").fetchall()
    assert [row[0] for row in entities] == ["Account", "Customer", "Invoice", "Item", "Payment"]
    (dated,) = world.sql.execute("SELECT DISTINCT txn_date::text FROM qbo_mirror WHERE entity = 'Invoice'")
    assert dated[0] == world.in_books("Invoice")[0]["TxnDate"]


async def test_a_second_run_changes_nothing_there(world: World) -> None:
    """Booking the same payment again leaves the mirror as it is: an invoice is not settled twice."""
    world.connect()
    payment_id = world.pay()
    await world.run()
    shown = "SELECT entity, qbo_id, ours, balance_minor, learned_at FROM qbo_mirror ORDER BY 1, 2"
    before = world.sql.execute(shown).fetchall()
    world.sql.execute("UPDATE postings SET state = 'waiting' WHERE payment_id = %s", [payment_id])
    await world.run()
    world.assert_booked_once(payment_id)
    assert world.sql.execute(shown).fetchall() == before
