"""The fields of all QuickBooks objects, one line a field: `Name kind [limit or target] [words]`.

Kinds: text, number, flag, date, ref, links, lines, attachments, any, or the name of a structure (structures.py).
Words: `query` (may stand in WHERE and ORDERBY), `readonly` (what is sent is ignored), `keep` (survives a
full update that leaves it out, as recorded for CurrencyRef and its kin), `bare` (answered without the name of what
it refers to, as recorded).
Sources: Intuit's Finance.xsd (names), Intuit's API reference of 2023 (limits, what can be queried).
"""

COMMON = """
Id text query readonly
SyncToken text readonly
MetaData any
domain any
sparse any
status any
"""

NAME = """
DisplayName text 500 query
Title text 16
GivenName text 100 query
MiddleName text 100 query
FamilyName text 100 query
Suffix text 16
CompanyName text 100 query
PrintOnCheckName text 110 query
PrimaryPhone TelephoneNumber
AlternatePhone TelephoneNumber
Mobile TelephoneNumber
Fax TelephoneNumber
WebAddr WebSiteAddress
OtherAddr any
Active flag query keep
Notes text 2000
"""

PARTY = (
    NAME
    + """
BillAddr PhysicalAddress
CurrencyRef ref keep
Balance number query readonly
AcctNum text 100
"""
)

CUSTOMER = (
    PARTY
    + """
PrimaryEmailAddr EmailAddress query
FullyQualifiedName text query readonly
ShipAddr PhysicalAddress
ParentRef ref Customer bare
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
)

VENDOR = (
    PARTY
    + """
TaxIdentifier text 20
PrimaryEmailAddr EmailAddress
TermRef ref Term bare
Vendor1099 flag query keep
APAccountRef ref Account
BusinessNumber text 10
BillRate number
CostRate number
V4IDPseudonym any
"""
)

EMPLOYEE = (
    NAME
    + """
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
CostRate number
Organization flag
V4IDPseudonym any
"""
)

ITEM = """
Name text 100 query
FullyQualifiedName text query readonly
Sku text 100 query
UQCDisplayText text 25
UQCId text
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

ACCOUNT = """
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

TXN = """
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
TotalCostAmount number readonly
HomeTotalCostAmount number readonly
"""

TOTAL = "TotalAmt number query\nHomeTotalAmt number readonly\nGlobalTaxCalculation text keep\n"

SALES = (
    TXN
    + TOTAL
    + """
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
)

INVOICE = (
    SALES
    + """
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
)

PAYMENT = (
    TXN
    + """
CustomerRef ref Customer query
RemitToRef ref
ARAccountRef ref Account
DepositToAccountRef ref Account bare
PaymentMethodRef ref PaymentMethod query bare
PaymentRefNum text 21 query
PaymentType text
CheckPayment any
CreditCardPayment any
TotalAmt number query
UnappliedAmt number query readonly
ProcessPayment flag
PaymentExtendedType text
PaymentEx any readonly
"""
)

PURCHASE = (
    TXN
    + """
AccountRef ref Account
PaymentMethodRef ref PaymentMethod
PaymentRefNum text 21 query
PaymentType text query
CheckPayment any
CreditCardPayment any
EntityRef ref
Credit flag
RemitToAddr PhysicalAddress
TotalAmt number query
GlobalTaxCalculation text keep
Memo text 4000
PrintStatus text keep
PurchaseEx any readonly
"""
)

REFUND = (
    SALES + "PaymentRefNum text 100 query\nRemainingCredit number readonly\nRefundReceiptEx any readonly\n"
)
CREDIT = SALES + "RemainingCredit number readonly\nInvoiceRef any\n"
RECEIPT = SALES + "DueDate date readonly\nSalesReceiptEx any readonly\n"
ESTIMATE = (
    SALES
    + """
ExpirationDate date query
AcceptedBy text
AcceptedDate date
SalesTermRef ref Term
DueDate date
"""
)
DEPOSIT = (
    TXN + TOTAL + "DepositToAccountRef ref Account query\nCashBack CashBackInfo\nDepositEx any readonly\n"
)
TRANSFER = TXN + "FromAccountRef ref Account\nToAccountRef ref Account\nAmount number\nClassRef ref Class\n"
JOURNAL = TXN + TOTAL + "Adjustment flag\nHomeCurrencyAdjustment flag\nEnteredInHomeCurrency flag\n"
PLAIN = "Name text 100 query\nActive flag query keep\n"
SHORT_NAME = "Name text 31 query\n"
FULL_NAME = "FullyQualifiedName text query readonly\n"
CLASS = PLAIN + FULL_NAME + "SubClass flag\nParentRef ref Class bare\n"
DEPARTMENT = PLAIN + FULL_NAME + "SubDepartment flag\nParentRef ref Department\nAddress PhysicalAddress\n"
TERM = (
    PLAIN
    + SHORT_NAME
    + """
Type text query
DueDays number
DiscountPercent number
DiscountDays number
DayOfMonthDue number
DueNextMonthDays number
DiscountDayOfMonth number
"""
)
METHOD = PLAIN + SHORT_NAME + "Type text query\n"
TAX_CODE = (
    PLAIN
    + "Description text 100\nHidden flag\nTaxable flag\nTaxGroup flag\nSalesTaxRateList any\nPurchaseTaxRateList any\n"
)
TAX_RATE = (
    PLAIN + "Description text 100\nRateValue number\nAgencyRef ref\nSpecialTaxType text\nDisplayType text\n"
)
