"""Totals and deposits: what is shown sums up, in every currency, and can be charged."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.errors import Invalid
from crm.kit.inputs import CURRENCIES
from crm.kit.money import AMOUNT_MINOR_MAX, payable_step
from crm.proposals.pricing import DepositRule, deposit, deposit_rule, line_amount, smallest_deposit, totals


@dataclass(frozen=True)
class Line:
    quantity: Decimal
    unit_price_minor: int
    tax_percent: Decimal = Decimal(0)
    discount_percent: Decimal = Decimal(0)
    discount_minor: int = 0


quantities = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(5000), places=3)
rates = st.sampled_from([Decimal(0), Decimal("8.31"), Decimal("8.810"), Decimal("2.9"), Decimal(100)])
lines_of_work = st.lists(
    st.builds(Line, quantity=quantities, unit_price_minor=st.integers(0, 5_000_000), tax_percent=rates),
    max_size=12,
).filter(lambda lines: sum(line_amount(line) for line in lines) * 2 < AMOUNT_MINOR_MAX)
currencies = st.sampled_from(sorted(CURRENCIES))


@given(lines=lines_of_work, currency=currencies)
def test_parts_sum_to_whole(lines: list[Line], currency: str):
    """The lines' amounts sum to the subtotal, and subtotal and tax to the total."""
    whole = totals(lines, currency)
    assert whole.subtotal_minor == sum(line_amount(line) for line in lines)
    assert whole.total_minor == whole.subtotal_minor + whole.tax_minor


@given(lines=lines_of_work)
def test_order_of_lines_does_not_change_the_price(lines: list[Line]):
    """Moving a line up or down changes no amount."""
    assert totals(lines, "USD") == totals(lines[::-1], "USD")


@given(
    total=st.integers(0, AMOUNT_MINOR_MAX),
    currency=currencies,
    percent=st.integers(1, 100),
    amount=st.none() | st.integers(1, AMOUNT_MINOR_MAX),
)
def test_a_deposit_can_be_charged_and_never_exceeds_the_total(
    total: int, currency: str, percent: int, amount: int | None
):
    """Whatever the rule: a multiple of what Stripe charges, at least one unit if there is that much, at most all."""
    due = deposit(total, currency, DepositRule(percent, amount))
    assert 0 <= due <= total
    assert due % payable_step(currency) == 0
    assert due >= min(smallest_deposit(currency), total // payable_step(currency) * payable_step(currency))


@pytest.mark.parametrize(
    ("total", "currency", "percent", "due"),
    [
        (1_575_000, "USD", 30, 472_500),
        (1_500_000, "USD", 30, 450_000),
        (1_000_000, "USD", 30, 300_000),
        (1_005, "USD", 50, 503),  # 5.025 is rounded half up
        (1_003, "USD", 50, 502),
        (200, "USD", 30, 100),  # at least 1.00
        (80, "USD", 30, 80),  # but never more than the total
        (0, "USD", 30, 0),
        (1001, "JPY", 50, 501),
        (2, "JPY", 30, 1),
        (12_345, "KWD", 33, 4_070),  # 4.073(85) dinars, charged in steps of 0.010
        (12_345, "ISK", 33, 4_100),  # whole units only
        (150, "ISK", 30, 100),
    ],
)
def test_deposit_by_percentage(total: int, currency: str, percent: int, due: int):
    """A percentage is rounded half up to what can be charged, with one unit as the least."""
    assert deposit(total, currency, DepositRule(percent)) == due


@pytest.mark.parametrize(
    ("own_percent", "own_amount", "org_percent", "due"),
    [
        (None, None, None, 30_000),
        (None, None, 25, 25_000),
        (40, None, 25, 40_000),
        (None, 12_345, 25, 12_345),
    ],
)
def test_the_nearest_rule_wins(own_percent, own_amount, org_percent, due):
    """The proposal's own rule comes before the company's, and that before DEPOSIT_PERCENT."""
    assert deposit(100_000, "USD", deposit_rule(own_percent, own_amount, org_percent, 30)) == due


def test_tax_is_rounded_once_per_rate():
    """Three lines of 0.05 at 10 % are taxed together (0.015 -> 0.02), not three times 0.005 -> 0.01."""
    lines = [Line(Decimal(1), 5, Decimal(10)) for _ in range(3)]
    assert totals(lines, "USD").tax_minor == 2


def test_a_discount_lowers_subtotal_and_tax():
    """A line below zero takes its part of the tax along."""
    lines = [Line(Decimal(1), 10_000, Decimal("8.00")), Line(Decimal(1), -1_000, Decimal(8))]
    whole = totals(lines, "USD")
    assert (whole.subtotal_minor, whole.tax_minor, whole.total_minor) == (9_000, 720, 9_720)


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ([Line(Decimal(1), 100), Line(Decimal(1), -101)], "total-negative"),
        ([Line(Decimal(1_000_000), AMOUNT_MINOR_MAX)], "total-too-large"),
    ],
)
def test_impossible_totals_are_refused(lines: list[Line], kind: str):
    """A total below zero or beyond what can be charged is refused with its reason."""
    with pytest.raises(Invalid) as refused:
        totals(lines, "USD")
    assert refused.value.kind == kind
