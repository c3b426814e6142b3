"""Which elements an object has in XML, in which order they stand and what each holds.

Source: Intuit's Finance.xsd of 17 July 2026; a test compares every row with it. One row a type, `Type(Base): ...`;
the elements of the base come first. After an element's name: `*` it may repeat, then `#` a number, `?` a flag,
`@` text with the attributes of a reference, `=Type` a structure (`==` the one of the same name, `=` of any kind).
"""

from dataclasses import dataclass

_ROWS = """
Customer(NameBase): Taxable? BillAddr=PhysicalAddress ShipAddr=PhysicalAddress OtherAddr*=PhysicalAddress
  ContactName AltContactName Notes Job? BillWithParent? RootCustomerRef@ ParentRef@ Level# CustomerTypeRef@
  SalesTermRef@ SalesRepRef@ TaxGroupCodeRef@ TaxRateRef@ PaymentMethodRef@ CCDetail= PriceLevelRef@
  Balance# OpenBalanceDate BalanceWithJobs# CreditLimit# AcctNum CurrencyRef@ OverDueBalance# TotalRevenue#
  TotalExpense# PreferredDeliveryMethod ResaleNum JobInfo= TDSEnabled? CustomerEx= SecondaryTaxIdentifier
  ARAccountRef@ PrimaryTaxIdentifier TaxExemptionReasonId IsProject? BusinessNumber GSTIN
  GSTRegistrationType IsCISContractor? ClientCompanyId ClientEntityId Source TaxRegime
Vendor(NameBase): ContactName AltContactName Notes BillAddr=PhysicalAddress ShipAddr=PhysicalAddress
  OtherAddr*=PhysicalAddress TaxCountry TaxIdentifier TaxIdEffectiveDate BusinessNumber ParentRef@
  VendorTypeRef@ TermRef@ PrefillAccountRef@ Balance# BillRate# OpenBalanceDate CreditLimit# AcctNum
  Vendor1099? T4AEligible? T5018Eligible? CurrencyRef@ TDSEnabled? TDSEntityTypeId# TDSSectionTypeId#
  TDSOverrideThreshold? TaxReportingBasis APAccountRef@ VendorEx= GSTIN GSTRegistrationType IsSubContractor?
  SubcontractorType CISRate HasTPAR? VendorPaymentBankDetail= Source CostRate# AgencyVerificationStatus
  AgencyVerificationStatusMsg AgencyVerificationTSUTC CompanyRegistrationNumber
Employee(NameBase): EmployeeType EmployeeNumber SSN PrimaryAddr=PhysicalAddress OtherAddr*=PhysicalAddress
  BillableTime? BillRate# BirthDate Gender HiredDate ReleasedDate UseTimeEntry EmployeeEx= CostRate# Notes
Item(IntuitEntity): Name Sku Description Active? SubItem? ParentRef@ Level# FullyQualifiedName Taxable?
  SalesTaxIncluded? PercentBased? UnitPrice# RatePercent# Type PaymentMethodRef@ UOMSetRef@
  IncomeAccountRef@ PurchaseDesc PurchaseTaxIncluded? PurchaseCost# ExpenseAccountRef@ COGSAccountRef@
  AssetAccountRef@ PrefVendorRef@ AvgCost# TrackQtyOnHand? QtyOnHand# QtyOnPurchaseOrder# QtyOnSalesOrder#
  ReorderPoint# ManPartNum DepositToAccountRef@ SalesTaxCodeRef@ PurchaseTaxCodeRef@ InvStartDate
  BuildPoint# PrintGroupedItems? SpecialItem? SpecialItemType ItemGroupDetail== ItemAssemblyDetail=
  AbatementRate# ReverseChargeRate# ServiceType ItemCategoryType ItemEx= TaxClassificationRef@
  UQCDisplayText UQCId ClassRef@ Source DeferredRevenue? CustomExtensions*=
Account(IntuitEntity): Name SubAccount? ParentRef@ Description FullyQualifiedName AccountAlias
  TxnLocationType Active? Classification AccountType AccountSubType AccountPurposes*@ AcctNum AcctNumExtn
  BankNum OpeningBalance# OpeningBalanceDate CurrentBalance# CurrentBalanceWithSubAccounts# CurrencyRef@
  TaxAccount? TaxCodeRef@ OnlineBankingEnabled? FIName JournalCodeRef@ AccountEx=
Class(IntuitEntity): Name SubClass? ParentRef@ FullyQualifiedName Active? ClassEx=
Department(IntuitEntity): Name SubDepartment? ParentRef@ FullyQualifiedName Active? DepartmentEx=
  Address=PhysicalAddress
Term(IntuitEntity): Name Active? Type DiscountPercent# DueDays# DiscountDays# DayOfMonthDue#
  DueNextMonthDays# DiscountDayOfMonth# SalesTermEx=
PaymentMethod(IntuitEntity): Name Active? Type PaymentMethodEx=
TaxCode(IntuitEntity): Name Description Active? Hidden? Taxable? TaxGroup? SalesTaxRateList=TaxRateList
  PurchaseTaxRateList=TaxRateList AdjustmentTaxRateList=TaxRateList TaxCodeEx= TaxCodeConfigType
TaxRate(IntuitEntity): Name Description Active? RateValue# AgencyRef@ TaxReturnLineRef@ EffectiveTaxRate*==
  SpecialTaxType DisplayType TaxRateEx= OriginalTaxRate@
TaxAgency(Vendor): SalesTaxCodeRef@ SalesTaxCountry SalesTaxReturnRef@ TaxRegistrationNumber ReportingPeriod
  TaxTrackedOnPurchases? TaxOnPurchasesAccountRef@ TaxTrackedOnSales? TaxTrackedOnSalesAccountRef@ TaxOnTax?
  LastFileDate TaxAgencyExt= TaxAgencyConfig
CompanyCurrency(IntuitEntity): Code Name Active? CompanyCurrencyEx=
ExchangeRate(IntuitEntity): SourceCurrencyCode TargetCurrencyCode Rate# AsOfDate ExchangeRateEx=
CompanyInfo(IntuitEntity): CompanyName LegalName CompanyAddr=PhysicalAddress
  CustomerCommunicationAddr=PhysicalAddress LegalAddr=PhysicalAddress CompanyEmailAddr=EmailAddress
  CustomerCommunicationEmailAddr=EmailAddress CompanyURL=WebSiteAddress PrimaryPhone=TelephoneNumber
  OtherContactInfo*= CompanyFileName FlavorStratum SampleFile? CompanyUserId CompanyUserAdminEmail
  CompanyStartDate EmployerId FiscalYearStartMonth TaxYearStartMonth QBVersion Country
  ShipAddr=PhysicalAddress OtherAddr*=PhysicalAddress Mobile=TelephoneNumber Fax=TelephoneNumber
  Email=EmailAddress WebAddr=WebSiteAddress LastImportedTime LastSyncTime SupportedLanguages DefaultTimeZone
  MultiByteCharsSupported? NameValue*== FifoCalculationStatus CompanyInfoEx=
Preferences(IntuitEntity): AccountingInfoPrefs=CompanyAccountingPrefs AdvancedInventoryPrefs=
  ProductAndServicesPrefs== SalesFormsPrefs== EmailMessagesPrefs== PrintDocumentPrefs==
  VendorAndPurchasesPrefs== TimeTrackingPrefs== TaxPrefs== FinanceChargesPrefs= CurrencyPrefs==
  ReportPrefs== OtherPrefs==
Attachable(IntuitEntity): FileName FileAccessUri TempDownloadUri Size# ContentType Category Lat Long
  PlaceName Note Tag ThumbnailFileAccessUri ThumbnailTempDownloadUri AttachableEx= documentId
Invoice(SalesTransaction): Deposit# AllowIPNPayment? AllowOnlinePayment? AllowOnlineCreditCardPayment?
  AllowOnlineACHPayment? AllowOnlinePayPalPayment? AllowOnlineAffirmPayment? EInvoiceStatus
  ECloudStatusTimeStamp CfdiUse# Exportation GlobalInfo= invoiceStatus callToAction invoiceStatusLog*=
  InvoiceEx= LessCIS# InvoiceLink PaymentDetailsMessage ConvenienceFeeDetail= EnabledSurchargeInfo=
  InvoiceLinkSecurityCode InvoiceLinkExpiryDate AutoPayEligible? SchedulePayEligible? ScheduledPaymentId
  GratuityEnabled? FinancingProductType SubscriptionPaymentsSetting TxnRetainageDetail=
Payment(Transaction): CustomerRef@ RemitToRef@ ARAccountRef@ DepositToAccountRef@ PaymentMethodRef@
  PaymentRefNum PaymentType CheckPayment= CreditCardPayment= TotalAmt# UnappliedAmt# ProcessPayment?
  PaymentExtendedType PaymentEx=
Estimate(SalesTransaction): ExpirationDate AcceptedBy AcceptedDate EstimateEx=
CreditMemo(SalesTransaction): RemainingCredit# InvoiceRef@ CreditMemoEx=
RefundReceipt(SalesTransaction): RemainingCredit# RefundReceiptEx=
SalesReceipt(SalesTransaction): SalesReceiptEx= LessCIS#
Deposit(Transaction): DepositToAccountRef@ CashBack=CashBackInfo GlobalTaxCalculation TotalAmt#
  HomeTotalAmt# DepositEx=
Transfer(Transaction): FromAccountRef@ ToAccountRef@ Amount# ClassRef@ TransferEx=
Purchase(Transaction): AccountRef@ PaymentMethodRef@ PaymentRefNum PaymentType CheckPayment=
  CreditCardPayment= EntityRef@ Credit? RemitToAddr=PhysicalAddress TotalAmt# TxnId TxnNum Memo PrintStatus
  GlobalTaxCalculation PurchaseEx= LessCIS# IncludeInAnnualTPAR?
JournalEntry(Transaction): Adjustment? HomeCurrencyAdjustment? EnteredInHomeCurrency? GlobalTaxCalculation
  TotalAmt# HomeTotalAmt# JournalEntryEx=
CustomerType(IntuitEntity): Name ParentRef@ FullyQualifiedName Active?
NameBase(IntuitEntity): IntuitId Organization? Title GivenName MiddleName FamilyName Suffix
  FullyQualifiedName CompanyName DisplayName PrintOnCheckName UserId Active? V4IDPseudonym
  PrimaryPhone=TelephoneNumber AlternatePhone=TelephoneNumber Mobile=TelephoneNumber Fax=TelephoneNumber
  PrimaryEmailAddr=EmailAddress WebAddr=WebSiteAddress OtherContactInfo*= DefaultTaxCodeRef@
PhysicalAddress: Id Line1 Line2 Line3 Line4 Line5 City Country CountryCode County CountrySubDivisionCode
  PostalCode PostalCodeSuffix Lat Long Tag Note
IntuitEntity: Id SyncToken MetaData=ModificationMetaData CustomField*== AttachableRef*==
ItemGroupDetail: ItemGroupLine*=ItemComponentLine
TaxRateList: TaxRateDetail*==
EffectiveTaxRate: RateValue# EffectiveDate EndDate EffectiveTaxRateEx=
EmailAddress: Id Address Default? Tag
WebSiteAddress: Id URI Default? Tag
TelephoneNumber: Id DeviceType CountryCode AreaCode ExchangeCode Extension FreeFormNumber Default? Tag
NameValue: Name Value
CompanyAccountingPrefs: UseAccountNumbers? DefaultARAccount@ DefaultAPAccount@ RequiresAccounts?
  TrackDepartments? DepartmentTerminology ClassTrackingPerTxn? ClassTrackingPerTxnLine?
  AutoJournalEntryNumber? FirstMonthOfFiscalYear TaxYearMonth TaxForm BookCloseDate OtherContactInfo*=
  CustomerTerminology
ProductAndServicesPrefs: ForSales? ForPurchase? InventoryAndPurchaseOrder? QuantityWithPriceAndRate?
  QuantityOnHand? UOM RevenueRecognition? RevenueRecognitionFrequency
SalesFormsPrefs: UsingProgressInvoicing? CustomField*=CustomFieldDefinition CustomTxnNumbers?
  DelayedCharges? SalesEmailCc=EmailAddress SalesEmailBcc=EmailAddress EmailCopyToCompany? AllowDeposit?
  AllowDiscount? DefaultDiscountAccount AllowEstimates? EstimateMessage ETransactionEnabledStatus
  ETransactionAttachPDF? ETransactionPaymentEnabled? IPNSupportEnabled? InvoiceMessage AllowServiceDate?
  AllowShipping? DefaultShippingAccount DefaultItem@ DefaultTerms@ DefaultDeliveryMethod AutoApplyCredit?
  AutoApplyPayments? PrintItemWithZeroAmount? DefaultShipMethodRef@ DefaultMarkup#
  TrackReimbursableExpensesAsIncome? UsingSalesOrders? UsingPriceLevels? DefaultFOB DefaultCustomerMessage
EmailMessagesPrefs: NameValue*== InvoiceMessage=EmailMessage EstimateMessage=EmailMessage
  SalesReceiptMessage=EmailMessage StatementMessage=EmailMessage
PrintDocumentPrefs: NameValue*==
VendorAndPurchasesPrefs: EnableBills? TrackingByCustomer? BillableExpenseTracking? DefaultTerms@
  DefaultMarkup# DefaultMarkupAccount@ AutomaticBillPayment? TPAREnabled?
  POCustomField*=CustomFieldDefinition MsgToVendors UsingInventory? UsingMultiLocationInventory?
  DaysBillsAreDue# DiscountAccountRef@
TimeTrackingPrefs: UseServices? DefaultTimeItem@ BillCustomers? ShowBillRateToAll? WorkWeekStartDate
  TimeTrackingEnabled? MarkTimeEntriesBillable? MarkExpensesAsBillable?
TaxPrefs: UsingSalesTax? PartnerTaxEnabled? HideTaxManagement? TaxGroupCodeRef@ TaxRateRef@ PaySalesTax
  NonTaxableSalesTaxCodeRef@ TaxableSalesTaxCodeRef@
CurrencyPrefs: MultiCurrencyEnabled? HomeCurrency@
ReportPrefs: ReportBasis CalcAgingReportFromTxnDate?
OtherPrefs: NameValue*==
SalesTransaction(Transaction): AutoDocNumber? CustomerRef@ CustomerMemo@ BillAddr=PhysicalAddress
  ShipAddr=PhysicalAddress FreeFormAddress? ShipFromAddr=PhysicalAddress RemitToRef@ ClassRef@ SalesTermRef@
  DueDate SalesRepRef@ PONumber FOB ShipMethodRef@ ShipDate TrackingNum GlobalTaxCalculation TotalAmt#
  HomeTotalAmt# ApplyTaxAfterDiscount? ShippingTaxIncludedInTotalTax? TemplateRef@ PrintStatus EmailStatus
  BillEmail=EmailAddress BillEmailCc=EmailAddress BillEmailBcc=EmailAddress ARAccountRef@ Balance#
  HomeBalance# FinanceCharge? PaymentMethodRef@ PaymentRefNum PaymentType CheckPayment= CreditCardPayment=
  DepositToAccountRef@ DeliveryInfo=TransactionDeliveryInfo DiscountRate# DiscountAmt# GovtTxnRefIdentifier
  TaxExemptionRef@
Transaction(IntuitEntity): DocNumber TxnDate TxnSubType DepartmentRef@ CurrencyRef@ ExchangeRate#
  PrivateNote TxnStatus LinkedTxn*== Line*== TxnTaxDetail== TxnSource TaxFormType TaxFormNum
  TransactionLocationType Tag*== TxnApprovalInfo= RecurDataRef@ RecurringInfo= ProjectRef@ TotalCostAmount#
  HomeTotalCostAmount#
CashBackInfo: AccountRef@ Amount# Memo
ModificationMetaData: CreatedByRef@ CreateTime LastModifiedByRef@ LastUpdatedTime LastChangedInQB
  Synchronized?
CustomField: DefinitionId Name Type StringValue BooleanValue? DateValue NumberValue#
AttachableRef: EntityRef@ LineInfo IncludeOnSend? CustomField*== AttachableRefEx=
ItemComponentLine: ItemRef@ Qty# UOMRef==
TaxRateDetail: TaxRateRef@ TaxTypeApplicable TaxOrder# TaxOnTaxOrder#
CustomFieldDefinition(IntuitEntity): EntityType Name Hidden? Required? AppId
EmailMessage: Subject Message
TransactionDeliveryInfo: DeliveryType DeliveryTime DeliveryErrorType
LinkedTxn: TxnId TxnType TxnLineId
Line: Id LineNum# Description Amount# Received# LinkedTxn*== DetailType PaymentLineDetail=
  DiscountLineDetail== TaxLineDetail== SalesItemLineDetail== DescriptionLineDetail==
  ItemBasedExpenseLineDetail== AccountBasedExpenseLineDetail== ReimburseLineDetail= DepositLineDetail==
  PurchaseOrderItemLineDetail= SalesOrderItemLineDetail= ItemReceiptLineDetail= JournalEntryLineDetail==
  GroupLineDetail== SubTotalLineDetail== TDSLineDetail= ItemAdjustmentLineDetail= CustomField*== LineEx=
  ProjectRef@ CostAmount# HomeCostAmount# CustomExtensions*=
TxnTaxDetail: DefaultTaxCodeRef@ TxnTaxCodeRef@ TotalTax# TaxReviewStatus TaxLine*=Line
  UseAutomatedSalesTax?
Tag(IntuitEntity): Name
UOMRef: Unit UOMSetRef@
DiscountLineDetail(DiscountOverride): ServiceDate ClassRef@ TaxCodeRef@ DiscountLineDetailEx=
TaxLineDetail: TaxRateRef@ PercentBased? TaxPercent# NetAmountTaxable# TaxInclusiveAmount#
  OverrideDeltaAmount# ServiceDate TaxLineDetailEx=
SalesItemLineDetail(ItemLineDetail): ServiceDate TaxInclusiveAmt# DiscountRate# DiscountAmt#
  DeferredRevenue? RetainageAmount# SalesItemLineDetailEx=
DescriptionLineDetail: ServiceDate TaxCodeRef@ DescriptionLineDetailEx=
ItemBasedExpenseLineDetail(ItemLineDetail): CustomerRef@ BillableStatus TaxInclusiveAmt#
  ItemBasedExpenseLineDetailEx=
AccountBasedExpenseLineDetail: CustomerRef@ ClassRef@ AccountRef@ BillableStatus MarkupInfo== TaxAmount#
  TaxCodeRef@ TaxInclusiveAmt# ExpenseDetailLineDetailEx=
DepositLineDetail: Entity@ ClassRef@ AccountRef@ PaymentMethodRef@ CheckNum TxnType TaxCodeRef@
  TaxApplicableOn DepositLineDetailEx=
JournalEntryLineDetail: PostingType Entity=EntityTypeRef AccountRef@ ClassRef@ DepartmentRef@ TaxCodeRef@
  TaxRateRef@ TaxApplicableOn TaxAmount# TaxInclusiveAmt# BillableStatus JournalCodeRef@
  JournalEntryLineDetailEx=
GroupLineDetail: GroupItemRef@ Quantity# UOMRef== ServiceDate Line*== GroupLineDetailEx=
SubTotalLineDetail: ItemRef@ ServiceDate
DiscountOverride: DiscountRef@ PercentBased? DiscountPercent# DiscountAccountRef@
ItemLineDetail: ItemRef@ ClassRef@ UnitPrice# UnitCostPrice# RatePercent# PriceLevelRef@ MarkupInfo== Qty#
  UOMRef== ItemAccountRef@ InventorySiteRef@ TaxCodeRef@ TaxClassificationRef@
MarkupInfo: PercentBased? Value# Percent# PriceLevelRef@ MarkUpIncomeAccountRef@
EntityTypeRef: Type EntityRef@
"""


@dataclass(frozen=True)
class Element:
    """One element: its name, whether it may stand more than once, and what it holds.

    `holds` is text, number, flag, reference, any, or the name of another type.
    """

    name: str
    many: bool
    holds: str


_MARKS = {"#": "number", "?": "flag", "@": "reference", "=": "any"}


def _element(word: str) -> Element:
    name, is_structure, structure = word.partition("=")
    if is_structure and structure:
        holds = name.rstrip("*") if structure == "=" else structure
    else:
        holds = _MARKS.get(word[-1], "text")
        name = word.rstrip("#?@=")
    return Element(name.rstrip("*"), name.endswith("*"), holds)


def _read() -> dict[str, dict[str, Element]]:
    rows: dict[str, tuple[str, list[Element]]] = {}
    for row in _ROWS.replace("\n  ", " ").strip().splitlines():
        head, _, words = row.partition(":")
        name, _, base = head.rstrip(")").partition("(")
        rows[name] = (base, [_element(word) for word in words.split()])

    def with_base(name: str) -> dict[str, Element]:
        base, own = rows[name]
        return {**(with_base(base) if base else {}), **{element.name: element for element in own}}

    return {name: with_base(name) for name in rows}


SHAPES: dict[str, dict[str, Element]] = _read()
"""Type -> name of element -> element, in the order of the schema."""
