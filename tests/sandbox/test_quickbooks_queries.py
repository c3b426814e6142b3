"""The query language of the QuickBooks simulator."""

import pytest
from tests.sandbox.quickbooks_world import AMY, Books, Json, token


def names(answer: Json) -> list[str]:
    return [one["DisplayName"] for one in answer.get("Customer", [])]


def test_a_quote_is_escaped_with_a_backslash_and_not_doubled(books: Books) -> None:
    """Amy's name is found with a backslash; a doubled quote does not parse."""
    found = books.ask(r"SELECT * FROM Customer WHERE DisplayName = 'Amy\'s Bird Sanctuary'")
    assert (found["Customer"][0]["Id"], found["startPosition"], found["maxResults"]) == (AMY, 1, 1)
    error = books.ask_badly("SELECT * FROM Customer WHERE DisplayName = 'Amy''s Bird Sanctuary'")
    assert (error["code"], error["Message"]) == ("4000", "Error parsing query")
    books.make("Customer", {"DisplayName": "Back\\slash"})
    assert names(books.ask(r"SELECT * FROM Customer WHERE DisplayName = 'Back\\slash'")) == ["Back\\slash"]


def test_characters_outside_latin_1_fail_in_us_companies(books: Books) -> None:
    """A name with a dash can be stored but not asked for, except by its beginning."""
    books.make("Customer", {"DisplayName": "Smith \u2013 Roof"})
    error = books.ask_badly("SELECT * FROM Customer WHERE DisplayName = 'Smith \u2013 Roof'")
    assert (error["code"], '"\\u2013" (8211)' in error["Detail"]) == ("4000", True)
    assert names(books.ask("SELECT * FROM Customer WHERE DisplayName LIKE 'Smith %'")) == [
        "Smith \u2013 Roof"
    ]


def test_no_match_is_an_empty_answer(books: Books) -> None:
    """QueryResponse is {} when nothing is found."""
    assert books.ask("SELECT * FROM Invoice") == {}


def test_pages_have_100_objects_unless_asked_otherwise_and_1000_at_most(books: Books) -> None:
    """STARTPOSITION and MAXRESULTS walk through; more than 1000 and less than 1 are refused."""
    for number in range(105):
        books.make("Customer", {"DisplayName": f"C{number:03d}"})
    assert books.ask("SELECT * FROM Customer")["maxResults"] == 100
    second = books.ask("SELECT * FROM Customer ORDERBY DisplayName STARTPOSITION 101 MAXRESULTS 1000")
    assert (second["startPosition"], second["maxResults"]) == (101, 8)
    assert books.ask("select count(*) from customer") == {"totalCount": 108}
    assert books.ask_badly("SELECT * FROM Customer MAXRESULTS 1001")["code"] == "4001"
    small = books.ask_badly("SELECT * FROM Customer STARTPOSITION 0")
    assert small["Detail"] == "QueryValidationError: value 0 is too small. Min allowed value is 1"


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("TotalAmt > '15'", ["30", "20"]),
        ("TotalAmt >= 20 AND TotalAmt < 30", ["20"]),
        ("DocNumber IN ('A-10', 'A-30')", ["30", "10"]),
        ("DocNumber LIKE 'A-%'", ["30", "20", "10"]),
        ("TxnDate <= '2026-05-02'", ["20", "10"]),
        ("CustomerRef = '1' AND DocNumber = 'A-20'", ["20"]),
        ("CustomerRef = '2'", []),
        ("Balance = 30", ["30"]),
        ("MetaData.LastUpdatedTime > '2026-01-01T00:00:00-08:00' ORDER BY TotalAmt ASC", ["10", "20", "30"]),
        ("TotalAmt > 0 ORDERBY TxnDate", ["10", "20", "30"]),
        ("TotalAmt > 0 orderby TotalAmt desc maxresults 1", ["30"]),
    ],
)
def test_conditions_compare_numbers_dates_texts_and_references(
    books: Books, where: str, expected: list[str]
) -> None:
    """Each operator finds what it should; without ORDERBY the newest comes first."""
    for day, amount in enumerate((10, 20, 30), 1):
        books.invoice(amount, DocNumber=f"A-{amount}", TxnDate=f"2026-05-0{day}")
    found = books.ask(f"SELECT * FROM Invoice WHERE {where}").get("Invoice", [])
    assert [str(int(one["TotalAmt"])) for one in found] == expected


@pytest.mark.parametrize(
    ("query", "code", "detail"),
    [
        ("SELECT * FROM Payment WHERE PrivateNote = 'x'", "4001", "property 'PrivateNote' is not queryable"),
        (
            "SELECT * FROM Vendor WHERE PrimaryEmailAddr = 'x'",
            "4001",
            "property 'PrimaryEmailAddr' is not queryable",
        ),
        ("SELECT * FROM Invoice WHERE Foo = '1'", "4001", "Property Foo not found for Entity Invoice"),
        ("SELECT Foo FROM Invoice", "4001", "Property Foo not found for Entity Invoice"),
        ("SELECT * FROM Invoice WHERE Id = '1' OR Id = '2'", "4000", "OR"),
        ("SELECT * FROM Invoice WHERE Id = 1a", "4000", "Encountered"),
        ("SELECT * FORM Invoice", "4000", "FORM"),
        ("SELECT * FROM Invoice WHERE", "4000", "<EOF>"),
        ("", "4000", "<EOF>"),
    ],
)
def test_what_is_not_in_the_language_is_refused(books: Books, query: str, code: str, detail: str) -> None:
    """4000 for what does not parse, 4001 for what cannot be asked."""
    error = books.ask_badly(query)
    assert error["code"] == code
    assert detail in error["Detail"]


def test_customers_are_found_by_mail_address(books: Books) -> None:
    """Customer.PrimaryEmailAddr can be asked for, Vendor's cannot."""
    found = books.ask("SELECT * FROM Customer WHERE PrimaryEmailAddr = 'birds@example.com'")
    assert found["Customer"][0]["Id"] == AMY


def test_chosen_fields_come_alone(books: Books) -> None:
    """Naming fields brings these, the Id and nothing else, marked sparse."""
    found = books.ask("SELECT DisplayName FROM Customer WHERE Id = '1'")["Customer"][0]
    assert found == {"DisplayName": "Amy's Bird Sanctuary", "domain": "QBO", "sparse": True, "Id": "1"}


def test_a_query_may_be_posted(books: Books) -> None:
    """POST /query takes the text as its body."""
    answer = books.client.post(
        "/query", content="select * from CompanyInfo", headers={"content-type": "application/text"}
    )
    assert answer.json()["QueryResponse"]["CompanyInfo"][0]["Country"] == "US"


def test_preferences_and_company_tell_the_settings(books: Books) -> None:
    """What a connect step reads: home currency, numbering, closing date, country."""
    books.settings(custom_txn_numbers=True, book_close_date="2026-03-31")
    preferences = books.client.get("/preferences").json()["Preferences"]
    assert preferences == books.ask("SELECT * FROM Preferences")["Preferences"][0]
    assert preferences["SalesFormsPrefs"]["CustomTxnNumbers"] is True
    assert preferences["AccountingInfoPrefs"]["BookCloseDate"] == "2026-03-31"
    assert preferences["CurrencyPrefs"] == {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}}
    assert books.read("CompanyInfo", books.realm_id)["CompanyAddr"]["CountrySubDivisionCode"] == "CA"


def test_the_chart_of_accounts_has_what_a_sale_needs(books: Books) -> None:
    """Receivable, Undeposited Funds, Checking and an income account are there from the beginning."""
    found = books.ask("SELECT * FROM Account MAXRESULTS 1000")["Account"]
    kinds = {(one["AccountType"], one["AccountSubType"]) for one in found}
    wanted = {
        ("Accounts Receivable", "AccountsReceivable"),
        ("Other Current Asset", "UndepositedFunds"),
        ("Bank", "Checking"),
        ("Income", "SalesOfProductIncome"),
    }
    assert wanted <= kinds


def test_renaming_frees_the_old_name(books: Books) -> None:
    """After a rename the old name finds nothing and can be given again."""
    customer = books.make("Customer", {"DisplayName": "Old"})
    books.make("Customer", {**token(customer), "sparse": True, "DisplayName": "New"})
    assert books.ask("SELECT * FROM Customer WHERE DisplayName = 'Old'") == {}
    books.make("Customer", {"DisplayName": "Old"})


def test_a_date_chooses_the_same_whatever_the_order(books: Books) -> None:
    """Invoices whose dates run against the order in which they were written are all found by a range of dates."""
    for day in range(28, 0, -1):
        books.invoice(day, TxnDate=f"2026-02-{day:02d}")
    for order in ("", " ORDERBY TxnDate", " ORDERBY TxnDate DESC", " ORDERBY Id", " ORDERBY TotalAmt"):
        found = books.ask(f"SELECT * FROM Invoice WHERE TxnDate >= '2026-02-11'{order} MAXRESULTS 10")[
            "Invoice"
        ]
        assert len({invoice["Id"] for invoice in found}) == 10, order
        assert all(invoice["TxnDate"] >= "2026-02-11" for invoice in found)
    everything = books.ask("SELECT * FROM Invoice WHERE TxnDate <= '2026-02-10'")["Invoice"]
    assert {invoice["TotalAmt"] for invoice in everything} == set(range(1, 11))
