"""The company's customers, kept here for matching: read whole once, then only what changed since, one read at a time.

So a new customer costs one metered read, however many ways he may be found by, and a known one none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting.comeback.picture import moment
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.matching.scoring import Candidate, Person, keys
from crm.accounting.matching.tables import QboCustomer, QboDirectory
from crm.gateways.quickbooks import query
from crm.kit import clock

PAGE = 1000
PAGES_MAX = 200  # two hundred thousand customers
OVERLAP = timedelta(minutes=10)
LOOKED_AT_MAX = 500  # candidates by keys in common; a common surname has more, and they are no hint
BATCH = 200


async def refresh(books: Books, access: Access) -> None:
    """Brings the directory up to now. Raises Unavailable, Refused or Disconnected."""
    async with books.db.transaction(access.org_id) as session:
        known_until: datetime | None = await session.scalar(
            select(QboDirectory.known_until).where(
                QboDirectory.org_id == access.org_id, QboDirectory.realm_id == access.realm_id
            )
        )
    since = ""
    if known_until is not None:
        start = (known_until - OVERLAP).isoformat(timespec="seconds")
        since = f" AND MetaData.LastUpdatedTime >= '{start}'"
    told_at: datetime | None = None
    for page in range(PAGES_MAX):
        statement = (
            f"SELECT * FROM Customer WHERE Active IN (true,false){since} ORDERBY Id "
            f"STARTPOSITION {page * PAGE + 1} MAXRESULTS {PAGE}"
        )
        answer = await qbo.ask(books, access.org_id, query("find_customer", statement))
        told_at = told_at or moment(answer.data.get("time"))
        rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Customer", [])
        await keep(books, access, rows)
        if len(rows) < PAGE:
            break
    async with books.db.transaction(access.org_id) as session:
        await session.execute(
            text(
                "INSERT INTO qbo_directories AS d (org_id, realm_id, known_until) VALUES (:org, :realm, :until) "
                "ON CONFLICT (org_id, realm_id) DO UPDATE SET known_until = greatest(d.known_until, excluded.known_until)"
            ),
            {"org": access.org_id, "realm": access.realm_id, "until": told_at or clock.now() - OVERLAP},
        )


async def keep(books: Books, access: Access, rows: list[dict[str, Any]]) -> None:
    """These customers as QuickBooks answered them."""
    values = sorted((_row(access, row) for row in rows), key=lambda row: str(row["qbo_id"]))
    for start in range(0, len(values), BATCH):
        some = insert(QboCustomer).values(values[start : start + BATCH])
        async with books.db.transaction(access.org_id) as session:
            await session.execute(
                some.on_conflict_do_update(
                    index_elements=["org_id", "realm_id", "qbo_id"],
                    set_={
                        name: some.excluded[name]
                        for name in values[0]
                        if name not in {"org_id", "realm_id", "qbo_id"}
                    },
                )
            )


def _row(access: Access, object_: dict[str, Any]) -> dict[str, Any]:
    address = object_.get("BillAddr") or object_.get("ShipAddr") or {}
    person = Person(
        name=str(object_.get("DisplayName") or ""),
        company=object_.get("CompanyName"),
        email=(object_.get("PrimaryEmailAddr") or {}).get("Address"),
        phone=(object_.get("PrimaryPhone") or object_.get("Mobile") or {}).get("FreeFormNumber"),
        street=address.get("Line1"),
        postal_code=address.get("PostalCode"),
    )
    return {
        "org_id": access.org_id,
        "realm_id": access.realm_id,
        "qbo_id": str(object_["Id"]),
        "name": person.name,
        "company": person.company,
        "email": person.email,
        "phone": person.phone,
        "street": person.street,
        "postal_code": person.postal_code,
        "currency": (object_.get("CurrencyRef") or {}).get("value"),
        "active": object_.get("Active") is not False,
        "job": bool(object_.get("Job")) or object_.get("ParentRef") is not None,
        "keys": keys(person),
    }


async def candidates(books: Books, access: Access, ours: Person, currency: str | None) -> list[Candidate]:
    """Everybody who shares something with `ours`; of another currency nobody, since a customer has one for ever."""
    async with books.db.transaction(access.org_id) as session:
        rows = await session.scalars(
            select(QboCustomer)
            .where(
                QboCustomer.org_id == access.org_id,
                QboCustomer.realm_id == access.realm_id,
                QboCustomer.keys.overlap(keys(ours)),
            )
            .order_by(QboCustomer.qbo_id)
            .limit(LOOKED_AT_MAX)
        )
        return [
            Candidate(
                row.qbo_id,
                Person(row.name, row.company, row.email, row.phone, row.street, row.postal_code),
                row.active,
                row.job,
                row.currency,
            )
            for row in rows
            if currency is None or row.currency in {None, currency}
        ]


async def currency_of(session: AsyncSession, access: Access, qbo_id: str | None) -> str | None:
    """None where QuickBooks told none: a company with one currency says nothing of it."""
    found: str | None = await session.scalar(
        select(QboCustomer.currency).where(
            QboCustomer.org_id == access.org_id,
            QboCustomer.realm_id == access.realm_id,
            QboCustomer.qbo_id == qbo_id,
        )
    )
    return found
