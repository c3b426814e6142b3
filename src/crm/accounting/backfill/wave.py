"""Many postings of one company side by side, whose writes leave together in batches.

Each posting is booked by the code that books it alone: it stores its own request, looks for itself, links itself and
reads its own fault. Only its creating calls wait here until all of the wave wait, and then leave as one batch; so
thirty payments cost an invoice batch and a payment batch. Why twice cannot happen: docs/decisions/backfill.md.
"""

from __future__ import annotations

import asyncio
import contextvars
import secrets
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from crm.accounting import company, sync_log
from crm.accounting.context import Books
from crm.accounting.leases import DATABASE_AWAY
from crm.gateways import quickbooks
from crm.gateways.quickbooks import Answer, dumps, is_queryable, loads
from crm.kit import clock
from crm.kit.errors import OutsideError, Unavailable

# QuickBooks cuts a request after 120 s (facts 2.1): a batch whose answer was lost is certainly over then.
OVER_AFTER = timedelta(seconds=130)

Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Item:
    """One stored request (`qbo_requests.id`) whose turn it is."""

    request_id: int
    attempt: int  # the one that this run counted
    entity: str
    body: str


class Wave:
    """As many postings as a batch takes items of one company under way together."""

    def __init__(self, books: Books, org_id: int, count: int) -> None:
        self._books, self._org_id = books, org_id
        self._under_way = count
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._context = contextvars.copy_context()  # of no posting: a batch is for all of them
        self._once: dict[str, asyncio.Task[None]] = {}

    async def send(self, item: Item) -> Answer:
        """The item's own answer. Raises what a single call would raise."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, answer))
        self._leave_when_all_wait()
        return await answer

    async def once(self, what: str, work: Work) -> None:
        """Work that all of the wave need and one does for them."""
        if what not in self._once:
            self._once[what] = asyncio.create_task(work())
        await asyncio.shield(self._once[what])

    def one_is_done(self) -> None:
        self._under_way -= 1
        self._leave_when_all_wait()

    def _leave_when_all_wait(self) -> None:
        if self._waiting and len(self._waiting) == self._under_way:
            together, self._waiting = self._waiting, []
            task = asyncio.get_running_loop().create_task(self._send(together), context=self._context)
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, together: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        items = [item for item, _ in together]
        requestid = secrets.token_hex(16)
        call = quickbooks.batch(requestid, [(item.entity, item.body) for item in items])

        async def mark() -> None:
            await _mark_batched(self._books, self._org_id, items)

        answers: Sequence[Answer | BaseException]
        try:
            answer = await company.ask(self._books, self._org_id, call, before_sending=mark)
            answers = quickbooks.batch_answers(answer, len(items))
            await self._keep(requestid, items, answers)
        except BaseException as error:  # whatever it is, it is for every one who waits
            answers = [error] * len(items)
            if isinstance(error, OutsideError):
                with suppress(*DATABASE_AWAY):  # the error is what all must hear, and the batch has its row
                    await self._keep(requestid, items, answers)
            if not isinstance(error, Exception):
                raise
        finally:
            for (_, waits), one in zip(together, answers, strict=True):
                if waits.done():
                    continue  # cancelled meanwhile: its request stays stored as sent, and is looked for
                if isinstance(one, BaseException):
                    waits.set_exception(one)
                else:
                    waits.set_result(one)

    async def _keep(
        self, requestid: str, items: Sequence[Item], answers: Sequence[Answer | BaseException]
    ) -> None:
        """Each item beside its batch in the sync log, so that what was asked for one payment is found by it."""
        kept = [
            sync_log.ItemKept(
                item.request_id,
                item.body,
                one if isinstance(one, OutsideError) else None,
                dumps(one.data) if isinstance(one, Answer) else None,
            )
            for item, one in zip(items, answers, strict=True)
        ]
        async with self._books.db.transaction(self._org_id) as session:
            await sync_log.keep_items(session, self._org_id, requestid, kept)


async def _mark_batched(books: Books, org_id: int, items: Sequence[Item]) -> None:
    """Just before sending, so that OVER_AFTER counts from then. Raises when another run has taken one of them up
    meanwhile: it looked, found nothing and may be sending it."""
    async with books.db.transaction(org_id) as session:
        marked = await session.execute(
            text(
                "UPDATE qbo_requests r SET batched_at = :now FROM unnest(cast(:ids AS bigint[]), "
                "cast(:attempts AS int[])) AS i (id, attempt) WHERE r.org_id = :org AND r.id = i.id "
                "AND r.attempts = i.attempt AND r.state = 'sent' RETURNING r.id"
            ),
            {
                "org": org_id,
                "now": clock.now(),
                "ids": [item.request_id for item in items],
                "attempts": [item.attempt for item in items],
            },
        )
        if len(marked.all()) < len(items):
            raise Unavailable(
                "Another run books this already.", code="paused", retry_after_seconds=1, outcome_known=False
            )


def leaves_with_others(operation: str, body: str) -> bool:
    """Whether a request may leave in a batch: not what all share, as items and accounts, and no customer by whose name
    QuickBooks cannot be asked, since only asking finds what a batch made."""
    if operation == "create_customer":
        return is_queryable(str(loads(body).get("DisplayName", "")))
    return operation in {"create_invoice", "create_payment"}


_wave: ContextVar[Wave | None] = ContextVar("wave", default=None)


def current() -> Wave | None:
    return _wave.get()


@contextmanager
def within(wave: Wave) -> Iterator[None]:
    """Inside, creating calls of this task leave with those of the others."""
    token = _wave.set(wave)
    try:
        yield
    finally:
        _wave.reset(token)
        wave.one_is_done()


async def once_for_all(what: str, work: Work) -> None:
    """Does it, or waits for the one of the wave who does it for all."""
    wave = current()
    await (wave.once(what, work) if wave is not None else work())
