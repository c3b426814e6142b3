"""From our rows to QuickBooks' JSON, without touching anything: pure, and the only place with Decimal amounts.

Field rules and lengths: facts/quickbooks.md 2.4.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from crm.kit.money import to_decimal

DISPLAY_NAME_LENGTH_MAX = 100  # QuickBooks takes 500; longer than this no form of it shows
SHORT_LENGTH_MAX = 21  # DocNumber and PaymentRefNum
PRIVATE_NOTE_LENGTH_MAX = 4000
CLEARING_ACCOUNT_NAME = "Stripe Clearing"
_STRAIGHT = str.maketrans(
    {
        "‘": "'",
        "’": "'",
        "‚": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        ":": " ",
        "\t": " ",
        "\n": " ",
        "\r": " ",
    }
)


@dataclass(frozen=True, slots=True)
class Company:
    """What we must know of a company, read once after connecting and kept with the connection."""

    country: str
    home_currency: str
    multicurrency: bool
    custom_numbers: bool
    uses_sales_tax: bool
    time_zone: str

    @property
    def latin1_only(self) -> bool:
        return self.country == "US"


def read_company(info: dict[str, Any], preferences: dict[str, Any], fallback_zone: str) -> Company:
    """From CompanyInfo and Preferences. `DefaultTimeZone` is in the schema but not in every reply."""
    currency = preferences.get("CurrencyPrefs", {})
    zone = info.get("DefaultTimeZone") or fallback_zone
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        zone = fallback_zone
    return Company(
        country=str(info.get("Country") or "US"),
        home_currency=str(currency.get("HomeCurrency", {}).get("value") or "USD"),
        multicurrency=bool(currency.get("MultiCurrencyEnabled")),
        custom_numbers=bool(preferences.get("SalesFormsPrefs", {}).get("CustomTxnNumbers")),
        uses_sales_tax=bool(preferences.get("TaxPrefs", {}).get("UsingSalesTax")),
        time_zone=zone,
    )


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    name: str
    company: str | None
    email: str | None
    phone: str | None
    billing_address: dict[str, Any] | None
    site_address: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class DepositFacts:
    """A paid part of a proposal, "Deposit" by its `name` or another. Amount in minor units of `currency`."""

    proposal_id: int
    payment_id: int
    name: str
    title: str
    amount_minor: int
    currency: str
    paid_at: datetime
    email: str | None
    session_id: str | None
    payment_intent: str | None


def display_name(name: str, fallback: str, company: Company, suffix: str = "") -> str:
    """A name that QuickBooks takes and can be asked for again: no colon, tab or newline; for US companies
    ISO-8859-1 only, since their queries refuse the rest (facts 2.4, 2.8)."""
    text = unicodedata.normalize("NFC", name).translate(_STRAIGHT)
    if company.latin1_only:
        text = "".join(_latin1(char) for char in text)
    text = " ".join(text.split())[: DISPLAY_NAME_LENGTH_MAX - len(suffix)].strip()
    return (text or fallback[: DISPLAY_NAME_LENGTH_MAX - len(suffix)]) + suffix


def _latin1(char: str) -> str:
    """The character itself, else its base letter (Ł stays out: it has none), else nothing."""
    for candidate in (char, unicodedata.normalize("NFKD", char)[0]):
        if ord(candidate) < 256 and (ord(candidate) >= 160 or 32 <= ord(candidate) < 127):
            return candidate
    return ""


def customer_body(facts: CustomerFacts, name: str, company: Company, currency: str) -> dict[str, Any]:
    def plain(text: str, longest: int) -> str:
        return display_name(text, "", company)[:longest]

    body: dict[str, Any] = {"DisplayName": name}
    if facts.company:
        body["CompanyName"] = plain(facts.company, 100)
    if facts.email:
        body["PrimaryEmailAddr"] = {"Address": facts.email[:100]}
    if facts.phone:
        body["PrimaryPhone"] = {"FreeFormNumber": plain(facts.phone, 30)}
    for field, address in (("BillAddr", facts.billing_address), ("ShipAddr", facts.site_address)):
        if address:
            parts = {
                "Line1": address.get("line1"),
                "Line2": address.get("line2"),
                "City": address.get("city"),
                "CountrySubDivisionCode": address.get("state"),
                "PostalCode": address.get("postal_code"),
                "Country": address.get("country"),
            }
            body[field] = {key: plain(str(value), 255) for key, value in parts.items() if value}
    if company.multicurrency:
        body["CurrencyRef"] = {"value": currency}
    return body


def item_body(name: str, income_account_id: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "Service",
        "IncomeAccountRef": {"value": income_account_id},
        "Description": "Deposit on a proposal, paid online",
    }


def clearing_account_body(company: Company, currency: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Name": CLEARING_ACCOUNT_NAME,
        "AccountType": "Bank",
        "AccountSubType": "Checking",
        "Description": "Money that Stripe holds until it pays out",
    }
    if company.multicurrency:
        body["CurrencyRef"] = {"value": currency}
    return body


def txn_date(moment: datetime, company: Company) -> str:
    """The day in the company's own time zone: QuickBooks would otherwise take its server's (facts 2.2)."""
    local: date = moment.astimezone(UTC).astimezone(ZoneInfo(company.time_zone)).date()
    return local.isoformat()


def private_note(facts: DepositFacts, key: str) -> str:
    """The seed's sentence, then our key (by which an earlier attempt is recognised) and Stripe's ids."""
    lines = [f"Auto-created from PeakPro CRM (Proposal #{facts.proposal_id})", f"Key: {key}"]
    ids = [value for value in (facts.session_id, facts.payment_intent) if value]
    if ids:
        lines.append("Stripe: " + " ".join(ids))
    return "\n".join(lines)[:PRIVATE_NOTE_LENGTH_MAX]


def doc_number(facts: DepositFacts, requestid: str, generation: int) -> str:
    """`PP7-12`: proposal and payment; from the second generation on (the first was taken) with part of our key."""
    number = f"PP{facts.proposal_id}-{facts.payment_id}"
    return (number if generation == 1 else f"{number}-{requestid[:4]}")[:SHORT_LENGTH_MAX]


def invoice_body(
    facts: DepositFacts,
    company: Company,
    *,
    customer_id: str,
    item_id: str,
    requestid: str,
    generation: int,
) -> dict[str, Any]:
    """One line for the deposit. Not taxable: sales tax belongs to the final invoice (facts 3.1)."""
    day = txn_date(facts.paid_at, company)
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TxnDate": day,
        "DueDate": day,
        "PrivateNote": private_note(facts, requestid),
        "Line": [_line(facts, company, item_id, facts.amount_minor)],
    }
    if facts.email:
        body["BillEmail"] = {"Address": facts.email[:100]}
    if company.custom_numbers:
        body["DocNumber"] = doc_number(facts, requestid, generation)
    if company.multicurrency:
        body["CurrencyRef"] = {"value": facts.currency}
    return body


def _line(
    facts: DepositFacts, company: Company, item_id: str, amount_minor: int, said: str = ""
) -> dict[str, Any]:
    amount = to_decimal(amount_minor, facts.currency)
    detail: dict[str, Any] = {"ItemRef": {"value": item_id}, "Qty": 1, "UnitPrice": amount}
    if company.country == "US":
        detail["TaxCodeRef"] = {"value": "NON"}
    name, title = display_name(facts.name, "Payment", company), display_name(facts.title, "", company)
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "Description": f"{said}{name} for proposal #{facts.proposal_id}: {title}"[:4000],
        "SalesItemLineDetail": detail,
    }


def refund_body(
    facts: DepositFacts,
    company: Company,
    *,
    amount_minor: int,
    day: str,
    said: str,
    refund_id: str,
    customer_id: str,
    item_id: str,
    clearing_account_id: str,
    requestid: str,
) -> dict[str, Any]:
    """A refund receipt, or the sales receipt that offsets one: the deposit item against the clearing account."""
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TxnDate": day,
        "PaymentRefNum": requestid[:SHORT_LENGTH_MAX],
        "PrivateNote": f"{private_note(facts, requestid)} {refund_id}"[:PRIVATE_NOTE_LENGTH_MAX],
        "DepositToAccountRef": {"value": clearing_account_id},
        "Line": [_line(facts, company, item_id, amount_minor, said)],
    }
    if company.multicurrency:
        body["CurrencyRef"] = {"value": facts.currency}
    return body


def payment_body(
    facts: DepositFacts,
    company: Company,
    *,
    customer_id: str,
    invoice_id: str,
    applied_minor: int,
    clearing_account_id: str,
    requestid: str,
) -> dict[str, Any]:
    """The money: into the clearing account, applied to the invoice for `applied_minor`."""
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": to_decimal(facts.amount_minor, facts.currency),
        "TxnDate": txn_date(facts.paid_at, company),
        "PaymentRefNum": requestid[:SHORT_LENGTH_MAX],
        "PrivateNote": private_note(facts, requestid),
        "DepositToAccountRef": {"value": clearing_account_id},
    }
    if applied_minor > 0:
        body["Line"] = [
            {
                "Amount": to_decimal(applied_minor, facts.currency),
                "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}],
            }
        ]
    if company.multicurrency:
        body["CurrencyRef"] = {"value": facts.currency}
    return body
