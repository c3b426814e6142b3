"""Policy and mapping as a bookkeeper meets them: choosing, mistakes, what is made, and what a payment would post."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import line, map_tax_code, signed, trial_balance
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

Json = dict[str, Any]


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


def of_name(world: World, entity: str, name: str) -> Json:
    (found,) = [one for one in world.in_books(entity) if one["Name"] == name]
    return found


def metered(world: World, after: int) -> int:
    return len([one for one in world.requests(after) if one["method"] == "GET"])


async def test_choices_are_checked_against_the_company(world: World) -> None:
    """Wrong types and what is gone are refused with a sentence and the field; what fits is used by the next document."""
    staff = world.staff()
    assert staff.get("/books/mapping").json()["read_at"] is None
    read = staff.post("/books/mapping/refresh").json()
    slots = {slot["slot"]: slot for slot in read["slots"]}
    deposit = {choice["name"]: choice["problem"] for choice in slots["deposit_item"]["choices"]}
    assert "needs an account of type Other Current Liability" in deposit["Roof Repair"]

    services = of_name(world, "Account", "Services")["Id"]
    refused = staff.put("/books/mapping", json={"slot": "clearing_account", "qbo_id": services})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "qbo_id")
    assert "is of type Income, but stripe clearing needs Bank" in refused.json()["detail"]
    gone = staff.put("/books/mapping", json={"slot": "class", "qbo_id": "98765"})
    assert (gone.status_code, gone.json()["type"].rsplit("/", 1)[1]) == (422, "mapping-gone")
    assert staff.put("/books/mapping", json={"slot": "wish", "qbo_id": "1"}).status_code == 422
    assert (
        staff.put("/books/mapping", json={"slot": "term", "key": "place:co", "qbo_id": "1"}).status_code
        == 422
    )

    savings = of_name(world, "Account", "Savings")["Id"]
    assert (
        staff.put("/books/mapping", json={"slot": "clearing_account", "qbo_id": savings}).status_code == 200
    )
    world.pay()
    await world.run()
    assert trial_balance(world)["Savings"] == 472_500
    back = staff.put("/books/mapping", json={"slot": "clearing_account", "qbo_id": None}).json()
    assert [slot["mapped"] for slot in back["slots"] if slot["slot"] == "clearing_account"] == [[]]


async def test_missing_is_made_once_and_preview_says_what_a_payment_posts(world: World) -> None:
    """One button makes account and items; the dry run of deposit and final equals what is then booked."""
    staff = world.staff()
    unread = staff.patch("/books/policy", json={"policy": "liability"}).json()["needs"]
    assert [(one["slot"], one["can_make"]) for one in unread] == [("", False)]
    map_tax_code(world)
    staff.post("/books/mapping/refresh").raise_for_status()
    needs = {one["slot"]: one for one in staff.get("/books/policy").json()["needs"]}
    assert needs["deposit_item"]["sentence"].endswith("the item “Customer Deposit” is not in QuickBooks yet.")
    assert {one["can_make"] for one in needs.values()} == {True}
    for _ in range(2):
        made = staff.post("/books/mapping/make")
        assert made.status_code == 200, made.text
    assert staff.get("/books/policy").json()["needs"] == []
    banks = [one for one in world.in_books("Account") if one.get("AccountSubType") == "Checking"]
    bank = next(slot for slot in made.json()["slots"] if slot["slot"] == "bank_account")
    if len([one for one in banks if one["Name"] != "Stripe Clearing"]) == 1:
        assert (len(bank["mapped"]), made.json()["left_to_you"]) == (1, [])
    else:
        assert (bank["mapped"], len(made.json()["left_to_you"])) == ([], 1)
    assert not any(slot["will_be_made"] for slot in made.json()["slots"])
    assert len([one for one in world.in_books("Item") if one["Name"] == "Customer Deposit"]) == 1
    contract = signed(world, [line("Roof", 1_000_000, tax_percent="8")])
    before = trial_balance(world)
    for part in ("deposit", "final"):
        shown = staff.get(f"/books/preview/{contract.payment_id(part)}").json()
        assert (shown["policy"], shown["problems"]) == ("liability", [])
        contract.pay(part)
        for _ in range(3):
            await world.run()
        after, wanted = trial_balance(world), dict[str, int]()
        for document in shown["documents"]:
            for entry in document["entries"]:
                name = {"Accounts Receivable": "Accounts Receivable (A/R)",
                        "Sales Tax Payable": "Board of Equalization Payable"}.get(entry["account"], entry["account"])  # fmt: skip
                wanted[name] = wanted.get(name, 0) + entry["debit_minor"] - entry["credit_minor"]
        moved = {name: after.get(name, 0) - before.get(name, 0) for name in after.keys() | before.keys()}
        assert {k: v for k, v in moved.items() if v} == {k: v for k, v in wanted.items() if v}, part
        before = after


async def test_a_contract_under_way_keeps_its_policy(world: World) -> None:
    """Changing the setting moves what waits, never what was begun; the journal of each policy balances."""
    staff, policy = world.staff(), "/books/policy"
    first = signed(world, [line("Roof", 1_000_000)])
    first.pay("deposit")
    await world.run()
    choices = staff.patch(policy, json={"policy": "liability"}).json()["choices"]
    assert [one["policy"] for one in choices if one["recommended"]] == ["liability"]
    for step in (step for one in choices for step in one["example"]):
        entries = [entry for document in step["documents"] for entry in document["entries"]]
        assert sum(one["debit_minor"] for one in entries) == sum(one["credit_minor"] for one in entries) > 0
    second = signed(world, [line("Roof", 1_000_000)])
    second.pay("deposit")
    await world.run()
    kept = [staff.get(f"/books/contracts/{one.proposal_id}").json()["policy"] for one in (first, second)]
    assert kept == ["income", "liability"]
    assert trial_balance(world)["Customer Deposits"] == -300_000


async def test_tax_without_a_code_waits_for_a_person_and_goes_on(world: World) -> None:
    """A contract's tax that no code stands for is a sentence; choosing the code and Retry books invoice and payment."""
    contract = signed(world, [line("Roof", 1_000_000, tax_percent="8")], deposit=100)
    world.staff().post("/books/mapping/refresh").raise_for_status()
    shown = world.staff().get(f"/books/preview/{contract.payment_id('deposit')}").json()
    assert "8 %" in shown["problems"][0]
    contract.pay("deposit")
    for _ in range(2):
        await world.run()
    stuck = {one["kind"]: one for one in contract.postings()}
    assert (stuck["contract_invoice"]["problem_code"], stuck["payment"]["state"]) == ("tax-code", "waiting")
    assert "No tax code of QuickBooks is chosen for 8 %" in stuck["contract_invoice"]["problem"]
    code = of_name(world, "TaxCode", "California")["Id"]
    chosen = world.staff().put(
        "/books/mapping", json={"slot": "tax_code", "key": "percent:8", "qbo_id": code}
    )
    assert chosen.status_code == 200, chosen.text
    world.staff().post(f"/postings/{stuck['contract_invoice']['id']}/retry").raise_for_status()
    for _ in range(3):
        await world.run()
    assert {one["state"] for one in contract.postings()} == {"posted"}
    (invoice,) = world.in_books("Invoice")
    assert (invoice["TotalAmt"], invoice["Balance"], invoice["TxnTaxDetail"]["TotalTax"]) == (10_800, 0, 800)


async def test_a_known_customers_next_part_costs_no_read(world: World) -> None:
    """When the company is known, deposit, contract's invoice and last payment are writes only."""
    map_tax_code(world)
    for turn in range(2):
        contract = signed(world, [line("Roof", 1_000_000, tax_percent="8")])
        mark = world.last_request()
        for part in ("deposit", "final"):
            contract.pay(part)
            for _ in range(3):
                await world.run()
        assert {one["state"] for one in contract.postings()} == {"posted"}
        if turn == 1:
            assert metered(world, mark) == 0
