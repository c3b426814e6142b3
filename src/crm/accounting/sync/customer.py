"""Our customer in QuickBooks: by stored link, by e-mail, by name, active or not; else made. Never a silent twin."""

from __future__ import annotations

from typing import Any

from crm.accounting import company as qbo
from crm.accounting import links, outbox
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import Company, CustomerFacts, customer_body, display_name
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import INACTIVE_MARK, Call, dumps, is_queryable, named, query, quote
from crm.kit.errors import Refused

SUFFIXES = ("", " (customer)", " (customer 2)", " (customer 3)")


async def customer_id(
    books: Books, access: Access, company: Company, local_id: int, facts: CustomerFacts, currency: str
) -> str:
    """The QuickBooks Id of our customer. A new one costs one metered read, a linked one none."""
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Customer", "customer", local_id)
        if known is not None:
            return known.qbo_id
    found = await _by_email(books, access, facts, company)
    if found is not None:
        return await _adopt(books, access, local_id, found, "e-mail")
    return await _create(books, access, company, local_id, facts, currency)


async def _by_email(
    books: Books, access: Access, facts: CustomerFacts, company: Company
) -> dict[str, Any] | None:
    """Same e-mail address: the one with our name first, then an active one, then the oldest."""
    if not facts.email or not is_queryable(facts.email):
        return None
    rows = await _query(
        books,
        access,
        f"SELECT * FROM Customer WHERE PrimaryEmailAddr = {quote(facts.email)} "
        "AND Active IN (true,false) MAXRESULTS 100",
    )
    name = display_name(facts.name, "", company).casefold()
    rows.sort(
        key=lambda row: (
            row.get("DisplayName", "").casefold() != name,
            row.get("Active") is False,
            int(row["Id"]),
        )
    )
    return rows[0] if rows else None


async def _create(
    books: Books, access: Access, company: Company, local_id: int, facts: CustomerFacts, currency: str
) -> str:
    """Makes the customer. A name in use (6240) is adopted when a customer has it, else gets a suffix, as
    vendors and employees share the name space (facts 2.4)."""
    fallback = facts.email or f"Customer {local_id}"
    for suffix in SUFFIXES:
        name = display_name(facts.name, fallback, company, suffix)

        async def look(_: str, name: str = name) -> dict[str, Any] | None:
            return await _by_name(books, access, name)

        try:
            written = await outbox.write_once(
                books,
                access.org_id,
                access.realm_id,
                operation="create_customer",
                subject=f"customer:{local_id}:{name}",
                entity="Customer",
                build=lambda _, name=name: customer_body(facts, name, company, currency),  # type: ignore[misc]
                look=look,
            )
        except Refused as error:
            if error.code != "6240":
                raise
            holder = await _by_name(books, access, name)
            if holder is not None:
                return await _adopt(books, access, local_id, holder, "name")
            continue
        return await _keep(books, access, local_id, written.object, "made", written)
    raise Refused(
        f"QuickBooks already has vendors or employees called “{facts.name}” and all variants of it. Rename one "
        "of them in QuickBooks, or change the customer's name here, then retry.",
        code="6240",
    )


async def _by_name(books: Books, access: Access, name: str) -> dict[str, Any] | None:
    if not is_queryable(name):
        return None
    rows = await _query(
        books,
        access,
        f"SELECT * FROM Customer WHERE {named('DisplayName', name)} AND Active IN (true,false)",
    )
    return min(rows, key=lambda row: row.get("Active") is False, default=None)


async def _adopt(books: Books, access: Access, local_id: int, found: dict[str, Any], by: str) -> str:
    """Takes an existing customer; one made inactive is made active again, since nothing can be booked on it."""
    if found.get("Active") is False:
        body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True, "Active": True}
        body["DisplayName"] = str(found["DisplayName"]).removesuffix(INACTIVE_MARK)
        answer = await qbo.ask(
            books, access.org_id, Call("POST", "customer", "reactivate_customer", body=dumps(body))
        )
        found = answer.data["Customer"]
    return await _keep(books, access, local_id, found, by, None)


async def _keep(
    books: Books,
    access: Access,
    local_id: int,
    object_: dict[str, Any],
    by: str,
    written: outbox.Written | None,
) -> str:
    async with books.db.transaction(access.org_id) as session:
        new = await links.link(
            session, access.org_id, access.realm_id, "Customer", "customer", local_id, object_
        )
        if written is not None:
            await outbox.succeeded(session, access.org_id, written)
        if new:
            await record(
                session,
                access.org_id,
                Event.CUSTOMER_LINKED,
                customer_id=local_id,
                qbo_customer_id=str(object_["Id"]),
                name=str(object_.get("DisplayName", "")),
                by=by,
            )
    return str(object_["Id"])


async def _query(books: Books, access: Access, statement: str) -> list[dict[str, Any]]:
    answer = await qbo.ask(books, access.org_id, query("find_customer", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Customer", [])
    return rows
