"""Payment schedules: the parts are always the whole, whatever is agreed, changed and paid in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.errors import Invalid
from crm.kit.inputs import CURRENCIES
from crm.kit.money import AMOUNT_MINOR_MAX, payable_step
from crm.proposals.pricing import DepositRule, payable_total, smallest_deposit
from crm.proposals.schedule import Part, plan, replan


@dataclass(frozen=True)
class Milestone:
    name: str
    percent: Decimal | None
    amount_minor: int | None = None


ADDED = Part("change:1", "Change order 1", 0)
totals = st.integers(0, AMOUNT_MINOR_MAX)
currencies = st.sampled_from(sorted(CURRENCIES))
percents = st.decimals(min_value=Decimal("0.5"), max_value=Decimal(60), places=1)


@given(
    total=totals, currency=currencies, deposit=st.integers(1, 100), milestones=st.lists(percents, max_size=4)
)
def test_the_parts_are_the_whole(total: int, currency: str, deposit: int, milestones: list[Decimal]):
    """Whatever the rules: the parts sum to the total, each can be charged, or the rules are refused."""
    rules = [Milestone(f"Stage {number}", percent) for number, percent in enumerate(milestones)]
    try:
        parts = plan(total, currency, DepositRule(deposit), rules)
    except Invalid:
        assert total < 10_000 or deposit + sum(milestones) > Decimal("99.9")
        return
    assert sum(part.amount_minor for part in parts) == payable_total(total, currency)
    assert all(part.amount_minor > 0 and part.amount_minor % payable_step(currency) == 0 for part in parts)
    assert len({part.key for part in parts}) == len(parts)


@given(
    total=st.integers(100_000, AMOUNT_MINOR_MAX),
    currency=currencies,
    changes=st.lists(st.tuples(st.integers(-5_000_000, 5_000_000), st.integers(0, 4)), max_size=8),
)
def test_changes_alter_only_what_nobody_paid(total: int, currency: str, changes: list[tuple[int, int]]):
    """After each change and payment: paid parts stand as they were, all parts are the new total or an overpaid
    amount is named."""
    rules = [Milestone("Dried in", Decimal(25)), Milestone("Shingles on", Decimal(20))]
    parts = plan(total, currency, DepositRule(30), rules)
    for change, pay in changes:
        paid = {part.key: part.amount_minor for part in parts if part.settled}
        total = min(max(total + change, 0), AMOUNT_MINOR_MAX)
        done = replan(parts, total, currency, ADDED)
        parts = done.parts
        assert {part.key: part.amount_minor for part in parts if part.settled} == paid
        assert (
            sum(part.amount_minor for part in parts) == payable_total(total, currency) + done.overpaid_minor
        )
        assert all(
            part.amount_minor > 0 and part.amount_minor % payable_step(currency) == 0 for part in parts
        )
        assert done.overpaid_minor == 0 or all(part.settled for part in parts)
        open_ = [index for index, part in enumerate(parts) if not part.settled]
        for index in open_[:pay]:
            parts[index] = replace(parts[index], settled=True)


@pytest.mark.parametrize(
    ("total", "deposit", "milestones", "expected"),
    [
        (1_575_000, 30, [], [("deposit", 472_500), ("final", 1_102_500)]),
        (
            1_575_000,
            30,
            [Milestone("Dried in", Decimal(40))],
            [("deposit", 472_500), ("milestone:1", 630_000), ("final", 472_500)],
        ),
        (1_000_000, 100, [], [("deposit", 1_000_000)]),
        (1_000_000, 30, [Milestone("Rest", Decimal(70))], [("deposit", 300_000), ("milestone:1", 700_000)]),
        (1_050, 95, [], [("deposit", 1_050)]),  # 52 cents could not be charged alone
        (0, 30, [], []),
    ],
)
def test_known_schedules(
    total: int, deposit: int, milestones: list[Milestone], expected: list[tuple[str, int]]
):
    """Schedules as a contractor would work them out by hand."""
    parts = plan(total, "USD", DepositRule(deposit), milestones)
    assert [(part.key, part.amount_minor) for part in parts] == expected


def test_a_change_order_grows_the_final_balance():
    """$2,000 more after the deposit: the final balance grows by $2,000, the deposit stays."""
    deposit, final = plan(1_575_000, "USD", DepositRule(30), [])
    done = replan([replace(deposit, settled=True), final], 1_775_000, "USD", ADDED)
    assert [(part.key, part.amount_minor) for part in done.parts] == [
        ("deposit", 472_500),
        ("final", 1_302_500),
    ]


def test_a_credit_beyond_what_is_open_is_named():
    """A credit larger than the unpaid rest leaves no open part and says what to give back."""
    deposit, final = plan(1_000_000, "USD", DepositRule(30), [])
    done = replan([replace(deposit, settled=True), final], 250_000, "USD", ADDED)
    assert [part.key for part in done.parts] == ["deposit"]
    assert done.overpaid_minor == 50_000


def test_more_than_the_whole_is_refused():
    """Deposit and milestones above 100 % are refused with both figures."""
    with pytest.raises(Invalid, match=r"\$11,000\.00, more than the total of \$10,000\.00"):
        plan(1_000_000, "USD", DepositRule(60), [Milestone("Half", Decimal(50))])


def test_percentages_above_the_whole_are_refused_whatever_they_are_of():
    """Percentages above 100 are refused of nothing as well: a customer may yet tick what makes it something."""
    with pytest.raises(Invalid, match=r"103\.833 % of the total"):
        plan(
            0,
            "USD",
            DepositRule(58),
            [Milestone("Stage", Decimal("33.333")), Milestone("Stage", Decimal("12.5"))],
        )


def test_halves_of_a_total_that_cannot_be_charged_to_its_last_digit():
    """In a currency that is charged in larger steps, 50 and 50 % of an odd total are its parts, not too much."""
    parts = plan(14_950, "ISK", DepositRule(50), [Milestone("Half", Decimal(50))])
    assert [(part.key, part.amount_minor) for part in parts] == [("deposit", 7_500), ("milestone:1", 7_400)]


def test_smallest_part_is_one_unit():
    """No planned part is below one whole unit of its currency."""
    for total in range(100, 2_000, 7):
        parts = plan(total, "USD", DepositRule(33), [Milestone("Half", Decimal(50))])
        assert all(part.amount_minor >= smallest_deposit("USD") for part in parts)
