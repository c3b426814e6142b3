"""What a snapshot of the QuickBooks simulator may hold besides plain data."""

from crm_sandbox.quickbooks.company import CompanySettings
from crm_sandbox.quickbooks.tokens import AccessToken, Code, Grant
from crm_sandbox.quickbooks.webhooks import Delivery

RECORDS = (AccessToken, Code, CompanySettings, Delivery, Grant)
