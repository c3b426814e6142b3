"""Writes to QuickBooks exactly once: kept with a requestid before it is sent, looked for before it is sent again.

`requestid` is QuickBooks' own idempotency, but how long it is remembered is not documented, so every
attempt but the first looks for the document first (facts/quickbooks.md 2.6).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company
from crm.accounting.backfill import wave
from crm.accounting.comeback import mirror
from crm.accounting.comeback.picture import moment
from crm.accounting.context import Books
from crm.accounting.tables import QboEdit, QboRequest
from crm.gateways.quickbooks import Answer, Attached, Call, dumps, loads, query, quote
from crm.gateways.quickbooks_codes import UNREADABLE
from crm.kit import clock
from crm.kit.errors import Disconnected, Refused, Unavailable

GENERATIONS_MAX = 20  # a definite no and a changed body make a new one; more than this is a loop
NUMBERED = frozenset({"create_invoice", "create_estimate"})  # a receipt's number is QuickBooks' own
# What an answer must say besides the Id, since we compare it. Fields that we do not know are no matter.
NEEDED = {
    "Invoice": ("TotalAmt", "Balance"),
    "CreditMemo": ("TotalAmt",),
    "RefundReceipt": ("TotalAmt",),
    "SalesReceipt": ("TotalAmt",),
}
WITH_MEMO = NUMBERED | {"create_refund_receipt", "create_sales_receipt"}


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in QuickBooks now. `found` = it was there from an attempt whose answer was lost.
    `realm_id` and `entity` say what and where it is, so that `succeeded` can mirror it."""

    request_id: int
    object: dict[str, Any]
    intuit_tid: str
    found: bool = False
    realm_id: str = ""
    entity: str = ""
    told_at: datetime | None = None  # QuickBooks' own time of its answer
    sent: str = ""  # the body that made it, when this run sent it


async def write_once(
    books: Books,
    org_id: int,
    realm_id: str,
    *,
    operation: str,
    subject: str,
    entity: str,
    build: Callable[[str], dict[str, Any]],
    look: Callable[[str], Awaitable[dict[str, Any] | None]],
    attached: Attached | None = None,
) -> Written:
    """Creates one `entity` for `subject` ("payment:12"), however often it is called.

    `build(requestid)` makes the body, once per generation; `look(requestid)` finds what an earlier attempt
    made. `attached` is a file to send with it. The caller links the result and calls `succeeded` in one transaction. Raises Refused (with the
    row marked, so that the next call starts a new generation), Unavailable or Disconnected.
    """
    request, tried, edits = await _take(books, org_id, realm_id, operation, subject, build)
    if tried:
        found = await look(request.requestid)
        if found is None and edits:  # a person gave it another date: `look` knows only ours
            found = await look_as_sent(books, org_id, entity, request)
        if found is not None:
            return Written(request.id, found, "", found=True, realm_id=realm_id, entity=entity)
        _refuse_while_batch_runs(request)
    try:
        answer = await _send(books, request, operation, entity, attached, alone=tried)
    except Refused as error:
        await _settle(books, request, state="refused", fault=_fault(error), tid=error.reference)
        raise
    except (Unavailable, Disconnected) as error:
        # It did not happen, nor did anything before: only then need the next attempt not look.
        if error.outcome_known and not tried:
            await _settle(books, request, state="prepared", fault=_fault(error), tid=error.reference)
        raise
    made = answer.data.get(entity)
    if not isinstance(made, dict) or any(made.get(name) is None for name in ("Id", *NEEDED.get(entity, ()))):
        # It may stand there: the next attempt looks, and reads it whole.
        raise Unavailable(UNREADABLE, code="unreadable", reference=answer.intuit_tid, outcome_known=False)
    return Written(
        request.id,
        made,
        answer.intuit_tid,
        realm_id=realm_id,
        entity=entity,
        told_at=moment(answer.data.get("time")),
        sent=request.body,
    )


async def _send(
    books: Books, request: QboRequest, operation: str, entity: str, attached: Attached | None, *, alone: bool
) -> Answer:
    """With the others of its wave, if there is one. Alone where its requestid protects it from an earlier attempt."""
    with_others = wave.current()
    if with_others is not None and not alone and wave.leaves_with_others(operation, request.body):
        return await with_others.send(wave.Item(request.id, request.attempts, entity, request.body))
    call = Call(
        "POST",
        "upload" if attached else entity.lower(),
        operation,
        body=request.body,
        requestid=request.requestid,
        subject=request.subject,
        attached=attached,
    )
    return await company.ask(books, request.org_id, call)


def _refuse_while_batch_runs(request: QboRequest) -> None:
    """In a batch it had no requestid of its own: as long as QuickBooks may still work at that, nothing is sent again."""
    over_at = request.batched_at + wave.OVER_AFTER if request.batched_at else None
    if over_at is not None and over_at > clock.now():
        raise Unavailable(
            "QuickBooks did not say what became of this. It is looked for again when QuickBooks is certainly done with "
            "it, in two minutes at most.",
            code="batch-under-way",
            retry_after_seconds=(over_at - clock.now()).total_seconds(),
        )


async def _take(
    books: Books,
    org_id: int,
    realm_id: str,
    operation: str,
    subject: str,
    build: Callable[[str], dict[str, Any]],
) -> tuple[QboRequest, bool, dict[str, Any]]:
    """The request to send, stored as sent; whether an earlier attempt may have arrived; and a person's changes to it."""
    try:
        return await _store(books, org_id, realm_id, operation, subject, build)
    except IntegrityError:
        # Another run stored the same request at the same moment, as at a company's first deposits: it is for both.
        return await _store(books, org_id, realm_id, operation, subject, build)


async def _store(
    books: Books,
    org_id: int,
    realm_id: str,
    operation: str,
    subject: str,
    build: Callable[[str], dict[str, Any]],
) -> tuple[QboRequest, bool, dict[str, Any]]:
    async with books.db.transaction(org_id) as session:
        last = await session.scalar(
            select(QboRequest)
            .where(
                QboRequest.org_id == org_id,
                QboRequest.realm_id == realm_id,
                QboRequest.operation == operation,
                QboRequest.subject == subject,
            )
            .order_by(QboRequest.generation.desc())
            .limit(1)
            .with_for_update(key_share=True)
        )
        edits = await edits_of(session, org_id, subject)
        if last is None or last.state == "refused":
            generation = last.generation + 1 if last else 1
            if generation > GENERATIONS_MAX:
                raise Refused(
                    f"QuickBooks refused this {GENERATIONS_MAX} times. Please ask support before trying again.",
                    code="generations",
                )
            requestid = make_requestid(org_id, realm_id, operation, subject, generation)
            last = QboRequest(
                org_id=org_id,
                realm_id=realm_id,
                operation=operation,
                subject=subject,
                generation=generation,
                requestid=requestid,
                body=dumps(edited(build(requestid), operation, edits)),
                state="prepared",
                attempts=0,
            )
            session.add(last)
        tried = last.state in {"sent", "succeeded"}
        last.state = "sent"
        last.attempts += 1
        await session.flush()
        return last, tried, edits


async def look_as_sent(books: Books, org_id: int, entity: str, request: QboRequest) -> dict[str, Any] | None:
    """What this very body made, by its own customer and date and our key in the note (facts 2.6)."""
    body = loads(request.body)
    if "TxnDate" not in body or "CustomerRef" not in body:
        return None
    statement = (
        f"SELECT * FROM {entity} WHERE CustomerRef = {quote(str(body['CustomerRef']['value']))} "
        f"AND TxnDate = {quote(str(body['TxnDate']))} MAXRESULTS 1000"
    )
    answer = await company.ask(books, org_id, query(f"look_for_{entity.lower()}", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get(entity, [])
    return next((row for row in rows if request.requestid in str(row.get("PrivateNote", ""))), None)


async def is_under_way(
    session: AsyncSession, org_id: int, realm_id: str, operation: str, subject_begins: str
) -> bool:
    """Whether such a write was sent and its answer is not known: what it made may stand there already."""
    sent = await session.scalar(
        select(QboRequest.id)
        .where(
            QboRequest.org_id == org_id,
            QboRequest.realm_id == realm_id,
            QboRequest.operation == operation,
            QboRequest.subject.startswith(subject_begins, autoescape=True),
            QboRequest.state == "sent",
        )
        .limit(1)
    )
    return sent is not None


async def edits_of(session: AsyncSession, org_id: int, subject: str) -> dict[str, Any]:
    return (
        await session.scalar(
            select(QboEdit.fields).where(QboEdit.org_id == org_id, QboEdit.subject == subject)
        )
        or {}
    )


def edited(body: dict[str, Any], operation: str, fields: dict[str, Any]) -> dict[str, Any]:
    """The body with a person's values, where the document has such a field."""
    changed = dict(body)
    if "TxnDate" in fields and "TxnDate" in body:
        changed["TxnDate"] = fields["TxnDate"]
        if "DueDate" in body:
            changed["DueDate"] = max(fields["TxnDate"], body["DueDate"])
    if "DocNumber" in fields and operation in NUMBERED:
        changed["DocNumber"] = fields["DocNumber"]
    if "CustomerMemo" in fields and operation in WITH_MEMO:
        changed["CustomerMemo"] = {"value": fields["CustomerMemo"]}
    return changed


def make_requestid(org_id: int, realm_id: str, operation: str, subject: str, generation: int) -> str:
    """32 characters (QuickBooks takes 50), made once and stored: never derived again.

    The random part keeps two installations that were restored from one backup, or a fresh database on an old
    company, from being given each other's documents.
    """
    seed = f"{org_id}|{realm_id}|{operation}|{subject}|{generation}|{secrets.token_hex(16)}"
    return base64.b32encode(hashlib.sha256(seed.encode()).digest()).decode().lower()[:32]


async def succeeded(session: AsyncSession, org_id: int, written: Written) -> None:
    """To be called in the transaction that links the document; mirrors it as what now stands in QuickBooks."""
    if written.entity:
        await mirror.wrote(
            session, org_id, written.realm_id, written.entity, written.object, told_at=written.told_at
        )
    await session.execute(
        update(QboRequest)
        .where(QboRequest.org_id == org_id, QboRequest.id == written.request_id)
        .values(
            state="succeeded",
            qbo_id=str(written.object["Id"]),
            intuit_tid=written.intuit_tid or QboRequest.intuit_tid,
            fault=None,
            answered_at=clock.now(),
        )
    )


async def undo(
    session: AsyncSession, org_id: int, realm_id: str, operation: str, subject: str, fault: dict[str, Any]
) -> None:
    """What was written is gone from QuickBooks: the next `write_once` starts a new generation."""
    await session.execute(
        update(QboRequest)
        .where(
            QboRequest.org_id == org_id,
            QboRequest.realm_id == realm_id,
            QboRequest.operation == operation,
            QboRequest.subject == subject,
        )
        .values(state="refused", fault=fault)
    )


async def _settle(books: Books, request: QboRequest, *, state: str, fault: dict[str, Any], tid: str) -> None:
    async with books.db.transaction(request.org_id) as session:
        await session.execute(
            update(QboRequest)
            .where(
                QboRequest.org_id == request.org_id,
                QboRequest.id == request.id,
                QboRequest.state != "succeeded",
            )
            .values(state=state, fault=fault, intuit_tid=tid or None, answered_at=clock.now())
        )


def _fault(error: Refused | Unavailable | Disconnected) -> dict[str, Any]:
    return {"code": error.code, "sentence": error.detail, **error.more}
