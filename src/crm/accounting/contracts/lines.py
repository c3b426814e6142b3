"""What a contract's invoice says and sums to: its lines, its tax and its total, in minor units. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from crm.kit.money import round_half_up


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line as it was agreed. `amount_minor` is quantity times price less discount, before tax; a credit is negative."""

    name: str
    description: str
    section: str
    quantity: Decimal
    amount_minor: int
    tax_percent: Decimal


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed, by one signature or several. `total_minor` = the lines' amounts + `tax_minor`."""

    proposal_id: int
    title: str
    currency: str
    lines: tuple[SoldLine, ...]
    tax_minor: int
    order_ids: tuple[int, ...] = ()  # the change orders that are part of it

    @property
    def net_minor(self) -> int:
        return sum(line.amount_minor for line in self.lines)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a total with the tax that is in it."""

    net_minor: int
    tax_minor: int

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor


def share(agreed: Agreed, gross_minor: int, before_minor: int = 0) -> Share:
    """The tax in `gross_minor` of what was agreed, after `before_minor` was taken out of it already.

    Rounded over what was taken out so far, so that all shares of a whole are the whole, to the cent.
    """
    total, tax = agreed.total_minor, agreed.tax_minor
    if total == 0:
        return Share(gross_minor, 0)

    def up_to(taken: int) -> int:
        return round_half_up(Decimal(tax) * taken / total)

    part = up_to(before_minor + gross_minor) - up_to(before_minor)
    return Share(gross_minor - part, part)


def tax_percent(lines: Sequence[SoldLine]) -> Decimal:
    """The rate that most of the taxed money has; 0 when nothing is taxed."""
    by_rate: dict[Decimal, int] = {}
    for line in lines:
        if line.tax_percent:
            by_rate[line.tax_percent] = by_rate.get(line.tax_percent, 0) + abs(line.amount_minor)
    return max(by_rate, key=lambda rate: by_rate[rate], default=Decimal(0))
