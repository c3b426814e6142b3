"""What a company needs before its first document: its settings, items and the clearing account; mapped, found or made.

Asked once per company and kept, so that in the steady state a deposit costs two writes and no read.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from sqlalchemy import update

from crm.accounting import company as qbo
from crm.accounting import links, outbox
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import mapped
from crm.accounting.contracts.mapping import Mapping
from crm.accounting.documents import (
    CLEARING_ACCOUNT_NAME,
    LIABILITY_ACCOUNT_NAME,
    Company,
    clearing_account_body,
    item_body,
    kept_company,
    liability_account_body,
    read_company,
)
from crm.accounting.tables import QboToken
from crm.gateways.quickbooks import Call, named, query
from crm.identity.tables import Org
from crm.kit.errors import Refused

SETTING = "setting"
DEPOSIT_SAID = "Deposit on a proposal, paid online"
SALES_ITEM_NAME = "Contract Work"
LIABILITY_ITEM_NAME = "Customer Deposit"


async def company_of(books: Books, access: Access, *, fresh: bool = False) -> Company:
    """The company's settings, read on the first need after connecting; `fresh` reads them again."""
    if not fresh and (kept := kept_company(access.company)) is not None:
        return kept
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


async def company_for(books: Books, access: Access, currency: str) -> Company:
    """The company, which takes documents in `currency`. Raises Refused when it does not.

    Where it did not when we last read its settings they are read again: somebody may have followed our advice."""
    company = await company_of(books, access)
    if has_no_place_for(company, currency):
        company = await company_of(books, access, fresh=True)
    if has_no_place_for(company, currency):
        raise Refused(
            f"The payment is in {currency}, but this QuickBooks company keeps its books in {company.home_currency} only. "
            "Turn on multicurrency in QuickBooks (it can't be turned off again) or book this payment by hand.",
            code="multicurrency-off",
        )
    return company


def has_no_place_for(company: Company, currency: str) -> bool:
    return currency != company.home_currency and not company.multicurrency


async def mapping_of(books: Books, access: Access) -> Mapping:
    """All that is mapped for this company."""
    async with books.db.transaction(access.org_id) as session:
        return await mapped.mapping_of(session, access.org_id, access.realm_id)


async def deposit_item(books: Books, access: Access, mapping: Mapping, policy: str) -> str:
    """The Id of the item on which deposits are invoiced under this policy; made, as a service, when there is none."""
    if policy == "liability":
        return mapping.get("deposit_item") or await _item(
            books, access, LIABILITY_ITEM_NAME, "Money for work that is not done yet", _liability_account
        )
    name = books.settings.qbo_item_name_deposit
    return mapping.get("income_item") or await _item(books, access, name, DEPOSIT_SAID, _income_account)


async def sales_item(books: Books, access: Access, mapping: Mapping) -> str:
    """The Id of the item of what was sold, where a line has no narrower one."""
    return mapping.get("sales_item") or await _item(
        books, access, SALES_ITEM_NAME, "Work and material of a contract", _income_account
    )


async def _item(
    books: Books, access: Access, name: str, said: str, account: Callable[[Books, Access], Awaitable[str]]
) -> str:
    local_id = f"deposit_item:{name}" if said == DEPOSIT_SAID else f"item:{name}"
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
    if found is not None and account is _liability_account:
        await _must_be_liability(books, access, found)
    if found is None:
        account_id = await account(books, access)

        async def look(_: str) -> dict[str, Any] | None:
            return await _one(books, access, "find_item", "Item", named("Name", name))

        written = await outbox.write_once(
            books,
            access.org_id,
            access.realm_id,
            operation="create_item",
            subject=local_id,
            entity="Item",
            build=lambda _: item_body(name, account_id, said),
            look=look,
        )
        return await keep(books, access, "Item", local_id, written.object, written)
    return await keep(books, access, "Item", local_id, found, None)


async def _must_be_liability(books: Books, access: Access, item: dict[str, Any]) -> None:
    """An item that somebody made under our name must not bring deposits into income."""
    account_id = str(item.get("IncomeAccountRef", {}).get("value", ""))
    answer = await qbo.ask(books, access.org_id, Call("GET", f"account/{account_id}", "read_account"))
    account = answer.data.get("Account", {})
    if account.get("AccountType") != "Other Current Liability":
        raise Refused(
            f"Deposits are to be a liability, but the item “{item.get('Name')}” books to “{account.get('Name')}”, "
            f"which is of type {account.get('AccountType')}. Point it to an Other Current Liability account in "
            "QuickBooks, or choose another item under Books > Mapping, then retry.",
            code="deposit-item-account",
        )


async def _liability_account(books: Books, access: Access) -> str:
    """The account of deposits that are owed; made when missing, refused when its name is of another type."""
    name, local_id = LIABILITY_ACCOUNT_NAME, "customer_deposits"

    async def look(_: str = "") -> dict[str, Any] | None:
        return await _one(books, access, "find_account", "Account", named("Name", name))

    found = await look()
    if found is not None:
        if found.get("Active") is False or found.get("AccountType") != "Other Current Liability":
            raise Refused(
                f"QuickBooks has an account “{name}” that cannot hold deposits: it must be active and of type Other "
                "Current Liability. Change or rename it in QuickBooks (Settings > Chart of accounts), then retry.",
                code="deposit-account",
            )
        return await keep(books, access, "Account", local_id, found, None)
    written = await outbox.write_once(
        books,
        access.org_id,
        access.realm_id,
        operation="create_account",
        subject=local_id,
        entity="Account",
        build=lambda _: liability_account_body(),
        look=look,
    )
    return await keep(books, access, "Account", local_id, written.object, written)


async def clearing_account(books: Books, access: Access, company: Company, currency: str) -> str:
    """The Id of the account that holds what Stripe holds, one for each currency; made, as a bank account, when missing."""
    home = currency == company.home_currency
    name = CLEARING_ACCOUNT_NAME if home else f"{CLEARING_ACCOUNT_NAME} ({currency})"
    local_id = "stripe_clearing" if home else f"stripe_clearing:{currency}"
    mapping = await mapping_of(books, access)
    if (chosen := mapping.in_currency("clearing_account", currency, company.home_currency)) is not None:
        return chosen
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Account", SETTING, local_id)
        if known is not None:
            return known.qbo_id

    async def look(_: str = "") -> dict[str, Any] | None:
        return await _one(books, access, "find_account", "Account", named("Name", name))

    found = await look()
    if found is not None:
        fits = found.get("AccountType") in {"Bank", "Other Current Asset"}
        if found.get("Active") is False or not fits or not holds(found, company, currency):
            raise Refused(
                f"QuickBooks has an account “{name}” that cannot take payments: it must be active, of type Bank and in "
                f"{currency}. Change or rename it in QuickBooks (Settings > Chart of accounts), then retry.",
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
        build=lambda _: clearing_account_body(name, company, currency),
        look=look,
    )
    return await keep(books, access, "Account", local_id, written.object, written)


def holds(account: dict[str, Any], company: Company, currency: str) -> bool:
    """Whether the account is in this currency, which it is for ever; one that names none is in the company's own."""
    held = (account.get("CurrencyRef") or {}).get("value", company.home_currency)
    return str(held) == currency


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
