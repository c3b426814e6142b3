"""Counts tries within a window that the database keeps, so that all processes together slow who is too quick."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.identity.tables import LoginFailure
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import TooMany

COUNT_MAX = 1_000_000


async def count_try(
    database: Database, limits: Mapping[bytes, int], window: timedelta, sentence: str
) -> None:
    """Counts one more under each key. Raises TooMany when one is above its limit: `sentence`, and when to come back.

    In a transaction of its own, so that a try counts whatever becomes of it.
    """
    now = clock.now()
    blocked: list[datetime] = []
    async with database.transaction() as session:
        for key in sorted(limits):  # in one order, so that two never wait for each other in a circle
            blocked += await _count_one(session, key, limits[key], now, window)
    if blocked:
        seconds = max(1, round((max(blocked) - now).total_seconds()))
        raise TooMany(
            f"{sentence} Please try again in {max(1, round(seconds / 60))} minutes.",
            retry_after_seconds=seconds,
        )


async def _count_one(
    session: AsyncSession, key: bytes, limit: int, now: datetime, window: timedelta
) -> list[datetime]:
    """Adds a try to a window that runs, or opens a new one; returns the window's end when it is full."""
    new = insert(LoginFailure).values(key_hash=key, failures=1, window_ends_at=now + window)
    runs = LoginFailure.window_ends_at > now
    counted = await session.execute(
        new.on_conflict_do_update(
            index_elements=[LoginFailure.key_hash],
            set_={
                "failures": case((runs, func.least(LoginFailure.failures + 1, COUNT_MAX)), else_=1),
                "window_ends_at": case(
                    (runs, LoginFailure.window_ends_at), else_=new.excluded.window_ends_at
                ),
            },
        ).returning(LoginFailure.failures, LoginFailure.window_ends_at)
    )
    row = counted.one()
    return [row.window_ends_at] if row.failures > limit else []


async def forget_old_tries(session: AsyncSession) -> None:
    """For the schedule: drops windows that have ended, so that the table stays small."""
    await session.execute(delete(LoginFailure).where(LoginFailure.window_ends_at < clock.now()))


def key_of(kind: str, value: str) -> bytes:
    """Hashed, so that the table tells nobody who tried."""
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()
