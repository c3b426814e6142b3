"""What follows what, on one page. Payments do not know that books exist; this page knows both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection

from sqlalchemy import select, text

from crm.accounting import postings
from crm.accounting.context import Books
from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import Database, get_own
from crm.kit.settings import Settings
from crm.notifications import composing
from crm.outgoing.staging import stage
from crm.payments.cancellation import refund_paid
from crm.payments.parts import settle_schedule
from crm.proposals.tables import Proposal


async def payment_came(books: Books, org_id: int, proposal_ids: Collection[int]) -> None:
    """What was paid goes into the books; if QuickBooks is not connected, it waits there visibly. Should it have
    been paid on a page of an older amount, the rest of the schedule is divided again; on a contract that was
    cancelled meanwhile it goes back."""
    for proposal_id in sorted(proposal_ids):
        async with books.db.transaction(org_id) as session:
            await settle_schedule(session, org_id, proposal_id)
            proposal = await get_own(session, Proposal, proposal_id, org_id)
            await refund_paid(session, proposal, actor="system")
    await book(books, org_id)


async def transfer_moved(books: Books, org_id: int, proposal_ids: Collection[int]) -> None:
    """A bank transfer of an older amount is under way, or failed: what is not settled is divided again."""
    await _settle(books, org_id, proposal_ids)


async def refund_moved(books: Books, org_id: int, proposal_ids: Collection[int]) -> None:
    """A refund that succeeded, or came back, goes into the books; what was overpaid may be settled by it."""
    await _settle(books, org_id, proposal_ids)
    await book(books, org_id)


async def contract_changed(books: Books, org_id: int, _proposal_ids: Collection[int]) -> None:
    """The work is done, changed or cancelled: its invoice, or what takes it back, goes into the books."""
    await book(books, org_id)


async def book(books: Books, org_id: int) -> None:
    """Whatever moved money and stands in no book yet is brought there."""
    async with books.db.transaction(org_id) as session:
        await postings.ensure(session, org_id)
    await postings.run_lane(books, org_id)


async def _settle(books: Books, org_id: int, proposal_ids: Collection[int]) -> None:
    for proposal_id in sorted(proposal_ids):
        async with books.db.transaction(org_id) as session:
            await settle_schedule(session, org_id, proposal_id)


async def money_moved(books: Books, org_id: int, _proposal_ids: Collection[int]) -> None:
    """A payout arrived or came back, a dispute ended: what stands in no book yet is brought there."""
    await book(books, org_id)


async def books_connected(books: Books, org_id: int, _proposal_ids: Collection[int]) -> None:
    """Everything that waited for the connection is due now."""
    async with books.db.transaction(org_id) as session:
        await postings.ensure(session, org_id)
        await session.execute(
            text(
                "UPDATE postings SET next_attempt_at = :now WHERE org_id = :org AND state = 'waiting' "
                "AND lease IS NULL"
            ),
            {"org": org_id, "now": clock.now()},
        )
        await session.execute(
            text("UPDATE qbo_lanes SET paused_until = NULL, failures = 0 WHERE org_id = :org"),
            {"org": org_id},
        )
        await queue.enqueue(session, "catch_up_quickbooks", org_id=org_id)  # what changed there meanwhile
    await postings.run_lane(books, org_id)


FOLLOWS: dict[Event, Callable[[Books, int, Collection[int]], Awaitable[None]]] = {
    Event.PAYMENT_SUCCESS: payment_came,
    Event.PAYMENT_PROCESSING: transfer_moved,
    Event.PAYMENT_FAILED: transfer_moved,
    Event.PAYMENT_REFUNDED: refund_moved,
    Event.REFUND_FAILED: refund_moved,
    Event.PAYOUT_PAID: money_moved,
    Event.PAYOUT_FAILED: money_moved,
    Event.DISPUTE_CLOSED: money_moved,
    Event.QBO_CONNECTED: books_connected,
    Event.JOB_DONE: contract_changed,
    Event.CHANGE_ORDER_APPROVED: contract_changed,
    Event.PROPOSAL_CANCELLED: contract_changed,
}


# What is put on paper, once: signatures and receipts (`crm.papers.keeping.make_missing`).
ON_PAPER = frozenset({Event.APPROVE, Event.CHANGE_ORDER_APPROVED, Event.PAYMENT_SUCCESS})


async def write_mail(db: Database, settings: Settings, org_id: int, entry_ids: list[int]) -> None:
    """The mails that follow these facts (`notifications.kinds.AFTER`), once each however often this runs."""
    async with db.transaction(org_id) as session:
        await composing.stage(session, settings, org_id, entry_ids)


async def follow_up(books: Books, org_id: int, entry_ids: list[int]) -> None:
    """The job staged with every followed fact. Each kind of follow-up runs once, however many facts.

    The messages to the company's own software are written first: trouble with the books does not hold them up.
    """
    about: dict[Event, set[int]] = defaultdict(set)
    async with books.db.transaction(org_id) as session:
        await stage(session, org_id, entry_ids)
        # Mail and paper have jobs of their own: a booking that fails keeps no receipt back, nor the other way
        # round.
        await queue.enqueue(session, "stage_mail", org_id=org_id, entry_ids=entry_ids)
        rows = await session.execute(
            select(ActivityEntry.event, ActivityEntry.proposal_id)
            .where(ActivityEntry.org_id == org_id, ActivityEntry.id.in_(entry_ids))
            .distinct()
        )
        for event, proposal_id in rows:
            about[Event(event)] |= {proposal_id} if proposal_id is not None else set()
        for proposal_id in sorted(set().union(*(about[event] for event in ON_PAPER if event in about))):
            await queue.enqueue(session, "make_papers", org_id=org_id, proposal_id=proposal_id)
    for event, follow in FOLLOWS.items():
        if event in about:
            await follow(books, org_id, about[event])
