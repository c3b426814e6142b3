"""What the documents of one contract share, brought together: company, mapping, customer and items."""

from __future__ import annotations

from dataclasses import dataclass

from crm.accounting import connection
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import forms
from crm.accounting.contracts.documents import Frame
from crm.accounting.contracts.mapping import place_keys
from crm.accounting.contracts.tables import BooksContract
from crm.accounting.documents import CustomerFacts
from crm.accounting.sync import setup
from crm.accounting.sync.contract_customer import contract_customer
from crm.customers.tables import Customer
from crm.proposals.tables import Proposal


@dataclass(frozen=True, slots=True)
class Party:
    """Whose contract it is, as the books need it."""

    proposal_id: int
    title: str
    currency: str
    customer_id: int
    customer: CustomerFacts


async def party(books: Books, org_id: int, proposal_id: int) -> Party:
    async with books.db.transaction(org_id) as session:
        proposal = await session.get_one(Proposal, (org_id, proposal_id))
        customer = await session.get_one(Customer, (org_id, proposal.customer_id))
        facts = CustomerFacts(
            customer.name,
            customer.company,
            customer.email,
            customer.phone,
            customer.billing_address,
            customer.site_address,
        )
        return Party(proposal.id, proposal.title, proposal.currency, customer.id, facts)


async def frame(
    books: Books, org_id: int, who: Party, contract: BooksContract | None
) -> tuple[Access, Frame]:
    """Asks QuickBooks only for what is not known yet. Without a contract (an estimate) there are no deposits to take up."""
    access = await connection.access(books, org_id)
    company = await setup.company_for(books, access, who.currency)
    mapping = await setup.mapping_of(books, access)
    customer = await contract_customer(
        books, access, company, proposal_id=who.proposal_id, title=who.title, local_id=who.customer_id,
        facts=who.customer, currency=who.currency,
    )  # fmt: skip
    deposit_item = contract.deposit_item if contract else None
    if contract is not None and deposit_item is None:
        deposit_item = await setup.deposit_item(books, access, mapping, contract.policy)
        await forms.keep_deposit_item(books, org_id, who.proposal_id, deposit_item)
    return access, Frame(
        company=company,
        mapping=mapping,
        customer_id=customer,
        sales_item=await setup.sales_item(books, access, mapping),
        deposit_item=deposit_item,
        places=place_keys(who.customer.site_address or who.customer.billing_address),
        email=who.customer.email,
    )
