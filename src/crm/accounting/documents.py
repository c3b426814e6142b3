"""From our rows to QuickBooks' JSON, without touching anything: pure, and the only place with Decimal amounts.

Field rules and lengths: facts/quickbooks.md 2.4.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from crm.kit.money import to_decimal

DISPLAY_NAME_LENGTH_MAX = 100  # QuickBooks takes 500; longer than this no form of it shows
SHORT_LENGTH_MAX = 21  # DocNumber and PaymentRefNum
PRIVATE_NOTE_LENGTH_MAX = 4000
CLEARING_ACCOUNT_NAME = "Stripe Clearing"
LIABILITY_ACCOUNT_NAME = "Customer Deposits"
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
    automated_tax: bool = False
    class_per_txn: bool = False
    class_per_line: bool = False
    departments: bool = False
    closed_until: str | None = None

    @property
    def latin1_only(self) -> bool:
        return self.country == "US"


def read_company(info: dict[str, Any], preferences: dict[str, Any], fallback_zone: str) -> Company:
    """From CompanyInfo and Preferences. `DefaultTimeZone` is in the schema but not in every reply."""
    currency, tax = preferences.get("CurrencyPrefs", {}), preferences.get("TaxPrefs", {})
    accounting = preferences.get("AccountingInfoPrefs", {})
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
        uses_sales_tax=bool(tax.get("UsingSalesTax")),
        time_zone=zone,
        automated_tax=bool(tax.get("UsingSalesTax")) and bool(tax.get("PartnerTaxEnabled")),
        class_per_txn=bool(accounting.get("ClassTrackingPerTxn")),
        class_per_line=bool(accounting.get("ClassTrackingPerTxnLine")),
        departments=bool(accounting.get("TrackDepartments")),
        closed_until=str(closed)[:10] if (closed := accounting.get("BookCloseDate")) else None,
    )


def kept_company(kept: dict[str, Any] | None) -> Company | None:
    """As it was kept with the connection; None when it was not read yet, or by an older version of us."""
    settings = (kept or {}).get("settings") or {}
    if settings.keys() != {field.name for field in fields(Company)}:
        return None
    return Company(**settings)


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
    rate: Decimal | None = None  # to the company's own currency


def display_name(
    name: str, fallback: str, company: Company, suffix: str = "", *, longest: int = DISPLAY_NAME_LENGTH_MAX
) -> str:
    """A name that QuickBooks takes and can be asked for again: no colon, tab or newline; for US companies
    ISO-8859-1 only, since their queries refuse the rest (facts 2.4, 2.8)."""
    text = unicodedata.normalize("NFC", name).translate(_STRAIGHT)
    if company.latin1_only:
        text = "".join(_latin1(char) for char in text)
    text = " ".join(text.split())[: longest - len(suffix)].strip()
    return (text or fallback[: longest - len(suffix)]) + suffix


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


def item_body(name: str, account_id: str, said: str) -> dict[str, Any]:
    """`IncomeAccountRef` may be a liability, as QuickBooks' own pages let people choose (facts 3.1)."""
    return {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": account_id}, "Description": said}


def liability_account_body() -> dict[str, Any]:
    return {
        "Name": LIABILITY_ACCOUNT_NAME,
        "AccountType": "Other Current Liability",
        "AccountSubType": "OtherCurrentLiabilities",
        "Description": "Paid by customers for work that is not done yet",
    }


def clearing_account_body(name: str, company: Company, currency: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "Name": name,
        "AccountType": "Bank",
        "AccountSubType": "Checking",
        "Description": "Money that Stripe holds until it pays out",
    }
    if company.multicurrency:
        body["CurrencyRef"] = {"value": currency}
    return body


def currency_fields(company: Company, currency: str, rate: Decimal | None) -> dict[str, Any]:
    """In a company of several currencies each document says its own and the rate: none is taken for 1 (facts 5)."""
    if not company.multicurrency:
        return {}
    fields: dict[str, Any] = {"CurrencyRef": {"value": currency}}
    return fields if rate is None else fields | {"ExchangeRate": rate}


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
    tax_code: str | None = None,
) -> dict[str, Any]:
    """One line for the deposit. Not taxable: sales tax belongs to the final invoice (facts 3.1)."""
    day = txn_date(facts.paid_at, company)
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TxnDate": day,
        "DueDate": day,
        "PrivateNote": private_note(facts, requestid),
        "Line": [deposit_line(facts, company, item_id, facts.amount_minor, tax_code=tax_code)],
    }
    if facts.email:
        body["BillEmail"] = {"Address": facts.email[:100]}
    if company.custom_numbers:
        body["DocNumber"] = doc_number(facts, requestid, generation)
    return body | currency_fields(company, facts.currency, facts.rate)


def deposit_line(
    facts: DepositFacts,
    company: Company,
    item_id: str,
    amount_minor: int,
    said: str = "",
    *,
    tax_code: str | None = None,
) -> dict[str, Any]:
    """The deposit item over this amount; `tax_code` where the company needs one outside the US."""
    amount = to_decimal(amount_minor, facts.currency)
    detail: dict[str, Any] = {"ItemRef": {"value": item_id}, "Qty": 1, "UnitPrice": amount}
    if company.country == "US":
        detail["TaxCodeRef"] = {"value": "NON"}
    elif tax_code is not None:
        detail["TaxCodeRef"] = {"value": tax_code}
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
    what: dict[str, Any],
    day: str,
    refund_id: str,
    customer_id: str,
    clearing_account_id: str,
    requestid: str,
) -> dict[str, Any]:
    """A refund receipt, or what offsets one: lines and tax, or the invoices paid (`what`), against the clearing account."""
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TxnDate": day,
        "PaymentRefNum": requestid[:SHORT_LENGTH_MAX],
        "PrivateNote": f"{private_note(facts, requestid)} {refund_id}"[:PRIVATE_NOTE_LENGTH_MAX],
        "DepositToAccountRef": {"value": clearing_account_id},
    } | what
    return body | currency_fields(company, facts.currency, facts.rate)


def settled_lines(applied: Sequence[tuple[str, int]], currency: str) -> dict[str, Any]:
    """What a payment settles: invoices by (Id, minor units). None leaves it on account."""
    lines = [
        {
            "Amount": to_decimal(minor, currency),
            "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}],
        }
        for invoice_id, minor in applied
        if minor > 0
    ]
    return {"Line": lines} if lines else {}


def payment_body(
    facts: DepositFacts,
    company: Company,
    *,
    customer_id: str,
    applied: Sequence[tuple[str, int]],
    clearing_account_id: str,
    requestid: str,
) -> dict[str, Any]:
    """The money: into the clearing account, applied to invoices by (Id, minor units)."""
    body: dict[str, Any] = {
        "CustomerRef": {"value": customer_id},
        "TotalAmt": to_decimal(facts.amount_minor, facts.currency),
        "TxnDate": txn_date(facts.paid_at, company),
        "PaymentRefNum": requestid[:SHORT_LENGTH_MAX],
        "PrivateNote": private_note(facts, requestid),
        "DepositToAccountRef": {"value": clearing_account_id},
    }
    body |= settled_lines(applied, facts.currency)
    return body | currency_fields(company, facts.currency, facts.rate)
