"""Money as integer minor units with its currency; the only place that rounds.

Exponents: ISO 4217 minor units as Stripe uses them (docs.stripe.com/currencies): zero-decimal and
three-decimal currencies are listed, all others have two. UGX and ISK are two-decimal in Stripe's API
though their amounts must be whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())
WHOLE_ONLY = frozenset("UGX ISK".split())
# Stripe takes at most eight digits for most currencies; larger sums are typing errors for a roofer.
AMOUNT_MINOR_MAX = 99_999_999_99
_CODE = re.compile(r"^[A-Z]{3}$")


def exponent(currency: str) -> int:
    """Digits after the point of `currency` (ISO code in capitals)."""
    if not _CODE.match(currency):
        raise ValueError(f"{currency!r} is not an ISO 4217 currency code in capitals")
    return 0 if currency in ZERO_DECIMAL else 3 if currency in THREE_DECIMAL else 2


def payable_step(currency: str) -> int:
    """The smallest step, in minor units, that Stripe will charge in `currency`.

    Three-decimal currencies end in 0, UGX and ISK in 00 (docs.stripe.com/currencies).
    """
    return 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_ONLY else 1


def round_half_up(amount: Decimal, step: int = 1) -> int:
    """Rounds a number of minor units half up to a multiple of `step`: the one rounding of the product."""
    return int((amount / step).to_integral_value(rounding=ROUND_HALF_UP)) * step


def percent_of(amount_minor: int, percent: Decimal | int, currency: str) -> int:
    return round_half_up(Decimal(amount_minor) * Decimal(percent) / 100, payable_step(currency))


def to_decimal(amount_minor: int, currency: str) -> Decimal:
    """Minor units as a decimal number of the currency: 472500 USD -> Decimal('4725.00')."""
    return Decimal(amount_minor).scaleb(-exponent(currency))


def from_decimal(amount: Decimal, currency: str) -> int:
    """A decimal amount as minor units; raises ValueError when it has more digits than the currency."""
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} has")
    return int(minor)


def plain(number: Decimal) -> str:
    """A decimal as people write it: 1.500 -> "1.5", 20.000 -> "20"."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "CA$", "AUD": "A$", "MXN": "MX$"}


def format_money(amount_minor: int, currency: str) -> str:
    """`$4,725.00`: the figure as people read it, sign first."""
    sign = "-" if amount_minor < 0 else ""
    figure = f"{to_decimal(abs(amount_minor), currency):,.{exponent(currency)}f}"
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{figure}" if symbol else f"{sign}{figure} {currency}"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units and its currency; adding across currencies is an error."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __str__(self) -> str:
        return format_money(self.minor, self.currency)
