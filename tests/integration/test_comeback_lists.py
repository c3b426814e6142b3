"""What becomes in QuickBooks of the items, accounts and classes that documents use: followed, or told in a sentence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import line, signed
from tests.integration.books_world import Json, World
from tests.integration.comeback_world import Bookkeeper, Comeback, open_comeback

from crm.kit.errors import Unavailable
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.write import create

THOUSAND = 1_000


@pytest.fixture
async def back(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[..., RunningApp]
) -> AsyncIterator[Comeback]:
    async with open_comeback(database_url, owner_sql, start_app) as opened:
        yield opened


def make_three(who: Bookkeeper) -> dict[str, tuple[Json, Json]]:
    """Of each kind the one that is chosen, and the one that it will be merged into."""
    income = next(one for one in who.world.in_books("Account") if one["Name"] == "Services")
    item = {"Type": "Service", "IncomeAccountRef": {"value": income["Id"]}}
    fees = {"AccountType": "Expense", "AccountSubType": "OtherMiscellaneousServiceCost"}
    return {
        "sales_item": (who.create("Item", Name="Roof work", **item), who.create("Item", Name="Roofing", **item)),
        "fee_account": (who.create("Account", Name="Card fees", **fees), who.create("Account", Name="Fees", **fees)),
        "class": (who.create("Class", Name="North"), who.create("Class", Name="North side")),
    }  # fmt: skip


def choose(world: World, slot: str, object_: Json | None) -> None:
    body = {"slot": slot, "qbo_id": object_["Id"] if object_ else None}
    answer = world.staff().put("/books/mapping", json=body)
    assert answer.status_code == 200, answer.text


def chosen(world: World, *slots: str) -> list[tuple[str, str]]:
    """Id and name of what stands in these slots, as Books > Mapping shows it."""
    found = {one["slot"]: one["mapped"] for one in world.staff().get("/books/mapping").json()["slots"]}
    return [(one["qbo_id"], one["name"]) for slot in slots for one in found[slot]]


KINDS = {"sales_item": "Item", "fee_account": "Account", "class": "Class"}


@pytest.mark.parametrize("told_by", ["webhook", "cdc"])
async def test_what_was_chosen_is_followed_through_merges(back: Comeback, told_by: str) -> None:
    """Item, expense account and class are merged into others: the mapping names the survivors, our documents are no
    difference, and what is booked next names them too. Where the webhooks were lost, CDC's answer tells as much."""
    world, who = back.world, back.bookkeeper()
    settings = f"/_state/quickbooks/{world.realm_id}/settings"
    world.sandbox.call("POST", settings, {"track_classes_per_line": True})
    pairs = make_three(who)
    for slot, (ours, _) in pairs.items():
        choose(world, slot, ours)
    world.staff().post("/books/mapping/refresh").raise_for_status()
    contract = signed(world, [line("Roof", 1_000_000)])
    contract.done()
    await world.run()
    await back.look()
    await back.catch_up()
    if told_by == "cdc":
        back.delivery(paused=True)
    for slot, (ours, other) in pairs.items():
        who.merge(KINDS[slot], winner=other["Id"], loser=ours["Id"])
    if told_by == "webhook":
        await back.look()
    else:
        await back.catch_up()
    survivors = [(pairs[slot][1]["Id"], pairs[slot][1]["Name"]) for slot in pairs]
    if told_by == "webhook":
        assert chosen(world, *pairs) == survivors
        assert back.open() == []
    else:  # no document of ours named the expense account: that it is gone is told, and what it was chosen for
        assert chosen(world, "sales_item", "class") == [survivors[0], survivors[2]]
        gone = back.one()
        assert gone["sentence"] == "Account Card fees was made inactive in QuickBooks."
    said = [one["sentence"] for one in world.staff().get("/activity").json()["items"]]
    assert any("Item Roof" in one and "merged in QuickBooks" in one for one in said)
    contract.change(50_000)
    await world.run()
    newest = max(world.in_books("Invoice"), key=lambda one: int(one["Id"]))
    detail = newest["Line"][0]["SalesItemLineDetail"]
    assert detail["ItemRef"]["value"] == survivors[0][0]
    assert detail["ClassRef"]["value"] == survivors[2][0]


async def test_names_and_states_are_kept_in_step_without_reading(back: Comeback) -> None:
    """A new name is shown after the daily look, also where nothing of ours is linked; what was made inactive is told
    before a document needs it; what is chosen no more is told of no more."""
    world, who = back.world, back.bookkeeper()
    pairs = make_three(who)
    for slot, (ours, _) in pairs.items():
        choose(world, slot, ours)
    world.staff().post("/books/mapping/refresh").raise_for_status()
    await back.look()
    await back.catch_up()
    back.delivery(paused=True)
    who.change("Item", pairs["sales_item"][0]["Id"], Name="Roof work and gutters")
    who.change("Account", pairs["fee_account"][1]["Id"], Name="Fees of cards")  # chosen by nobody
    who.change("Class", pairs["class"][0]["Id"], Active=False)
    assert [one.split("?")[0] for one in await back.catch_up()] == ["GET cdc"]
    assert chosen(world, "sales_item")[0][1] == "Roof work and gutters"
    slots = {one["slot"]: one for one in world.staff().get("/books/mapping").json()["slots"]}
    assert "Fees of cards" in {one["name"] for one in slots["fee_account"]["choices"]}
    assert "inactive in QuickBooks" in slots["class"]["mapped"][0]["problem"]
    inactive = back.one()
    assert (inactive["kind"], inactive["entity"]) == ("qbo_inactive", "Class")
    assert "North" in inactive["sentence"]
    assert (await back.restored(inactive))["resolution"] == "restored"
    assert who.read("Class", pairs["class"][0]["Id"])["Active"] is True
    choose(world, "class", None)
    who.change("Class", pairs["class"][0]["Id"], Active=False)
    await back.catch_up()
    assert back.open() == []


async def test_more_changes_than_one_answer_holds(back: Comeback) -> None:
    """QuickBooks answers at most 1,000 objects: ours, which changed last of 1,012, are found all the same, the watermark
    stands where it stood when the last page fails, and where too many changed within one second, ours are asked for by Id."""
    world, who = back.world, back.bookkeeper()
    await back.booked()
    await back.look()
    await back.catch_up()
    back.delivery(paused=True)
    world.sandbox.clock.advance(700)  # beyond the overlap
    for some in (THOUSAND - 50, 60):
        _customers_come_in(back, some)
        world.sandbox.clock.advance(5)
    ours = world.sql.execute("SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'").fetchone()
    assert ours is not None
    (invoice,) = [
        one["Id"] for one in world.in_books("Invoice") if "Proposal #7" in one.get("PrivateNote", "")
    ]
    who.change("Invoice", invoice, TxnDate="2026-01-31")
    who.change("Customer", ours[0], Active=False)
    until = _known_until(world)
    world.sandbox.add_fault("status", "/cdc", "GET", after=2, status=503, body="{}")
    with pytest.raises(Unavailable):
        await back.catch_up()
    assert (_known_until(world), back.open()) == (until, [])
    asked = await back.catch_up()
    assert len([one for one in asked if one.startswith("GET cdc")]) > len(KINDS)
    assert {one["kind"] for one in back.open()} == {"qbo_inactive", "qbo_edited"}
    assert _known_until(world) > until

    world.sandbox.clock.advance(700)
    _customers_come_in(back, THOUSAND + 10)
    who.change("Customer", ours[0], Active=True, DisplayName="Somebody else")
    asked = await back.catch_up()
    assert any("customer/" in one.lower() or "query" in one.lower() for one in asked), (
        "ours were asked for by Id"
    )
    assert {one["kind"] for one in back.open()} == {"qbo_edited"}, "it is active again"


def _known_until(world: World) -> Any:
    return world.sql.execute("SELECT known_until FROM qbo_watermarks WHERE org_id = 1").fetchone()


def _customers_come_in(back: Comeback, count: int) -> None:
    """So many that are none of ours, as an import in QuickBooks brings them; within one second of its clock."""
    clock = back.world.sandbox.clock
    clock.advance(1 - clock.unskewed().microsecond / 1_000_000)  # at the beginning of one, so that all fit in
    company = back.world.sandbox.quickbooks.company(back.world.realm_id)
    for number in range(count):
        create(
            company,
            ENTITIES["Customer"],
            {"DisplayName": f"Imported {len(company.objects['Customer'])} {number}"},
        )
