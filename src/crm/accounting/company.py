"""Asks one company's QuickBooks something: in its turn, with a good token, counted and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from crm.accounting import connection, quota, sync_log, turns
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.gateways import quickbooks
from crm.gateways.exchange import Exchange
from crm.gateways.quickbooks import BATCH_PATH, Answer, Call
from crm.gateways.quickbooks_codes import CODES
from crm.gateways.quickbooks_faults import TokenExpired
from crm.kit.errors import Disconnected, OutsideError

BeforeSending = Callable[[], Awaitable[None]]


async def ask(
    books: Books, org_id: int, call: Call, *, before_sending: BeforeSending | None = None
) -> Answer:
    """The answer to `call`. Raises Unavailable, Refused or Disconnected; the latter is marked for people.

    An expired token is refreshed once and the same call repeated with the same requestid. `before_sending` is done
    when its turn has come, and may still call it off by raising.
    """
    access = await connection.access(books, org_id)
    try:
        try:
            return await _send(books, access, call, before_sending)
        except TokenExpired:
            access = await connection.access(books, org_id, stale=access.token)
            return await _send(books, access, call, before_sending)
    except TokenExpired as error:
        lost = Disconnected(
            CODES["3200"].sentence,
            code=error.code,
            reference=error.reference,
        )
        await connection.mark_lost(books, org_id, lost)
        raise lost from error
    except Disconnected as error:
        await connection.mark_lost(books, org_id, error)
        raise


async def _send(books: Books, access: Access, call: Call, before_sending: BeforeSending | None) -> Answer:
    await quota.ask_leave(books, access.org_id, call)
    await turns.wait(books, access.org_id, batch=call.path == BATCH_PATH)
    if before_sending is not None:
        await before_sending()
    kept: list[Exchange] = []
    failure: OutsideError | None = None
    try:
        answer = await quickbooks.send(
            books.http, books.settings.qbo_host, access.realm_id, access.token, call, kept
        )
    except OutsideError as error:
        failure = error
        raise
    finally:
        if kept:
            async with books.db.transaction(access.org_id) as session:
                await sync_log.keep(session, access.org_id, access.realm_id, call, kept[0], failure)
    return answer
