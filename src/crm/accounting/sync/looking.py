"""Finds in QuickBooks what an earlier attempt of ours made: by its day and customer, and our key in its note."""

from __future__ import annotations

from typing import Any

from crm.accounting import company as qbo
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.gateways.quickbooks import query, quote
from crm.kit.money import Money, to_decimal


async def find_by_key(
    books: Books, access: Access, entity: str, customer: str, day: str, money: Money, key: str
) -> dict[str, Any] | None:
    """Same customer, day and amount, and our key in the note (facts 2.6)."""
    total = f" AND TotalAmt = '{to_decimal(money.minor, money.currency)}'"
    return await _find(books, access, entity, customer, day, total, key)


async def find_by_note(
    books: Books, access: Access, entity: str, customer: str, day: str, key: str
) -> dict[str, Any] | None:
    """The same where QuickBooks may have made another total of it, by tax that it works out itself."""
    return await _find(books, access, entity, customer, day, "", key)


async def _find(
    books: Books, access: Access, entity: str, customer: str, day: str, more: str, key: str
) -> dict[str, Any] | None:
    statement = (
        f"SELECT * FROM {entity} WHERE CustomerRef = {quote(customer)} AND TxnDate = {quote(day)}{more} "
        "MAXRESULTS 1000"
    )
    answer = await qbo.ask(books, access.org_id, query(f"look_for_{entity.lower()}", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get(entity, [])
    return next((row for row in rows if key in str(row.get("PrivateNote", ""))), None)
