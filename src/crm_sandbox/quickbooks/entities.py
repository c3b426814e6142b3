"""The table of all QuickBooks objects: their fields, limits, references and what can be asked of them.

One line a field: `Name kind [limit or target] [words]`. Kinds: text, number, flag, date, ref, any, or the
name of a structure below. Words: `query` (may stand in WHERE and ORDERBY), `readonly` (what is sent is
ignored), `keep` (survives a full update that leaves it out, as recorded for CurrencyRef and its kin).
Sources: Intuit's Finance.xsd (field names), Intuit's API reference of 2023 (limits, filterable fields).
"""

from dataclasses import dataclass
from typing import Literal

Shape = Literal["name", "list", "txn"]


@dataclass(frozen=True)
class Field:
    """One field of an object; `limit` counts characters, `target` is the kind of object a reference names."""

    name: str
    kind: str
    limit: int | None = None
    target: str | None = None
    query: bool = False
    readonly: bool = False
    keep: bool = False


@dataclass(frozen=True)
class Entity:
    """One kind of object.

    Objects of one `id_space` share a number sequence; objects of one `name_group` may not share a name.
    `shape` name: customers, vendors, employees; list: items, accounts...; txn: what has a date and amounts.
    """

    name: str
    shape: Shape
    id_space: str
    fields: dict[str, Field]
    required: tuple[str, ...] = ()
    name_field: str = "Name"
    name_group: str | None = None
    sparse: bool = True
    voidable: bool = False
    writable: bool = True
    lines: tuple[str, ...] = ()

    @property
    def is_txn(self) -> bool:
        """Whether this is a transaction (has a date, can be deleted) and not a list entry."""
        return self.shape == "txn"


_COMMON = """
Id text query readonly
SyncToken text readonly
MetaData any
domain any
sparse any
status any
"""

_NAME = """
DisplayName text 500 query
Title text 16
GivenName text 100 query
MiddleName text 100 query
FamilyName text 100 query
Suffix text 16
CompanyName text 100 query
PrintOnCheckName text 110 query keep
PrimaryPhone TelephoneNumber
AlternatePhone TelephoneNumber
Mobile TelephoneNumber
Fax TelephoneNumber
WebAddr WebSiteAddress
BillAddr PhysicalAddress
OtherAddr any
Active flag query keep
CurrencyRef ref keep
Notes text 2000
Balance number query readonly
TaxIdentifier text 20
AcctNum text 100
"""

_CUSTOMER = _NAME + """
PrimaryEmailAddr EmailAddress query
FullyQualifiedName text query readonly
ShipAddr PhysicalAddress
ParentRef ref Customer
Job flag query keep
BillWithParent flag keep
Level number readonly
BalanceWithJobs number readonly
Taxable flag keep
PreferredDeliveryMethod text keep
SalesTermRef ref Term
PaymentMethodRef ref PaymentMethod
DefaultTaxCodeRef ref keep
ARAccountRef ref Account
CustomerTypeRef ref
ResaleNum text 16
OpenBalanceDate date
PrimaryTaxIdentifier text 20
SecondaryTaxIdentifier text 20
GSTIN text 15
GSTRegistrationType text 15
BusinessNumber text 10
IsProject flag
ClientEntityId any
Source text
TaxExemptionReasonId any
V4IDPseudonym any
"""

_VENDOR = _NAME + """
PrimaryEmailAddr EmailAddress
TermRef ref Term
Vendor1099 flag query keep
APAccountRef ref Account
BusinessNumber text 10
V4IDPseudonym any
"""

_EMPLOYEE = _NAME + """
PrimaryEmailAddr EmailAddress
PrimaryAddr PhysicalAddress
EmployeeNumber text 100
SSN text 100
HiredDate date
ReleasedDate date
BirthDate date
Gender text
BillableTime flag keep
BillRate number
Organization flag
V4IDPseudonym any
"""

_ITEM = """
Name text 100 query
FullyQualifiedName text query readonly
Sku text 100 query
Description text 4000
Active flag query keep
SubItem flag
ParentRef ref Item
Level number readonly
Type text query
UnitPrice number query
RatePercent number
IncomeAccountRef ref Account
ExpenseAccountRef ref Account
AssetAccountRef ref Account
PurchaseDesc text 1000
PurchaseCost number
Taxable flag keep
SalesTaxIncluded flag
PurchaseTaxIncluded flag
SalesTaxCodeRef ref
PurchaseTaxCodeRef ref
TrackQtyOnHand flag keep
QtyOnHand number
InvStartDate date
ReorderPoint number
PrefVendorRef ref Vendor
ClassRef ref Class
ItemCategoryType text
TaxClassificationRef ref
Source text
"""

_ACCOUNT = """
Name text 100 query
FullyQualifiedName text query readonly
SubAccount flag query
ParentRef ref Account
Description text 100 query
Active flag query keep
Classification text query readonly
AccountType text query
AccountSubType text query
AcctNum text 20 query
CurrentBalance number query readonly
CurrentBalanceWithSubAccounts number readonly
CurrencyRef ref keep
TaxCodeRef ref
AccountAlias text
TxnLocationType text
"""

_TXN = """
DocNumber text 21 query keep
TxnDate date query keep
DepartmentRef ref Department
CurrencyRef ref keep
ExchangeRate number
PrivateNote text 4000
TxnStatus text
LinkedTxn links
Line lines
TxnTaxDetail TxnTaxDetail
TxnSource text
TransactionLocationType text
CustomField any keep
Tag any
RecurDataRef ref readonly
ProjectRef ref
TaxFormType any
TaxFormNum any
TxnApprovalInfo any
RecurringInfo any
TotalAmt number query
HomeTotalAmt number readonly
TotalCostAmount number readonly
HomeTotalCostAmount number readonly
GlobalTaxCalculation text keep
"""

_SALES = _TXN + """
CustomerRef ref Customer query
AutoDocNumber flag
CustomerMemo MemoRef
BillAddr PhysicalAddress
ShipAddr PhysicalAddress
ShipFromAddr PhysicalAddress
FreeFormAddress flag
RemitToRef ref
ClassRef ref Class
SalesRepRef ref
PONumber text 25
FOB text
ShipMethodRef ref
ShipDate date
TrackingNum text
ApplyTaxAfterDiscount flag keep
PrintStatus text keep
EmailStatus text keep
BillEmail EmailAddress
BillEmailCc EmailAddress
BillEmailBcc EmailAddress
Balance number query readonly
HomeBalance number readonly
FinanceCharge flag
PaymentMethodRef ref PaymentMethod
PaymentRefNum text 21 query
PaymentType text
CheckPayment any
CreditCardPayment any
DepositToAccountRef ref Account
DeliveryInfo any readonly
DiscountRate number
DiscountAmt number
TaxExemptionRef any readonly
TemplateRef ref
ARAccountRef ref Account
"""

_INVOICE = _SALES + """
SalesTermRef ref Term query
DueDate date query
Deposit number
AllowIPNPayment flag keep
AllowOnlinePayment flag keep
AllowOnlineCreditCardPayment flag keep
AllowOnlineACHPayment flag keep
AllowOnlinePayPalPayment flag keep
EInvoiceStatus text readonly
ECloudStatusTimeStamp any readonly
invoiceStatus text readonly
callToAction any readonly
invoiceStatusLog any readonly
InvoiceEx any readonly
LessCIS number
InvoiceLink text readonly
PaymentDetailsMessage text
ConvenienceFeeDetail any
"""

_PAYMENT = _TXN + """
CustomerRef ref Customer query
RemitToRef ref
ARAccountRef ref Account
DepositToAccountRef ref Account
PaymentMethodRef ref PaymentMethod query
PaymentRefNum text 21 query
PaymentType text
CheckPayment any
CreditCardPayment any
UnappliedAmt number query readonly
ProcessPayment flag
PaymentExtendedType text
PaymentEx any readonly
TaxExemptionRef any readonly
"""

_PURCHASE = _TXN + """
AccountRef ref Account
PaymentMethodRef ref PaymentMethod
PaymentRefNum text 21 query
PaymentType text query
CheckPayment any
CreditCardPayment any
EntityRef ref
Credit flag
RemitToAddr PhysicalAddress
Memo text 4000
PrintStatus text keep
PurchaseEx any readonly
"""

_REFUND = _SALES + "RemainingCredit number readonly\nRefundReceiptEx any readonly\n"
_CREDIT = _SALES + "RemainingCredit number readonly\nInvoiceRef any\n"
_RECEIPT = _SALES + "DueDate date readonly\nSalesReceiptEx any readonly\n"
_ESTIMATE = _SALES + """
ExpirationDate date query
AcceptedBy text
AcceptedDate date
SalesTermRef ref Term
DueDate date
"""
_DEPOSIT = _TXN + "DepositToAccountRef ref Account query\nCashBack CashBackInfo\nDepositEx any readonly\n"
_TRANSFER = _TXN + "FromAccountRef ref Account\nToAccountRef ref Account\nAmount number\nClassRef ref Class\n"
_JOURNAL = _TXN + "Adjustment flag\nHomeCurrencyAdjustment flag\nEnteredInHomeCurrency flag\n"
_PLAIN = """
Name text 100 query
Active flag query keep
FullyQualifiedName text query readonly
Description text 100
"""
_CLASS = _PLAIN + "SubClass flag\nParentRef ref Class\n"
_DEPARTMENT = _PLAIN + "SubDepartment flag\nParentRef ref Department\nAddress PhysicalAddress\n"
_TERM = _PLAIN + """
Type text query
DueDays number
DiscountPercent number
DiscountDays number
DayOfMonthDue number
DueNextMonthDays number
DiscountDayOfMonth number
"""
_METHOD = _PLAIN + "Type text query\n"
_TAX_CODE = _PLAIN + "Hidden flag\nTaxable flag\nTaxGroup flag\nSalesTaxRateList any\nPurchaseTaxRateList any\n"
_TAX_RATE = _PLAIN + "RateValue number\nAgencyRef ref\nSpecialTaxType text\nDisplayType text\n"
_COMPANY = """
CompanyName text 1024 query
LegalName text 1024
CompanyAddr PhysicalAddress
CustomerCommunicationAddr PhysicalAddress
LegalAddr PhysicalAddress
CustomerCommunicationEmailAddr EmailAddress
PrimaryPhone TelephoneNumber
CompanyStartDate date
EmployerId text
FiscalYearStartMonth text
Country text
Email EmailAddress
WebAddr WebSiteAddress
SupportedLanguages text
DefaultTimeZone text
NameValue any
"""

_SALES_LINES = (
    "SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "DescriptionOnly", "GroupLineDetail"
)  # fmt: skip
_EXPENSE_LINES = ("AccountBasedExpenseLineDetail", "ItemBasedExpenseLineDetail")


def _fields(text: str) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for row in filter(None, (text + _COMMON).splitlines()):
        name, kind, *rest = row.split()
        limit = next((int(word) for word in rest if word.isdigit()), None)
        target = next((word for word in rest if word[0].isupper()), None)
        found[name] = Field(
            name, kind, limit, target, "query" in rest, "readonly" in rest, "keep" in rest
        )  # fmt: skip
    return found


def _name(name: str, text: str) -> Entity:
    return Entity(name, "name", "name", _fields(text), name_field="DisplayName", name_group="people")


def _list(name: str, text: str, *required: str, writable: bool = True) -> Entity:
    return Entity(name, "list", name, _fields(text), required, name_group=name, writable=writable)


def _txn(
    name: str, text: str, required: tuple[str, ...], lines: tuple[str, ...],
    sparse: bool = True, voidable: bool = False,
) -> Entity:  # fmt: skip
    return Entity(name, "txn", "txn", _fields(text), required, "DocNumber", None, sparse, voidable, True, lines)


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        _name("Customer", _CUSTOMER),
        _name("Vendor", _VENDOR),
        _name("Employee", _EMPLOYEE),
        _list("Item", _ITEM, "Name", "Type"),
        _list("Account", _ACCOUNT, "Name"),
        _list("Class", _CLASS, "Name"),
        _list("Department", _DEPARTMENT, "Name"),
        _list("Term", _TERM, "Name"),
        _list("PaymentMethod", _METHOD, "Name"),
        _list("TaxCode", _TAX_CODE, writable=False),
        _list("TaxRate", _TAX_RATE, writable=False),
        _txn("Invoice", _INVOICE, ("CustomerRef", "Line"), _SALES_LINES, voidable=True),
        _txn("Payment", _PAYMENT, ("CustomerRef", "TotalAmt"), ("links",), sparse=False, voidable=True),
        _txn("Estimate", _ESTIMATE, ("CustomerRef", "Line"), _SALES_LINES),
        _txn("CreditMemo", _CREDIT, ("CustomerRef", "Line"), _SALES_LINES),
        _txn("RefundReceipt", _REFUND, ("DepositToAccountRef", "Line"), _SALES_LINES),
        _txn("SalesReceipt", _RECEIPT, ("Line",), _SALES_LINES, voidable=True),
        _txn("Deposit", _DEPOSIT, ("DepositToAccountRef", "Line"), ("links", "DepositLineDetail")),
        _txn("Transfer", _TRANSFER, ("FromAccountRef", "ToAccountRef", "Amount"), ()),
        _txn("Purchase", _PURCHASE, ("AccountRef", "PaymentType", "Line"), _EXPENSE_LINES),
        _txn("JournalEntry", _JOURNAL, ("Line",), ("JournalEntryLineDetail",)),
        Entity("CompanyInfo", "list", "CompanyInfo", _fields(_COMPANY), name_field="CompanyName"),
    )
}
BY_PATH: dict[str, Entity] = {name.lower(): entity for name, entity in ENTITIES.items()}

REFERENCE_NAMES = {
    "Customer": "Names", "Vendor": "Names", "Employee": "Names", "Account": "Accounts", "Class": "Klasses",
    "Department": "Depts", "Item": "Items", "Term": "Terms", "PaymentMethod": "PaymentMethods",
    "TaxCode": "TaxCodes",
}  # fmt: skip
"""How "Invalid Reference Id" names a kind: Names, Accounts, Klasses and Depts are recorded, the rest inferred."""

_REFERENCE = "value name type"
_LINE_DETAIL = "ClassRef UnitPrice RatePercent PriceLevelRef MarkupInfo Qty UOMRef TaxCodeRef ItemRef ItemAccountRef"

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

QUERY_PATHS = frozenset({"MetaData.CreateTime", "MetaData.LastUpdatedTime"})
