"""The types of what people and programs may send: every text, number and date that enters has one of these."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from crm.kit.money import AMOUNT_MINOR_MAX

# What a 32-bit id column holds; a larger number in a path or a body can mean no row.
ID_MAX = 2**31 - 1
QUANTITY_MAX = Decimal(1_000_000)
NAME_LENGTH_MAX = 200
LINE_LENGTH_MAX = 500
TEXT_LENGTH_MAX = 20_000

# The currencies that Stripe charges in (docs.stripe.com/currencies); the books know the same codes.
CURRENCIES = frozenset(
    """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR ISK JMD JOD JPY KES KGS KHR KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK
    MNT MOP MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SEK SGD SHP SLE SOS SRD STD SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND
    VUV WST XAF XCD XOF XPF YER ZAR ZMW
    """.split()
)

# Strict on purpose: one @, a dotted domain, no quotes, comments or spaces. Whoever has a rarer address is asked for another.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
_PHONE = re.compile(r"\+?[0-9()./ xX#-]{5,40}")
_WEBSITE = re.compile(r"https?://(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}(?::\d{1,5})?(?:[/?#][^\s<>\"'`]*)?")
_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")


class Input(BaseModel):
    """The base of all bodies: unknown fields are refused, so that a misspelt one is not silently lost."""

    model_config = ConfigDict(extra="forbid")


def _without_controls(value: str, *, allowed: str = "") -> str:
    for character in value:
        if unicodedata.category(character) == "Cc" and character not in allowed:
            raise ValueError(f"The character U+{ord(character):04X} is not allowed here.")
    return value


def _one_line(value: str) -> str:
    return _without_controls(value)


def _many_lines(value: str) -> str:
    return _without_controls(value.replace("\r\n", "\n"), allowed="\n\t")


def _filled(value: str) -> str:
    if not value:
        raise ValueError("Please fill this in.")
    return value


def none_when_empty(value: Any) -> Any:
    """Forms send "" for what was left blank."""
    return None if isinstance(value, str) and not value.strip() else value


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value) or ".." in value or value.startswith(".") or ".@" in value:
        raise ValueError("This is not an e-mail address like name@example.com.")
    return value


def _phone(value: str) -> str:
    if not _PHONE.fullmatch(value) or sum(c.isdigit() for c in value) < 5:
        raise ValueError("Write the phone number with digits, like +1 303 555 0142.")
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("Use an ISO 4217 code in capitals, like USD.")
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("Use a time zone's name, like America/Denver.")
    return value


def _website(value: str) -> str:
    """With https:// before it when it was left out. Only http and https: a link that runs something is none."""
    full = value if "://" in value else f"https://{value}"
    if not _WEBSITE.fullmatch(full):
        raise ValueError("Write the website like https://www.example.com.")
    return full


def _color(value: str) -> str:
    if not _COLOR.fullmatch(value):
        raise ValueError("Write the colour as #rrggbb, like #1f5fae.")
    return value.lower()


def _quantity(value: Decimal) -> Decimal:
    if not value.is_finite() or value <= 0:
        raise ValueError("The quantity must be more than 0.")
    return value


def _sensible_date(value: date) -> date:
    if not 2000 <= value.year <= 2200:
        raise ValueError("Use a date between the years 2000 and 2200.")
    return value


def _trimmed(longest: int) -> StringConstraints:
    return StringConstraints(strip_whitespace=True, max_length=longest)


# Text is stored as it was written (quotes, emoji, SQL and all), trimmed at its ends.
Name = Annotated[str, _trimmed(NAME_LENGTH_MAX), AfterValidator(_filled), AfterValidator(_one_line)]
Line = Annotated[str, _trimmed(LINE_LENGTH_MAX), AfterValidator(_one_line)]
ShortLine = Annotated[str, _trimmed(60), AfterValidator(_one_line)]
LongText = Annotated[str, _trimmed(TEXT_LENGTH_MAX), AfterValidator(_many_lines)]
# Travels in the mail and stands in the log for good, so it is a note and no document.
MailNote = Annotated[str, _trimmed(2_000), AfterValidator(_many_lines)]
SearchText = Annotated[str, _trimmed(100), AfterValidator(_one_line)]

Email = Annotated[str, _trimmed(254), AfterValidator(_email)]
Phone = Annotated[str, _trimmed(40), AfterValidator(_phone)]
OptionalEmail = Annotated[Email | None, BeforeValidator(none_when_empty)]
OptionalPhone = Annotated[Phone | None, BeforeValidator(none_when_empty)]
OptionalName = Annotated[Name | None, BeforeValidator(none_when_empty)]

OptionalShortLine = Annotated[ShortLine | None, BeforeValidator(none_when_empty)]
OptionalWebsite = Annotated[
    Annotated[str, _trimmed(200), AfterValidator(_website)] | None, BeforeValidator(none_when_empty)
]

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$"), AfterValidator(_currency)]
TimeZone = Annotated[str, _trimmed(60), AfterValidator(_time_zone)]
Color = Annotated[str, _trimmed(7), AfterValidator(_color)]
SensibleDate = Annotated[date, AfterValidator(_sensible_date)]

RowId = Annotated[int, Field(ge=1, le=ID_MAX)]
# A unit price below zero is a discount; pricing refuses totals below zero.
UnitPrice = Annotated[int, Field(strict=True, ge=-AMOUNT_MINOR_MAX, le=AMOUNT_MINOR_MAX)]
AmountMinor = Annotated[int, Field(strict=True, ge=1, le=AMOUNT_MINOR_MAX)]
DiscountMinor = Annotated[int, Field(strict=True, ge=0, le=AMOUNT_MINOR_MAX)]
Quantity = Annotated[
    Decimal, Field(le=QUANTITY_MAX, max_digits=10, decimal_places=3), AfterValidator(_quantity)
]
TaxPercent = Annotated[Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=3)]
Percent = Annotated[int, Field(strict=True, ge=1, le=100)]


class Address(Input):
    """A postal address; only the first line and the city are needed."""

    line1: Name
    line2: Line = ""
    city: Annotated[str, _trimmed(100), AfterValidator(_filled), AfterValidator(_one_line)]
    state: ShortLine = ""
    postal_code: Annotated[str, _trimmed(20), AfterValidator(_one_line)] = ""
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "US"
