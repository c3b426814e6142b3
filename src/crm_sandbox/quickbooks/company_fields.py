"""The fields of what a company says of itself, and of what is attached to its objects; written as in fields.py."""

TAX_AGENCY = """
DisplayName text 100
TaxTrackedOnSales flag readonly
TaxTrackedOnPurchases flag readonly
TaxRegistrationNumber text readonly
LastFileDate date readonly
TaxAgencyConfig text readonly
"""
COMPANY_CURRENCY = """
Code text 100 query
Name text readonly
Active flag query keep
CustomField any keep
"""
EXCHANGE_RATE = """
SourceCurrencyCode text 3 query
TargetCurrencyCode text 3 query
Rate number
AsOfDate date query
CustomField any
"""
PREFERENCES = """
AccountingInfoPrefs any
ProductAndServicesPrefs any
SalesFormsPrefs any
EmailMessagesPrefs any
VendorAndPurchasesPrefs any
TimeTrackingPrefs any
TaxPrefs any
CurrencyPrefs any
ReportPrefs any
OtherPrefs any
"""
ATTACHABLE = """
FileName text 1000 query
Note text 2000 query
Category text 100 query
ContentType text 100 query
Size number query readonly keep
PlaceName text 2000 query
Lat text 100 query
Long text 100 query
Tag text 2000 query
AttachableRef attachments query
FileAccessUri text readonly
TempDownloadUri text readonly
ThumbnailFileAccessUri text readonly
ThumbnailTempDownloadUri text readonly
AttachableEx any readonly
documentId text readonly
CustomField any
"""
COMPANY = """
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
