"""At which rate a document in another currency is booked: Stripe's where it converted the money, else QuickBooks' of the
day. Always sent, since QuickBooks was seen to book a foreign document without a rate at 1.

QuickBooks' rate is kept by company, currency and day, so that it costs one metered read a day at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import Company
from crm.accounting.tables import ExchangeRate
from crm.gateways.quickbooks import Call, loads
from crm.kit.errors import Refused
from crm.kit.money import exponent, format_money, from_decimal, round_half_up

# QuickBooks rounds the home amount of a form once or line by line; more than this is another rate.
HOME_STEPS_MAX = 1
NO_RATE = frozenset(
    {"610", "2170", "2500", "6000"}
)  # what it answers for a currency or day that it has none of


@dataclass(frozen=True, slots=True)
class Converted:
    """How Stripe took money in: at which rate, and in which currency its balance holds it since."""

    rate: Decimal | None
    held_in: str


async def of_day(books: Books, access: Access, company: Company, currency: str, day: str) -> Decimal | None:
    """QuickBooks' rate; None where the company has one currency. Raises Refused when QuickBooks has none."""
    if not company.multicurrency:
        return None
    if currency == company.home_currency:
        return Decimal(1)
    key = {
        "org_id": access.org_id,
        "realm_id": access.realm_id,
        "currency": currency,
        "day": date.fromisoformat(day),
    }
    async with books.db.transaction(access.org_id) as session:
        kept = await session.get(ExchangeRate, tuple(key.values()))
    if kept is not None:
        return kept.rate
    found = await _ask(books, access, company, currency, day)
    async with books.db.transaction(access.org_id) as session:
        # Another run may have asked at the same moment: the first answer is for both.
        await session.execute(insert(ExchangeRate).values(**key, rate=found).on_conflict_do_nothing())
        return (await session.get_one(ExchangeRate, tuple(key.values()))).rate


async def _ask(books: Books, access: Access, company: Company, currency: str, day: str) -> Decimal:
    params = (("sourcecurrencycode", currency), ("asofdate", day))
    try:
        answer = await qbo.ask(
            books, access.org_id, Call("GET", "exchangerate", "read_exchange_rate", params=params)
        )
    except Refused as error:
        if error.code not in NO_RATE:
            raise
        raise _none(company, currency, day) from error
    said = answer.data.get("ExchangeRate")
    rate = _decimal(said.get("Rate")) if isinstance(said, dict) else None
    if rate is None or rate <= 0:
        raise _none(company, currency, day)
    return rate


def _none(company: Company, currency: str, day: str) -> Refused:
    return Refused(
        f"QuickBooks has no exchange rate from {currency} to {company.home_currency} for {day}. Enter one there "
        "(Settings > Currencies), then retry.",
        code="no-exchange-rate",
    )


async def by_stripe(
    books: Books,
    org_id: int,
    company: Company,
    currency: str,
    *,
    intent: str | None,
    source: str | None = None,
) -> Converted:
    """What is known of this payment's money (by `intent`), or of a refund (`source`). As long as Stripe has not told of
    it, it is held as the last payment in that currency was."""
    if not company.multicurrency or currency == company.home_currency:
        return Converted(None, currency)
    async with books.db.transaction(org_id) as session:
        own = (await session.execute(text(_OWN), {"org": org_id, "intent": intent, "source": source})).first()
        if own is None:
            return Converted(None, await held_in(session, org_id, company, currency))
    if own.currency == company.home_currency and own.exchange_rate:
        return Converted(own.exchange_rate, own.currency)
    return Converted(None, currency)


async def held_in(session: AsyncSession, org_id: int, company: Company, currency: str) -> str:
    """The currency in which Stripe will hold what is paid in this one, as far as anybody can know."""
    last = await session.scalar(text(_LAST), {"org": org_id, "currency": currency})
    return company.home_currency if last == company.home_currency else currency


_OWN = (
    "SELECT currency, exchange_rate FROM stripe_transactions WHERE org_id = :org AND (cast(:source AS text) IS NULL "
    "AND intent = cast(:intent AS text) AND category = 'charge' OR source = cast(:source AS text)) "
    "ORDER BY created_at LIMIT 1"
)
_LAST = (
    "SELECT t.currency FROM stripe_transactions t JOIN payments p ON p.org_id = t.org_id "
    "AND p.stripe_payment_intent = t.intent WHERE t.org_id = :org AND t.category = 'charge' "
    "AND p.currency = :currency ORDER BY t.created_at DESC LIMIT 1"
)


def check_home(what: str, sent: str, made: dict[str, Any], company: Company, currency: str) -> None:
    """Compares what the document is worth at home with what the rate that was `sent` makes of it. Raises Refused.

    QuickBooks says it of forms of sale; of others, and of documents that were only found, there is nothing to compare.
    """
    if not company.multicurrency or currency == company.home_currency or not sent:
        return
    rate, stands = _decimal(loads(sent).get("ExchangeRate")), _decimal(made.get("HomeTotalAmt"))
    total = _decimal(made.get("TotalAmt"))
    if rate is None or stands is None or total is None:
        return
    home = company.home_currency
    wanted = round_half_up((total * rate).scaleb(exponent(home)))
    found = round_half_up(stands.scaleb(exponent(home)))
    if abs(found - wanted) <= HOME_STEPS_MAX:
        return
    worth = format_money(from_decimal(total, currency), currency)
    raise Refused(
        f"QuickBooks booked {what} (Id {made.get('Id')}) over {worth} as {format_money(found, home)}, but at the rate "
        f"that was sent ({rate.normalize():f}) it is {format_money(wanted, home)}. Correct its exchange rate in QuickBooks, "
        "then retry.",
        code="home-amount-differs",
    )


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
