"""The structures inside objects (addresses, lines, references): their known fields and limits.

A field that is not listed is refused with 2010. Source: Intuit's Finance.xsd.
"""

_REFERENCE = "value name type"
_LINE_DETAIL = (
    "ClassRef UnitPrice RatePercent PriceLevelRef MarkupInfo Qty UOMRef TaxCodeRef ItemRef ItemAccountRef"
)

STRUCTURES: dict[str, frozenset[str]] = {
    name: frozenset(fields.split())
    for name, fields in {
        "ReferenceType": _REFERENCE,
        "TelephoneNumber": "Id DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber Default Tag",
        "EmailAddress": "Id Address Default Tag",
        "WebSiteAddress": "Id URI Default Tag",
        "MemoRef": "value id",
        "PhysicalAddress": (
            "Id Line1 Line2 Line3 Line4 Line5 City Country CountryCode County CountrySubDivisionCode "
            "PostalCode PostalCodeSuffix Lat Long Tag Note"
        ),
        "TxnTaxDetail": "DefaultTaxCodeRef TxnTaxCodeRef TotalTax TaxReviewStatus TaxLine UseAutomatedSalesTax",
        "CashBackInfo": "AccountRef Amount Memo",
        "LinkedTxn": "TxnId TxnType TxnLineId",
        "Line": (
            "Id LineNum Description Amount Received LinkedTxn DetailType PaymentLineDetail DiscountLineDetail "
            "TaxLineDetail SalesItemLineDetail DescriptionLineDetail ItemBasedExpenseLineDetail "
            "AccountBasedExpenseLineDetail DepositLineDetail JournalEntryLineDetail GroupLineDetail "
            "SubTotalLineDetail CustomField LineEx ProjectRef CostAmount HomeCostAmount CustomExtensions"
        ),
        "SalesItemLineDetail": _LINE_DETAIL + " ServiceDate TaxInclusiveAmt DiscountRate DiscountAmt "
        "DeferredRevenue RetainageAmount TaxClassificationRef",
        "SubTotalLineDetail": "ItemRef",
        "DescriptionLineDetail": "ServiceDate TaxCodeRef",
        "DiscountLineDetail": (
            "DiscountRef PercentBased DiscountPercent DiscountAccountRef ServiceDate ClassRef TaxCodeRef"
        ),
        "GroupLineDetail": "GroupItemRef Quantity UOMRef ServiceDate Line",
        "ItemBasedExpenseLineDetail": _LINE_DETAIL + " CustomerRef BillableStatus TaxInclusiveAmt",
        "AccountBasedExpenseLineDetail": (
            "CustomerRef ClassRef AccountRef BillableStatus MarkupInfo TaxAmount TaxCodeRef TaxInclusiveAmt"
        ),
        "DepositLineDetail": (
            "Entity ClassRef AccountRef PaymentMethodRef CheckNum TxnType TaxCodeRef TaxApplicableOn"
        ),
        "JournalEntryLineDetail": (
            "PostingType Entity AccountRef ClassRef DepartmentRef TaxCodeRef TaxRateRef TaxApplicableOn "
            "TaxAmount TaxInclusiveAmt BillableStatus JournalCodeRef"
        ),
    }.items()
}

STRUCTURE_LIMITS: dict[tuple[str, str], int] = {
    ("TelephoneNumber", "FreeFormNumber"): 30,
    ("EmailAddress", "Address"): 100,
    ("WebSiteAddress", "URI"): 1000,
    ("MemoRef", "value"): 1000,
    **{("PhysicalAddress", f"Line{n}"): 500 for n in range(1, 6)},
    ("PhysicalAddress", "City"): 255,
    ("PhysicalAddress", "Country"): 255,
    ("PhysicalAddress", "CountrySubDivisionCode"): 255,
    ("PhysicalAddress", "PostalCode"): 31,
    ("Line", "Description"): 4000,
}
