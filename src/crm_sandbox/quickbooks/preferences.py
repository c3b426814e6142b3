"""The Preferences object: the company's settings in the words of Intuit, and which of them an app may switch.

Source: Intuit's reference of Preferences, which marks all but a few as read only.
"""

from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.shapes import JsonObject

SWITCHES = {
    ("AccountingInfoPrefs", "ClassTrackingPerTxn"): "track_classes",
    ("AccountingInfoPrefs", "ClassTrackingPerTxnLine"): "track_classes_per_line",
    ("AccountingInfoPrefs", "TrackDepartments"): "track_departments",
    ("SalesFormsPrefs", "CustomTxnNumbers"): "custom_txn_numbers",
    ("SalesFormsPrefs", "AllowDeposit"): "allow_deposit",
}
"""What an app may switch and this company obeys -> its name in the settings."""

WRITABLE: dict[str, dict[str, type]] = {
    "AccountingInfoPrefs": {"CustomerTerminology": str, "DepartmentTerminology": str},
    "ProductAndServicesPrefs": {
        "ForSales": bool, "ForPurchase": bool, "QuantityOnHand": bool, "QuantityWithPriceAndRate": bool
    },
    "SalesFormsPrefs": {
        "AllowDiscount": bool, "AllowEstimates": bool, "AllowServiceDate": bool, "AllowShipping": bool,
        "DefaultCustomerMessage": str, "EmailCopyToCompany": bool, "ETransactionAttachPDF": bool,
        "ETransactionPaymentEnabled": bool,
    },
    "VendorAndPurchasesPrefs": {"BillableExpenseTracking": bool, "TrackingByCustomer": bool},
    "TimeTrackingPrefs": {"BillCustomers": bool, "ShowBillRateToAll": bool},
}  # fmt: skip
"""What an app may set and is only shown again."""

READ_ONLY = {
    "AccountingInfoPrefs": (
        "BookCloseDate", "FirstMonthOfFiscalYear", "TaxForm", "TaxYearMonth", "UseAccountNumbers"
    ),
    "ProductAndServicesPrefs": ("RecognitionFrequencyType", "RevenueRecognitionEnabled"),
    "SalesFormsPrefs": (
        "AutoApplyCredit", "AutoApplyPayments", "CustomField", "DefaultDiscountAccount", "DefaultShippingAccount",
        "DefaultTerms", "EstimateMessage", "ETransactionEnabledStatus", "IPNSupportEnabled", "SalesEmailBcc",
        "SalesEmailCc", "UsingPriceLevels", "UsingProgressInvoicing",
    ),
    "VendorAndPurchasesPrefs": (
        "DefaultMarkup", "DefaultMarkupAccount", "DefaultTerms", "POCustomField", "TPAREnabled"
    ),
    "TimeTrackingPrefs": ("MarkTimeEntriesBillable", "UseServices", "UsingSalesTax", "WorkWeekStartDate"),
    "TaxPrefs": ("PartnerTaxEnabled", "TaxGroupCodeRef", "UsingSalesTax"),
    "CurrencyPrefs": ("HomeCurrency", "MultiCurrencyEnabled"),
    "ReportPrefs": ("CalcAgingReportFromTxnDate", "ReportBasis"),
    "EmailMessagesPrefs": ("EstimateMessage", "InvoiceMessage", "SalesReceiptMessage", "StatementMessage"),
    "OtherPrefs": ("NameValue",),
}  # fmt: skip
"""What is dropped without a word when it is sent; the default accounts and messages count in here as well."""


def preferences(company: Company, stored: JsonObject) -> JsonObject:
    """The Preferences object: what follows from the settings, with what apps have set (`stored`) laid over it."""
    shown = _from_settings(company)
    for section, values in stored.items():
        shown[section] = {**shown[section], **values} if section in WRITABLE else values
    return shown


def _from_settings(company: Company) -> dict[str, Any]:
    settings = company.settings
    accounting: JsonObject = {
        "FirstMonthOfFiscalYear": "January", "UseAccountNumbers": False, "TaxYearMonth": "January",
        "ClassTrackingPerTxn": settings.track_classes,
        "ClassTrackingPerTxnLine": settings.track_classes_per_line,
        "TrackDepartments": settings.track_departments, "TaxForm": "6", "CustomerTerminology": "Customers",
    }  # fmt: skip
    if settings.track_departments:
        accounting["DepartmentTerminology"] = "Location"
    if settings.book_close_date:
        accounting["BookCloseDate"] = settings.book_close_date
    tax: JsonObject = {
        "UsingSalesTax": settings.using_sales_tax,
        "PartnerTaxEnabled": settings.automated_sales_tax,
    }
    thanks = "Thank you for your business and have a great day!"
    return {
        "AccountingInfoPrefs": accounting,
        "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True,
                                    "QuantityOnHand": False},
        "SalesFormsPrefs": {
            "CustomField": _custom_fields("SalesFormsPrefs.UseSalesCustom", "SalesFormsPrefs.SalesCustomName",
                                          settings.custom_fields),
            "CustomTxnNumbers": settings.custom_txn_numbers, "EmailCopyToCompany": False,
            "AllowDeposit": settings.allow_deposit, "AllowDiscount": True, "AllowEstimates": True,
            "ETransactionEnabledStatus": "NotApplicable", "ETransactionAttachPDF": False,
            "ETransactionPaymentEnabled": False, "IPNSupportEnabled": False, "AllowServiceDate": False,
            "AllowShipping": False, "AutoApplyCredit": settings.auto_apply_credit,
            "AutoApplyPayments": settings.auto_apply_credit, "UsingPriceLevels": False,
            "DefaultCustomerMessage": thanks,
        },
        "EmailMessagesPrefs": {
            f"{form.replace(' ', '')}Message": {
                "Subject": f"{form} from {settings.company_name}",
                "Message": f"Please find your {form.lower()} attached.\n\n{settings.company_name}",
            }
            for form in ("Invoice", "Estimate", "Sales Receipt", "Statement")
        },
        "VendorAndPurchasesPrefs": {
            "TrackingByCustomer": True, "BillableExpenseTracking": True,
            "POCustomField": _custom_fields("PurchasePrefs.UsePurchaseCustom", "PurchasePrefs.PurchaseCustomName", []),
        },
        "TimeTrackingPrefs": {"UseServices": True, "BillCustomers": True, "ShowBillRateToAll": False,
                              "WorkWeekStartDate": "Monday", "MarkTimeEntriesBillable": True},
        "TaxPrefs": tax,
        "CurrencyPrefs": {"MultiCurrencyEnabled": settings.multicurrency,
                          "HomeCurrency": {"value": settings.home_currency}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": name, "Value": value} for name, value in (
            ("SalesFormsPrefs.DefaultCustomerMessage", thanks), ("SalesFormsPrefs.DefaultItem", "1"),
            ("DTXCopyMemo", "true"), *_uncategorized(company), ("SFCEnabled", "true"), ("DataPartner", "false"),
            ("Vendor1099Enabled", "true"), ("TimeTrackingFeatureEnabled", "true"), ("FDPEnabled", "false"),
            ("isDTXOnStage", "false"), ("ProjectsEnabled", "false"),
            ("DateFormat", "Month Date Year separated by a slash"), ("DateFormatMnemonic", "MMDDYYYY_SEP_SLASH"),
            ("NumberFormat", "US Number Format"), ("NumberFormatMnemonic", "US_NB"),
            ("WarnDuplicateCheckNumber", "true"), ("WarnDuplicateBillNumber", "false"),
            ("WarnDuplicateJournalNumber", "false"), ("SignoutInactiveMinutes", "60"),
            ("AccountingInfoPrefs.ShowAccountNumbers", "false"),
        )]},
    }  # fmt: skip


def _custom_fields(switch: str, name: str, fields: list[str]) -> list[JsonObject]:
    """Which of the three custom fields are in use, and under them their names, as recorded."""
    used: list[JsonObject] = [
        {"Name": f"{switch}{place}", "Type": "BooleanType", "BooleanValue": place <= len(fields)}
        for place in (1, 2, 3)
    ]
    named: list[JsonObject] = [
        {"Name": f"{name}{place}", "Type": "StringType", "StringValue": field}
        for place, field in enumerate(fields, 1)
    ]
    return [{"CustomField": used}, *([{"CustomField": named}] if named else [])]


def _uncategorized(company: Company) -> list[tuple[str, str]]:
    """The accounts that QuickBooks books to when it is told nothing better."""
    return [
        (f"Uncategorized{kind}AccountId", account["Id"])
        for kind in ("Asset", "Income", "Expense")
        for account in company.objects["Account"].having("Name", f"uncategorized {kind}".casefold())
    ]
