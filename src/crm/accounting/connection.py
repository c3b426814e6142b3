"""An org's grant at Intuit: kept sealed, refreshed one at a time per company, lost loudly.

Facts: facts/quickbooks.md 1.3 and 1.4. The refresh is the one call outside that is made while a row is
locked: a second refresh at the same time would cost the customer the connection (docs/decisions/0006).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import sync_log
from crm.accounting.context import Books
from crm.accounting.error_counts import count_error
from crm.accounting.tables import QboToken
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways import intuit
from crm.gateways.exchange import Exchange
from crm.kit import clock
from crm.kit.errors import Conflict, Disconnected, OutsideError
from crm.kit.logging import logger

REFRESH_BEFORE = timedelta(minutes=5)
PREVIOUS_TOKEN_GOOD_FOR = timedelta(hours=24)  # the value changes about daily; the old one dies with that
WARN_BEFORE_HARD_END = timedelta(days=30)
WARN_BEFORE_END = timedelta(days=14)

log = logger("qbo_connection")


@dataclass(frozen=True, slots=True)
class Access:
    """A key that opens one company right now."""

    org_id: int
    realm_id: str
    env: str
    token: str
    company: dict[str, Any]


class NotConnected(Disconnected):
    """Nobody has connected QuickBooks yet."""

    kind = "qbo-not-connected"


async def access(books: Books, org_id: int, *, stale: str | None = None) -> Access:
    """A good access token; refreshes when it ends soon, or when QuickBooks just refused `stale`.

    Raises NotConnected, Disconnected (a person must reconnect) or Unavailable (Intuit does not answer).
    """
    async with books.db.transaction(org_id) as session:
        row = await session.scalar(select(QboToken).where(QboToken.org_id == org_id))
        if row is not None and _is_good(books, row, stale):
            return _access(books, row)
    return await _refresh(books, org_id, stale)


def _is_good(books: Books, row: QboToken, stale: str | None) -> bool:
    if row.disconnected_at is not None or row.access_token is None or row.expires_at is None:
        return False
    if row.expires_at.replace(tzinfo=UTC) - clock.now() <= REFRESH_BEFORE:
        return False
    return stale is None or books.sealer.open(row.access_token) != stale


def _access(books: Books, row: QboToken) -> Access:
    assert row.realm_id is not None
    assert row.access_token is not None
    return Access(row.org_id, row.realm_id, row.env, books.sealer.open(row.access_token), dict(row.company))


async def _refresh(books: Books, org_id: int, stale: str | None, *, even_if_good: bool = False) -> Access:
    failure: OutsideError | None = None
    async with books.db.transaction(org_id) as session:
        row = await session.scalar(
            select(QboToken).where(QboToken.org_id == org_id).with_for_update(key_share=True)
        )
        if row is None or row.refresh_token is None:
            raise NotConnected("QuickBooks is not connected. Open Books and press Connect QuickBooks.")
        if row.disconnected_at is not None:
            raise Disconnected(row.disconnected_why or "QuickBooks is disconnected. Please reconnect.")
        if _is_good(books, row, stale) and not even_if_good:
            return _access(books, row)  # somebody else refreshed while we waited for the lock
        kept: list[Exchange] = []
        try:
            await _refresh_locked(books, session, row, kept)
        except OutsideError as error:
            failure = error
            await count_error(session, org_id, "refresh_token")
            if isinstance(error, Disconnected):
                await _mark_lost(session, row, error)
        else:
            # Committed before anybody uses it: a rotated token that is not stored is a lost connection.
            return_value = _access(books, row)
        await sync_log.keep_sign_in(session, org_id, row.realm_id, "refresh_token", kept, failure)
    if failure is not None:
        log.warning("refresh failed", org_id=org_id, code=failure.code, intuit_tid=failure.reference)
        raise failure
    return return_value


async def _refresh_locked(books: Books, session: AsyncSession, row: QboToken, kept: list[Exchange]) -> None:
    assert row.refresh_token is not None
    try:
        grant = await intuit.refresh(books.http, books.settings, books.sealer.open(row.refresh_token), kept)
    except Disconnected:
        recent = row.refreshed_at is not None and clock.now() - row.refreshed_at < PREVIOUS_TOKEN_GOOD_FOR
        if row.previous_refresh_token is None or not recent:
            raise
        previous = books.sealer.open(row.previous_refresh_token)
        grant = await intuit.refresh(books.http, books.settings, previous, kept)
    _store(books, row, grant)
    await session.flush()


def _store(books: Books, row: QboToken, grant: intuit.Grant) -> None:
    now = clock.now()
    old = books.sealer.open(row.refresh_token) if row.refresh_token else None
    if old is not None and old != grant.refresh_token:
        row.previous_refresh_token = row.refresh_token
    row.access_token = books.sealer.seal(grant.access_token)
    row.refresh_token = books.sealer.seal(grant.refresh_token)
    row.expires_at = grant.expires_at.astimezone(UTC).replace(tzinfo=None)
    row.refresh_expires_at = grant.refresh_expires_at
    row.hard_expires_at = grant.hard_expires_at or row.hard_expires_at
    row.refreshed_at = now
    row.updated_at = now.replace(tzinfo=None)


async def _mark_lost(session: AsyncSession, row: QboToken, error: OutsideError) -> None:
    """The row stays: everything that waits goes on waiting, and people are told to reconnect."""
    row.disconnected_at = clock.now()
    row.disconnected_why = error.detail
    await record(
        session, row.org_id, Event.QBO_DISCONNECTED, realm_id=row.realm_id, why=error.detail, code=error.code
    )


async def mark_lost(books: Books, org_id: int, error: OutsideError) -> None:
    """QuickBooks itself said that the grant is gone (3100, 120, or 3200 twice)."""
    async with books.db.transaction(org_id) as session:
        row = await session.scalar(
            select(QboToken).where(QboToken.org_id == org_id).with_for_update(key_share=True)
        )
        if row is not None and row.disconnected_at is None:
            await _mark_lost(session, row, error)


async def exchange_code(books: Books, org_id: int, realm_id: str, code: str) -> intuit.Grant:
    """The grant for a one-time code, kept in the sync log like every request. Raises what Intuit's refusal raises."""
    kept: list[Exchange] = []
    failure: OutsideError | None = None
    try:
        return await intuit.exchange_code(books.http, books.settings, code, kept)
    except OutsideError as error:
        failure = error
        raise
    finally:
        async with books.db.transaction(org_id) as session:
            await sync_log.keep_sign_in(session, org_id, realm_id, "exchange_code", kept, failure)


async def connect(books: Books, org_id: int, user_id: int, realm_id: str, grant: intuit.Grant) -> QboToken:
    """Stores a fresh grant. Raises Conflict when another org holds this company."""
    env = books.settings.qbo_env
    try:
        async with books.db.transaction(org_id) as session:
            await refuse_foreign_realm(session, org_id, realm_id, env)
            row = await session.scalar(
                select(QboToken).where(QboToken.org_id == org_id).with_for_update(key_share=True)
            )
            if row is None:
                row = QboToken(org_id=org_id)
                session.add(row)
            elif row.realm_id != realm_id:
                row.company = {}
            row.realm_id, row.env = realm_id, env
            row.previous_refresh_token, row.refresh_token = None, None
            row.disconnected_at, row.disconnected_why, row.connected_by = None, None, user_id
            _store(books, row, grant)
            await session.flush()
            await record(
                session, org_id, Event.QBO_CONNECTED, actor=f"user:{user_id}", realm_id=realm_id, env=env
            )
            return row
    except IntegrityError as error:
        raise _foreign_realm() from error


async def refuse_foreign_realm(session: AsyncSession, org_id: int, realm_id: str, env: str) -> None:
    owner = await session.scalar(
        text("SELECT org_id FROM crm_realm_route(:r, :e)"), {"r": realm_id, "e": env}
    )
    if owner is not None and owner != org_id:
        raise _foreign_realm()


def _foreign_realm() -> Conflict:
    return Conflict(
        "This QuickBooks company is already connected to another organisation here. Disconnect it there "
        "first, or choose another company.",
        kind="qbo-realm-taken",
    )


async def disconnect(books: Books, org_id: int, user_id: int) -> None:
    """A person gives the grant back; Intuit is told, our row stays and says so."""
    async with books.db.transaction(org_id) as session:
        row = await session.scalar(
            select(QboToken).where(QboToken.org_id == org_id).with_for_update(key_share=True)
        )
        if row is None or row.disconnected_at is not None or row.refresh_token is None:
            return
        token = books.sealer.open(row.refresh_token)
        row.disconnected_at, row.disconnected_why = clock.now(), "Disconnected by a user here."
        await record(
            session,
            org_id,
            Event.QBO_DISCONNECTED,
            actor=f"user:{user_id}",
            realm_id=row.realm_id,
            why=row.disconnected_why,
        )
        realm_id = row.realm_id
    kept: list[Exchange] = []
    failure: OutsideError | None = None
    try:
        await intuit.revoke(books.http, books.settings, token, kept)
    except OutsideError as error:
        failure = error
        raise
    finally:
        async with books.db.transaction(org_id) as session:
            await sync_log.keep_sign_in(session, org_id, realm_id, "revoke_token", kept, failure)


async def keep_alive(books: Books, org_id: int) -> None:
    """The weekly refresh that keeps an idle company's refresh token below its 100 days."""
    await _refresh(books, org_id, None, even_if_good=True)


def state(row: QboToken | None) -> Literal["not_connected", "connected", "reconnect_soon", "disconnected"]:
    """The word people see (look.md: Connected, Reconnect soon, Disconnected)."""
    if row is None or row.access_token is None:
        return "not_connected"
    if row.disconnected_at is not None:
        return "disconnected"
    now = clock.now()
    ends = [(row.hard_expires_at, WARN_BEFORE_HARD_END), (row.refresh_expires_at, WARN_BEFORE_END)]
    if any(end is not None and end - now < margin for end, margin in ends):
        return "reconnect_soon"
    return "connected"


def expires_at(row: QboToken) -> datetime | None:
    return row.expires_at.replace(tzinfo=UTC) if row.expires_at else None
