"""What follows what, on one page. Payments do not know that books exist; this page knows both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from sqlalchemy import select, text

from crm.accounting import postings
from crm.accounting.context import Books
from crm.activity.events import Event
from crm.activity.tables import ActivityEntry
from crm.kit import clock


async def deposit_paid(books: Books, org_id: int) -> None:
    """A paid deposit goes into the books; if QuickBooks is not connected, it waits there visibly."""
    async with books.db.transaction(org_id) as session:
        await postings.ensure(session, org_id)
    await postings.run_lane(books, org_id)


async def books_connected(books: Books, org_id: int) -> None:
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
    await postings.run_lane(books, org_id)


FOLLOWS: dict[Event, Callable[[Books, int], Awaitable[None]]] = {
    Event.PAYMENT_SUCCESS: deposit_paid,
    Event.QBO_CONNECTED: books_connected,
}


async def follow_up(books: Books, org_id: int, entry_ids: list[int]) -> None:
    """The job staged with every followed fact. Each kind of follow-up runs once, however many facts."""
    async with books.db.transaction(org_id) as session:
        events = await session.scalars(
            select(ActivityEntry.event)
            .where(ActivityEntry.org_id == org_id, ActivityEntry.id.in_(entry_ids))
            .distinct()
        )
        happened = {Event(event) for event in events}
    for event, follow in FOLLOWS.items():
        if event in happened:
            await follow(books, org_id)
