"""The accounts that Stripe's own movements are booked on: as mapped, else found by name, else made.

Only the bank account is never made: it must be the one whose statement shows the payouts.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from crm.accounting import company as qbo
from crm.accounting import links, outbox
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import CLEARING_ACCOUNT_NAME, Company
from crm.accounting.sync import setup
from crm.gateways.quickbooks import named, query
from crm.kit.errors import Refused

Role = Literal["clearing_account", "fee_account", "bank_account", "dispute_account", "loss_account"]
HELD = frozenset({"bank_account", "dispute_account"})
HELD_TYPES = frozenset({"Bank", "Other Current Asset"})
BANKS_MAX = 100


@dataclass(frozen=True, slots=True)
class _Account:
    """How the account is made when the company has none of that name."""

    name: str
    type: str
    sub_type: str
    description: str


_MADE: dict[Role, _Account] = {
    "fee_account": _Account("Stripe Fees", "Expense", "BankCharges", "What Stripe keeps of payments"),
    "dispute_account": _Account(
        "Stripe Disputes",
        "Other Current Asset",
        "OtherCurrentAssets",
        "Taken back by banks until it is decided",
    ),
    "loss_account": _Account("Stripe Dispute Losses", "Expense", "BadDebts", "Disputes that were lost"),
}


async def account(books: Books, access: Access, company: Company, role: Role, currency: str) -> str:
    """The account's Id. Raises Refused where a person must choose or mend something, else as QuickBooks answers."""
    if role == "clearing_account":
        return await setup.clearing_account(books, access, company, currency)
    mapping = await setup.mapping_of(books, access)
    # What is spent is counted at home whatever it was paid in; what is held is an account of its own in each currency.
    held = role in HELD and currency != company.home_currency
    chosen = mapping.in_currency(role, currency, company.home_currency) if held else mapping.get(role)
    if chosen is not None:
        return chosen
    local_id = f"{role}:{currency}" if held else role
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(session, access.org_id, access.realm_id, "Account", setup.SETTING, local_id)
    if known is not None:
        return known.qbo_id
    if role == "bank_account":
        return await _only_checking(books, access, company, currency, local_id)
    name = f"{_MADE[role].name} ({currency})" if held else _MADE[role].name
    return await _found_or_made(
        books, access, company, dataclasses.replace(_MADE[role], name=name), currency, local_id
    )


async def _found_or_made(
    books: Books, access: Access, company: Company, wanted: _Account, currency: str, local_id: str
) -> str:

    async def look(_: str = "") -> dict[str, Any] | None:
        statement = f"SELECT * FROM Account WHERE {named('Name', wanted.name)} AND Active IN (true,false)"
        answer = await qbo.ask(books, access.org_id, query("find_account", statement))
        rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Account", [])
        return min(rows, key=lambda row: row.get("Active") is False, default=None)

    found = await look()
    if found is None:
        body: dict[str, Any] = {
            "Name": wanted.name,
            "AccountType": wanted.type,
            "AccountSubType": wanted.sub_type,
            "Description": wanted.description,
        }
        if company.multicurrency and wanted.type != "Expense":
            body["CurrencyRef"] = {"value": currency}
        written = await outbox.write_once(
            books,
            access.org_id,
            access.realm_id,
            operation="create_account",
            subject=local_id,
            entity="Account",
            build=lambda _: body,
            look=look,
        )
        return await setup.keep(books, access, "Account", local_id, written.object, written)
    # What is spent is counted at home, what is held in the currency in which it is held.
    held_in = currency if wanted.type in HELD_TYPES else company.home_currency
    fits = found.get("AccountType") == wanted.type and setup.holds(found, company, held_in)
    if found.get("Active") is False or not fits:
        raise Refused(
            f"QuickBooks has an account “{wanted.name}” that is inactive, not of type {wanted.type} or not in {held_in}. "
            "Change or rename it there (Settings > Chart of accounts), then retry.",
            code="account-unfit",
        )
    return await setup.keep(books, access, "Account", local_id, found, None)


async def _only_checking(books: Books, access: Access, company: Company, currency: str, local_id: str) -> str:
    """The company's one checking account in this currency; where there are several a person says which."""
    statement = f"SELECT * FROM Account WHERE AccountType = 'Bank' MAXRESULTS {BANKS_MAX}"
    answer = await qbo.ask(books, access.org_id, query("find_bank_accounts", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get("Account", [])
    checking = [
        row
        for row in rows
        if row.get("Active", True)
        and row.get("AccountSubType") == "Checking"
        and not str(row.get("Name", "")).startswith(CLEARING_ACCOUNT_NAME)
        and setup.holds(row, company, currency)
    ]
    if len(checking) != 1:
        where = "" if currency == company.home_currency else f" in {currency}"
        raise Refused(
            f"QuickBooks has {len(checking) or 'no'} checking accounts{where}, so we cannot know which one Stripe pays out to. "
            "Choose it under Books > Mapping, then retry.",
            code="bank-account-unknown",
        )
    return await setup.keep(books, access, "Account", local_id, checking[0], None)
