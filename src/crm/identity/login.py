"""Logs people in: same time and text whether they exist, and slower the more often somebody guesses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.passwords import verify_password
from crm.identity.tables import LoginFailure, Org, User
from crm.identity.tries import count_try, key_of
from crm.kit.database import Database
from crm.kit.errors import Unauthenticated

FAILURES_PER_EMAIL_MAX = 10
FAILURES_PER_ADDRESS_MAX = 50
WINDOW = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    user: User
    org: Org


async def log_in(database: Database, email: str, password: str, ip: str) -> LoggedIn:
    """The user with this e-mail and password. Raises Unauthenticated, or TooMany with when to come back.

    The try is counted before the password is looked at and forgiven when it was right: many guesses at once
    cannot all slip in before the first failure is written down.
    """
    email_key, address_key = key_of("email", email.lower()), key_of("ip", ip)
    limits = {email_key: FAILURES_PER_EMAIL_MAX, address_key: FAILURES_PER_ADDRESS_MAX}
    await count_try(database, limits, WINDOW, "Too many failed attempts.")
    found = await _find(database, email)
    right = await verify_password(found.user.password_hash if found else None, password)
    if found is None or not right or not found.user.active:
        raise Unauthenticated("E-mail and password do not fit together.", kind="wrong-login")
    async with database.transaction(found.user.org_id) as session:
        await _forgive(session, email_key, address_key)
        await record(session, found.org.id, Event.LOGGED_IN, actor=f"user:{found.user.id}", ip=ip)
    return found


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
