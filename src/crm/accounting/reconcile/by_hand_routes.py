"""The API of documents that were entered by hand on the clearing account: what each stands for, said and taken back."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field
from sqlalchemy import select

from crm.accounting.reconcile import by_hand
from crm.accounting.reconcile.routes import READ, WRITE
from crm.accounting.reconcile.tables import ClearingByHand
from crm.identity.authentication import OrgTx, StaffDep
from crm.identity.idempotency import IdempotentRoute, once
from crm.kit.inputs import ID_MAX, Input
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.times import Moment

router = APIRouter(tags=["books"], route_class=IdempotentRoute)
Position = Annotated[int, Field(ge=0, le=ID_MAX)]


class NewByHand(Input):
    """`positions`: the movements of the run that `document` ("JournalEntry 12") stands for; `everything_before`: also all
    that moved Stripe's balance before the first payment that was made here. Together they make its amount to the cent."""

    run_id: Annotated[int, Field(ge=1, le=ID_MAX)]
    document: Annotated[str, Field(max_length=80)]
    positions: Annotated[list[Position], Field(max_length=by_hand.MOVEMENTS_MAX)] = Field(
        default_factory=list
    )
    everything_before: bool = False


class ByHandOut(BaseModel):
    """Minor units of `currency`, as they change the balance."""

    id: int
    document: str
    day: date
    currency: str
    amount_minor: int
    movements: int
    everything_before: bool
    matched_by: str
    matched_at: Moment


@router.get(
    "/clearing/by_hand", summary="Documents entered by hand, and what they stand for", dependencies=[READ]
)
async def list_clearing_by_hand(
    session: OrgTx, principal: StaffDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ByHandOut]:
    query = select(ClearingByHand).where(ClearingByHand.org_id == principal.org_id)
    if (before := after(cursor)) is not None:
        query = query.where(ClearingByHand.id < before)
    found = await session.scalars(query.order_by(ClearingByHand.id.desc()).limit(limit + 1))
    rows, next_cursor = cut(found.all(), limit)
    return Page(
        items=[ByHandOut.model_validate(row, from_attributes=True) for row in rows], next_cursor=next_cursor
    )


@router.post(
    "/clearing/by_hand",
    status_code=201,
    summary="Say which movements a document entered by hand stands for",
    dependencies=[WRITE, once],
)
async def match_clearing_by_hand(body: NewByHand, session: OrgTx, principal: StaffDep) -> ByHandOut:
    """Counts from the next comparison on."""
    kept = await by_hand.match(
        session,
        principal.org_id,
        body.run_id,
        body.document,
        body.positions,
        everything_before=body.everything_before,
        actor=principal.actor,
    )
    await session.refresh(kept)
    return ByHandOut.model_validate(kept, from_attributes=True)


@router.delete(
    "/clearing/by_hand/{by_hand_id}",
    status_code=204,
    summary="Take back what a document entered by hand stands for",
    dependencies=[WRITE],
)
async def unmatch_clearing_by_hand(
    by_hand_id: Annotated[int, Path(ge=1, le=ID_MAX)], session: OrgTx, principal: StaffDep
) -> None:
    await by_hand.unmatch(session, principal.org_id, by_hand_id, principal.actor)
