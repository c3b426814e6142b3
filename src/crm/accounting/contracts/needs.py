"""What a policy needs in the company and does not find there, as far as the lists that were read can say: nothing is asked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts import deposit_tax, lists
from crm.accounting.contracts.mapped import mapping_of
from crm.accounting.contracts.mapping import BY_NAME, Slot
from crm.accounting.documents import CLEARING_ACCOUNT_NAME, LIABILITY_ACCOUNT_NAME, kept_company
from crm.accounting.sync.setup import LIABILITY_ITEM_NAME, SALES_ITEM_NAME
from crm.accounting.tables import QboToken


@dataclass(frozen=True, slots=True)
class Need:
    """`can_make`: "make what is missing" makes it; else a person chooses or mends something, as the sentence says."""

    slot: str
    sentence: str
    can_make: bool


async def of_policy(session: AsyncSession, org_id: int, policy: str, income_item: str) -> list[Need]:
    """Nothing while no company is connected: then nothing is booked either."""
    token = await session.scalar(select(QboToken).where(QboToken.org_id == org_id))
    if token is None or token.realm_id is None:
        return []
    realm, company = token.realm_id, kept_company(token.company)
    home = company.home_currency if company else ""
    choices, read_at = await lists.kept(session, org_id, realm)
    if read_at is None:
        return [
            Need(
                "",
                "What the company has was not read yet, so nothing could be checked. Read the lists.",
                False,
            )
        ]
    mapping = await mapping_of(session, org_id, realm)
    deposits = (
        ("deposit_item", LIABILITY_ITEM_NAME) if policy == "liability" else ("income_item", income_item)
    )
    wanted = [("clearing_account", CLEARING_ACCOUNT_NAME), ("sales_item", SALES_ITEM_NAME)]
    if policy != "whole":
        wanted.append(deposits)
    found = [lacking(BY_NAME[slot], mapping.get(slot), name, choices, home) for slot, name in wanted]
    if policy == "liability" and mapping.get("deposit_item") is None:
        found.append(_liability(choices))
    if company is not None and deposit_tax.concerns(company, policy):
        missing = "No tax code is chosen for deposits, so QuickBooks will refuse them: choose one of 0 %. "
        said = "" if mapping.get("deposit_tax_code") else missing
        found.append(Need("deposit_tax_code", f"{said}{deposit_tax.NOT_SPLIT} {deposit_tax.WAY}", False))
    return [one for one in found if one is not None]


def lacking(
    slot: Slot, mapped: str | None, name: str, choices: dict[str, list[lists.Choice]], home_currency: str
) -> Need | None:
    """What is wrong with this slot's object: the mapped one, else the one of our name; None when nothing is."""
    if mapped is not None:
        problem = lists.problem(slot, choices, mapped, home_currency)
        return Need(slot.name, problem, False) if problem else None
    word = lists.WORDS[slot.entity]
    known = choices.get(slot.entity, [])
    there = [one for one in known if one["name"].casefold() == name.casefold()]
    if not there:
        return Need(slot.name, f"{slot.title}: the {word} “{name}” is not in QuickBooks yet.", True)
    problem = lists.unfit(slot, max(there, key=lambda one: bool(one["active"])), home_currency)
    return Need(slot.name, problem, False) if problem else None


def _liability(choices: dict[str, list[lists.Choice]]) -> Need | None:
    """An account of our name and another type stands in the way of the item that is to be made on it."""
    for one in choices["Account"]:
        if one["name"] == LIABILITY_ACCOUNT_NAME and (
            not one["active"] or one["type"] != "Other Current Liability"
        ):
            return Need(
                "deposit_item",
                f"The account “{LIABILITY_ACCOUNT_NAME}” cannot hold deposits: it must be active and of type Other Current "
                "Liability. Change or rename it in QuickBooks, or choose another item for deposits below.",
                False,
            )
    return None
