"""The price book over HTTP: lines with their usual prices, to be copied into proposals."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy import func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid
from crm.kit.inputs import (
    ID_MAX,
    SearchText,
)
from crm.kit.money import plain
from crm.kit.paging import Cursor, Limit, Page, after, contains, cut
from crm.kit.times import Moment
from crm.proposals.price_items import PRICE_ITEMS_MAX, PriceItemChange, PriceItemIn
from crm.proposals.reusable_tables import PriceItem

router = APIRouter(prefix="/price-items", tags=["price book"], route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
READ = [require(Permission.READ)]
WRITE = [require(Permission.PROPOSALS_WRITE)]


class PriceItemOut(BaseModel):
    id: int
    name: str
    description: str
    unit: str
    unit_price_minor: int
    currency: str
    tax_percent: Annotated[str, Field(description="A decimal number.", examples=["8.81"])]
    section: str
    active: bool
    created_at: Moment
    updated_at: Moment


@router.get("", dependencies=READ, summary="Price items, newest first")
async def list_price_items(
    principal: StaffDep,
    session: OrgTx,
    *,
    q: SearchText | None = None,
    active: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PriceItemOut]:
    """`q` is part of the name, the description or the section."""
    query = (
        select(PriceItem)
        .where(PriceItem.org_id == principal.org_id)
        .order_by(PriceItem.id.desc())
        .limit(limit + 1)
    )
    if q:
        columns = (PriceItem.name, PriceItem.description, PriceItem.section)
        query = query.where(or_(*(contains(column, q) for column in columns)))
    if active is not None:
        query = query.where(PriceItem.active == active)
    if (before := after(cursor)) is not None:
        query = query.where(PriceItem.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[_out(row) for row in rows], next_cursor=next_cursor)


@router.post("", dependencies=[*WRITE, once], status_code=201, summary="Add a price item")
async def add_price_item(body: PriceItemIn, principal: StaffDep, session: OrgTx) -> PriceItemOut:
    return _out(await create_price_item(session, principal, body))


@router.get("/{id}", dependencies=READ, summary="One price item")
async def read_price_item(id: Id, principal: StaffDep, session: OrgTx) -> PriceItemOut:
    return _out(await get_own(session, PriceItem, id, principal.org_id))


@router.patch("/{id}", dependencies=WRITE, summary="Change a price item; no proposal changes with it")
async def change_price_item(
    id: Id, body: PriceItemChange, principal: StaffDep, session: OrgTx
) -> PriceItemOut:
    row = await get_own(session, PriceItem, id, principal.org_id, lock=True)
    given = body.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is None:
            raise Invalid("Please fill this in.", field=name)
    changed = sorted(name for name, value in given.items() if getattr(row, name) != value)
    if changed:
        try:
            async with session.begin_nested():
                for name in changed:
                    setattr(row, name, given[name])
        except IntegrityError as error:
            raise _taken() from error
        await session.refresh(row)
        await _say(session, principal, Event.PRICE_ITEM_UPDATED, row, fields=changed)
    return _out(row)


@router.delete("/{id}", dependencies=WRITE, status_code=204, summary="Delete a price item")
async def delete_price_item(id: Id, principal: StaffDep, session: OrgTx) -> None:
    row = await get_own(session, PriceItem, id, principal.org_id, lock=True)
    await _say(session, principal, Event.PRICE_ITEM_DELETED, row)
    await session.delete(row)


async def create_price_item(session: AsyncSession, principal: Principal, new: PriceItemIn) -> PriceItem:
    """Raises Conflict for a name that is taken, and when the book is full."""
    count = await session.scalar(select(func.count()).where(PriceItem.org_id == principal.org_id))
    if (count or 0) >= PRICE_ITEMS_MAX:
        raise Conflict(f"A price book may hold at most {PRICE_ITEMS_MAX:,} items.")
    org = await session.get_one(Org, principal.org_id)
    fields = new.model_dump() | {"currency": new.currency or org.currency}
    row = PriceItem(org_id=principal.org_id, **fields)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise _taken() from error
    await session.refresh(row)
    await _say(session, principal, Event.PRICE_ITEM_CREATED, row)
    return row


def _taken() -> Conflict:
    return Conflict("There is a price item of this name and currency already.", kind="price-item-exists")


async def _say(
    session: AsyncSession, principal: Principal, event: Event, row: PriceItem, **more: Any
) -> None:
    await record(
        session, principal.org_id, event, actor=principal.actor, price_item_id=row.id, name=row.name,
        unit_price_minor=row.unit_price_minor, currency=row.currency, **more,
    )  # fmt: skip


def _out(row: PriceItem) -> PriceItemOut:
    own = {name: getattr(row, name) for name in PriceItemOut.model_fields}
    return PriceItemOut(**own | {"tax_percent": plain(row.tax_percent)})
