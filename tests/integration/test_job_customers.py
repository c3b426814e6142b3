"""A sub-customer for each job, where the org wants it: all documents of the contract go there, and stay there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import Contract, line, signed
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

DOCUMENTS = ("Invoice", "Payment", "CreditMemo", "RefundReceipt")


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


def per_job(world: World, *, wanted: bool) -> None:
    changed = world.staff().patch("/books/policy", json={"job_customers": wanted})
    assert (changed.status_code, changed.json()["job_customers"]) == (200, wanted), changed.text


async def run_all(world: World, contract: Contract) -> None:
    for _ in range(4):
        await world.run()
    assert {one["state"] for one in contract.postings()} == {"posted"}, contract.postings()


def owners(world: World, after: int = 0) -> set[str]:
    """The customers of all documents made since that Id."""
    return {
        one["CustomerRef"]["value"]
        for kind in DOCUMENTS
        for one in world.in_books(kind)
        if int(one["Id"]) > after
    }


@pytest.mark.parametrize("policy", ["liability", "income", "whole"])
async def test_a_jobs_documents_go_to_its_sub_customer(world: World, policy: str) -> None:
    """Deposit, rest, refund, a cancelled change: all stand under “Customer:Job”, and nothing is left open there."""
    per_job(world, wanted=True)
    world.staff().patch("/books/policy", json={"policy": policy}).raise_for_status()
    contract = signed(world, [line("Roof", 1_000_000)], title="Roof: O’Neil’s “barn”")
    contract.pay("deposit")
    await run_all(world, contract)
    contract.done()
    await run_all(world, contract)
    contract.change(-100_000)
    await run_all(world, contract)
    contract.refund("deposit", 50_000)
    await run_all(world, contract)
    (job,) = [one for one in world.in_books("Customer") if one.get("Job") and "barn" in one["DisplayName"]]
    (parent,) = [one for one in world.in_books("Customer") if one["Id"] == job["ParentRef"]["value"]]
    assert job["FullyQualifiedName"] == (
        f"{parent['FullyQualifiedName']}:Roof O'Neil's \"barn\" #{contract.proposal_id}"
    )
    assert owners(world) == {job["Id"]}
    assert len(world.in_books("CreditMemo")) == 1
    for payment in world.in_books("Payment"):
        assert payment.get("UnappliedAmt", 0) == 0


async def test_a_contract_that_has_begun_stays_with_its_customer(world: World) -> None:
    """Switched on or off in between, a contract's later documents go where its first one went; new ones follow."""
    first = signed(world, [line("Roof", 1_000_000)])
    first.pay("deposit")
    await run_all(world, first)
    per_job(world, wanted=True)
    first.pay("final")
    await run_all(world, first)
    (parent,) = owners(world)
    mark = max(int(one["Id"]) for kind in DOCUMENTS for one in world.in_books(kind))
    second = signed(world, [line("Gutters", 200_000)])
    second.pay("deposit")
    await run_all(world, second)
    per_job(world, wanted=False)
    second.pay("final")
    await run_all(world, second)
    (job,) = owners(world, mark)
    (made,) = [one for one in world.in_books("Customer") if one["Id"] == job]
    assert (made["Job"], made["ParentRef"]["value"]) == (True, parent)
    assert made["Balance"] == 0


async def test_the_estimate_stands_where_its_invoice_will(world: World) -> None:
    """Estimates being on, the sub-customer is there from the estimate on, and the contract's invoice closes it."""
    per_job(world, wanted=True)
    world.staff().patch("/books/policy", json={"send_estimates": True, "policy": "whole"}).raise_for_status()
    contract = signed(world, [line("Roof", 1_000_000)])
    await run_all(world, contract)
    (estimate,) = [one for one in world.in_books("Estimate") if one["TotalAmt"] == 10_000]
    contract.pay("deposit")
    await run_all(world, contract)
    assert owners(world) == {estimate["CustomerRef"]["value"]}
    (closed,) = [one for one in world.in_books("Estimate") if one["Id"] == estimate["Id"]]
    assert closed["TxnStatus"] == "Closed"
