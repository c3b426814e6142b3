"""Money in whole minor units: what goes in comes out, and rounding is half up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.inputs import CURRENCIES
from crm.kit.money import Money, exponent, format_money, from_decimal, payable_step, round_half_up, to_decimal


@given(minor=st.integers(-(10**12), 10**12), currency=st.sampled_from(sorted(CURRENCIES)))
def test_minor_units_survive_the_way_through_decimals(minor: int, currency: str):
    """Turning minor units into a decimal and back changes nothing, in any currency."""
    assert from_decimal(to_decimal(minor, currency), currency) == minor


@given(amount=st.decimals(-(10**9), 10**9, places=4), step=st.sampled_from([1, 10, 100]))
def test_rounding_moves_by_at_most_half_a_step(amount: Decimal, step: int):
    """The rounded amount is a multiple of the step and no further away than half of it."""
    rounded = round_half_up(amount, step)
    assert rounded % step == 0
    assert abs(Decimal(rounded) - amount) * 2 <= step


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (472_500, "USD", "$4,725.00"),
        (-5, "USD", "-$0.05"),
        (1_000, "JPY", "¥1,000"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (0, "EUR", "€0.00"),
    ],
)
def test_figures_as_people_read_them(minor: int, currency: str, text: str):
    """Symbol, thousands and as many decimals as the currency has."""
    assert format_money(minor, currency) == text


def test_currencies_never_mix():
    """Adding dollars to euros is an error, not a number."""
    with pytest.raises(ValueError, match="cannot add"):
        Money(1, "USD") + Money(1, "EUR")


def test_a_fraction_of_a_minor_unit_is_refused():
    """An amount with more digits than the currency has is no amount of it."""
    with pytest.raises(ValueError, match="more decimals"):
        from_decimal(Decimal("1.005"), "USD")


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_one_unit_is_payable_in_every_currency(currency: str):
    """The least deposit, one whole unit, is a multiple of what Stripe charges."""
    assert 10 ** exponent(currency) % payable_step(currency) == 0
