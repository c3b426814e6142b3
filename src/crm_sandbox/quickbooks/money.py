"""Cents in, JSON numbers out: the only place where amounts are rounded."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from crm_sandbox.quickbooks.refusals import invalid_number

MAX_CENTS = 10**15
CENT = Decimal("0.01")


def to_decimal(value: object, name: str) -> Decimal:
    """A JSON number (or its text, as Intuit allows) as an exact decimal; refuses anything else with 2090."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise invalid_number(name, value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise invalid_number(name, value) from None
    if not number.is_finite() or abs(number) * 100 > MAX_CENTS:
        raise invalid_number(name, value)
    return number


def to_cents(value: object, name: str = "Amount") -> int:
    """The amount in cents, rounded half up (away from zero) as Intuit does with a third decimal."""
    return round_to_cents(to_decimal(value, name))


def round_to_cents(amount: Decimal) -> int:
    """An exact amount in units to whole cents, half up."""
    return int(amount.quantize(CENT, ROUND_HALF_UP) * 100)


def home_cents(cents: int, rate: Decimal) -> int:
    """Cents of another currency in cents of the home currency, half up."""
    return cents if rate == 1 else round_to_cents(Decimal(cents) * rate / 100)


def to_number(cents: int) -> float | int:
    """Cents as the number that stands in Intuit's JSON: 0 for nothing, else with decimals (472500 -> 4725.0)."""
    return cents / 100 if cents else 0
