"""Imports every room's tables, for those who need all of them: migrations and their check."""

from crm.accounting import sync_log_tables as sync_log
from crm.accounting import tables as accounting
from crm.accounting.backfill import tables as backfill
from crm.accounting.comeback import tables as comeback
from crm.accounting.contracts import tables as contracts
from crm.accounting.matching import tables as matching
from crm.accounting.reconcile import tables as reconcile
from crm.activity import tables as activity
from crm.customers import tables as customers
from crm.files import tables as files
from crm.identity import tables as identity
from crm.inbox import tables as inbox
from crm.kit.database import Base
from crm.law import tables as law
from crm.notifications import tables as notifications
from crm.operations import tables as operations
from crm.outgoing import tables as outgoing
from crm.papers import tables as papers
from crm.payments import tables as payments
from crm.payments import transaction_tables as transactions
from crm.portal import tables as portal
from crm.proposals import reusable_tables as reusable
from crm.proposals import tables as proposals

metadata = Base.metadata

__all__ = [
    "accounting",
    "activity",
    "backfill",
    "comeback",
    "contracts",
    "customers",
    "files",
    "identity",
    "inbox",
    "law",
    "matching",
    "metadata",
    "notifications",
    "operations",
    "outgoing",
    "papers",
    "payments",
    "portal",
    "proposals",
    "reconcile",
    "reusable",
    "sync_log",
    "transactions",
]
