"""The activity log as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.activity.verify import verify_org
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import User
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cursor_for
from crm.kit.search import find
from crm.notifications.composing import MAIL_ACTOR
from crm.operations.sentences import sentence
from crm.proposals.tables import Proposal

router = APIRouter(tags=["activity"])
READ = require(Permission.READ)
# Whoever means one job finds it among the newest of so many.
PROPOSALS_MAX = 200
# What follows of itself from a fact that is told anyway: a mail's own link, a paper kept with a signature or a payment.
FOLLOWS = or_(
    and_(ActivityEntry.event == Event.PORTAL_LINK_CREATED, ActivityEntry.actor == MAIL_ACTOR),
    ActivityEntry.event == Event.PAPER_MADE,
)

Brief = Annotated[
    bool,
    Query(description="Leaves out what follows of itself: the links made for mails and the papers made."),
]


class ActivityOut(BaseModel):
    """`actor` is who, as the log has it; `who` is the same as people say it."""

    id: int
    event: str
    sentence: str
    proposal_id: int | None
    meta: dict[str, Any]
    actor: str
    who: str
    created_at: datetime
    seq: int
    hash: str


@router.get("/activity", summary="What happened, newest first", dependencies=[READ])
async def list_activity(
    session: OrgTx,
    principal: StaffDep,
    proposal_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    customer_id: Annotated[
        int | None, Query(ge=1, le=ID_MAX, description="What happened to this customer's proposals.")
    ] = None,
    event: Annotated[Event | None, Query()] = None,
    actor: Annotated[
        str | None, Query(max_length=40, pattern="^[a-z_]+(:[0-9]+)?$", description="Who, like `user:3`.")
    ] = None,
    q: Annotated[
        SearchText | None, Query(description="Words of the proposal that it is about, or of its customer.")
    ] = None,
    brief: Brief = False,  # noqa: FBT002 - a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ActivityOut]:
    query = select(ActivityEntry).where(ActivityEntry.org_id == principal.org_id)
    if proposal_id is not None:
        query = query.where(ActivityEntry.proposal_id == proposal_id)
    if customer_id is not None:
        theirs = select(Proposal.id).where(
            Proposal.org_id == principal.org_id, Proposal.customer_id == customer_id
        )
        query = query.where(ActivityEntry.proposal_id.in_(theirs))
    if event is not None:
        query = query.where(ActivityEntry.event == event)
    if actor is not None:
        query = query.where(ActivityEntry.actor == actor)
    if brief:
        query = query.where(~FOLLOWS)
    if q:
        found = await find(session, principal.org_id, "proposals", q, most=PROPOSALS_MAX)
        query = query.where(ActivityEntry.proposal_id.in_(found))
    # By `seq`, an org's own count: its index holds no other org's entries.
    if (before := after(cursor)) is not None:
        query = query.where(ActivityEntry.seq < before)
    rows = (await session.scalars(query.order_by(ActivityEntry.seq.desc()).limit(limit + 1))).all()
    return Page(
        items=await entries_out(session, principal.org_id, rows[:limit]),
        next_cursor=cursor_for(rows[limit - 1].seq) if len(rows) > limit else None,
    )


async def entries_out(
    session: AsyncSession, org_id: int, entries: Sequence[ActivityEntry]
) -> list[ActivityOut]:
    """The entries with the names of the people in them, asked once for all."""
    user_ids = {
        int(entry.actor.removeprefix("user:")) for entry in entries if entry.actor.startswith("user:")
    }
    users = await session.execute(
        select(User.id, User.name).where(User.org_id == org_id, User.id.in_(user_ids))
    )
    names = {f"user:{user_id}": name for user_id, name in users.all()}
    return [_entry_out(entry, names) for entry in entries]


_WHO = {
    "customer": "Customer",
    "stripe": "Stripe",
    "quickbooks": "QuickBooks",
    "system": "PeakPro",
    "website": "Website",
}


def _entry_out(entry: ActivityEntry, names: dict[str, str]) -> ActivityOut:
    who = names.get(entry.actor) or _WHO.get(entry.actor)
    return ActivityOut(
        id=entry.id,
        event=entry.event,
        sentence=sentence(entry.event, entry.meta),
        proposal_id=entry.proposal_id,
        meta=entry.meta,
        actor=entry.actor,
        who=who or entry.actor.replace("_", " ").replace(":", " ").capitalize(),
        created_at=entry.created_at,
        seq=entry.seq,
        hash=entry.hash.hex(),
    )


class LogVerdict(BaseModel):
    """`intact`, or the first entry that is not and why."""

    intact: bool
    entries: int
    broken_id: int | None
    why: str


@router.get("/activity/verify", summary="Prove that the log is whole", dependencies=[READ])
async def verify_activity(session: OrgTx, principal: StaffDep) -> LogVerdict:
    verdict = await verify_org(session, principal.org_id)
    return LogVerdict(
        intact=not verdict.why, entries=verdict.entries, broken_id=verdict.broken_id, why=verdict.why
    )
