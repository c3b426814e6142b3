"""The documents of money that Stripe moves by itself, as QuickBooks wants them: pure.

Fees are expenses paid from the clearing account, payouts transfers to the bank, disputes journal entries; which
account is debited and which credited for each stands in docs/decisions/stripe-money-in-the-books.md.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crm.accounting.documents import PRIVATE_NOTE_LENGTH_MAX, Company, currency_fields
from crm.kit.money import Money, to_decimal


def note(said: str, key: str, stripe_ids: tuple[str, ...]) -> str:
    """Our sentence, our key (by which an earlier attempt is recognised), and Stripe's ids."""
    lines = [f"{said} (auto-created from PeakPro CRM)", f"Key: {key}"]
    if stripe_ids:
        lines.append("Stripe: " + " ".join(stripe_ids))
    return "\n".join(lines)[:PRIVATE_NOTE_LENGTH_MAX]


def expense(
    company: Company,
    money: Money,
    rate: Decimal | None,
    day: str,
    private_note: str,
    said: str,
    *,
    paid_from: str,
    account: str,
) -> dict[str, Any]:
    """A Purchase: debit `account`, credit the bank account `paid_from`. The amount is above zero."""
    return {
        **_head(company, money, rate, day, private_note),
        "PaymentType": "Cash",  # the one that takes a bank account and no cheque number
        "AccountRef": {"value": paid_from},
        "Line": [
            {
                "Amount": to_decimal(money.minor, money.currency),
                "Description": said[:4000],
                "DetailType": "AccountBasedExpenseLineDetail",
                "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}},
            }
        ],
        **({} if company.country == "US" else {"GlobalTaxCalculation": "NotApplicable"}),
    }


def transfer(
    company: Company,
    money: Money,
    rate: Decimal | None,
    day: str,
    private_note: str,
    *,
    source: str,
    target: str,
) -> dict[str, Any]:
    """Money from one of the company's own accounts to another."""
    return {
        **_head(company, money, rate, day, private_note),
        "Amount": to_decimal(money.minor, money.currency),
        "FromAccountRef": {"value": source},
        "ToAccountRef": {"value": target},
    }


def journal(
    company: Company,
    money: Money,
    rate: Decimal | None,
    day: str,
    private_note: str,
    said: str,
    *,
    debit: str,
    credit: str,
) -> dict[str, Any]:
    """Two lines over the same amount."""
    amount = to_decimal(money.minor, money.currency)
    return {
        **_head(company, money, rate, day, private_note),
        "Line": [
            {
                "Amount": amount,
                "Description": said[:4000],
                "DetailType": "JournalEntryLineDetail",
                "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": account}},
            }
            for side, account in (("Debit", debit), ("Credit", credit))
        ],
    }


def _head(
    company: Company, money: Money, rate: Decimal | None, day: str, private_note: str
) -> dict[str, Any]:
    head: dict[str, Any] = {"TxnDate": day, "PrivateNote": private_note}
    return head | currency_fields(company, money.currency, rate)
