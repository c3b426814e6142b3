"""What a company needs before its first deposit: its settings, the deposit item and the clearing account.

Asked once per company and kept, so that in the steady state a deposit costs two writes and no read.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import update

from crm.accounting import company as qbo
from crm.accounting import links, outbox
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import (
    CLEARING_ACCOUNT_NAME,
    Company,
    clearing_account_body,
    item_body,
    read_company,
)
from crm.accounting.tables import QboToken
from crm.gateways.quickbooks import Call, named, query
from crm.identity.tables import Org
from crm.kit.errors import Refused

SETTING = "setting"


async def company_of(books: Books, access: Access) -> Company:
    """The company's settings, read on the first need after connecting."""
    if access.company.get("settings"):
        return Company(**access.company["settings"])
    realm = access.realm_id
    info = await qbo.ask(books, access.org_id, Call("GET", f"companyinfo/{realm}", "read_company"))
    preferences = await qbo.ask(books, access.org_id, Call("GET", "preferences", "read_preferences"))
    async with books.db.transaction(access.org_id) as session:
        org = await session.get_one(Org, access.org_id)
        made = read_company(
            info.data.get("CompanyInfo", {}), preferences.data.get("Preferences", {}), org.time_zone
        )
        name = str(info.data.get("CompanyInfo", {}).get("CompanyName", ""))
        await session.execute(
            update(QboToken)
            .where(QboToken.org_id == access.org_id, QboToken.realm_id == realm)
            .values(company={"name": name, "settings": asdict(made)})
        )
    return made


async def deposit_item(books: Books, access: Access) -> str:
    """The Id of the item QBO_ITEM_NAME_DEPOSIT; made, as a service, when the company has none."""
    name = books.settings.qbo_item_name_deposit
    local_id = f"deposit_item:{name}"
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Item", SETTING, local_id)
        if known is not None:
            return known.qbo_id
    found = await _one(books, access, "find_item", "Item", named("Name", name))
    if found is not None and found.get("Active") is False:
        raise Refused(
            f"The item “{name}” is inactive in QuickBooks. Make it active there (Sales > Products and services), "
            "then retry.",
            code="item-inactive",
        )
    if found is None:
        income = await _income_account(books, access)

        async def look(_: str) -> dict[str, Any] | None:
            return await _one(books, access, "find_item", "Item", named("Name", name))

        written = await outbox.write_once(
            books,
            access.org_id,
            access.realm_id,
            operation="create_item",
            subject=local_id,
            entity="Item",
            build=lambda _: item_body(name, income),
            look=look,
        )
        return await keep(books, access, "Item", local_id, written.object, written)
    return await keep(books, access, "Item", local_id, found, None)


async def clearing_account(books: Books, access: Access, company: Company, currency: str) -> str:
    """The Id of the account that holds what Stripe holds; made, as a bank account, when missing."""
    name, local_id = CLEARING_ACCOUNT_NAME, "stripe_clearing"
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Account", SETTING, local_id)
        if known is not None:
            return known.qbo_id

    async def look(_: str = "") -> dict[str, Any] | None:
        return await _one(books, access, "find_account", "Account", named("Name", name))

    found = await look()
    if found is not None:
        if found.get("Active") is False or found.get("AccountType") not in {"Bank", "Other Current Asset"}:
            raise Refused(
                f"QuickBooks has an account “{name}” that cannot take payments: it must be active and of type "
                "Bank. Change or rename it in QuickBooks (Settings > Chart of accounts), then retry.",
                code="clearing-account",
            )
        return await keep(books, access, "Account", local_id, found, None)
    written = await outbox.write_once(
        books,
        access.org_id,
        access.realm_id,
        operation="create_account",
        subject=local_id,
        entity="Account",
        build=lambda _: clearing_account_body(company, currency),
        look=look,
    )
    return await keep(books, access, "Account", local_id, written.object, written)


async def _income_account(books: Books, access: Access) -> str:
    """An active income account for the item: sales of products first, as Intuit's reference wants it."""
    answer = await qbo.ask(
        books,
        access.org_id,
        query("find_income_account", "SELECT * FROM Account WHERE AccountType = 'Income' MAXRESULTS 100"),
    )
    accounts = [a for a in answer.data.get("QueryResponse", {}).get("Account", []) if a.get("Active", True)]
    if not accounts:
        raise Refused(
            "QuickBooks has no active income account for deposits. Add one (Settings > Chart of accounts), "
            "then retry.",
            code="no-income-account",
        )
    preferred = [a for a in accounts if a.get("AccountSubType") == "SalesOfProductIncome"]
    return str((preferred or accounts)[0]["Id"])


async def _one(
    books: Books, access: Access, operation: str, entity: str, where: str
) -> dict[str, Any] | None:
    statement = f"SELECT * FROM {entity} WHERE {where} AND Active IN (true,false)"
    answer = await qbo.ask(books, access.org_id, query(operation, statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get(entity, [])
    return min(rows, key=lambda row: row.get("Active") is False, default=None)


async def keep(
    books: Books,
    access: Access,
    entity: links.Entity,
    local_id: str,
    object_: dict[str, Any],
    written: outbox.Written | None,
) -> str:
    async with books.db.transaction(access.org_id) as session:
        await links.link(session, access.org_id, access.realm_id, entity, SETTING, local_id, object_)
        if written is not None:
            await outbox.succeeded(session, access.org_id, written)
    return str(object_["Id"])
