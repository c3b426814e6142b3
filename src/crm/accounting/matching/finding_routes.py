"""The API that finds another customer of QuickBooks than those that were suggested."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.connection_routes import BooksDep
from crm.accounting.matching import finding
from crm.accounting.matching.routes import READ, WRITE, realm_of
from crm.identity.authentication import OrgTx, StaffDep
from crm.kit.inputs import Input, SearchText

Words = Annotated[SearchText, Field(min_length=2)]
router = APIRouter(tags=["books"], prefix="/books/review/customers")


class FoundCustomer(BaseModel):
    """A customer of QuickBooks. `linked_to` is the customer of ours that it stands for already."""

    qbo_id: str
    name: str
    company: str | None
    email: str | None
    phone: str | None
    street: str | None
    postal_code: str | None
    currency: str | None
    active: bool
    job: bool
    linked_to: str | None


class VendorOut(BaseModel):
    """A vendor: no customer can have the same name."""

    name: str
    active: bool


class FoundCustomers(BaseModel):
    """At most twenty of each. `vendors` is null where QuickBooks was not asked, or cannot be asked for these letters."""

    customers: list[FoundCustomer]
    vendors: list[VendorOut] | None


class WordsIn(Input):
    q: Annotated[Words, Field(description="Parts of name, company, e-mail, phone or address.")]


@router.get("", summary="Find a customer of QuickBooks in what is known here", dependencies=[READ])
async def find_qbo_customers(
    q: Annotated[Words, Query(description="Every word must stand there.")],
    session: OrgTx,
    principal: StaffDep,
) -> FoundCustomers:
    """Asks nothing of QuickBooks: the customers as they were when one was last looked for."""
    return FoundCustomers(customers=await _customers(session, principal.org_id, q), vendors=None)


# A POST, for it asks QuickBooks: a page that is merely opened, or typed into, must not cost reads.
@router.post(
    "/search",
    summary="Find a customer after asking QuickBooks what is new: two metered reads",
    dependencies=[WRITE],
)
async def search_qbo_customers(body: WordsIn, principal: StaffDep, work: BooksDep) -> FoundCustomers:
    """Also says which vendors bear the name, for theirs a customer cannot have."""
    vendors = await finding.ask_quickbooks(work, principal.org_id, body.q)
    async with work.db.transaction(principal.org_id) as session:
        customers = await _customers(session, principal.org_id, body.q)
    return FoundCustomers(
        customers=customers,
        vendors=None
        if vendors is None
        else [VendorOut.model_validate(one, from_attributes=True) for one in vendors],
    )


async def _customers(session: AsyncSession, org_id: int, words: str) -> list[FoundCustomer]:
    rows = await finding.kept(session, org_id, await realm_of(session, org_id), words)
    return [FoundCustomer.model_validate(row, from_attributes=True) for row in rows]
