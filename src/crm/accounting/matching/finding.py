"""Finding a customer of QuickBooks by words: in what is kept here, free of cost, or first asking QuickBooks what is new.

Vendors have no place in the books of sales, but hold names (facts 2.4): whoever looks for one is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting import connection
from crm.accounting.context import Books
from crm.accounting.matching import directory
from crm.gateways.quickbooks import INACTIVE_MARK, is_queryable, query, quote

FOUND_MAX = 20
WORDS_MAX = 6
PHONE_DIGITS_MIN = 4  # fewer stand in every number

_FIND = r"""
SELECT c.qbo_id, c.name, c.company, c.email, c.phone, c.street, c.postal_code, c.currency, c.active, c.job,
  (SELECT o.name FROM qbo_links l JOIN customers o ON o.org_id = l.org_id AND o.id::text = split_part(l.local_id, ':', 1)
    WHERE l.org_id = c.org_id AND l.realm_id = c.realm_id AND l.entity = 'Customer' AND l.local_kind = 'customer'
    AND l.qbo_id = c.qbo_id ORDER BY o.id LIMIT 1) AS linked_to
FROM qbo_customers c
WHERE c.org_id = :org AND c.realm_id = :realm AND NOT EXISTS (
  SELECT 1 FROM unnest(CAST(:words AS text[]), CAST(:digits AS text[])) w(word, digits)
  WHERE NOT (lower(concat_ws(' ', c.name, c.company, c.email, c.street, c.postal_code)) LIKE '%' || w.word || '%'
    OR (w.digits <> '' AND regexp_replace(coalesce(c.phone, ''), '\D', '', 'g') LIKE '%' || w.digits || '%')))
ORDER BY c.active DESC, c.job, lower(c.name), c.qbo_id LIMIT :most
"""


@dataclass(frozen=True, slots=True)
class Vendor:
    """Somebody who is paid by the company, and whose name no customer can have."""

    name: str
    active: bool


async def kept(session: AsyncSession, org_id: int, realm_id: str, words: str) -> list[Any]:
    """Of the customers that are known here those that hold all words, active ones first."""
    each = words.lower().split()[:WORDS_MAX]
    digits = [re.sub(r"\D", "", word) for word in each]
    found = await session.execute(
        text(_FIND),
        {
            "org": org_id,
            "realm": realm_id,
            "words": [re.sub(r"([\\%_])", r"\\\1", word) for word in each],
            "digits": [number if len(number) >= PHONE_DIGITS_MIN else "" for number in digits],
            "most": FOUND_MAX,
        },
    )
    return list(found.all())


async def ask_quickbooks(books: Books, org_id: int, words: str) -> list[Vendor] | None:
    """Brings what is kept up to now, and says which vendors bear such a name; None where QuickBooks cannot be asked for
    these letters. Two metered reads, more only where no customer was read before. Raises Unavailable, Refused or
    Disconnected."""
    access = await connection.access(books, org_id)
    await directory.refresh(books, access)
    name = " ".join(words.split())
    if not is_queryable(name) or "%" in name:
        return None
    statement = (
        f"SELECT * FROM Vendor WHERE DisplayName LIKE {quote(f'%{name}%')} AND Active IN (true,false) "
        f"ORDERBY DisplayName MAXRESULTS {FOUND_MAX}"
    )
    answer = await qbo.ask(books, org_id, query("find_vendor", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Vendor", [])
    return [
        Vendor(str(row.get("DisplayName", "")).removesuffix(INACTIVE_MARK), row.get("Active") is not False)
        for row in rows
    ]
