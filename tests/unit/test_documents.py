"""From our rows to QuickBooks' JSON: names it takes, notes it keeps, the company's day, digits to the cent."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.accounting import documents
from crm.accounting.documents import Company, CustomerFacts, DepositFacts
from crm.gateways.quickbooks import dumps, is_queryable, loads, quote
from crm.kit.money import to_decimal

US = Company("US", "USD", False, True, False, "America/Denver")
DE = replace(US, country="DE", home_currency="EUR", multicurrency=True, custom_numbers=False)
DEPOSIT = DepositFacts(
    name="Deposit",
    proposal_id=7,
    payment_id=12,
    title="Roof: “new” – all of it",
    amount_minor=472_500,
    currency="USD",
    paid_at=datetime(2026, 11, 22, 18, 0, tzinfo=UTC),
    email="elena@example.com",
    session_id="cs_test_123",
    payment_intent="pi_123",
)


def invoice(facts: DepositFacts = DEPOSIT, company: Company = US, generation: int = 1) -> dict:
    return documents.invoice_body(
        facts, company, customer_id="58", item_id="21", requestid="0123456789abcdef", generation=generation
    )


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("O’Brien “Roofing”", 'O\'Brien "Roofing"'),
        ("Smith: Sons\tand\nDaughters", "Smith Sons and Daughters"),
        ("Łukasz Żółć", "ukasz Zóc"),
        ("Ana 👷🏽‍♀️ López", "Ana López"),
        ("שלום", "Customer 4"),
        ("   ", "Customer 4"),
        ("e\u0301clair", "éclair"),
    ],
)
def test_names_that_a_us_company_takes(name: str, plain: str):
    """ISO-8859-1 without colon, tab and newline, because US queries refuse the rest (facts 2.4, 2.8)."""
    assert documents.display_name(name, "Customer 4", US) == plain


def test_elsewhere_letters_stay():
    """Other countries take Unicode."""
    assert documents.display_name("Łukasz Żółć", "x", DE) == "Łukasz Żółć"


@given(st.text(max_size=300), st.sampled_from(["", " (2)", " (EUR)"]), st.booleans())
def test_any_name_becomes_one_that_can_be_asked_for(name: str, suffix: str, american: bool):  # noqa: FBT001
    """Never empty, never too long, never with what QuickBooks refuses; the suffix always survives."""
    made = documents.display_name(name, "Customer 4", US if american else DE, suffix)
    assert 0 < len(made) <= documents.DISPLAY_NAME_LENGTH_MAX
    assert not set(made) & set(":\t\n\r")
    assert made.endswith(suffix)
    if american:
        assert is_queryable(made)


@given(st.text(alphabet="'\\ab;", max_size=20))
def test_a_quoted_literal_never_ends_early(value: str):
    """Every quote and backslash inside is escaped; unescaping gives the value back."""
    literal = quote(value)
    inside = literal[1:-1]
    assert literal[0] == literal[-1] == "'"
    plain, rest = "", iter(inside)
    for character in rest:
        assert character != "'"
        plain += next(rest) if character == "\\" else character
    assert plain == value


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("America/Denver", datetime(2026, 11, 23, 6, 59, tzinfo=UTC), "2026-11-22"),
        ("America/Denver", datetime(2026, 11, 23, 7, 0, tzinfo=UTC), "2026-11-23"),
        ("America/Denver", datetime(2026, 7, 1, 5, 59, tzinfo=UTC), "2026-06-30"),
        ("America/Denver", datetime(2026, 7, 1, 6, 0, tzinfo=UTC), "2026-07-01"),
        ("Pacific/Auckland", datetime(2026, 12, 31, 11, 0, tzinfo=UTC), "2027-01-01"),
        ("UTC", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), "2028-02-29"),
    ],
)
def test_the_day_is_the_companys(zone: str, moment: datetime, day: str):
    """Across midnight, summer time and new year; QuickBooks would take its own server's day (facts 2.2)."""
    assert documents.txn_date(moment, replace(US, time_zone=zone)) == day
    assert invoice(replace(DEPOSIT, paid_at=moment), replace(US, time_zone=zone))["TxnDate"] == day


def test_the_invoice_of_the_seed():
    """One line for the deposit, the seed's sentence in the note, our key, and no sales tax on it."""
    body = invoice()
    assert body["PrivateNote"].split("\n") == [
        "Auto-created from PeakPro CRM (Proposal #7)",
        "Key: 0123456789abcdef",
        "Stripe: cs_test_123 pi_123",
    ]
    (line,) = body["Line"]
    assert line["Amount"] == Decimal("4725.00")
    assert line["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "NON"}
    assert body["DocNumber"] == "PP7-12"
    assert "CurrencyRef" not in body


def test_what_differs_abroad():
    """No American tax code, the currency named where there are several, no number where QuickBooks numbers."""
    body = invoice(replace(DEPOSIT, currency="EUR"), DE)
    assert "TaxCodeRef" not in body["Line"][0]["SalesItemLineDetail"]
    assert body["CurrencyRef"] == {"value": "EUR"}
    assert "DocNumber" not in body


@given(st.integers(1, 2**31 - 1), st.integers(1, 2**31 - 1), st.integers(1, 3))
def test_numbers_fit_and_differ_by_generation(proposal_id: int, payment_id: int, generation: int):
    """21 characters at most, and the second try's number is not the first's wherever there is room to say so."""
    facts = replace(DEPOSIT, proposal_id=proposal_id, payment_id=payment_id)
    number = documents.doc_number(facts, "0123456789abcdef", generation)
    assert len(number) <= documents.SHORT_LENGTH_MAX
    if generation > 1 and len(f"PP{proposal_id}-{payment_id}") < documents.SHORT_LENGTH_MAX - 1:
        assert number != documents.doc_number(facts, "0123456789abcdef", 1)


@given(st.text(max_size=6_000), st.text(max_size=6_000))
def test_notes_keep_the_key_whatever_the_ids(session_id: str, intent: str):
    """4000 characters at most; the key by which a lost attempt is found again always stands in it."""
    note = documents.private_note(replace(DEPOSIT, session_id=session_id, payment_intent=intent), "key-1")
    assert len(note) <= documents.PRIVATE_NOTE_LENGTH_MAX
    assert "Key: key-1" in note


@pytest.mark.parametrize(("applied", "lines"), [(472_500, 1), (100, 1), (0, 0)])
def test_a_payment_is_applied_for_what_is_open(applied: int, lines: int):
    """The whole amount goes into the clearing account; nothing open means no line, so the rest stays as credit."""
    body = documents.payment_body(
        DEPOSIT, US, customer_id="58", applied=[("142", applied)],
        clearing_account_id="90", requestid="0123456789abcdef0123456789",
    )  # fmt: skip
    assert body["TotalAmt"] == Decimal("4725.00")
    assert len(body.get("Line", [])) == lines
    assert len(body["PaymentRefNum"]) <= documents.SHORT_LENGTH_MAX
    assert body["DepositToAccountRef"] == {"value": "90"}


@given(st.integers(0, 10**12), st.sampled_from(["USD", "JPY", "KWD"]))
def test_amounts_reach_the_wire_digit_by_digit(minor: int, currency: str):
    """Never through a float: the JSON number has the currency's decimals, and reads back the same."""
    amount = to_decimal(minor, currency)
    text = dumps({"Amount": amount})
    assert text == f'{{"Amount": {amount}}}'
    assert "e" not in text.lower().replace('"amount"', "")
    assert loads(text)["Amount"] == amount
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal)["Amount"] == amount


def test_customers_say_only_what_is_known():
    """Empty fields are left out; too long ones are cut to what QuickBooks takes."""
    bare = CustomerFacts("Elena", None, None, None, None, None)
    assert documents.customer_body(bare, "Elena", US, "USD") == {"DisplayName": "Elena"}
    address = {"line1": "1847 Elm Street", "city": "Denver", "state": "CO", "line2": ""}
    full = CustomerFacts(
        "Elena", "Hartley’s", "e@example.com", "+1 303 555 0142 ext 12345678901234567890", address, None
    )
    body = documents.customer_body(full, "Elena", DE, "EUR")
    assert body["BillAddr"] == {"Line1": "1847 Elm Street", "City": "Denver", "CountrySubDivisionCode": "CO"}
    assert len(body["PrimaryPhone"]["FreeFormNumber"]) <= 30
    assert body["CompanyName"] == "Hartley's"
    assert body["CurrencyRef"] == {"value": "EUR"}


def test_a_company_is_read_also_when_half_of_it_is_missing():
    """Sandboxes leave fields out (facts 2.3): then the contractor's own zone and the plainest company."""
    read = documents.read_company({}, {}, "America/Denver")
    assert read == Company("US", "USD", False, False, False, "America/Denver")
    odd = documents.read_company({"DefaultTimeZone": "Mars/Olympus"}, {}, "America/Denver")
    assert odd.time_zone == "America/Denver"
