"""Which run of a worker holds a posting: for a while that is renewed while the run lives, and ends by itself when it dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from crm.accounting.booking import Taken
from crm.accounting.context import Books
from crm.kit import clock

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 4.0
# Gone, restarting, all connections taken, or we were ended to undo a deadlock. The log writes past SQLAlchemy, so what it
# meets comes as psycopg's own.
DATABASE_AWAY = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


@asynccontextmanager
async def renewed(books: Books, org_id: int, held: Sequence[Taken]) -> AsyncIterator[None]:
    """Keeps the leases alive while the body runs; a call outside may take two minutes."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            # Tried again soon; should the lease end meanwhile, twice is harmless.
            with suppress(*DATABASE_AWAY):
                async with books.db.transaction(org_id) as session:
                    await session.execute(
                        text(
                            "UPDATE postings SET lease_until = :until WHERE org_id = :org AND lease = ANY (:leases)"
                        ),
                        {
                            "org": org_id,
                            "until": clock.now() + LEASE,
                            "leases": [one.lease for one in held],
                        },
                    )

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
