"""Our customer in QuickBooks: by stored link, by a match that is safe or that a person chose; else made. Never a silent
twin: where somebody may be meant, the posting waits for a person (docs/decisions/customer-matching.md)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from crm.accounting import company as qbo
from crm.accounting import links, outbox
from crm.accounting.backfill.wave import once_for_all
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import Company, CustomerFacts, customer_body, display_name
from crm.accounting.matching import directory, scoring
from crm.accounting.matching import queue as review
from crm.accounting.matching.scoring import Candidate, Person
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import INACTIVE_MARK, Call, dumps, is_queryable, named, query
from crm.kit.errors import Refused

SUFFIXES = ("", " (customer)", " (customer 2)", " (customer 3)")


def in_currency(local_id: int, company: Company, currency: str) -> str:
    """Our customer as one in QuickBooks is linked to it: there a customer has one currency, for ever (facts 2.4)."""
    return str(local_id) if currency == company.home_currency else f"{local_id}:{currency}"


def _suffixes(company: Company, currency: str) -> tuple[str, ...]:
    """“Name (EUR)” for the one of another currency, since “Name” is, or will be, the one of their own."""
    mark = "" if currency == company.home_currency else f" ({currency})"
    return tuple(mark + suffix for suffix in SUFFIXES)


async def customer_id(
    books: Books, access: Access, company: Company, local_id: int, facts: CustomerFacts, currency: str
) -> str:
    """The QuickBooks Id of our customer. A new one costs one metered read, a linked one none. Raises Refused with
    `customer-match` when a person must say who is meant."""
    linked = in_currency(local_id, company, currency)
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Customer", "customer", linked)
        if known is not None:
            return known.qbo_id
        chosen = await review.decided(session, access.org_id, access.realm_id, local_id)
        unsure = await review.rule(session, access.org_id)
        begun = await outbox.is_under_way(
            session, access.org_id, access.realm_id, "create_customer", f"customer:{local_id}:"
        )
        if chosen is not None and company.multicurrency:
            other = await links.any_of(
                session, access.org_id, access.realm_id, "Customer", "customer", str(local_id)
            )
            kept = await directory.currency_of(session, access, chosen.qbo_id) or company.home_currency
            if other and (chosen.qbo_id is None or kept != currency):
                chosen, unsure = (
                    None,
                    "always_new",
                )  # said of the first currency; of the second nobody is asked
            elif chosen.qbo_id is not None and kept != currency:
                raise Refused(
                    f"The customer that was chosen has {kept} in QuickBooks, but this is in {currency}, and a customer "
                    "keeps the currency it was made with. Take the choice back in Books > Review and choose another, or a "
                    "new customer.",
                    code="customer-currency",
                )
    if chosen is not None and chosen.qbo_id is not None:
        return await _adopt(books, access, linked, chosen.qbo_id, "choice")
    if chosen is not None:
        return await _create(books, access, company, local_id, facts, currency, twin_is_meant=True)
    if begun:  # the one that we made ourselves is nobody to ask about
        return await _create(
            books, access, company, local_id, facts, currency, twin_is_meant=unsure == "always_new"
        )
    await once_for_all("customers", lambda: directory.refresh(books, access))
    ours = person(facts, company)
    found = await directory.candidates(books, access, ours, currency if company.multicurrency else None)
    ranked = scoring.rank(ours, found)
    decision = scoring.decide(ours, ranked, unsure)
    if decision.way == "link":
        assert decision.qbo_id is not None
        return await _adopt(books, access, linked, decision.qbo_id, "match")
    if decision.way == "ask":
        raise await _ask(books, access, local_id, facts, ranked)
    return await _create(
        books, access, company, local_id, facts, currency, twin_is_meant=unsure == "always_new"
    )


def person(facts: CustomerFacts, company: Company) -> Person:
    """What tells our customer apart from others; the name as this company takes it, for so it may stand there."""
    address = facts.billing_address or facts.site_address or {}
    return Person(
        display_name(facts.name, "", company),
        facts.company,
        facts.email,
        facts.phone,
        address.get("line1"),
        address.get("postal_code"),
    )


async def _ask(
    books: Books, access: Access, local_id: int, facts: CustomerFacts, ranked: list[Candidate]
) -> Refused:
    async with books.db.transaction(access.org_id) as session:
        await review.ask(session, access.org_id, access.realm_id, local_id, ranked)
    first = ranked[0]
    others = {1: "", 2: " and another one"}.get(len(ranked), f" and {len(ranked) - 1} others")
    return Refused(
        f"QuickBooks has “{first.person.name}”{others}, who may be our customer “{facts.name[:100]}” "
        f"({', '.join(first.reasons)}). Say in Books > Review which one it is, or that it is a new customer.",
        code=review.CODE,
    )


async def _create(
    books: Books,
    access: Access,
    company: Company,
    local_id: int,
    facts: CustomerFacts,
    currency: str,
    *,
    twin_is_meant: bool,
) -> str:
    """Makes the customer. A name in use (6240) gets a suffix, as vendors and employees share the name space (facts
    2.4); when a customer has it a person is asked, unless somebody said already that ours is another one."""
    fallback = facts.email or f"Customer {local_id}"
    for suffix in _suffixes(company, currency):
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
            if not twin_is_meant:
                await _ask_about_holder(books, access, company, local_id, facts, name, currency)
            continue
        return await _keep(
            books, access, in_currency(local_id, company, currency), written.object, "made", written
        )
    raise Refused(
        f"QuickBooks already has vendors or employees called “{facts.name}” and all variants of it. Rename one "
        "of them in QuickBooks, or change the customer's name here, then retry.",
        code="6240",
    )


async def _ask_about_holder(
    books: Books,
    access: Access,
    company: Company,
    local_id: int,
    facts: CustomerFacts,
    name: str,
    currency: str,
) -> None:
    """Raises when a customer of that currency has the name that we were refused: somebody made it just now."""
    holder = await _by_name(books, access, name)
    if holder is None:
        return  # a vendor's or an employee's
    await directory.keep(books, access, [holder])
    ours = person(facts, company)
    ranked = scoring.rank(
        ours,
        await directory.candidates(books, access, ours, currency if company.multicurrency else None),
    )
    if ranked:
        raise await _ask(books, access, local_id, facts, ranked)


async def _by_name(books: Books, access: Access, name: str) -> dict[str, Any] | None:
    if not is_queryable(name):
        return None
    rows = await _query(
        books,
        access,
        f"SELECT * FROM Customer WHERE {named('DisplayName', name)} AND Active IN (true,false)",
    )
    return min(rows, key=lambda row: row.get("Active") is False, default=None)


async def _adopt(books: Books, access: Access, linked: str, qbo_id: str, by: str) -> str:
    """Takes an existing customer; one made inactive is made active again, since nothing can be booked on it."""
    async with books.db.transaction(access.org_id) as session:
        row = (
            await session.execute(
                text(
                    "SELECT name, active FROM qbo_customers WHERE org_id = :org AND realm_id = :realm "
                    "AND qbo_id = :id"
                ),
                {"org": access.org_id, "realm": access.realm_id, "id": qbo_id},
            )
        ).first()
    if row is not None and row.active:
        found: dict[str, Any] = {"Id": qbo_id, "DisplayName": row.name, "Active": True}
        return await _keep(books, access, linked, found, by, None)
    answer = await qbo.ask(books, access.org_id, Call("GET", f"customer/{qbo_id}", "read_customer"))
    found = answer.data["Customer"]
    if found.get("Active") is False:
        body = {"Id": found["Id"], "SyncToken": found["SyncToken"], "sparse": True, "Active": True}
        body["DisplayName"] = str(found["DisplayName"]).removesuffix(INACTIVE_MARK)
        answer = await qbo.ask(
            books, access.org_id, Call("POST", "customer", "reactivate_customer", body=dumps(body))
        )
        found = answer.data["Customer"]
        await directory.keep(books, access, [found])
    return await _keep(books, access, linked, found, by, None)


async def _keep(
    books: Books,
    access: Access,
    linked: str,
    object_: dict[str, Any],
    by: str,
    written: outbox.Written | None,
) -> str:
    async with books.db.transaction(access.org_id) as session:
        new = await links.link(
            session, access.org_id, access.realm_id, "Customer", "customer", linked, object_
        )
        if written is not None:
            await outbox.succeeded(session, access.org_id, written)
        if new:
            await record(
                session,
                access.org_id,
                Event.CUSTOMER_LINKED,
                customer_id=int(linked.partition(":")[0]),
                qbo_customer_id=str(object_["Id"]),
                name=str(object_.get("DisplayName", "")),
                by=by,
            )
    return str(object_["Id"])


async def job_customer_id(
    books: Books,
    access: Access,
    company: Company,
    parent_id: str,
    proposal_id: int,
    title: str,
    currency: str,
) -> str:
    """The sub-customer that stands for one job of the customer `parent_id`, made once; billed with its parent.

    For orgs that keep one per job. QuickBooks shows it as "Parent:Job" and takes five levels (facts 2.4).
    """
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Customer", "job", proposal_id)
        if known is not None:
            return known.qbo_id
    name = display_name(title, "Job", company, f" #{proposal_id}")
    body: dict[str, Any] = {
        "DisplayName": name, "Job": True, "BillWithParent": True, "ParentRef": {"value": parent_id},
    }  # fmt: skip
    if company.multicurrency:
        body["CurrencyRef"] = {"value": currency}

    async def look(_: str) -> dict[str, Any] | None:
        found = await _by_name(books, access, name)
        return found if found and (found.get("ParentRef") or {}).get("value") == parent_id else None

    written = await outbox.write_once(
        books, access.org_id, access.realm_id, operation="create_customer", subject=f"job:{proposal_id}:{parent_id}",
        entity="Customer", build=lambda _: body, look=look,
    )  # fmt: skip
    async with books.db.transaction(access.org_id) as session:
        await links.link(
            session, access.org_id, access.realm_id, "Customer", "job", proposal_id, written.object
        )
        await outbox.succeeded(session, access.org_id, written)
    return str(written.object["Id"])


async def _query(books: Books, access: Access, statement: str) -> list[dict[str, Any]]:
    answer = await qbo.ask(books, access.org_id, query("find_customer", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Customer", [])
    return rows
