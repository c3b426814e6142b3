"""What a company has to choose from: read once, kept, and read again when somebody asks or before something is relied on."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company as qbo
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts.mapping import INCOME, Entity, Slot
from crm.accounting.contracts.tables import BooksList
from crm.gateways.quickbooks import Call, query
from crm.kit import clock
from crm.kit.errors import Invalid, Refused

ENTITIES: tuple[Entity, ...] = ("Account", "Item", "TaxCode", "Class", "Department", "Term")
OBJECTS_MAX = 1000  # of one kind: what QuickBooks answers at once, and more than anybody scrolls through

Choice = dict[str, Any]
"""`id, name, active`; an account's `type` and `currency`; an item's account by `account_id` and, where known, `type`; a tax
code's `rates` by Id."""


async def refresh(books: Books, access: Access) -> None:
    """Reads all lists: six metered reads."""
    found: dict[str, list[Choice]] = {}
    for entity in ENTITIES:
        statement = f"SELECT * FROM {entity} WHERE Active IN (true,false) MAXRESULTS {OBJECTS_MAX}"
        answer = await qbo.ask(books, access.org_id, query(f"list_{entity.lower()}", statement))
        rows = answer.data.get("QueryResponse", {}).get(entity, [])
        found[entity] = [choice(entity, row) for row in rows if isinstance(row, dict) and row.get("Id")]
    _type_items(found)
    async with books.db.transaction(access.org_id) as session:
        for kind, choices in found.items():
            values = {"objects": choices, "read_at": clock.now()}
            await session.execute(
                insert(BooksList)
                .values(org_id=access.org_id, realm_id=access.realm_id, entity=kind, **values)
                .on_conflict_do_update(index_elements=["org_id", "realm_id", "entity"], set_=values)
            )


def choice(entity: str, row: Dict[str, Any]) -> Choice:
    """Read leniently: a field that is missing is not there to choose by."""
    made: Choice = {
        "id": str(row["Id"]),
        "name": str(row.get("FullyQualifiedName") or row.get("Name") or row["Id"]),
        "active": row.get("Active") is not False,
    }
    if entity == "Account":
        made["type"] = str(row.get("AccountType") or "")
        ref = row.get("CurrencyRef")
        made["currency"] = str(ref.get("value") or "") if isinstance(ref, dict) else ""
    elif entity == "Item":
        ref = row.get("IncomeAccountRef")
        made["account_id"] = str(ref.get("value") or "") if isinstance(ref, dict) else ""
    elif entity == "TaxCode":
        made["rates"] = [
            str(one["TaxRateRef"]["value"])
            for one in (row.get("SalesTaxRateList") or {}).get("TaxRateDetail") or []
            if isinstance(one, dict)
            and isinstance(one.get("TaxRateRef"), dict)
            and one["TaxRateRef"].get("value")
        ]
    return made


def _type_items(found: dict[str, list[Choice]]) -> None:
    accounts = {account["id"]: account for account in found["Account"]}
    for item in found["Item"]:
        typed(item, accounts)


def typed(item: Choice, accounts: Dict[str, Choice]) -> Choice:
    """The item with the type and the name of the account that it books to."""
    account = accounts.get(item["account_id"])
    item["type"] = account["type"] if account else ""
    item["account"] = account["name"] if account else ""
    return item


async def kept(
    session: AsyncSession, org_id: int, realm_id: str
) -> tuple[dict[str, list[Choice]], datetime | None]:
    """The lists as they were read, and when; empty before the first reading."""
    rows = await session.scalars(
        select(BooksList).where(BooksList.org_id == org_id, BooksList.realm_id == realm_id)
    )
    found = {row.entity: row for row in rows}
    read_at = min((row.read_at for row in found.values()), default=None)
    return {entity: list(found[entity].objects) if entity in found else [] for entity in ENTITIES}, read_at


async def read_one(
    books: Books, access: Access, slot: Slot, qbo_id: str, currency: str, field: str
) -> Choice:
    """The object as it is now, fit for the slot: one metered read, two for an item. Raises Invalid naming the field."""
    try:
        answer = await qbo.ask(
            books,
            access.org_id,
            Call("GET", f"{slot.entity.lower()}/{qbo_id}", f"read_{slot.entity.lower()}"),
        )
    except Refused as error:
        if error.code not in {"610", "2500"}:
            raise
        raise Invalid(
            f"This {WORDS[slot.entity]} is not in QuickBooks any more. Refresh the lists and choose another one.",
            field=field,
            kind="mapping-gone",
        ) from error
    found = choice(slot.entity, answer.data.get(slot.entity) or {"Id": qbo_id})
    if slot.entity == "Item" and found["account_id"]:
        account = await qbo.ask(
            books, access.org_id, Call("GET", f"account/{found['account_id']}", "read_account")
        )
        known = choice("Account", account.data.get("Account") or {"Id": found["account_id"]})
        found |= {"type": known["type"], "account": known["name"]}
    if (problem := unfit(slot, found, currency)) is not None:
        raise Invalid(problem, field=field, kind="mapping-unfit")
    return found


def wanted_currency(key: str, home_currency: str) -> str:
    """The currency that an account must have to be mapped under this key."""
    kind, _, of = key.partition(":")
    return of.upper() if kind == "currency" else home_currency


def problem(slot: Slot, there: dict[str, list[Choice]], qbo_id: str, currency: str) -> str | None:
    """Why what is chosen cannot stand in this slot, as far as the kept lists can say: a full one may lack it."""
    known = by_id(there, slot.entity)
    if not known or (qbo_id not in known and len(known) >= OBJECTS_MAX):
        return None
    return unfit(slot, known.get(qbo_id), currency)


WORDS = {
    "Account": "account", "Item": "item", "TaxCode": "tax code", "Class": "class", "Department": "location", "Term": "term",
}  # fmt: skip


def unfit(slot: Slot, found: Choice | None, currency: str) -> str | None:
    """Why this object cannot stand in this slot, in a sentence; None when it can. `currency`: what an account must hold,
    since QuickBooks takes only one foreign currency in a document; empty where any will do."""
    word = WORDS[slot.entity]
    if found is None:
        return f"{slot.title}: the {word} is not in QuickBooks any more. Choose another one."
    name = found["name"]
    if not found["active"]:
        return f"The {word} “{name}” is inactive in QuickBooks. Make it active there, or choose another one."
    if slot.account_types and found.get("type") not in slot.account_types:
        kinds = " or ".join(slot.account_types if slot.account_types != INCOME else INCOME[:1])
        if slot.entity == "Item":
            account = found.get("account") or "no account"
            return (
                f"The item “{name}” books to “{account}” ({found.get('type') or 'no type'}), but {slot.title.lower()} "
                f"needs an account of type {kinds}. Choose another item, or change its account in QuickBooks."
            )
        return (
            f"The account “{name}” is of type {found.get('type') or 'unknown'}, but {slot.title.lower()} needs "
            f"{kinds}. Choose another one."
        )
    held = found.get("currency")
    if slot.entity == "Account" and currency and held and held != currency:
        return (
            f"The account “{name}” is in {held}, but {slot.title.lower()} needs one in {currency}. Choose one that is, or "
            "make one in QuickBooks."
        )
    return None


def by_id(lists: dict[str, list[Choice]], entity: str) -> dict[str, Choice]:
    return {cast("str", one["id"]): one for one in lists.get(entity, [])}
