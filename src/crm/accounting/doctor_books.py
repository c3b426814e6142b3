"""What the doctor finds in a company's books: its preferences, what we made or found there, and what somebody chose.

Two reads for what we made or found, or the six of the lists where something is chosen by hand; it changes nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, text

from crm.accounting.comeback import looking
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import deposit_tax, lists, mapped
from crm.accounting.contracts.lists import Choice
from crm.accounting.contracts.mapping import BY_NAME, Mapping, Slot
from crm.accounting.contracts.policy import settings_of
from crm.accounting.documents import Company
from crm.accounting.findings import Finding
from crm.accounting.sync.setup import LIABILITY_ITEM_NAME, SALES_ITEM_NAME, SETTING
from crm.accounting.tables import QboLink
from crm.kit import clock
from crm.kit.errors import CrmError

MAPPING = "Books > Mapping"
DEPOSITS = Slot("customer_deposits", "Account", "Deposits that are owed", "", ("Other Current Liability",))
_MADE = {
    "stripe_clearing": ("clearing account", BY_NAME["clearing_account"]),
    "customer_deposits": ("account of deposits", DEPOSITS),
    "fee_account": ("fee account", BY_NAME["fee_account"]),
    "bank_account": ("bank account", BY_NAME["bank_account"]),
    "dispute_account": ("account of disputes", BY_NAME["dispute_account"]),
    "loss_account": ("account of lost disputes", BY_NAME["loss_account"]),
    f"item:{LIABILITY_ITEM_NAME}": ("deposit item", BY_NAME["deposit_item"]),
    f"item:{SALES_ITEM_NAME}": ("sales item", BY_NAME["sales_item"]),
}


@dataclass(frozen=True, slots=True)
class _Made:
    """Something in QuickBooks that stands for a setting of ours, without anybody having chosen it."""

    title: str
    slot: Slot
    qbo_id: str
    name: str
    currency: str


async def examine(
    books: Books, access: Access, company: Company, prefs: dict[str, Any], waiting_since: datetime | None
) -> list[Finding]:
    async with books.db.transaction(access.org_id) as session:
        mapping = await mapped.mapping_of(session, access.org_id, access.realm_id)
        policy = (await settings_of(session, access.org_id)).policy
        rows = await session.scalars(
            select(QboLink).where(
                QboLink.org_id == access.org_id,
                QboLink.realm_id == access.realm_id,
                QboLink.local_kind == SETTING,
                QboLink.entity.in_(["Account", "Item"]),
            )
        )
        links = rows.all()
        taxed = await session.scalar(
            text(
                "SELECT EXISTS (SELECT 1 FROM proposals WHERE org_id = :org AND status = 'approved' AND tax_minor > 0)"
            ),
            {"org": access.org_id},
        )
    found = [_closing_date(prefs, waiting_since), *preferences(prefs, company, mapping, taxed=bool(taxed))]
    if deposit_tax.concerns(company, policy):
        found.append(_deposit_tax(mapping))
    made = [one for link in links if (one := _as_made(link, books, company, policy)) is not None]
    return found + await _standing(books, access, company, mapping, made)


def _closing_date(prefs: dict[str, Any], waiting_since: datetime | None) -> Finding:
    closed = str(prefs.get("AccountingInfoPrefs", {}).get("BookCloseDate") or "")
    oldest = (waiting_since or clock.now()).date()
    if closed and date.fromisoformat(closed[:10]) >= oldest:
        return Finding("closing date", "wrong", f"The books are closed until {closed[:10]}.",
                       "What is dated until then is refused (6210), as what waits now is.",
                       "Move the closing date in QuickBooks, or give what waits another date (Books > Needs you).")  # fmt: skip
    return Finding("closing date", "ok", f"Closed until {closed[:10]}." if closed else "No date is closed.")


def preferences(prefs: dict[str, Any], company: Company, mapping: Mapping, *, taxed: bool) -> list[Finding]:
    """Each preference that is in the way of what we book; pure."""
    found = []
    if prefs.get("SalesFormsPrefs", {}).get("AutoApplyCredit"):
        found.append(Finding("preferences", "warning", "QuickBooks applies credits to invoices by itself.",
                             "A deposit's invoice may be paid by an old credit, and its own payment stay unapplied; that is "
                             "then told under Books > Differences.",
                             "Account and settings > Advanced > Automation: turn off applying credits."))  # fmt: skip
    if company.automated_tax and mapping.get("tax_code") is None:
        found.append(Finding("sales tax", "warning", "QuickBooks calculates sales tax by itself.",
                             "If it comes to another tax than the contract's, the invoice is not what was signed and waits.",
                             f"{MAPPING} > Sales tax: choose a code, so that ours is sent."))  # fmt: skip
    if taxed and not company.uses_sales_tax and mapping.get("tax_item") is None:
        found.append(Finding("sales tax", "wrong", "Contracts have sales tax, but it is switched off in QuickBooks.",
                             "Their invoices are refused.",
                             f"Switch it on in QuickBooks (Taxes), or choose {MAPPING} > Sales tax as a line."))  # fmt: skip
    for slot, word, on in (
        ("class", "classes", company.class_per_txn or company.class_per_line),
        ("department", "locations", company.departments),
    ):
        if not on and any(name == slot for name, _ in mapping.of):
            found.append(Finding(word, "warning", f"{word.capitalize()} are chosen, but the company does not track {word}.",
                                 "They are left out of every document, without a word from QuickBooks.",
                                 f"Turn on tracking of {word} in QuickBooks (Advanced; Plus or Advanced plan), or take the "
                                 f"choices back in {MAPPING}."))  # fmt: skip
    return found or [Finding("preferences", "ok", "Nothing in the preferences is in the way.")]


def _deposit_tax(mapping: Mapping) -> Finding:
    if mapping.get("deposit_tax_code") is None:
        return Finding("tax on deposits", "wrong", "No tax code is chosen for deposits.",
                       f"QuickBooks refuses lines without one. {deposit_tax.NOT_SPLIT} {deposit_tax.WHY}",
                       f"{MAPPING} > Tax on deposits: choose one of 0 %. {deposit_tax.WAY}")  # fmt: skip
    return Finding("tax on deposits", "warning", deposit_tax.NOT_SPLIT, deposit_tax.WHY, deposit_tax.WAY)


def _as_made(link: QboLink, books: Books, company: Company, policy: str) -> _Made | None:
    local_id, _, currency = link.local_id.partition(":")
    known = _MADE.get(link.local_id) or (_MADE.get(local_id) if local_id != "item" else None)
    if link.local_id == f"deposit_item:{books.settings.qbo_item_name_deposit}":
        known, currency = ("deposit item", BY_NAME["income_item"]), ""
    if known is None:
        return None
    title, slot = known
    if title == "deposit item" and (slot.name == "deposit_item") != (policy == "liability"):
        title = "deposit item of earlier contracts"
    held = currency if link.entity == "Account" and currency else company.home_currency
    return _Made(
        title if held == company.home_currency else f"{title} ({held})",
        slot,
        link.qbo_id,
        link.name or link.qbo_id,
        held,
    )


async def _standing(
    books: Books, access: Access, company: Company, mapping: Mapping, made: Sequence[_Made]
) -> list[Finding]:
    """Whether what we made or found, and what somebody chose, is still there, active and of the right kind."""
    try:
        there = await (_by_lists(books, access) if mapping.of else _by_id(books, access, made))
    except CrmError as error:
        return [Finding("accounts and items", "unknown", error.detail)]
    found = [_made(one, there) for one in made]
    found += [
        Finding(title, "ok", f"The {title} is chosen, or found or made with the first payment.")
        for title in ("deposit item", "clearing account")
        if title not in {one.title for one in made}
    ]
    return found + _chosen(mapping, there, company.home_currency)


async def _by_lists(books: Books, access: Access) -> dict[str, list[Choice]]:
    await lists.refresh(books, access)
    async with books.db.transaction(access.org_id) as session:
        return (await lists.kept(session, access.org_id, access.realm_id))[0]


async def _by_id(books: Books, access: Access, made: Sequence[_Made]) -> dict[str, list[Choice]]:
    there: dict[str, list[Choice]] = {"Account": [], "Item": []}
    for entity in ("Account", "Item"):
        ids = sorted({one.qbo_id for one in made if one.slot.entity == entity})
        if ids:
            rows, _ = await looking.read(books, access, entity, ids, f"check_{entity.lower()}")
            there[entity] = [lists.choice(entity, row) for row in rows.values()]
    accounts = lists.by_id(there, "Account")
    for item in there["Item"]:
        lists.typed(item, accounts)
    return there


def _made(one: _Made, there: dict[str, list[Choice]]) -> Finding:
    found = lists.by_id(there, one.slot.entity).get(one.qbo_id)
    # An item's account may be none of those that were read: then nothing is said of it.
    slot = one.slot if found is None or found.get("type") else replace(one.slot, account_types=())
    problem = lists.unfit(slot, found, one.currency)
    if found is None and len(there[one.slot.entity]) >= lists.OBJECTS_MAX:
        problem = None
    if problem is None:
        return Finding(
            one.title, "ok", f"The {one.title} “{found['name'] if found else one.name}” is there and active."
        )
    return Finding(one.title, "wrong", problem, "What needs it is refused.",
                   f"Mend it in QuickBooks, or choose another in {MAPPING}.")  # fmt: skip


def _chosen(mapping: Mapping, there: dict[str, list[Choice]], home_currency: str) -> list[Finding]:
    if not mapping.of:
        return [
            Finding("mapping", "ok", "Nothing is chosen by hand; what a document needs is found or made.")
        ]
    found = []
    for (name, key), one in sorted(mapping.of.items()):
        slot = BY_NAME[name]
        problem = lists.problem(slot, there, one.qbo_id, lists.wanted_currency(key, home_currency))
        if problem is not None:
            where = f"{slot.title} ({key.replace(':', ': ')})" if key else slot.title
            found.append(Finding(f"mapping of {where}", "wrong", problem, "Documents that need it are refused.",
                                 f"{MAPPING} > {slot.title}."))  # fmt: skip
    return found or [Finding("mapping", "ok", f"All that was chosen ({len(mapping.of)}) is there and fits.")]
