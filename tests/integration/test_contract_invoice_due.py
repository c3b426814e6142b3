"""When a contract's invoice is due, and by which policy, at the edges: old contracts, and choices made just in time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import line, signed, trial_balance
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        yield opened


async def test_only_the_deposit_row_is_not_paid_in_full(world: World) -> None:
    """A contract from before schedules has no part but its paid deposit: that is booked alone, and the invoice over the rest
    waits for the office's word."""
    world.connect()
    contract = signed(world, [line("Roof", 1_000_000)])
    world.sql.execute(
        "DELETE FROM payments WHERE proposal_id = %s AND part <> 'deposit'", [contract.proposal_id]
    )
    contract.pay("deposit")
    for _ in range(2):
        await world.run()
    assert [(one["kind"], one["state"]) for one in contract.postings()] == [("payment", "posted")]
    said = contract.done()
    assert (said["invoice_minor"], said["invoice_state"]) == (700_000, None)
    for _ in range(2):
        await world.run()
    assert {one["kind"]: one["state"] for one in contract.postings()} == {
        "payment": "posted", "contract_invoice": "posted",
    }  # fmt: skip
    assert sorted(one["TotalAmt"] for one in world.in_books("Invoice"))[-2:] == [3_000, 7_000]


async def test_a_policy_chosen_before_the_first_booking_counts(world: World) -> None:
    """The deposit was paid while nothing was connected: the policy chosen until it is booked is the contract's, one chosen
    afterwards is not."""
    contract = signed(world, [line("Roof", 1_000_000)])
    contract.pay("deposit")
    await world.run()  # what is to be booked is known, by the policy of the day
    where = f"/books/contracts/{contract.proposal_id}"
    staff = world.staff()
    assert staff.get(where).json()["policy"] == "income"
    for policy in ("whole", "liability"):
        staff.patch("/books/policy", json={"policy": policy}).raise_for_status()
        await world.run()
        assert staff.get(where).json()["policy"] == policy
    world.connect()
    for _ in range(2):
        await world.run()
    assert [(one["kind"], one["state"]) for one in contract.postings()] == [("payment", "posted")]
    (item,) = [one for one in world.in_books("Item") if one["Name"] == "Customer Deposit"]
    assert item["IncomeAccountRef"]["name"] == "Customer Deposits"
    staff.patch("/books/policy", json={"policy": "income"}).raise_for_status()
    assert staff.get(where).json()["policy"] == "liability"


async def test_a_credit_signed_before_its_money_is_booked(world: World) -> None:
    """Money waits while a credit is signed for what was paid already: booked late, then given back, it comes to the same as
    if each had been booked on its day, under every policy. Nothing is left on receivables."""
    world.connect()
    found = {}
    for policy in ("liability", "income", "whole"):
        world.staff().patch("/books/policy", json={"policy": policy}).raise_for_status()
        for last, credit in (("final", -50_000), ("deposit", -750_000)):
            contract = signed(world, [line("Roof", 1_000_000)])
            before = trial_balance(world)
            if last == "final":
                contract.pay("deposit")
                await world.run()
            contract.pay(last)
            contract.change(credit)
            for _ in range(3):
                await world.run()
            contract.refund(last, 50_000)
            for _ in range(2):
                await world.run()
            assert [one["problem"] for one in contract.postings() if one["state"] != "posted"] == []
            after = trial_balance(world)
            found[policy, last] = {name: cents - before.get(name, 0) for name, cents in after.items()
                                   if cents != before.get(name, 0)}  # fmt: skip
    assert found == {
        (policy, last): {"Stripe Clearing": kept, "Design income": -kept}
        for policy in ("liability", "income", "whole")
        for last, kept in (("final", 950_000), ("deposit", 250_000))
    }
