"""The sync log's API: every request to QuickBooks, searched, looked at one by one, and taken away as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import sync_log_batches
from crm.accounting.sync_log_tables import QboCall
from crm.accounting.sync_log_words import doing, sentence
from crm.accounting.tables import Posting, QboRequest
from crm.dependencies import StateDep
from crm.gateways.quickbooks import BATCH_ITEMS_MAX
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.errors import NotFound
from crm.kit.paging import Cursor, Limit, Page, after, contains, cut

router = APIRouter(prefix="/qbo/log", tags=["books"], dependencies=[require(Permission.BOOKS_READ)])
CSV_ROWS_MAX = 20_000
CSV_ROWS_AT_ONCE = 500
CALLS_SHOWN_MAX = 50

OutcomeWord = Literal["ok", "refused", "unavailable", "disconnected", "renewed"]
Word = Annotated[str | None, Query(max_length=100)]


class CallOut(BaseModel):
    """One request. `outcome`: ok, refused (needs a person), unavailable (tried again by itself), disconnected, renewed.

    `metered`: Intuit counts it against the month's free reads. `proposal_id`: which proposal it was for."""

    id: int
    at: datetime
    operation: str
    doing: str
    subject: str
    proposal_id: int | None
    outcome: OutcomeWord
    status: int | None
    code: str
    sentence: str
    milliseconds: int
    metered: bool
    intuit_tid: str


class WriteOut(BaseModel):
    """The write as it is kept before it is sent: the same requestid makes a repetition harmless."""

    id: int
    state: str
    generation: int
    attempts: int
    requestid: str
    qbo_id: str | None
    created_at: datetime
    answered_at: datetime | None


class PostingStand(BaseModel):
    """Where the payment or refund that it was about stands now."""

    id: int
    kind: str
    state: str
    problem: str | None


class BatchItemOut(CallOut):
    """One write of a batch. `number`: the document's number, or the customer's name, when it stands in QuickBooks."""

    number: str | None


class CallDetail(CallOut):
    """With the request and the answer, redacted and cut to 8,000 characters each."""

    realm_id: str | None
    method: str
    path: str
    params: str
    request: str
    answer: str
    write: WriteOut | None
    posting: PostingStand | None
    same_subject: list[CallOut]
    in_batch: list[BatchItemOut]


class LogChoices(BaseModel):
    """What this log can be narrowed to."""

    operations: list[str]
    codes: list[str]


class LogFilter:
    """The narrowing that list and CSV share. Dates are days in UTC, both included."""

    def __init__(
        self,
        *,
        outcome: Annotated[list[OutcomeWord] | None, Query()] = None,
        operation: Word = None,
        code: Word = None,
        subject: Annotated[
            str | None, Query(max_length=200, description='What it was about, as "payment:12".')
        ] = None,
        metered: bool | None = None,
        since: Annotated[date | None, Query(description="The first day.")] = None,
        until: Annotated[date | None, Query(description="The last day.")] = None,
        q: Annotated[
            str | None,
            Query(max_length=200, description="Words in request, answer, sentence, subject or intuit_tid."),
        ] = None,
    ) -> None:
        self.conditions: list[Any] = []
        if outcome:
            self.conditions.append(QboCall.outcome.in_(outcome))
        for column, value in (
            (QboCall.operation, operation),
            (QboCall.code, code),
            (QboCall.subject, subject),
        ):
            if value:
                self.conditions.append(column == value.replace("\0", ""))
        if metered is not None:
            self.conditions.append(QboCall.metered == metered)
        if since:
            self.conditions.append(QboCall.at >= datetime.combine(since, time.min, UTC))
        if until:
            self.conditions.append(QboCall.at < datetime.combine(until, time.min, UTC) + timedelta(days=1))
        if q:
            words = q.replace("\0", "")
            columns = (QboCall.request, QboCall.answer, QboCall.sentence, QboCall.subject, QboCall.params)
            self.conditions.append(
                or_(QboCall.intuit_tid == words, *(contains(column, words) for column in columns))
            )


FilterDep = Annotated[LogFilter, Depends()]

# What a list shows; the texts of requests and answers stay where they are.
_SHOWN = (
    QboCall.id, QboCall.at, QboCall.operation, QboCall.subject, QboCall.outcome, QboCall.status, QboCall.code,
    QboCall.sentence, QboCall.milliseconds, QboCall.metered, QboCall.intuit_tid, QboCall.requestid,
)  # fmt: skip


def _calls(org_id: int, conditions: list[Any]) -> Any:
    proposal_id = (
        select(Posting.proposal_id)
        .where(Posting.org_id == org_id, Posting.subject == QboCall.subject)
        .limit(1)
        .correlate(QboCall)
        .scalar_subquery()
        .label("proposal_id")
    )
    return (
        select(*_SHOWN, proposal_id).where(QboCall.org_id == org_id, *conditions).order_by(QboCall.id.desc())
    )


def _out(row: Any) -> CallOut:
    values = {name: getattr(row, name) for name in CallOut.model_fields if name not in {"doing", "sentence"}}
    return CallOut(**values, doing=doing(row.operation), sentence=sentence(row))


@router.get("", summary="Every request to QuickBooks, newest first")
async def list_qbo_calls(
    session: OrgTx, principal: StaffDep, chosen: FilterDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[CallOut]:
    conditions = list(chosen.conditions)
    if (before := after(cursor)) is not None:
        conditions.append(QboCall.id < before)
    found = (await session.execute(_calls(principal.org_id, conditions).limit(limit + 1))).all()
    rows, next_cursor = cut(found, limit)
    return Page(items=[_out(row) for row in rows], next_cursor=next_cursor)


@router.get("/choices", summary="The operations and codes that the sync log holds")
async def list_qbo_call_choices(session: OrgTx, principal: StaffDep) -> LogChoices:
    async def distinct(column: Any) -> list[str]:
        rows = await session.scalars(
            select(column).where(QboCall.org_id == principal.org_id, column != "").distinct().order_by(column)
        )
        return list(rows.all())

    return LogChoices(operations=await distinct(QboCall.operation), codes=await distinct(QboCall.code))


@router.get(
    ".csv",
    summary="The sync log as CSV, newest first",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/csv": {}}, "description": "One line per request, at most 20,000"}},
)
async def export_qbo_calls(principal: StaffDep, state: StateDep, chosen: FilterDep) -> StreamingResponse:
    async def lines() -> AsyncIterator[str]:
        yield _line(["at", "operation", "subject", "outcome", "http_status", "code", "sentence", "milliseconds",
                     "metered", "intuit_tid", "requestid"])  # fmt: skip
        before: int | None = None
        written = 0
        while written < CSV_ROWS_MAX:
            conditions = [*chosen.conditions, *([QboCall.id < before] if before is not None else [])]
            async with state.database.transaction(principal.org_id) as session:
                rows = (
                    await session.execute(_calls(principal.org_id, conditions).limit(CSV_ROWS_AT_ONCE))
                ).all()
            for row in rows:
                yield _line([row.at.isoformat(), row.operation, row.subject, row.outcome, row.status or "", row.code,
                             sentence(row), row.milliseconds, row.metered, row.intuit_tid, row.requestid or ""])  # fmt: skip
            written += len(rows)
            if len(rows) < CSV_ROWS_AT_ONCE:
                return
            before = rows[-1].id

    disposition = {"Content-Disposition": 'attachment; filename="quickbooks-sync-log.csv"'}
    return StreamingResponse(lines(), media_type="text/csv; charset=utf-8", headers=disposition)


def _line(values: list[Any]) -> str:
    """One line; a text that a spreadsheet would take for a formula is led by an apostrophe."""
    made = io.StringIO()
    csv.writer(made).writerow(
        [
            f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
            for value in values
        ]
    )
    return made.getvalue()


@router.get("/{call_id}", summary="One request to QuickBooks with its answer")
async def get_qbo_call(call_id: int, session: OrgTx, principal: StaffDep) -> CallDetail:
    org_id = principal.org_id
    call = None
    if 0 < call_id < 2**63:
        call = await session.get(QboCall, (org_id, call_id))
    if call is None:
        raise NotFound(
            "This request is not in the sync log: it was never here, or it was older than 90 days and has been cleared."
        )
    row = (await session.execute(_calls(org_id, [QboCall.id == call.id]))).one()
    write = None
    if call.requestid:
        write = await session.scalar(
            select(QboRequest).where(QboRequest.org_id == org_id, QboRequest.requestid == call.requestid)
        )
    same: list[Any] = []
    if call.subject:
        found = await session.execute(
            _calls(org_id, [QboCall.subject == call.subject, QboCall.id != call.id]).limit(CALLS_SHOWN_MAX)
        )
        same = list(found.all())
    return CallDetail(
        **_out(row).model_dump(),
        realm_id=call.realm_id,
        method=call.method,
        path=call.path,
        params=call.params,
        request=call.request,
        answer=call.answer,
        write=WriteOut.model_validate(write, from_attributes=True) if write else None,
        posting=await _posting(session, org_id, call.subject),
        same_subject=[_out(other) for other in same],
        in_batch=await _items(session, org_id, call) if call.operation == sync_log_batches.BATCH else [],
    )


async def _items(session: AsyncSession, org_id: int, batch: QboCall) -> list[BatchItemOut]:
    found = await session.execute(_calls(org_id, sync_log_batches.left_with(batch)).limit(BATCH_ITEMS_MAX))
    rows = list(reversed(found.all()))  # in the order in which they were prepared
    numbers = await sync_log_batches.numbers(session, org_id, [row.requestid for row in rows])
    return [BatchItemOut(**_out(row).model_dump(), number=numbers.get(row.requestid)) for row in rows]


async def _posting(session: AsyncSession, org_id: int, subject: str) -> PostingStand | None:
    found = await session.scalar(
        select(Posting)
        .where(Posting.org_id == org_id, Posting.subject == subject)
        .order_by(Posting.id.desc())
        .limit(1)
    )
    return PostingStand.model_validate(found, from_attributes=True) if found else None
