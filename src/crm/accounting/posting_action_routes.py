"""The API of what a person does about refused postings, one by one and many at once."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from crm.accounting import posting_actions, postings
from crm.accounting.connection_routes import BooksDep
from crm.accounting.posting_routes import PostingOut, one_posting
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.jobs import queue
from crm.kit.errors import Invalid

router = APIRouter(prefix="/postings", tags=["books"], dependencies=[require(Permission.BOOKS_WRITE)])
BULK_MAX = 200

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
DocNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=21)]
Memo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
QboId = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\d{1,20}$")]


class PostingSkip(BaseModel):
    reason: Reason


class PostingEdit(BaseModel):
    """Other values for safe fields. A number is taken by invoices only, the memo by what shows one."""

    txn_date: date | None = None
    doc_number: DocNumber | None = None
    memo: Memo | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class LinkByHand(BaseModel):
    """`confirmed` false only compares."""

    entity: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Za-z]{2,20}$")]
    qbo_id: QboId
    confirmed: bool = False


class ComparedOut(BaseModel):
    what: str
    ours: str
    theirs: str
    agrees: bool
    must: bool


class LinkTryOut(BaseModel):
    """What was compared; `linked` says whether it is linked now. `must` differences forbid it."""

    compared: list[ComparedOut]
    linked: bool


class BulkPostings(BaseModel):
    """`skip` needs a reason, `redate` a date. What is in another state meanwhile is left alone."""

    action: Literal["retry", "skip", "restore", "redate"]
    ids: Annotated[list[int], Field(min_length=1, max_length=BULK_MAX)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    txn_date: date | None = None


class BulkPostingsDone(BaseModel):
    changed: int


@router.post("/bulk", summary="Retry, leave out, take back or redate many postings at once")
async def act_on_postings(body: BulkPostings, session: OrgTx, principal: StaffDep) -> BulkPostingsDone:
    org_id, actor = principal.org_id, principal.actor
    if body.action == "skip" and not body.reason:
        raise Invalid("Say why these are left out; it is kept in the activity log.", field="reason")
    fields = posting_actions.safe_fields(body.txn_date, None, None) if body.action == "redate" else {}
    state = "skipped" if body.action == "restore" else "needs_you"
    ids = await posting_actions.ids_with(session, org_id, body.ids, state)
    for posting_id in ids:
        match body.action:
            case "retry":
                await postings.retry(session, org_id, posting_id=posting_id, actor=actor)
            case "skip":
                await posting_actions.skip(session, org_id, posting_id, body.reason, actor)
            case "restore":
                await posting_actions.restore(session, org_id, posting_id, actor)
            case "redate":
                await posting_actions.edit(session, org_id, posting_id, fields, body.reason, actor)
    if ids:
        await queue.enqueue(session, "run_lane", org_id=org_id)
    return BulkPostingsDone(changed=len(ids))


@router.post("/{posting_id}/skip", summary="Leave one posting out of the books, with a reason")
async def skip_posting(posting_id: int, body: PostingSkip, session: OrgTx, principal: StaffDep) -> PostingOut:
    await posting_actions.skip(session, principal.org_id, posting_id, body.reason, principal.actor)
    return await one_posting(session, principal.org_id, posting_id)


@router.post("/{posting_id}/restore", summary="Take back a posting that was left out")
async def restore_posting(posting_id: int, session: OrgTx, principal: StaffDep) -> PostingOut:
    await posting_actions.restore(session, principal.org_id, posting_id, principal.actor)
    return await one_posting(session, principal.org_id, posting_id)


@router.post("/{posting_id}/edit", summary="Change safe fields of a refused posting and send it again")
async def edit_posting(posting_id: int, body: PostingEdit, session: OrgTx, principal: StaffDep) -> PostingOut:
    fields = posting_actions.safe_fields(body.txn_date, body.doc_number, body.memo)
    await posting_actions.edit(session, principal.org_id, posting_id, fields, body.reason, principal.actor)
    return await one_posting(session, principal.org_id, posting_id)


@router.post("/{posting_id}/link", summary="Compare with a document in QuickBooks, and link it by hand")
async def link_posting(posting_id: int, body: LinkByHand, principal: StaffDep, work: BooksDep) -> LinkTryOut:
    tried: Any = await posting_actions.link_by_hand(
        work,
        principal.org_id,
        posting_id,
        body.entity,
        body.qbo_id,
        confirmed=body.confirmed,
        actor=principal.actor,
    )
    return LinkTryOut.model_validate(tried, from_attributes=True)
