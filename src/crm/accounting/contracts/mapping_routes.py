"""The API of the mapping: what there is to choose from, what is chosen, what is missing, and a dry run of a payment."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import connection
from crm.accounting.comeback import choices
from crm.accounting.connection import Access
from crm.accounting.connection_routes import BooksDep
from crm.accounting.contracts import deposit_tax, lists, preview
from crm.accounting.contracts.journal import Step
from crm.accounting.contracts.mapping import BY_NAME, KEYS_MAX, SLOTS
from crm.accounting.contracts.policy import settings_of
from crm.accounting.contracts.routes import READ, WRITE, JournalDocument, Policy, step_out
from crm.accounting.contracts.tables import BooksMapping
from crm.accounting.documents import kept_company
from crm.accounting.sync import setup
from crm.accounting.sync.money_accounts import account
from crm.accounting.tables import QboToken
from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.authentication import OrgTx, StaffDep
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid, Refused
from crm.payments.tables import Payment

router = APIRouter(tags=["books"])


class ChoiceOut(BaseModel):
    """`problem` says why it cannot stand in this slot."""

    id: str
    name: str
    detail: str
    problem: str | None


class MappedOut(BaseModel):
    key: str
    qbo_id: str
    name: str
    problem: str | None


class SlotOut(BaseModel):
    """`keys` are what it can be told apart by, besides the default (the empty key)."""

    slot: str
    title: str
    help: str
    entity: str
    keys: list[str]
    mapped: list[MappedOut]
    choices: list[ChoiceOut]
    will_be_made: bool


class BooksMappingOut(BaseModel):
    """`read_at`: when the lists were read; null before the first time. `suggested_keys` come from our own data.
    `left_to_you`: what was not made or chosen just now, and why."""

    company_name: str | None
    read_at: datetime | None
    slots: list[SlotOut]
    suggested_keys: list[str]
    left_to_you: list[str] = []


class SlotIn(BaseModel):
    slot: Annotated[str, Field(max_length=40)]
    key: Annotated[str, Field(max_length=200, pattern=r"^$|^(price|section|place|percent|currency):.+$")] = ""
    qbo_id: Annotated[str, Field(max_length=40, pattern=r"^\w+$")] | None


MADE_FOR_YOU = ("clearing_account", "sales_item", "fee_account")


@router.get("/books/mapping", summary="What in QuickBooks stands for what", dependencies=[READ])
async def get_books_mapping(session: OrgTx, principal: StaffDep) -> BooksMappingOut:
    return await _out(session, principal.org_id)


@router.post("/books/mapping/refresh", summary="Read the company's lists again", dependencies=[WRITE])
async def refresh_books_lists(principal: StaffDep, work: BooksDep) -> BooksMappingOut:
    access = await connection.access(work, principal.org_id)
    await setup.company_of(work, access, fresh=True)
    await lists.refresh(work, access)
    async with work.db.transaction(principal.org_id) as session:
        return await _out(session, principal.org_id)


@router.put("/books/mapping", summary="Choose what stands for something", dependencies=[WRITE])
async def set_books_mapping(body: SlotIn, principal: StaffDep, work: BooksDep) -> BooksMappingOut:
    """Checked against the company before it counts. Without `qbo_id` the choice is taken back."""
    slot, org_id = BY_NAME.get(body.slot), principal.org_id
    if slot is None:
        raise Invalid(f"There is no slot “{body.slot}”.", field="slot")
    if body.key and body.key.partition(":")[0] not in slot.keys:
        raise Invalid(f"{slot.title} cannot be told apart by “{body.key}”.", field="key")
    access = await connection.access(work, org_id)
    found = None
    if body.qbo_id is not None:
        company = await setup.company_of(work, access)
        currency = lists.wanted_currency(body.key, company.home_currency)
        found = await lists.read_one(work, access, slot, body.qbo_id, currency, "qbo_id")
        if slot.name == "deposit_tax_code":
            await deposit_tax.must_take_nothing(work, access, found)
    async with work.db.transaction(org_id) as session:
        await _store(session, access, body, found)
        await record(
            session, org_id, Event.BOOKS_MAPPING_SET, actor=principal.actor, slot=slot.title, key=body.key,
            qbo_id=body.qbo_id, name=found["name"] if found else "our default",
        )  # fmt: skip
        return await _out(session, org_id)


async def _store(session: AsyncSession, access: Access, body: SlotIn, found: lists.Choice | None) -> None:
    of = {"org_id": access.org_id, "realm_id": access.realm_id, "slot": body.slot, "key": _plain(body.key)}
    if found is None:
        await session.execute(delete(BooksMapping).filter_by(**of))
        await choices.follow(session, access.org_id, access.realm_id)
        return
    count = await session.scalar(
        select(func.count()).select_from(BooksMapping).filter_by(org_id=access.org_id)
    )
    if (count or 0) >= KEYS_MAX:
        raise Conflict(f"There are {KEYS_MAX} choices already; take some back first.", kind="too-many")
    values = {
        "entity": BY_NAME[body.slot].entity, "qbo_id": found["id"], "name": found["name"], "updated_at": clock.now()
    }  # fmt: skip
    await session.execute(
        insert(BooksMapping)
        .values(**of, **values)
        .on_conflict_do_update(index_elements=["org_id", "realm_id", "slot", "key"], set_=values)
    )
    await choices.follow(session, access.org_id, access.realm_id)


def _plain(key: str) -> str:
    return " ".join(key.casefold().split())


@router.post("/books/mapping/make", summary="Make what is missing", dependencies=[WRITE])
async def make_missing_in_books(principal: StaffDep, work: BooksDep) -> BooksMappingOut:
    """The accounts of Stripe's money and fees, the item of what was sold and that of deposits, found by name or made; then
    chosen. The bank account is chosen where the company has just one; it is never made."""
    org_id = principal.org_id
    access = await connection.access(work, org_id)
    company = await setup.company_of(work, access)
    mapping = await setup.mapping_of(work, access)
    async with work.db.transaction(org_id) as session:
        policy = (await settings_of(session, org_id)).policy
    deposits = "deposit_item" if policy == "liability" else "income_item"
    made = {
        "clearing_account": await setup.clearing_account(work, access, company, company.home_currency),
        "sales_item": await setup.sales_item(work, access, mapping),
        deposits: await setup.deposit_item(work, access, mapping, policy),
        "fee_account": await account(work, access, company, "fee_account", company.home_currency),
    }
    left = []
    try:
        made["bank_account"] = await account(work, access, company, "bank_account", company.home_currency)
    except Refused as error:
        if error.code != "bank-account-unknown":
            raise
        left.append(
            f"The bank is not made for you: it must be the account whose statement shows the payouts. {error.detail}"
        )
    await lists.refresh(work, access)
    async with work.db.transaction(org_id) as session:
        there, _ = await lists.kept(session, org_id, access.realm_id)
        for name, qbo_id in made.items():
            found = lists.by_id(there, BY_NAME[name].entity).get(qbo_id)
            if found is not None and mapping.get(name) is None:
                await _store(session, access, SlotIn(slot=name, qbo_id=qbo_id), found)
                await record(
                    session, org_id, Event.BOOKS_MAPPING_SET, actor=principal.actor, slot=BY_NAME[name].title,
                    key="", qbo_id=qbo_id, name=found["name"],
                )  # fmt: skip
        return (await _out(session, org_id)).model_copy(update={"left_to_you": left})


async def _out(session: AsyncSession, org_id: int) -> BooksMappingOut:
    token = await session.scalar(select(QboToken).where(QboToken.org_id == org_id))
    if token is None or token.realm_id is None:
        raise Conflict(
            "Connect QuickBooks first; then there is something to choose from.", kind="qbo-not-connected"
        )
    rows = (
        await session.scalars(
            select(BooksMapping)
            .where(BooksMapping.org_id == org_id, BooksMapping.realm_id == token.realm_id)
            .order_by(BooksMapping.key)
        )
    ).all()
    there, read_at = await lists.kept(session, org_id, token.realm_id)
    company = kept_company(token.company)
    home = company.home_currency if company else ""
    policy = (await settings_of(session, org_id)).policy
    deposits = "deposit_item" if policy == "liability" else "income_item"
    slots = []
    for slot in SLOTS:
        known = lists.by_id(there, slot.entity)
        mapped = [
            MappedOut(
                key=row.key,
                qbo_id=row.qbo_id,
                name=row.name,
                problem=lists.problem(slot, there, row.qbo_id, lists.wanted_currency(row.key, home)),
            )
            for row in rows
            if row.slot == slot.name
        ]
        slots.append(
            SlotOut(
                slot=slot.name,
                title=slot.title,
                help=slot.help,
                entity=slot.entity,
                keys=list(slot.keys),
                mapped=mapped,
                choices=[
                    ChoiceOut(
                        id=one["id"],
                        name=one["name"],
                        detail=str(one.get("account") or one.get("type") or ""),
                        problem=lists.unfit(slot, one, "" if "currency" in slot.keys else home),
                    )
                    for one in known.values()
                ],
                will_be_made=slot.name in (*MADE_FOR_YOU, deposits) and not any(m.key == "" for m in mapped),
            )
        )
    return BooksMappingOut(
        company_name=token.company.get("name"),
        read_at=read_at,
        slots=slots,
        suggested_keys=await _suggested(session, org_id),
    )


async def _suggested(session: AsyncSession, org_id: int) -> list[str]:
    rows = await session.scalars(
        text(
            "(SELECT DISTINCT 'section:' || lower(section) FROM price_items WHERE org_id = :org AND section <> '' "
            "LIMIT 100) UNION (SELECT DISTINCT 'price:' || lower(name) FROM price_items WHERE org_id = :org "
            "AND active LIMIT 200) UNION (SELECT DISTINCT 'place:' || lower(site_address->>'state') FROM customers "
            "WHERE org_id = :org AND site_address->>'state' <> '' LIMIT 60) UNION (SELECT DISTINCT 'place:' || "
            "lower(site_address->>'city') FROM customers WHERE org_id = :org AND site_address->>'city' <> '' LIMIT 100) "
            "UNION (SELECT DISTINCT 'percent:' || trim_scale(tax_percent) FROM line_items WHERE org_id = :org "
            "AND tax_percent > 0 LIMIT 20) UNION (SELECT DISTINCT 'currency:' || lower(p.currency) FROM payments p "
            "JOIN orgs o ON o.id = p.org_id WHERE p.org_id = :org AND p.currency <> o.currency LIMIT 20) ORDER BY 1"
        ),
        {"org": org_id},
    )
    return list(rows)


class PreviewOut(BaseModel):
    """What paying a part now would post; `problems` stand against it, each with its way out."""

    payment_id: int
    name: str
    amount_minor: int
    currency: str
    policy: Policy
    customer: str
    documents: list[JournalDocument]
    problems: list[str]


@router.get("/books/preview/{payment_id}", summary="What a payment would post", dependencies=[READ])
async def preview_posting(payment_id: int, session: OrgTx, principal: StaffDep) -> PreviewOut:
    payment = await get_own(session, Payment, payment_id, principal.org_id)
    found = await preview.preview(session, principal.org_id, payment)
    return PreviewOut(
        payment_id=payment.id,
        name=payment.name,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        policy=cast("Policy", found.policy),
        customer=found.customer,
        documents=step_out(Step("", found.documents)).documents,
        problems=list(found.problems),
    )
