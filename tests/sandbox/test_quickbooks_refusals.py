"""What the QuickBooks simulator refuses, with Intuit's codes; against recordings: test_quickbooks_recordings."""

import pytest
from tests.sandbox.quickbooks_world import AMY, Books, Json, line, payment_body, token


def test_a_name_is_unique_over_customers_vendors_and_employees(books: Books) -> None:
    """6240 has one text for the same kind and another for the other kinds; case and blanks do not help."""
    same = books.refusal("Customer", {"DisplayName": " cool CARS "})
    assert same["code"] == "6240"
    assert "Another customer is already using this name" in same["Detail"]
    other = books.refusal("Customer", {"DisplayName": "Hicks Hardware"})
    assert "Another customer, vendor or employee is already" in other["Detail"]
    assert books.refusal("Vendor", {"DisplayName": "Emily Platt"})["code"] == "6240"
    assert (
        books.refusal("Item", {"Name": "Services", "Type": "Service", "IncomeAccountRef": {"value": "5"}})[
            "code"
        ]
        == "6240"
    )


def test_an_inactive_name_stays_taken(books: Books) -> None:
    """A customer made inactive is hidden from queries, marked in its name, and keeps the name taken."""
    customer = books.make("Customer", {"DisplayName": "Gone"})
    books.make("Customer", {**token(customer), "sparse": True, "Active": False})
    assert books.ask("SELECT * FROM Customer WHERE DisplayName = 'Gone'") == {}
    found = books.ask(
        "SELECT * FROM Customer WHERE DisplayName = 'Gone (deleted)' AND Active IN (true, false)"
    )
    assert found["Customer"][0]["Active"] is False
    assert books.refusal("Customer", {"DisplayName": "Gone"})["code"] == "6240"


@pytest.mark.parametrize("name", ["A:B", "A\tB", "A\nB"])
def test_names_have_no_colon_tab_or_line_break(books: Books, name: str) -> None:
    """The colon separates parents from children, so names must not hold one."""
    assert books.refusal("Customer", {"DisplayName": name})["code"] == "2040"


@pytest.mark.parametrize(
    ("entity", "body", "element"),
    [
        ("Invoice", {"Line": [line(1)]}, "CustomerRef"),
        ("Invoice", {"CustomerRef": {"value": AMY}}, "Line"),
        ("Invoice", {"CustomerRef": {"value": AMY}, "Line": [{"Amount": 1}]}, "DetailType"),
        ("Payment", {"CustomerRef": {"value": AMY}}, "TotalAmt"),
        ("Payment", {"TotalAmt": 1}, "CustomerRef"),
        ("Item", {"Name": "X"}, "Type"),
        ("Item", {"Name": "X", "Type": "Service"}, "IncomeAccountRef"),
        ("RefundReceipt", {"Line": [line(1)]}, "DepositToAccountRef"),
        ("Deposit", {"DepositToAccountRef": {"value": "35"}}, "Line"),
        ("Account", {"AccountType": "Bank"}, "Name"),
    ],
)
def test_a_missing_field_is_named(books: Books, entity: str, body: Json, element: str) -> None:
    """2020 names the field in `element` and in the detail."""
    error = books.refusal(entity, body)
    assert (error["code"], error["element"]) == ("2020", element)
    assert error["Detail"] == f"Required parameter {element} is missing in the request"


def test_a_person_needs_some_name(books: Books) -> None:
    """6080 without any name part; given and family name alone make the display name."""
    assert books.refusal("Customer", {"CompanyName": "X"})["code"] == "6080"
    made = books.make("Customer", {"GivenName": "Jo", "FamilyName": "Roe"})
    assert made["DisplayName"] == "Jo Roe"


@pytest.mark.parametrize(
    ("entity", "field", "maximum"),
    [("Customer", "DisplayName", 500), ("Customer", "GivenName", 100), ("Customer", "Notes", 2000)],
)
def test_texts_have_a_maximum_on_customers(books: Books, entity: str, field: str, maximum: int) -> None:
    """The longest text is taken, one character more is 2050."""
    base = {"DisplayName": f"Length of {field}"}
    assert books.make(entity, {**base, field: "x" * maximum})[field] == "x" * maximum
    error = books.refusal(entity, {**base, field: "y" * (maximum + 1)})
    assert (error["code"], error["element"]) == ("2050", field)


@pytest.mark.parametrize(("field", "maximum"), [("DocNumber", 21), ("PrivateNote", 4000)])
def test_texts_have_a_maximum_on_invoices(books: Books, field: str, maximum: int) -> None:
    """A Stripe id does not fit into a document number, but into the note."""
    books.invoice(1, **{field: "x" * maximum})
    body = {"CustomerRef": {"value": AMY}, "Line": [line(1)], field: "x" * (maximum + 1)}
    assert books.refusal("Invoice", body)["code"] == "2050"


def test_a_payments_reference_number_holds_21_characters(books: Books) -> None:
    """PaymentRefNum is as short as DocNumber."""
    books.payment(1, PaymentRefNum="x" * 21)
    assert books.refusal("Payment", {**payment_body(1), "PaymentRefNum": "x" * 22})["code"] == "2050"


def test_unknown_references_are_named_by_kind(books: Books) -> None:
    """2500 speaks of Names, Accounts and Klasses elements, as recorded."""
    error = books.refusal("Invoice", {"CustomerRef": {"value": "75"}, "Line": [line(1)]})
    assert (error["code"], error["Detail"]) == (
        "2500",
        "Invalid Reference Id : Names element id 75 not found",
    )
    deposit = {**payment_body(1), "DepositToAccountRef": {"value": "777"}}
    assert "Accounts element id 777" in books.refusal("Payment", deposit)["Detail"]
    of_class = {"CustomerRef": {"value": AMY}, "Line": [line(1, ClassRef={"value": "5000000000000142240"})]}
    assert "Klasses element id 5000000000000142240" in books.refusal("Invoice", of_class)["Detail"]


def test_inactive_references_are_refused(books: Books) -> None:
    """An invoice for a customer made inactive is 2500 with the text about inactive things."""
    customer = books.make("Customer", {"DisplayName": "Resting"})
    books.make("Customer", {**token(customer), "sparse": True, "Active": False})
    error = books.refusal("Invoice", {"CustomerRef": {"value": customer["Id"]}, "Line": [line(1)]})
    assert (error["code"], "made inactive" in error["Detail"]) == ("2500", True)


def test_a_customer_who_owes_cannot_be_made_inactive(books: Books) -> None:
    """6220 while the balance is not zero; afterwards it works."""
    invoice = books.invoice(10)
    customer = books.read("Customer", AMY)
    body = {**token(customer), "sparse": True, "Active": False}
    assert books.refusal("Customer", body)["code"] == "6220"
    books.make("Invoice", token(invoice), operation="delete")
    assert books.make("Customer", body)["Active"] is False


def test_a_stale_sync_token_is_refused(books: Books) -> None:
    """5010 names the person who was faster; the object keeps the first change."""
    customer = books.read("Customer", AMY)
    books.make("Customer", {**token(customer), "sparse": True, "Notes": "first"})
    error = books.refusal("Customer", {**token(customer), "sparse": True, "Notes": "second"})
    assert error["code"] == "5010"
    assert "were working on this at the same time" in error["Detail"]
    assert books.read("Customer", AMY)["Notes"] == "first"
    assert books.refusal("Customer", {"Id": AMY, "Notes": "x"})["element"] == "SyncToken"


def test_document_numbers_are_given_or_checked_as_the_company_wants(books: Books) -> None:
    """Automatic: numbered, duplicates allowed. Custom: none unless sent, and a duplicate is 6140 with its TxnId."""
    first = books.invoice(1)
    assert int(books.invoice(1)["DocNumber"]) == int(first["DocNumber"]) + 1
    books.invoice(1, DocNumber=first["DocNumber"])
    books.settings(custom_txn_numbers=True)
    assert "DocNumber" not in books.invoice(1)
    mine = books.invoice(1, DocNumber="R-7")
    body = {"CustomerRef": {"value": AMY}, "Line": [line(1)], "DocNumber": "R-7"}
    error = books.refusal("Invoice", body)
    assert error["code"] == "6140"
    assert error["Detail"].endswith(f"DocNumber=R-7 is assigned to TxnType=Invoice with TxnId={mine['Id']}")
    assert books.make("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "R-7"


def test_closed_books_refuse_the_date(books: Books) -> None:
    """6210 for a new document, a change and a delete on or before the closing date."""
    old = books.invoice(1, TxnDate="2026-01-31")
    books.settings(book_close_date="2026-01-31")
    body = {"CustomerRef": {"value": AMY}, "Line": [line(1)]}
    assert books.refusal("Invoice", {**body, "TxnDate": "2026-01-31"})["code"] == "6210"
    assert books.refusal("Invoice", token(old), operation="delete")["code"] == "6210"
    assert books.refusal("Invoice", {**token(old), **body, "TxnDate": "2026-02-01"})["code"] == "6210"
    books.make("Invoice", {**body, "TxnDate": "2026-02-01"})


def test_a_company_without_subscription_is_read_only(books: Books) -> None:
    """6190 for every write, while reading goes on."""
    books.settings(read_only=True)
    assert books.refusal("Customer", {"DisplayName": "X"})["code"] == "6190"
    assert books.read("Customer", AMY)["Id"] == AMY


def test_price_times_quantity_must_be_the_amount(books: Books) -> None:
    """6070 when they differ; half a cent rounds up; both at 0 count as not sent."""
    good = line(1861.08, Qty=128.35, UnitPrice=14.5)
    assert books.make("Invoice", {"CustomerRef": {"value": AMY}, "Line": [good]})["TotalAmt"] == 1861.08
    books.make("Invoice", {"CustomerRef": {"value": AMY}, "Line": [line(100, Qty=0, UnitPrice=0)]})
    bad = line(1000, Qty=7, UnitPrice=225)
    assert books.refusal("Invoice", {"CustomerRef": {"value": AMY}, "Line": [bad]})["code"] == "6070"


def test_read_only_fields_are_ignored_without_a_word(books: Books) -> None:
    """A sent Balance, Id of the server's choice and MetaData change nothing."""
    made = books.invoice(10, Balance=3, HomeTotalAmt=4, MetaData={"CreateTime": "2001-01-01T00:00:00Z"})
    assert made["Balance"] == 10.0
    assert not made["MetaData"]["CreateTime"].startswith("2001")


def test_garbage_in_the_body_is_2010(books: Books) -> None:
    """A body that is not a JSON object is refused, not crashed upon."""
    for content in (b"{", b"[]", b"\xff\xfe", b'{"Notes": NaN}'):
        answer = books.client.post("/customer", content=content)
        assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, "2010")


def test_list_objects_cannot_be_deleted_nor_invoices_voided_as_payments_are(books: Books) -> None:
    """Each verb exists only where Intuit has it."""
    customer = books.read("Customer", AMY)
    assert books.refusal("Customer", token(customer), operation="delete")["code"] == "500"
    payment = books.payment(1)
    assert books.refusal("Payment", token(payment), operation="void")["code"] == "500"
    estimate = books.make("Estimate", {"CustomerRef": {"value": AMY}, "Line": [line(1)]})
    assert books.refusal("Estimate", token(estimate), operation="update", include="void")["code"] == "500"
