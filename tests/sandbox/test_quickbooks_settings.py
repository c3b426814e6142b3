"""What a company says about itself and can switch: company info, preferences, currencies, rates, tax codes."""

import json

import httpx2
import pytest
from tests.sandbox.quickbooks_world import AMY, RECORDINGS, Books, Json, line, token


@pytest.fixture
def books(company_books: Books) -> Books:
    """A company of its own for each test."""
    return company_books


def preferences(books: Books) -> Json:
    """The Preferences object as it is read."""
    return books.client.get("/preferences").json()["Preferences"]


def test_company_info_is_read_under_the_realm_and_changed_sparsely(books: Books) -> None:
    """The realm id reads it, its Id is 1, a sparse update changes one field, a stale one is 5010."""
    info = books.client.get(f"/companyinfo/{books.realm_id}").json()["CompanyInfo"]
    assert (info["Id"], info["SyncToken"]) == ("1", "0")
    changed = books.make("CompanyInfo", {**token(info), "sparse": True, "LegalName": "Roofs LLC"})
    assert (changed["LegalName"], changed["CompanyName"]) == ("Roofs LLC", info["CompanyName"])
    assert books.ask("SELECT * FROM CompanyInfo")["CompanyInfo"] == [changed]
    assert books.refusal("CompanyInfo", {**token(info), "sparse": True, "LegalName": "X"})["code"] == "5010"
    assert books.refusal("CompanyInfo", {"CompanyName": "Second"})["code"] == "500"


def test_an_app_switches_the_preferences_that_intuit_lets_it(books: Books) -> None:
    """Custom numbers, deposits, classes and locations are switched and obeyed; read-only ones are dropped."""
    before = preferences(books)
    assert books.ask("SELECT * FROM Preferences")["Preferences"] == [before]
    body = {
        **token(before),
        "SalesFormsPrefs": {"CustomTxnNumbers": True, "AllowDeposit": False, "AutoApplyCredit": True},
        "CurrencyPrefs": {"MultiCurrencyEnabled": True},
        "AccountingInfoPrefs": {"TrackDepartments": True, "CustomerTerminology": "Clients"},
    }
    after = books.make("Preferences", body)
    assert (after["SyncToken"], after) == ("1", preferences(books))
    sales, accounting = after["SalesFormsPrefs"], after["AccountingInfoPrefs"]
    assert (sales["CustomTxnNumbers"], sales["AllowDeposit"], sales["AutoApplyCredit"]) == (
        True,
        False,
        False,
    )
    assert (accounting["TrackDepartments"], accounting["CustomerTerminology"]) == (True, "Clients")
    assert after["CurrencyPrefs"]["MultiCurrencyEnabled"] is False
    assert "DocNumber" not in books.invoice(1)
    assert books.refusal("Preferences", body)["code"] == "5010"


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"AccountingInfoPrefs": {"ClassTrackingPerTxn": True, "ClassTrackingPerTxnLine": True}}, "6000"),
        ({"SalesFormsPrefs": {"Colour": "red"}}, "2010"),
        ({"RoofPrefs": {}}, "2010"),
        ({"SalesFormsPrefs": {"CustomTxnNumbers": "yes"}}, "2010"),
        ({"SalesFormsPrefs": True}, "2010"),
    ],
)
def test_preferences_that_cannot_be_are_refused(books: Books, section: Json, code: str) -> None:
    """Both kinds of class tracking at once, unknown names and other types: refused, and nothing has changed."""
    before = preferences(books)
    assert books.refusal("Preferences", {**token(before), **section})["code"] == code
    assert preferences(books) == before


def test_a_switch_behind_the_apps_back_makes_its_copy_stale(books: Books) -> None:
    """What a person switches raises the SyncToken of Preferences; multicurrency stays on for ever."""
    before = preferences(books)
    books.settings(multicurrency=True, book_close_date="2026-01-31")
    after = preferences(books)
    assert (after["SyncToken"], after["AccountingInfoPrefs"]["BookCloseDate"]) == ("1", "2026-01-31")
    body = {**token(before), "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    assert books.refusal("Preferences", body)["code"] == "5010"
    answer = httpx2.post(
        f"{books.sandbox.base_url}/_state/quickbooks/{books.realm_id}/settings", json={"multicurrency": False}
    )
    assert (answer.status_code, "cannot be turned off" in answer.json()["error"]) == (400, True)


def test_currencies_are_listed_and_rates_hold_from_their_day_on(books: Books) -> None:
    """Intuit's own example: two currencies on a day are read in one query, each with the day it was set."""
    books.settings(multicurrency=True)
    pound = books.make("CompanyCurrency", {"Code": "GBP"})
    assert (pound["Name"], pound["Active"]) == ("British Pound Sterling", True)
    assert books.refusal("CompanyCurrency", {"Code": "GBP"})["code"] == "6240"
    assert books.refusal("CompanyCurrency", {"Code": "ZZZ"})["code"] == "2170"
    books.make("Customer", {"DisplayName": "Euro Dach", "CurrencyRef": {"value": "EUR"}})
    listed = {one["Code"] for one in books.ask("select * from companycurrency")["CompanyCurrency"]}
    assert listed == {"EUR", "GBP"}
    for code, rate, day in (("INR", 5, "2025-05-15"), ("EUR", 5, "2025-07-07")):
        books.make("ExchangeRate", {"SourceCurrencyCode": code, "Rate": rate, "AsOfDate": day})
    asked = "select * from exchangerate where sourcecurrencycode in ('EUR', 'INR') and asofdate='2025-07-07'"
    found = {one["SourceCurrencyCode"]: one for one in books.ask(asked)["ExchangeRate"]}
    assert {code: (one["Rate"], one["AsOfDate"]) for code, one in found.items()} == {
        "INR": (5, "2025-05-15"),
        "EUR": (5, "2025-07-07"),
    }
    books.make("ExchangeRate", {"SourceCurrencyCode": "EUR", "Rate": 2.5, "AsOfDate": "2025-07-07"})
    query = {"sourcecurrencycode": "EUR", "asofdate": "2025-07-08"}
    rate = books.client.get("/exchangerate", params=query).json()["ExchangeRate"]
    assert (rate["Rate"], rate["SyncToken"], rate["TargetCurrencyCode"]) == (2.5, "1", "USD")
    earlier = books.client.get("/exchangerate", params={**query, "asofdate": "2025-07-06"}).json()
    assert earlier["ExchangeRate"]["Rate"] == 1.08


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        ({"Rate": 2, "AsOfDate": "2026-01-01"}, "2020", "SourceCurrencyCode"),
        ({"SourceCurrencyCode": "EUR", "AsOfDate": "2026-01-01"}, "2020", "Rate"),
        ({"SourceCurrencyCode": "EUR", "Rate": 2}, "2020", "AsOfDate"),
        ({"SourceCurrencyCode": "USD", "Rate": 2, "AsOfDate": "2026-01-01"}, "6000", ""),
        ({"SourceCurrencyCode": "EURO", "Rate": 2, "AsOfDate": "2026-01-01"}, "2050", "SourceCurrencyCode"),
        ({"SourceCurrencyCode": "EUR", "Rate": 0, "AsOfDate": "2026-01-01"}, "2110", "Rate"),
    ],
)
def test_a_rate_that_cannot_be_is_refused(books: Books, body: Json, code: str, element: str) -> None:
    """Currency, rate and day are required, the home currency has none to set, and zero is no rate."""
    assert books.refusal("ExchangeRate", body)["code"] == "6000"  # one currency only
    books.settings(multicurrency=True)
    error = books.refusal("ExchangeRate", body)
    assert (error["code"], error["element"]) == (code, element)


def test_a_currency_made_inactive_is_not_available_any_more(books: Books) -> None:
    """It leaves the list, and no customer can be given it."""
    books.settings(multicurrency=True)
    pound = books.make("CompanyCurrency", {"Code": "GBP"})
    books.make("CompanyCurrency", {**token(pound), "Code": "GBP", "Active": False})
    assert books.ask("SELECT * FROM CompanyCurrency") == {}
    body = {"DisplayName": "Pound", "CurrencyRef": {"value": "GBP"}}
    assert books.refusal("Customer", body)["code"] == "6000"


def test_a_tax_code_is_made_with_its_rates_and_taxes_an_invoice(books: Books) -> None:
    """TaxService answers unwrapped, the code and rate can be read, and an invoice with the code owes both rates."""
    agency = books.make("TaxAgency", {"DisplayName": "CityTaxAgency"})
    assert (agency["TaxTrackedOnSales"], agency["TaxTrackedOnPurchases"]) == (True, False)
    details = [
        {"TaxRateName": name, "RateValue": value, "TaxAgencyId": agency["Id"], "TaxApplicableOn": "Sales"}
        for name, value in (("City", "2.5"), ("County", "1"))
    ]
    made = books.client.post(
        "/taxservice/taxcode", json={"TaxCode": "Town", "TaxRateDetails": details}
    ).json()
    assert (made["TaxCode"], [one["RateValue"] for one in made["TaxRateDetails"]]) == ("Town", [2.5, 1.0])
    assert books.read("TaxRate", made["TaxRateDetails"][0]["TaxRateId"])["Name"] == "City"
    assert books.read("TaxCode", made["TaxCodeId"])["TaxGroup"] is True
    lines = [line(200, TaxCodeRef={"value": "TAX"})]
    tax = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": made["TaxCodeId"]}}}
    invoice = books.make("Invoice", {"CustomerRef": {"value": AMY}, "Line": lines, **tax})
    assert (invoice["TotalAmt"], invoice["TxnTaxDetail"]["TotalTax"]) == (207.0, 7.0)
    body = {"TaxCode": "Other", "TaxRateDetails": details}
    answer = books.client.post("/taxservice/taxcode", json=body)
    error = answer.json()["Fault"]["Error"][0]
    assert (answer.status_code, error["code"]) == (400, "6240")
    recorded = RECORDINGS / "ruckus-quickbooks-ruby" / "json" / "tax_service_error_dup.json"
    if recorded.exists():
        theirs = json.loads(recorded.read_text())["Fault"]["Error"][0]
        assert error == {**theirs, "Detail": theirs["Detail"].replace("\n", "")}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"TaxRateDetails": [{}]}, "2020"),
        ({"TaxCode": "X"}, "2020"),
        ({"TaxCode": "x" * 101, "TaxRateDetails": [{}]}, "2050"),
        ({"TaxCode": "California", "TaxRateDetails": [{"TaxRateId": "2"}]}, "6240"),
        ({"TaxCode": "X", "TaxRateDetails": [{"TaxRateId": "99"}]}, "2500"),
        ({"TaxCode": "X", "TaxRateDetails": [{"TaxRateName": "R"}]}, "2020"),
        ({"TaxCode": "X", "TaxRateDetails": [{"TaxRateName": "R", "RateValue": "a"}]}, "2090"),
        ({"TaxCode": "X", "TaxRateDetails": [{"TaxRateId": "2", "TaxApplicableOn": "Rent"}]}, "2170"),
        ({"TaxCode": "X", "TaxRateDetails": [{"Rate": "2"}]}, "2010"),
    ],
)
def test_a_tax_code_that_cannot_be_is_refused(books: Books, body: Json, code: str) -> None:
    """Each lack and each wrong value has its code; codes and rates cannot be posted directly."""
    answer = books.client.post("/taxservice/taxcode", json=body)
    assert (answer.status_code, answer.json()["Fault"]["Error"][0]["code"]) == (400, code)
    assert books.refusal("TaxCode", {"Name": "X"})["code"] == "500"
