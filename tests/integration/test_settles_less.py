"""What is open was settled by something else before: our payment takes what is left and the rest is told, and a memo that
QuickBooks applied by itself is done."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import Contract, line, signed
from tests.integration.comeback_world import Comeback, open_comeback

OLDER, DEPOSIT, REST = 1_000, 3_000, 7_000


@pytest.fixture
async def back(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[..., RunningApp]
) -> AsyncIterator[Comeback]:
    async with open_comeback(database_url, owner_sql, start_app) as opened:
        opened.world.staff().patch("/books/policy", json={"policy": "whole"}).raise_for_status()
        yield opened


async def paid(back: Comeback, contract: Contract, part: str) -> None:
    contract.pay(part)
    for _ in range(2):
        await back.world.run()


def settled_by(payment: dict[str, Any]) -> list[tuple[float, str]]:
    return [(line["Amount"], line["LinkedTxn"][0]["TxnId"]) for line in payment["Line"]]


@pytest.mark.parametrize("by", ["an older credit", "a check that no webhook told"])
async def test_what_our_payment_does_not_settle_is_told(back: Comeback, by: str) -> None:
    """QuickBooks applied a credit by itself, or somebody entered a check: the money is booked at the first try, once, what
    is left of it stands under Differences until it is accepted (and taken back), or applied there."""
    world = back.world
    first = signed(world, [line("Gutters", 500_000)])
    await paid(back, first, "deposit")
    (other,) = world.in_books("Invoice")
    keeper = back.bookkeeper(world.realm_id)
    money = {"CustomerRef": other["CustomerRef"], "TotalAmt": OLDER}
    if by == "an older credit":
        keeper.create("Payment", **money)
        world.sandbox.quickbooks.change_settings(world.realm_id, {"auto_apply_credit": True})
    contract = signed(world, [line("Roof", (DEPOSIT + REST) * 100)])
    await paid(back, contract, "deposit")
    await back.look()
    invoice = max(world.in_books("Invoice"), key=lambda one: int(one["Id"]))
    if by == "an older credit":
        assert invoice["Balance"] == REST - OLDER
        world.sandbox.quickbooks.change_settings(world.realm_id, {"auto_apply_credit": False})
    else:
        back.delivery(paused=True)
        link = [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
        keeper.create("Payment", **money, Line=[{"Amount": OLDER, "LinkedTxn": link}])
    seen = world.last_request()
    await paid(back, contract, "final")
    assert [one["problem"] for one in contract.postings()] == [None, None, None]
    reads = [one for one in world.requests(seen) if one["method"] == "GET"]
    assert len(reads) == 1

    ours = max(world.in_books("Payment"), key=lambda one: int(one["Id"]))
    assert (ours["TotalAmt"], ours["UnappliedAmt"]) == (REST, OLDER)
    assert settled_by(ours) == [(REST - OLDER, invoice["Id"])]
    told = back.one(kind="qbo_on_account")
    assert told["sentence"].startswith(
        f"$1,000.00 of payment {ours['Id']} over $7,000.00 settles nothing: when it was booked, less than that was open"
    )
    assert told["ways_out"] == ["accept", "unlink"]
    by_hand = [one["kind"] for one in back.open() if one["kind"] == "qbo_paid_by_hand"]
    assert len(by_hand) == (by != "an older credit")

    assert back.press(told, "accept").status_code == 200
    assert back.open(kind="qbo_on_account") == []
    assert back.press(told, "undo").status_code == 200
    assert back.one(kind="qbo_on_account")["id"] == told["id"]
    back.delivery(paused=False)
    onto = [*ours["Line"], {"Amount": OLDER, "LinkedTxn": [{"TxnId": other["Id"], "TxnType": "Invoice"}]}]
    await back.look()
    keeper.change("Payment", ours["Id"], Line=onto)
    await back.look()
    assert back.open(kind="qbo_on_account") == []
    assert back.open(kind="qbo_unapplied") == []


async def test_a_credit_memo_that_quickbooks_applied_by_itself_is_done(back: Comeback) -> None:
    """Where QuickBooks applies credits by itself our memo is used up before we apply it: what it made of it stands for ours,
    nobody is asked, nothing differs, and the rest of the contract is paid as it should."""
    world = back.world
    world.sandbox.quickbooks.change_settings(world.realm_id, {"auto_apply_credit": True})
    contract = signed(world, [line("Roof", 1_000_000)])
    await paid(back, contract, "deposit")
    contract.change(-50_000)
    for _ in range(2):
        await world.run()
    assert [(one["state"], one["problem"]) for one in contract.postings()] == [("posted", None)] * 3
    await back.look()
    assert back.open() == []
    await paid(back, contract, "final")
    await back.look()
    await back.catch_up()
    assert back.open() == []
    assert {one["Balance"] for kind in ("Invoice", "CreditMemo") for one in world.in_books(kind)} == {0}
    assert sorted(float(one["TotalAmt"]) for one in world.in_books("Payment")) == [0, 3_000, 6_500]
