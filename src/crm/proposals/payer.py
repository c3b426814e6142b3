"""Who may see and pay one proposal: the customer whose link opens it, or staff of its company."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from crm.dependencies import DatabaseDep, StateDep
from crm.identity.authentication import API_KEY_PREFIX, bearer, refuse_other_origin, staff, staff_by_token
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.kit.inputs import ID_MAX
from crm.proposals.links import open_link


def portal_cookie(proposal_id: int) -> str:
    """One cookie per proposal, so that two links in one browser never mix."""
    return f"crm_portal_{proposal_id}"


async def payer(proposal_id: int, request: Request, state: StateDep) -> Principal:
    """A header wins over cookies, and the portal's cookie over the console's.

    A route that names this dependency has a path or query parameter `proposal_id`. Whether staff may do more
    than look is for the route to say (`principal.must`); a customer's principal carries `proposal_id`.
    """
    if not 0 < proposal_id <= ID_MAX:
        proposal_id = 0  # opens nothing, and reads as "not found" for staff
    if token := bearer(request):
        if token.startswith(API_KEY_PREFIX) or token.count(".") == 2:
            return _reader(await staff_by_token(token, state))
        return (await open_link(state.database, token, proposal_id))[0]
    if cookie := request.cookies.get(portal_cookie(proposal_id)):
        refuse_other_origin(request)
        return (await open_link(state.database, cookie, proposal_id))[0]
    return _reader(await staff(request, state))


def _reader(principal: Principal) -> Principal:
    principal.must(Permission.READ)
    return principal


PayerDep = Annotated[Principal, Depends(payer)]


async def payer_transaction(principal: PayerDep, database: DatabaseDep) -> AsyncIterator[AsyncSession]:
    async with database.transaction(principal.org_id) as session:
        yield session


PayerTx = Annotated[AsyncSession, Depends(payer_transaction, scope="function")]
