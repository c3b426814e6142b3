"""What Stripe knows of currencies: decimals, smallest and largest charge, fees. All in minor units."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from crm_sandbox.stripe.errors import ApiError, invalid_param

ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
WHOLE_TWO_DECIMAL = frozenset(("isk", "ugx"))
"""Written with two decimals that must be 00 (https://docs.stripe.com/currencies)."""
MINIMUM_CHARGE = {
    "usd": 50, "aed": 200, "aud": 50, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
OTHERS = frozenset((
    "afn", "all", "amd", "ang", "ars", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bmd", "bnd", "bob", "bsd",
    "bwp", "byn", "bzd", "cop", "crc", "cve", "dop", "dzd", "egp", "etb", "fjd", "fkp", "gel", "gip", "gmd",
    "gtq", "gyd", "hnl", "htg", "idr", "ils", "jmd", "kes", "kgs", "khr", "kyd", "kzt", "lak", "lbp", "lkr",
    "lrd", "lsl", "mad", "mdl", "mkd", "mmk", "mnt", "mop", "mur", "mvr", "mwk", "mzn", "nad", "ngn", "nio",
    "npr", "pab", "pen", "pgk", "php", "pkr", "qar", "rsd", "rub", "sar", "sbd", "scr", "shp", "sle", "sos",
    "srd", "std", "szl", "tjs", "top", "try", "ttd", "twd", "tzs", "uah", "uyu", "uzs", "wst", "xcd", "yer",
    "zar", "zmw",
))  # fmt: skip
CURRENCIES = frozenset(MINIMUM_CHARGE) | ZERO_DECIMAL | THREE_DECIMAL | WHOLE_TWO_DECIMAL | OTHERS
MAX_AMOUNT = 99_999_999
DISPUTE_FEE = 1500


def exponent(currency: str) -> int:
    """How many decimals a currency has in the API."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def format_amount(amount: int, currency: str) -> str:
    """For people: `$4,725.00` or `JPY 5,000`."""
    decimals = exponent(currency)
    figure = f"{Decimal(amount).scaleb(-decimals):,.{decimals}f}"
    return f"${figure}" if currency == "usd" else f"{currency.upper()} {figure}"


def check_currency(currency: str, param: str) -> str:
    """The currency in lower case. Raises ApiError when Stripe does not know it."""
    lowered = currency.lower()
    if lowered not in CURRENCIES:
        raise invalid_param(
            f"Invalid currency: {lowered}. Stripe currently supports these currencies: usd, eur, ...", param
        )
    return lowered


def check_charge_amount(amount: int, currency: str, what: str, param: str | None = None) -> None:
    """Raises ApiError for an amount that cannot be charged in its currency."""
    minimum = MINIMUM_CHARGE.get(currency, 1)
    if amount < minimum:
        raise ApiError(
            f"{what} must add up to at least {format_amount(minimum, currency)} {currency}",
            code="amount_too_small",
            param=param,
        )
    if amount > MAX_AMOUNT:
        raise ApiError(
            f"{what} must be no more than {format_amount(MAX_AMOUNT, currency)}",
            code="amount_too_large",
            param=param,
        )
    step = 10 if currency in THREE_DECIMAL else 100 if currency in WHOLE_TWO_DECIMAL else 1
    if amount % step:
        raise ApiError(
            f"Invalid amount {amount} for {currency}: it must be divisible by {step}.",
            code="invalid_charge_amount",
            param=param,
        )


def card_fee(amount: int, currency: str, card_country: str = "US") -> int:
    """2.9 % + 30 minor units, 1.5 % more for a foreign card (https://stripe.com/pricing, US accounts)."""
    rate = Decimal("0.029") if card_country == "US" else Decimal("0.044")
    fixed = {0: 0, 2: 30, 3: 300}[exponent(currency)]
    return min(amount, _rounded(amount * rate) + fixed)


def bank_debit_fee(amount: int) -> int:
    """ACH: 0.8 %, at most 5.00."""
    return min(500, _rounded(amount * Decimal("0.008")))


def sepa_debit_fee(amount: int) -> int:
    """SEPA: 0.8 % + 30 minor units, at most 6.00 (US accounts; not re-read in a source)."""
    return min(amount, 600, _rounded(amount * Decimal("0.008")) + 30)


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
