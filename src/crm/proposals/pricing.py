"""From lines to totals and deposit, in whole minor units. Pure: no database, no clock.

Rounding happens at four places only, each half up (`money.round_half_up`): quantity times price, a discount
in percent, the tax of all lines with one rate, a payment in percent. So what is shown always sums to the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from crm.kit.errors import Invalid
from crm.kit.money import AMOUNT_MINOR_MAX, exponent, format_money, payable_step, percent_of, round_half_up


class Priced(Protocol):
    """What a line needs to have a price; a negative unit price is a credit. A line has a discount in percent
    or in minor units, or none (both 0)."""

    @property
    def quantity(self) -> Decimal: ...
    @property
    def unit_price_minor(self) -> int: ...
    @property
    def tax_percent(self) -> Decimal: ...
    @property
    def discount_percent(self) -> Decimal: ...
    @property
    def discount_minor(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units; `total_minor == subtotal_minor + tax_minor`, `subtotal_minor` the sum of the lines."""

    subtotal_minor: int
    tax_minor: int
    total_minor: int


def totals(lines: Sequence[Priced], currency: str) -> Totals:
    """What `lines` cost together. Raises Invalid when that is below zero or more than can be charged."""
    summed = _summed(lines)
    subtotal, total = summed.subtotal_minor, summed.total_minor
    if subtotal < 0 or total < 0:
        raise Invalid(
            f"The discounts are larger than the rest: the total would be {format_money(total, currency)}.",
            field="lines",
            kind="total-negative",
        )
    if max(subtotal, total) > AMOUNT_MINOR_MAX:
        raise Invalid(
            f"The total would be more than {format_money(AMOUNT_MINOR_MAX, currency)}.",
            field="lines",
            kind="total-too-large",
        )
    return summed


def change_totals(lines: Sequence[Priced], agreed_minor: int, currency: str) -> Totals:
    """What a change order adds to a contract over `agreed_minor`; below zero it is a credit.

    Raises Invalid when the contract would come to less than nothing or to more than can be charged.
    """
    summed = _summed(lines)
    after = agreed_minor + summed.total_minor
    if after < 0:
        raise Invalid(
            f"The credit is larger than the contract: the total would be {format_money(after, currency)}.",
            field="lines",
            kind="total-negative",
        )
    if max(after, abs(summed.subtotal_minor), abs(summed.total_minor)) > AMOUNT_MINOR_MAX:
        raise Invalid(
            f"The total would be more than {format_money(AMOUNT_MINOR_MAX, currency)}.",
            field="lines",
            kind="total-too-large",
        )
    return summed


def _summed(lines: Sequence[Priced]) -> Totals:
    by_rate: dict[Decimal, int] = defaultdict(int)
    for line in lines:
        by_rate[Decimal(line.tax_percent)] += line_amount(line)
    subtotal = sum(by_rate.values())
    tax = sum(round_half_up(Decimal(amount) * rate / 100) for rate, amount in by_rate.items())
    return Totals(subtotal, tax, subtotal + tax)


def line_amount(line: Priced) -> int:
    """Quantity times unit price less the discount, in minor units, before tax."""
    full = full_amount(line)
    return full - round_half_up(Decimal(full) * Decimal(line.discount_percent) / 100) - line.discount_minor


def full_amount(line: Priced) -> int:
    """Quantity times unit price in minor units, before discount and tax."""
    return round_half_up(Decimal(line.quantity) * line.unit_price_minor)


def check_discount(line: Priced, field: str) -> None:
    """Raises Invalid for a discount on a credit, or one larger than the line itself."""
    if not line.discount_percent and not line.discount_minor:
        return
    if line.unit_price_minor < 0:
        raise Invalid("A credit cannot have a discount of its own.", field=field)
    if line_amount(line) < 0:
        raise Invalid("The discount is larger than the line.", field=field)


@dataclass(frozen=True, slots=True)
class DepositRule:
    """How much is due on approval: a fixed amount, or a percentage of the total."""

    percent: int
    amount_minor: int | None = None


def deposit_rule(
    own_percent: int | None, own_amount_minor: int | None, org_percent: int | None, default_percent: int
) -> DepositRule:
    """The proposal's own rule, else the org's, else the installation's (DEPOSIT_PERCENT)."""
    return DepositRule(own_percent or org_percent or default_percent, own_amount_minor)


def deposit(total_minor: int, currency: str, rule: DepositRule) -> int:
    """What is due on approval, in minor units that Stripe can charge; 0 when there is nothing to charge.

    At least one whole unit of the currency (1.00 USD, 1 JPY: the contract's "at least 1.00"), and never more
    than the total.
    """
    if rule.amount_minor is not None:
        wanted = round_half_up(Decimal(rule.amount_minor), payable_step(currency))
    else:
        wanted = percent_of(total_minor, rule.percent, currency)
    return min(max(wanted, smallest_deposit(currency)), payable_total(total_minor, currency))


def payable_total(total_minor: int, currency: str) -> int:
    """What can be charged of a total: all of it, but for the currencies that Stripe charges in larger steps."""
    step = payable_step(currency)
    return total_minor // step * step


def smallest_deposit(currency: str) -> int:
    """One whole unit, in minor units; every payable step divides it."""
    return int(10 ** exponent(currency))
