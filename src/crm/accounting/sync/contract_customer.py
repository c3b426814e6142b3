"""To whom in QuickBooks the documents of one contract go: our customer there, or a sub-customer that stands for the job.

Decided with the contract's first document, so that its payments find the customer of their invoices.
"""

from __future__ import annotations

from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import forms
from crm.accounting.documents import Company, CustomerFacts
from crm.accounting.sync.customer import customer_id, job_customer_id


async def contract_customer(
    books: Books,
    access: Access,
    company: Company,
    *,
    proposal_id: int,
    title: str,
    local_id: int,
    facts: CustomerFacts,
    currency: str,
) -> str:
    """The QuickBooks Id. Raises Refused, as `customer_id` does, when a person must say who is meant."""
    customer = await customer_id(books, access, company, local_id, facts, currency)
    if not await forms.keep_per_job(books, access.org_id, proposal_id):
        return customer
    return await job_customer_id(books, access, company, customer, proposal_id, title, currency)
