"""What a company keeps track of: accounts under accounts, classes, locations, and credits applied by themselves."""

import json
import re

import pytest
from tests.sandbox.quickbooks_world import (
    AMY,
    BILL,
    CHECKING,
    RECEIVABLE,
    RECORDINGS,
    SERVICES,
    UNDEPOSITED,
    Books,
    Json,
    line,
    payment_body,
)

from crm_sandbox.quickbooks.account_types import CLASSIFICATIONS, SUB_TYPES, TYPE_OF


@pytest.fixture
def books(company_books: Books) -> Books:
    """A company of its own for each test."""
    return company_books


def test_account_types_and_sub_types_are_intuits_own() -> None:
    """Every sub-type stands in the schema's enumeration, under one type; recorded accounts have a known pair."""
    assert len(TYPE_OF) == sum(len(names) for names in SUB_TYPES.values())
    assert set(SUB_TYPES) == set(CLASSIFICATIONS)
    if not RECORDINGS.exists():
        pytest.skip("the recordings are not on this machine")
    schema = (RECORDINGS / "intuit-php-sdk" / "xsd" / "Finance.xsd").read_text()
    enumeration = re.search(r'simpleType name="AccountSubTypeEnum".*?</xs:simpleType>', schema, re.DOTALL)
    assert enumeration is not None
    assert set(TYPE_OF) <= set(re.findall(r'enumeration value="([^"]+)"', enumeration[0]))
    recorded = json.loads((RECORDINGS / "fylein-qbo-sdk-py" / "accounts.json").read_text())
    for account in recorded:
        kind = account["AccountType"]
        assert account["AccountSubType"] in SUB_TYPES[kind], account["Name"]
        assert account["Classification"] == CLASSIFICATIONS[kind]


def test_an_account_follows_from_its_sub_type(books: Books) -> None:
    """The sub-type alone gives the type; the type alone gives a usual sub-type; a pair that is none is refused."""
    made = books.make("Account", {"Name": "Trust", "AccountSubType": "TrustAccountsLiabilities"})
    assert (made["AccountType"], made["Classification"]) == ("Other Current Liability", "Liability")
    assert books.make("Account", {"Name": "Vault", "AccountType": "Bank"})["AccountSubType"] == "Checking"
    wrong = {"Name": "X", "AccountType": "Bank", "AccountSubType": "Travel"}
    assert books.refusal("Account", wrong)["element"] == "AccountSubType"
    assert books.refusal("Account", {"Name": "X", "AccountSubType": "Nonsense"})["code"] == "2170"
    assert books.refusal("Account", {"Name": "X"})["code"] == "6010"
    foreign = {"Name": "Euro account", "AccountType": "Bank", "CurrencyRef": {"value": "EUR"}}
    assert books.refusal("Account", foreign)["code"] == "6000"
    books.settings(multicurrency=True)
    assert books.make("Account", foreign)["CurrencyRef"] == {"value": "EUR", "name": "Euro"}


def test_a_sub_account_adds_to_what_stands_above_it(books: Books) -> None:
    """Its full name has the parent's, its balance counts there too, five levels are the most, its type the same."""
    child = {"AccountType": "Bank", "SubAccount": True, "ParentRef": {"value": CHECKING}}
    stripe = books.make("Account", {"Name": "Stripe", **child})
    assert stripe["FullyQualifiedName"] == "Checking:Stripe"
    books.payment(30, DepositToAccountRef={"value": stripe["Id"]})
    books.payment(12, DepositToAccountRef={"value": CHECKING})
    above = books.read("Account", CHECKING)
    assert (above["CurrentBalance"], above["CurrentBalanceWithSubAccounts"]) == (12.0, 42.0)
    other = {"Name": "Fees", "AccountType": "Expense", "ParentRef": {"value": CHECKING}, "SubAccount": True}
    assert books.refusal("Account", other)["code"] == "6000"
    for level in range(3):
        stripe = books.make("Account", {"Name": f"L{level}", **child, "ParentRef": {"value": stripe["Id"]}})
    too_deep = {"Name": "L9", **child, "ParentRef": {"value": stripe["Id"]}}
    assert books.refusal("Account", too_deep)["code"] == "6180"


def test_classes_and_locations_stand_where_the_company_wants_them(books: Books) -> None:
    """Ignored without an error unless tracked: on the form, or on each line, never both."""
    ref = {"value": books.make("Class", {"Name": "Gutters"})["Id"]}
    place = {"value": books.make("Department", {"Name": "Denver"})["Id"]}
    body = {
        "CustomerRef": {"value": AMY},
        "ClassRef": ref,
        "DepartmentRef": place,
        "Line": [line(10, ClassRef=ref)],
    }

    def tracked() -> tuple[bool, bool, bool]:
        made = books.make("Invoice", body)
        on_line = "ClassRef" in made["Line"][0]["SalesItemLineDetail"]
        return "ClassRef" in made, on_line, "DepartmentRef" in made

    assert tracked() == (False, False, False)
    books.settings(track_classes=True, track_departments=True)
    assert tracked() == (True, False, True)
    books.settings(track_classes=False, track_classes_per_line=True)
    assert tracked() == (False, True, True)
    assert books.refusal("Invoice", {**body, "ClassRef": {"value": "99"}})["code"] == "2500"


def test_a_new_invoice_takes_what_payments_and_credit_memos_left_over(books: Books) -> None:
    """With AutoApplyCredit the oldest payment goes first, then the memo by a payment over nothing with Intuit's note."""
    books.settings(auto_apply_credit=True)
    payment = books.payment(30)
    memo = books.make("CreditMemo", {"CustomerRef": {"value": AMY}, "Line": [line(25)]})
    other = books.make("CreditMemo", {"CustomerRef": {"value": BILL}, "Line": [line(99)]})
    invoice = books.invoice(50)
    assert invoice["Balance"] == 0
    assert books.read("Payment", payment["Id"])["UnappliedAmt"] == 0
    assert books.read("CreditMemo", memo["Id"])["RemainingCredit"] == 5.0
    assert books.read("CreditMemo", other["Id"])["RemainingCredit"] == 99.0
    found = books.ask("SELECT * FROM Payment")["Payment"]
    (link,) = [one for one in found if one["Id"] != payment["Id"]]
    assert (link["TotalAmt"], link["UnappliedAmt"]) == (0, 0)
    assert link["PrivateNote"] == "Created by QB Online to link credits to charges."
    kinds = {one["LinkedTxn"][0]["TxnType"]: one["Amount"] for one in link["Line"]}
    assert kinds == {"Invoice": 20.0, "CreditMemo": 20.0}
    assert {one["TxnId"] for one in invoice["LinkedTxn"]} == {payment["Id"], link["Id"]}
    assert (books.owed(), books.balance_cents(RECEIVABLE)) == (-5.0, -500 - 9900)
    assert books.balance_cents(UNDEPOSITED) == 3000
    assert books.balance_cents(SERVICES) == -5000 + 2500 + 9900


def test_a_new_credit_memo_is_used_up_at_once_as_recorded(books: Books) -> None:
    """Open invoices take it, oldest first: it comes back changed once for each and with nothing left."""
    first, second = books.invoice(60, TxnDate="2026-01-05"), books.invoice(60, TxnDate="2026-01-04")
    books.settings(auto_apply_credit=True)
    memo = books.make("CreditMemo", {"CustomerRef": {"value": AMY}, "Line": [line(100)]})
    assert (memo["SyncToken"], memo["RemainingCredit"]) == ("2", 0)
    assert books.read("Invoice", second["Id"])["Balance"] == 0
    assert books.read("Invoice", first["Id"])["Balance"] == 20.0
    assert books.make("CreditMemo", {"CustomerRef": {"value": BILL}, "Line": [line(1)]})["SyncToken"] == "0"
    assert books.owed() == 20.0


def test_credits_stay_where_they_are_unless_the_company_wants_it(books: Books) -> None:
    """Off, and for other currencies and in closed books, nothing is applied by itself."""
    books.payment(30, TxnDate="2026-01-10")
    assert books.invoice(10)["Balance"] == 10.0
    books.settings(auto_apply_credit=True, book_close_date="2026-01-31")
    assert books.invoice(10)["Balance"] == 10.0


def test_a_payment_for_what_is_already_settled_is_refused_not_doubled(books: Books) -> None:
    """The app that pays an invoice which credits have settled meets 6000 and must read the invoice again."""
    books.settings(auto_apply_credit=True)
    books.payment(30)
    invoice = books.invoice(30)
    body: Json = payment_body(30, (invoice["Id"], 30))
    assert books.refusal("Payment", body)["code"] == "6000"
    assert books.owed() == 0
