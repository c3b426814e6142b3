"""The worked examples of docs/accounting.md, done for real: the trial balance moves by exactly what stands there."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import Contract, line, map_tax_code, signed, trial_balance
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

# What the page calls them, and what the simulator's company does.
NAMES = {"Income": "Design income", "Sales Tax Payable": "Board of Equalization Payable"}
PAGE = Path(__file__).parents[2] / "docs" / "accounting.md"


@dataclass
class Step:
    said: str
    documents: list[str] = field(default_factory=list)
    moves: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Example:
    policy: str
    cents: int
    tax: str
    deposit: int
    steps: list[Step]


def examples() -> list[Example]:
    """Every table of the page that a comment announces."""
    found = []
    pattern = r"<!-- example: (\w+), line ([\d.]+), tax (\d+), deposit (\d+) -->\n((?:\|.*\n?)+)"
    for policy, price, tax, deposit, table in re.findall(pattern, PAGE.read_text()):
        steps: list[Step] = []
        for row in table.strip().splitlines()[2:]:
            said, document, account, debit, credit = (cell.strip() for cell in row.strip("|").split("|"))
            if said:
                steps.append(Step(said))
            if document:
                steps[-1].documents.append(document)
            if account:
                steps[-1].moves[NAMES.get(account, account)] += cents(debit) - cents(credit)
        found.append(Example(policy, cents(price), tax, int(deposit), steps))
    return found


def cents(figure: str) -> int:
    return int(Decimal(figure.replace(",", "") or 0) * 100)


EXAMPLES = examples()


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


def test_the_page_has_an_example_of_each_policy() -> None:
    """None is forgotten, and each example balances: in every step debits are credits."""
    assert {example.policy for example in EXAMPLES} == {"liability", "income", "whole"}
    assert [sum(step.moves.values()) for example in EXAMPLES for step in example.steps if step.moves] == [
        0 for example in EXAMPLES for step in example.steps if step.moves
    ]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: f"{one.policy}-{one.steps[-1].said}")
async def test_example(world: World, example: Example) -> None:
    """Each step makes the documents of the page and moves the accounts by its figures."""
    map_tax_code(world)
    chosen = world.staff().patch("/books/policy", json={"policy": example.policy})
    assert chosen.status_code == 200, chosen.text
    contract = signed(
        world, [line("New roof", example.cents, tax_percent=example.tax)], deposit=example.deposit
    )
    made, before = documents(world), trial_balance(world)
    for step in example.steps:
        do(contract, step.said, example.tax)
        for _ in range(3):
            await world.run()
        stuck = [(one["kind"], one["problem"]) for one in contract.postings() if one["state"] != "posted"]
        assert stuck == [], step.said
        now, after = documents(world), trial_balance(world)
        assert sorted((now - made).elements()) == sorted(step.documents), step.said
        moved = {name: after.get(name, 0) - before.get(name, 0) for name in after.keys() | before.keys()}
        assert {k: v for k, v in moved.items() if v} == {k: v for k, v in step.moves.items() if v}, step.said
        made, before = now, after


def do(contract: Contract, said: str, tax: str) -> None:
    """The step as people do it."""
    match said.replace(",", "").split():
        case [part, "is", "paid"]:
            contract.pay(part)
        case ["refund", amount, "of", part]:
            contract.refund(part, cents(amount), refund_id=f"re_{part}")
        case ["refund", amount, "of", part, "comes", "back"]:
            contract.refund(part, cents(amount), "failed", refund_id=f"re_{part}")
        case ["refund", "comes", "back"]:
            contract.refund("final", 108_000, "failed", refund_id="re_final")
        case ["change", "order", "of", amount]:
            contract.change(cents(amount), tax)
        case ["job", "is", "done"]:
            contract.done()
        case ["contract", "is", "cancelled"]:
            contract.cancel()
        case _:
            raise AssertionError(f"nobody knows how to do: {said}")


def documents(world: World) -> Counter[str]:

    kinds = ("Invoice", "Payment", "RefundReceipt", "SalesReceipt", "CreditMemo")
    found = {kind: [one for one in world.in_books(kind) if one["TotalAmt"]] for kind in kinds}
    return Counter({kind: len(objects) for kind, objects in found.items()})
