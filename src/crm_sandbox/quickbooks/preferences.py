"""The Preferences object: the company's settings in the words of Intuit."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.shapes import JsonObject


def preferences(company: Company) -> JsonObject:
    """The Preferences object that follows from the company's settings."""
    settings, now = company.settings, company.now().isoformat(timespec="seconds")
    accounting: JsonObject = {
        "FirstMonthOfFiscalYear": "January", "UseAccountNumbers": False, "TaxYearMonth": "January",
        "ClassTrackingPerTxn": settings.track_classes, "ClassTrackingPerTxnLine": False,
        "TrackDepartments": settings.track_departments, "TaxForm": "6", "CustomerTerminology": "Customers",
    }  # fmt: skip
    if settings.book_close_date:
        accounting["BookCloseDate"] = settings.book_close_date
    tax: JsonObject = {
        "UsingSalesTax": settings.using_sales_tax,
        "PartnerTaxEnabled": settings.automated_sales_tax,
    }
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True,
                                    "QuantityOnHand": False},
        "SalesFormsPrefs": {
            "CustomTxnNumbers": settings.custom_txn_numbers, "AllowDeposit": settings.allow_deposit,
            "AllowDiscount": True, "AllowEstimates": True, "AllowServiceDate": False, "AllowShipping": False,
            "AutoApplyCredit": settings.auto_apply_credit, "ETransactionEnabledStatus": "NotApplicable",
            "IPNSupportEnabled": False, "UsingPriceLevels": False,
            "DefaultCustomerMessage": "Thank you for your business and have a great day!",
        },
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TimeTrackingPrefs": {"UseServices": True, "BillCustomers": True, "WorkWeekStartDate": "Monday"},
        "TaxPrefs": tax,
        "CurrencyPrefs": {"MultiCurrencyEnabled": settings.multicurrency,
                          "HomeCurrency": {"value": settings.home_currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"}]},
        "domain": "QBO", "sparse": False, "Id": "1", "SyncToken": "0",
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }  # fmt: skip
