"""Asks one company's QuickBooks something: in its turn, with a good token, counted."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from crm.accounting import connection, turns
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.tables import QboUsage
from crm.gateways import quickbooks
from crm.gateways.quickbooks import Answer, Call
from crm.gateways.quickbooks_faults import TokenExpired
from crm.kit import clock
from crm.kit.errors import Disconnected


async def ask(books: Books, org_id: int, call: Call) -> Answer:
    """The answer to `call`. Raises Unavailable, Refused or Disconnected; the latter is marked for people.

    An expired token is refreshed once and the same call repeated with the same requestid.
    """
    access = await connection.access(books, org_id)
    try:
        try:
            return await _send(books, access, call)
        except TokenExpired:
            access = await connection.access(books, org_id, stale=access.token)
            return await _send(books, access, call)
    except TokenExpired as error:
        lost = Disconnected(
            "QuickBooks does not accept our sign-in, even renewed. Please reconnect.",
            code=error.code,
            reference=error.reference,
        )
        await connection.mark_lost(books, org_id, lost)
        raise lost from error
    except Disconnected as error:
        await connection.mark_lost(books, org_id, error)
        raise


async def _send(books: Books, access: Access, call: Call) -> Answer:
    await turns.wait(books, access.org_id)
    answer = await quickbooks.send(books.http, books.settings.qbo_host, access.realm_id, access.token, call)
    await _count(books, access.org_id, call)
    return answer


async def _count(books: Books, org_id: int, call: Call) -> None:
    """Only answered calls count at Intuit (facts 2.11: 2xx)."""
    metered = 1 if call.metered else 0
    async with books.db.transaction(org_id) as session:
        await session.execute(
            insert(QboUsage)
            .values(org_id=org_id, day=clock.now().date(), operation=call.operation, calls=1, metered=metered)
            .on_conflict_do_update(
                index_elements=["org_id", "day", "operation"],
                set_={"calls": QboUsage.calls + 1, "metered": QboUsage.metered + metered},
            )
        )
