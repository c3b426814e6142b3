"""Keeps every request to QuickBooks with its answer, and counts what Intuit counts, in one statement per request.

The statement takes the place of the one that counted before, so that the log costs no round trip of its own
(`make bench-pipeline` shows before and after).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.gateways.exchange import Exchange, kept_text
from crm.gateways.quickbooks import Call
from crm.gateways.quickbooks_faults import TokenExpired
from crm.kit import clock
from crm.kit.errors import Disconnected, OutsideError, Refused

KEPT_FOR = timedelta(days=90)
# A backfill of 10,000 payments writes 20,500 of them, and must not push out what a person still looks for. With texts of
# 8,000 characters at most this bounds a company's log; usually it is 100 MB.
CALLS_PER_ORG_MAX = 50_000
FORGOTTEN_AT_ONCE_MAX = 5_000

Outcome = Literal["ok", "refused", "unavailable", "disconnected", "renewed"]

_work: ContextVar[str] = ContextVar("work", default="")


@dataclass(frozen=True, slots=True)
class ItemKept:
    """One item of a batch: its stored request (`qbo_requests.id`), what was sent and what came back for it."""

    request_id: int
    request: str
    error: OutsideError | None
    answer: str | None


@contextmanager
def about(subject: str) -> Iterator[None]:
    """What the requests within are for, as "payment:12": reads belong to the posting that needed them."""
    token = _work.set(subject)
    try:
        yield
    finally:
        _work.reset(token)


def at_work() -> bool:
    """Whether this is done for a posting."""
    return bool(_work.get())


async def keep(
    session: AsyncSession,
    org_id: int,
    realm_id: str | None,
    call: Call,
    exchange: Exchange,
    error: OutsideError | None,
) -> None:
    """One answered or unanswered request of the accounting API; answered ones count at Intuit (facts 2.11: 2xx)."""
    counted = exchange.status is not None and exchange.status < 300
    await session.execute(
        _COUNT_AND_KEEP if counted else _KEEP,
        _row(org_id, realm_id, call.operation, exchange, error)
        | {
            "subject": _work.get() or call.subject,
            "requestid": call.requestid,
            "metered": call.metered and counted,
            "day": clock.now().date(),
            "reads": int(call.metered),
        },
    )


async def keep_items(
    session: AsyncSession, org_id: int, batch_requestid: str, items: Sequence[ItemKept]
) -> None:
    """A row for each item of a batch, beside the batch's own; none when the
    batch never left. Only the batch counts at Intuit. Without an answer of its own an item has the batch's."""
    await session.execute(
        _KEEP_ITEMS,
        {
            "org": org_id,
            "batch": batch_requestid,
            "ids": [item.request_id for item in items],
            "outcomes": [outcome(item.error) for item in items],
            "codes": [item.error.code if item.error else "" for item in items],
            "sentences": [item.error.detail if item.error else "" for item in items],
            "requests": [kept_text(item.request) for item in items],
            "answers": [None if item.answer is None else kept_text(item.answer) for item in items],
        },
    )


async def keep_sign_in(
    session: AsyncSession,
    org_id: int,
    realm_id: str | None,
    operation: str,
    exchanges: list[Exchange],
    error: OutsideError | None,
) -> None:
    """Requests to Intuit's sign-in service, which are free. The error is that of the last one."""
    for number, exchange in enumerate(exchanges, 1):
        failed = error if number == len(exchanges) else None
        row = _row(org_id, realm_id, operation, exchange, failed)
        if failed is None and (exchange.status is None or exchange.status >= 400):
            row |= {
                "outcome": "renewed",
                "sentence": "The newest refresh token was refused; the one before was tried.",
            }
        await session.execute(_KEEP, row | {"subject": _work.get(), "requestid": None, "metered": False})


def _row(
    org_id: int, realm_id: str | None, operation: str, exchange: Exchange, error: OutsideError | None
) -> dict[str, Any]:
    return {
        "org": org_id,
        "realm": realm_id,
        "operation": operation,
        "at": exchange.at,
        "method": exchange.method,
        "path": exchange.path,
        "params": exchange.params,
        "request": exchange.request,
        "outcome": outcome(error),
        "status": exchange.status,
        "milliseconds": exchange.milliseconds,
        "code": error.code if error else "",
        "sentence": error.detail if error else "",
        "answer": exchange.answer,
        "tid": exchange.intuit_tid,
    }


def outcome(error: OutsideError | None) -> Outcome:
    if error is None:
        return "ok"
    if isinstance(error, TokenExpired):
        return "renewed"
    if isinstance(error, Disconnected):
        return "disconnected"
    return "refused" if isinstance(error, Refused) else "unavailable"


_INSERT = (
    "INSERT INTO qbo_calls (org_id, realm_id, operation, subject, at, method, path, params, request, requestid, metered, "
    "outcome, status, milliseconds, code, sentence, answer, intuit_tid) VALUES (:org, :realm, :operation, :subject, :at, "
    ":method, :path, :params, :request, :requestid, :metered, :outcome, :status, :milliseconds, :code, :sentence, "
    ":answer, :tid)"
)
_KEEP = text(_INSERT)
_COUNT_AND_KEEP = text(
    "WITH counted AS (INSERT INTO qbo_usage AS u (org_id, day, operation, calls, metered) "
    "VALUES (:org, :day, :operation, 1, :reads) ON CONFLICT (org_id, day, operation) "
    "DO UPDATE SET calls = u.calls + 1, metered = u.metered + :reads) " + _INSERT
)


# The texts of thirty are cut in the batch's row; here each item has its own.
_KEEP_ITEMS = text(
    "INSERT INTO qbo_calls (org_id, realm_id, operation, subject, at, method, path, params, request, requestid, metered, "
    "outcome, status, milliseconds, code, sentence, answer, intuit_tid) "
    "SELECT r.org_id, c.realm_id, r.operation, r.subject, c.at, c.method, c.path, c.params, i.request, r.requestid, false, "
    "i.outcome, c.status, c.milliseconds, i.code, i.sentence, coalesce(i.answer, c.answer), c.intuit_tid "
    "FROM unnest(cast(:ids AS bigint[]), cast(:outcomes AS text[]), cast(:codes AS text[]), cast(:sentences AS text[]), "
    "cast(:answers AS text[]), cast(:requests AS text[])) AS i (id, outcome, code, sentence, answer, request) "
    "JOIN qbo_requests r ON r.org_id = :org AND r.id = i.id "
    "CROSS JOIN (SELECT * FROM qbo_calls WHERE org_id = :org AND requestid = :batch ORDER BY id DESC LIMIT 1) c "
    "ORDER BY i.id"
)


async def forget_old_calls(session: AsyncSession, org_id: int) -> int:
    """Deletes what is older than KEPT_FOR and what exceeds CALLS_PER_ORG_MAX, oldest first; how many went."""
    gone = await session.execute(
        text(
            "DELETE FROM qbo_calls WHERE org_id = :org AND id IN (SELECT id FROM qbo_calls WHERE org_id = :org "
            "AND (at < :old OR id <= (SELECT id FROM qbo_calls WHERE org_id = :org ORDER BY id DESC "
            "OFFSET :most LIMIT 1)) ORDER BY id LIMIT :at_once) RETURNING 1"
        ),
        {
            "org": org_id,
            "old": clock.now() - KEPT_FOR,
            "most": CALLS_PER_ORG_MAX,
            "at_once": FORGOTTEN_AT_ONCE_MAX,
        },
    )
    return len(gone.all())
