"""What a fresh company holds: a chart of accounts as a US contractor has it, items, customers, vendors.

All balances start at zero, so that a test can count what it brought in.
"""

from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.write import create

FIRST_TXN_ID = 140
"""Ids of transactions begin above this, as in a company that has been in use."""

FIRST_ATTACHABLE_ID = 5_000_000_000_000_010_000
"""Theirs are as long as in Intuit's examples: too long for a 32-bit number, and for the exact part of a float."""

ACCOUNTS = """
1|Accounts Receivable (A/R)|Accounts Receivable|AccountsReceivable
4|Undeposited Funds|Other Current Asset|UndepositedFunds
5|Services|Income|ServiceFeeIncome
8|Bank Charges|Expense|BankCharges
9|Billable Expense Income|Income|ServiceFeeIncome
11|Insurance|Expense|Insurance
13|Materials|Cost of Goods Sold|SuppliesMaterialsCogs
17|Subcontractors|Cost of Goods Sold|CostOfLaborCos
30|Uncategorized Income|Income|ServiceFeeIncome
31|Uncategorized Expense|Expense|OtherMiscellaneousServiceCost
32|Uncategorized Asset|Other Current Asset|OtherCurrentAssets
33|Accounts Payable (A/P)|Accounts Payable|AccountsPayable
34|Opening Balance Equity|Equity|OpeningBalanceEquity
35|Checking|Bank|Checking
36|Savings|Bank|Savings
41|Mastercard|Credit Card|CreditCard
43|Notes Payable|Long Term Liability|OtherLongTermLiabilities
45|Roofing Income|Income|SalesOfProductIncome
79|Sales of Product Income|Income|SalesOfProductIncome
80|Cost of Goods Sold|Cost of Goods Sold|SuppliesMaterialsCogs
82|Design income|Income|SalesOfProductIncome
86|Discounts given|Income|DiscountsRefundsGiven
89|Board of Equalization Payable|Other Current Liability|SalesTaxPayable
91|Loan Payable|Other Current Liability|OtherCurrentLiabilities
92|Retained Earnings|Equity|RetainedEarnings
93|Exchange Gain or Loss|Other Expense|ExchangeGainOrLoss
94|Unapplied Cash Payment Income|Income|UnappliedCashPaymentIncome
"""

ITEMS = """
1|Services|5
2|Hours|5
3|Roof Repair|45
4|Roof Replacement|45
5|Gutter Cleaning|5
"""

CUSTOMERS: tuple[JsonObject, ...] = (
    {
        "GivenName": "Amy", "FamilyName": "Lauterbach", "CompanyName": "Amy's Bird Sanctuary",
        "DisplayName": "Amy's Bird Sanctuary", "PrimaryPhone": {"FreeFormNumber": "(650) 555-3311"},
        "PrimaryEmailAddr": {"Address": "birds@example.com"},
        "BillAddr": {"Line1": "4581 Finch St.", "City": "Bayshore", "CountrySubDivisionCode": "CA", "PostalCode": "94326"},
    },
    {
        "GivenName": "Bill", "FamilyName": "Lucchini", "DisplayName": "Bill's Windsurf Shop", "Taxable": False,
        "PrimaryEmailAddr": {"Address": "surf@example.com"},
        "BillAddr": {"Line1": "12 Ocean Dr.", "City": "Half Moon Bay", "CountrySubDivisionCode": "CA", "PostalCode": "94213"},
    },
    {"GivenName": "Grace", "FamilyName": "Pariente", "CompanyName": "Cool Cars", "DisplayName": "Cool Cars"},
)  # fmt: skip
VENDORS = (
    "Books by Bessie",
    "Hicks Hardware",
    "Norton Lumber and Building Materials",
    "Smith Roofing Supply",
)
EMPLOYEES = (("Emily", "Platt"), ("John", "Johnson"))
PAYMENT_METHODS = (
    ("Cash", "NON_CREDIT_CARD"), ("Check", "NON_CREDIT_CARD"), ("Visa", "CREDIT_CARD"),
    ("MasterCard", "CREDIT_CARD"), ("Credit Card", "CREDIT_CARD"), ("ACH", "NON_CREDIT_CARD"),
)  # fmt: skip
TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
TAXES: dict[str, tuple[tuple[str, str, float], ...]] = {
    "US": (("2", "California", 8.0), ("3", "Tucson", 9.1)),
    "GB": (("2", "20.0% S", 20.0), ("3", "5.0% R", 5.0), ("4", "0.0% Z", 0.0)),
    "CA": (("2", "GST", 5.0), ("3", "HST ON", 13.0), ("4", "Zero-rated", 0.0)),
}
LAST_TAX_ID = 4
ADDRESS = {
    "Id": "1", "Line1": "123 Sierra Way", "City": "San Pablo", "Country": "US",
    "CountrySubDivisionCode": "CA", "PostalCode": "87999",
}  # fmt: skip


def fill(company: Company) -> None:
    """Puts the opening lists into an empty company."""
    _company_info(company)
    _store(company, "Preferences", "1", {})
    _store(company, "TaxAgency", "1", {
        "DisplayName": "Board of Equalization", "TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False
    })  # fmt: skip
    company.start_ids_after("TaxAgency", 1)
    for row in ACCOUNTS.strip().splitlines():
        ident, name, kind, sub = row.split("|")
        company.start_ids_after("Account", int(ident) - 1)
        create(company, ENTITIES["Account"], {"Name": name, "AccountType": kind, "AccountSubType": sub})
    for row in ITEMS.strip().splitlines():
        ident, name, account = row.split("|")
        company.start_ids_after("Item", int(ident) - 1)
        item = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": account}}
        create(company, ENTITIES["Item"], item)
    for name, days in TERMS:
        create(company, ENTITIES["Term"], {"Name": name, "Type": "STANDARD", "DueDays": days})
    for name, kind in PAYMENT_METHODS:
        create(company, ENTITIES["PaymentMethod"], {"Name": name, "Type": kind})
    for customer in CUSTOMERS:
        create(company, ENTITIES["Customer"], customer)
    for name in VENDORS:
        create(company, ENTITIES["Vendor"], {"DisplayName": name})
    for given, family in EMPLOYEES:
        create(company, ENTITIES["Employee"], {"GivenName": given, "FamilyName": family})
    fill_taxes(
        company
    )  # after the customers: those of a company from before its sales tax have no default code
    company.start_ids_after("txn", FIRST_TXN_ID)
    company.start_ids_after("Attachable", FIRST_ATTACHABLE_ID)


def fill_taxes(company: Company) -> None:
    """The tax codes of the company's country; run again when the country is changed in the settings."""
    for name in ("TaxCode", "TaxRate"):
        company.objects[name].clear()
        company.start_ids_after(name, LAST_TAX_ID)
    country = company.settings.country
    if country == "US":
        for ident in ("TAX", "NON"):
            _store(company, "TaxCode", ident, {
                "Name": ident, "Description": ident, "Active": True, "Taxable": ident == "TAX", "TaxGroup": False
            })  # fmt: skip
    for ident, name, percent in TAXES.get(country, TAXES["GB"]):
        rate = {"Name": name, "Description": "Sales Tax", "Active": True, "RateValue": percent,
                "AgencyRef": {"value": "1"}, "SpecialTaxType": "NONE", "DisplayType": "ReadOnly"}  # fmt: skip
        _store(company, "TaxRate", ident, rate)
        detail = {
            "TaxRateRef": {"value": ident, "name": name},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
        code = {"Name": name, "Description": name, "Active": True, "Taxable": True, "TaxGroup": True,
                "SalesTaxRateList": {"TaxRateDetail": [detail]},
                "PurchaseTaxRateList": {"TaxRateDetail": []}}  # fmt: skip
        _store(company, "TaxCode", ident, code)


def _company_info(company: Company) -> None:
    name = company.settings.company_name
    info: dict[str, Any] = {
        "CompanyName": name, "LegalName": name, "CompanyAddr": ADDRESS, "CustomerCommunicationAddr": ADDRESS,
        "LegalAddr": ADDRESS, "PrimaryPhone": {"FreeFormNumber": "(650)944-4444"},
        "CompanyStartDate": "2024-01-15", "FiscalYearStartMonth": "January",
        "Country": company.settings.country, "Email": {"Address": "noreply@example.com"}, "WebAddr": {},
        "SupportedLanguages": "en", "DefaultTimeZone": "America/Los_Angeles",
        "NameValue": [{"Name": "NeoEnabled", "Value": "true"},
                      {"Name": "SubscriptionStatus", "Value": "PAID"},
                      {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
    }  # fmt: skip
    _store(company, "CompanyInfo", "1", info)


def _store(company: Company, entity: str, ident: str, values: JsonObject) -> None:
    head = {"domain": "QBO", "sparse": False, "Id": ident, "SyncToken": "0", "MetaData": _times(company)}
    company.objects[entity][ident] = {**values, **head}


def _times(company: Company) -> JsonObject:
    now = company.now().isoformat(timespec="seconds")
    return {"CreateTime": now, "LastUpdatedTime": now}
