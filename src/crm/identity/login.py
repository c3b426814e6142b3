"""Logs people in: same time and text whether they exist, and slower the more often somebody guesses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.passwords import verify_password
from crm.identity.tables import LoginFailure, Org, User
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import TooMany, Unauthenticated

FAILURES_PER_EMAIL_MAX = 10
FAILURES_PER_ADDRESS_MAX = 50
WINDOW = timedelta(minutes=15)
COUNT_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class LoggedIn:
    user: User
    org: Org


async def log_in(database: Database, email: str, password: str, ip: str) -> LoggedIn:
    """The user with this e-mail and password. Raises Unauthenticated, or TooMany with when to come back.

    The try is counted before the password is looked at and forgiven when it was right: many guesses at once
    cannot all slip in before the first failure is written down.
    """
    email_key, address_key = _key("email", email.lower()), _key("ip", ip)
    await _count_try(database, {email_key: FAILURES_PER_EMAIL_MAX, address_key: FAILURES_PER_ADDRESS_MAX})
    found = await _find(database, email)
    right = await verify_password(found.user.password_hash if found else None, password)
    if found is None or not right or not found.user.active:
        raise Unauthenticated("E-mail and password do not fit together.", kind="wrong-login")
    async with database.transaction(found.user.org_id) as session:
        await _forgive(session, email_key, address_key)
        await record(session, found.org.id, Event.LOGGED_IN, actor=f"user:{found.user.id}", ip=ip)
    return found


async def _count_try(database: Database, limits: dict[bytes, int]) -> None:
    now = clock.now()
    blocked: list[datetime] = []
    async with database.transaction() as session:
        for key in sorted(limits):  # in one order, so that two logins never wait for each other in a circle
            blocked += await _count_one(session, key, limits[key], now)
    if blocked:
        seconds = max(1, round((max(blocked) - now).total_seconds()))
        raise TooMany(
            f"Too many failed attempts. Please try again in {max(1, round(seconds / 60))} minutes.",
            retry_after_seconds=seconds,
        )


async def _count_one(session: AsyncSession, key: bytes, limit: int, now: datetime) -> list[datetime]:
    """Adds a try to a window that runs, or opens a new one; returns the window's end when it is full."""
    new = insert(LoginFailure).values(key_hash=key, failures=1, window_ends_at=now + WINDOW)
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


async def _find(database: Database, email: str) -> LoggedIn | None:
    async with database.transaction() as session:
        route = (
            await session.execute(
                text("SELECT org_id, user_id FROM crm_login_route(:email)"), {"email": email}
            )
        ).one_or_none()
    # The same number of steps for somebody who is not there: the answer's time tells nothing.
    org_id, user_id = (route.org_id, route.user_id) if route else (0, 0)
    async with database.transaction(org_id) as session:
        row = (
            await session.execute(
                select(User, Org)
                .join(Org, Org.id == User.org_id)
                .where(User.org_id == org_id, User.id == user_id)
            )
        ).one_or_none()
    return LoggedIn(row[0], row[1]) if row else None


async def _forgive(session: AsyncSession, email_key: bytes, address_key: bytes) -> None:
    await session.execute(delete(LoginFailure).where(LoginFailure.key_hash == email_key))
    await session.execute(
        update(LoginFailure)
        .where(LoginFailure.key_hash == address_key)
        .values(failures=func.greatest(LoginFailure.failures - 1, 0))
    )


async def forget_old_failures(session: AsyncSession) -> None:
    """For the schedule: drops windows that have ended, so that the table stays small."""
    await session.execute(delete(LoginFailure).where(LoginFailure.window_ends_at < clock.now()))


def _key(kind: str, value: str) -> bytes:
    """Hashed, so that the table tells nobody who tried to log in."""
    return hashlib.sha256(f"{kind}:{value}".encode()).digest()
