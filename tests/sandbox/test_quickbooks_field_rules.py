"""Each rule of a field in Intuit's reference holds in the simulator: too long, missing, read only."""

import itertools
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from tests.sandbox.quickbooks_world import AMY, RECORDINGS, Books, Json, line, open_books, token

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.xml_shapes import SHAPES

RULES = RECORDINGS / "field-rules" / "qbo_field_rules.json"
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("Customer", "CurrencyRef"): "set once when the customer is made; a change is refused, not ignored",
    (
        "Customer",
        "IsProject",
    ): "projects need a paid tier of Intuit's; what is sent is kept (recorded in customer.xml)",
    ("Item", "ItemCategoryType"): "asked of French companies only, says the reference",
    ("Item", "PurchaseCost"): "a number's greatest value, no length",
    ("Item", "UnitPrice"): "a number's greatest value, no length",
    (
        "CreditMemo",
        "PaymentMethodRef",
    ): "read only on this form alone, says the reference; the simulator keeps it as on the others",
    ("SalesReceipt", "CustomerRef"): "recorded without one (update/sales_receipt.yml)",
    ("Payment", "TaxExemptionRef"): "not a field of payments in Finance.xsd, so that it is unknown (2010)",
    ("RefundReceipt", "CheckPayment"): "a structure: its own fields are not simulated",
    ("RefundReceipt", "CreditCardPayment"): "a structure: its own fields are not simulated",
    ("RefundReceipt", "PaymentType"): "one of a few words, no length",
    ("Account", "SubAccount"): "follows from ParentRef; true without one is refused, not ignored",
    ("CompanyInfo", "CompanyStartDate"): "cannot be tried apart: company information is there from the start",
    ("Term", "DiscountPercent"): "a range of numbers, no length",
    ("Term", "DiscountDays"): "a range of numbers, no length",
    ("Term", "DayOfMonthDue"): "a range of numbers, no length",
    ("Term", "DiscountDayOfMonth"): "a range of numbers, no length",
    ("Term", "DueNextMonthDays"): "a range of numbers, no length",
    ("Term", "DueDays"): "a range of numbers, no length",
    ("Department", "SubDepartment"): "follows from ParentRef; true without one is refused, not ignored",
}
"""(kind, field) -> why its rule is not tried."""

INSIDE = {"TelephoneNumber": "FreeFormNumber", "WebSiteAddress": "URI", "EmailAddress": "Address"}
"""The part of a structure that its length is about."""

SALE: Json = {"CustomerRef": {"value": AMY}, "Line": [line(10)]}
POSTING: Json = {"Amount": 7, "DetailType": "JournalEntryLineDetail"}
SMALLEST: dict[str, Json] = {
    "Customer": {"DisplayName": "New"},
    "Item": {"Name": "New", "Type": "Service", "IncomeAccountRef": {"value": "5"}},
    "Payment": {"CustomerRef": {"value": AMY}, "TotalAmt": 10},
    "RefundReceipt": {**SALE, "DepositToAccountRef": {"value": "35"}},
    "Deposit": {"DepositToAccountRef": {"value": "35"}, "Line": [
        {"Amount": 10, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": "5"}}}]},
    "JournalEntry": {"Line": [
        {**POSTING, "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": ident}}}
        for side, ident in (("Debit", "35"), ("Credit", "5"))]},
    "Account": {"Name": "New", "AccountType": "Bank"},
    "CompanyInfo": {"CompanyName": "Roofs"},
    **dict.fromkeys(("Invoice", "Estimate", "CreditMemo", "SalesReceipt"), SALE),
    **{kind: {"Name": "New"} for kind in ("Class", "PaymentMethod", "Term", "Department")},
}  # fmt: skip
"""What is enough to make one; kinds that are not here cannot be made by a POST of their own."""

pytestmark = pytest.mark.skipif(not RULES.exists(), reason="the rules of the fields are not on this machine")


@cache
def rules() -> list[tuple[str, str, str, str]]:
    """(kind, field, type, rule) of the kinds that can be made, the exceptions left out."""
    if not RULES.exists():
        return []
    return [
        (kind, one["field"], one["type"].rpartition("_")[2], one["rule"])
        for kind, fields in json.loads(RULES.read_text()).items() if kind in SMALLEST
        for one in fields if (kind, one["field"]) not in EXCEPTIONS
    ]  # fmt: skip


def lengths() -> list[tuple[str, str, str, int]]:
    """(kind, field, type, maximum of characters)."""
    told = [
        (kind, field, of, re.search(r"max character:\D*(\d+)", rule)) for kind, field, of, rule in rules()
    ]
    return [(kind, field, of, int(found[1])) for kind, field, of, found in told if found]


@pytest.fixture(scope="module")
def company() -> Iterator[Books]:
    """One company for all rules: what is accepted goes in under names of its own."""
    with open_books() as books:
        yield books


def _send(books: Books, kind: str, body: Json) -> Json:
    """The object, or the first error of the Fault, with code and element."""
    if kind == "CompanyInfo":
        body = {**body, **token(books.read(kind, "1")), "sparse": True}
    answer = books.post(kind, body).json()
    return answer["Fault"]["Error"][0] if "Fault" in answer else answer[kind]


def _body(kind: str, **more: Any) -> Json:
    """A new one under a name that nobody has."""
    number = next(_numbers)
    names = [name for name in ("DisplayName", "Name") if name in SMALLEST[kind]]
    return {**SMALLEST[kind], **{name: f"{SMALLEST[kind][name]} {number}" for name in names}, **more}


_numbers = itertools.count()


@pytest.mark.parametrize(("kind", "field", "of", "maximum"), lengths())
def test_a_text_that_is_too_long_is_refused_by_name(
    company: Books, kind: str, field: str, of: str, maximum: int
):
    """2050 names the field, or the part of the structure that is too long; one character less goes in."""
    part = INSIDE.get(of, field)
    start = "a@b.example" if part == "Address" else ""
    full = start.rjust(maximum, "x") if start else str(next(_numbers)).ljust(maximum, "x")
    value = {part: "x" + full} if of in INSIDE else full + "x"
    error = _send(company, kind, _body(kind, **{field: value}))
    assert (error.get("code"), error.get("element")) == ("2050", part), error
    fits = _send(company, kind, _body(kind, **{field: {part: full} if of in INSIDE else full}))
    assert "Id" in fits, fits


@pytest.mark.parametrize(
    ("kind", "field"),
    [(kind, field) for kind, field, _, rule in rules() if re.match(r"\* Required(?! for update)", rule)],
)
def test_a_missing_field_is_refused_by_name(company: Books, kind: str, field: str):
    """2020 names what is required to create."""
    body = {name: value for name, value in _body(kind).items() if name != field}
    error = _send(company, kind, body)
    assert (error.get("code"), error.get("element")) == ("2020", field), error


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        (kind, field)
        for kind, field, _, rule in rules()
        if "read only" in rule and field not in ("Id", "SyncToken")
    ],
)
def test_a_read_only_field_is_ignored_without_a_word(company: Books, kind: str, field: str):
    """What is sent changes nothing: the object is the one that would have come without."""
    sent: Any = {"text": "read only", "number": 987.65, "flag": True, "reference": {"value": "1"}}.get(
        SHAPES[kind][field].holds, {"Line1": "read only"}
    )
    made = _send(company, kind, _body(kind, **{field: sent}))
    assert "Id" in made, made
    assert made.get(field) != sent


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, field, _, rule in rules() if "Required for update" in rule]
)
def test_what_an_update_needs_is_refused_by_name(company: Books, kind: str, field: str):
    """An update without its Id would be a create; without its SyncToken, or a name that it needs, it is 2020."""
    made = _send(company, kind, _body(kind))
    assert "Id" in made, made
    if field == "Id" or kind == "CompanyInfo":
        return
    changed = {name: value for name, value in made.items() if name != field}
    error = _send(company, kind, changed)
    assert (error.get("code"), error.get("element")) == ("2020", field), error


def test_every_exception_is_still_of_a_rule():
    """An exception for a rule that is gone is to be taken out."""
    told = {(kind, one["field"]) for kind, fields in json.loads(RULES.read_text()).items() for one in fields}
    assert EXCEPTIONS.keys() - told == set()
    assert set(SMALLEST) - ENTITIES.keys() == set()
