"""Who calls: the staff member, API key or nobody behind a request, and a transaction that sees their org."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.dependencies import AppState, DatabaseDep, StateDep
from crm.identity import tokens
from crm.identity.permissions import Permission
from crm.identity.principal import Principal
from crm.identity.tables import ApiKey, User
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.errors import Forbidden, Unauthenticated

SESSION_COOKIE = "crm_session"
API_KEY_PREFIX = "ppk_"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# `last_used_at` is for people; it need not be written more often.
LAST_USED_EVERY = timedelta(minutes=5)


def bearer(request: Request) -> str | None:
    """The token of the Authorization header, if there is one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def staff(request: Request, state: StateDep) -> Principal:
    """Somebody who works here, by bearer token, API key or the console's cookie. Raises Unauthenticated."""
    if token := bearer(request):
        return await staff_by_token(token, state)
    if cookie := request.cookies.get(SESSION_COOKIE):
        refuse_other_origin(request)
        return await _by_session(cookie, state)
    raise Unauthenticated("Please sign in.")


async def staff_by_token(token: str, state: AppState) -> Principal:
    if token.startswith(API_KEY_PREFIX):
        return await _by_api_key(token, state.database)
    return await _by_session(token, state)


def refuse_other_origin(request: Request) -> None:
    """A cookie is sent along by any page, so what changes something must come from ours. Raises Forbidden."""
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site in {"same-origin", "none"}:
        return
    origin = request.headers.get("origin")
    if site is None and origin and urlsplit(origin).netloc == request.headers.get("host"):
        return
    raise Forbidden("This request did not come from our own pages.", kind="other-origin")


async def _by_session(token: str, state: AppState) -> Principal:
    claims = tokens.read(token, state.settings.secret_keys)
    async with state.database.transaction(claims.org_id) as session:
        row = (
            await session.execute(
                select(User.role, User.active, User.token_generation).where(
                    User.org_id == claims.org_id, User.id == claims.user_id
                )
            )
        ).one_or_none()
    if row is None or not row.active or row.token_generation != claims.generation:
        raise Unauthenticated("Your session has ended. Please sign in again.", kind="session-ended")
    return Principal(claims.org_id, f"user:{claims.user_id}", row.role, claims.user_id)


async def _by_api_key(key: str, database: Database) -> Principal:
    digest = hashlib.sha256(key.encode()).digest()
    async with database.transaction() as session:
        route = (
            await session.execute(
                text("SELECT org_id, api_key_id FROM crm_api_key_route(:key)"), {"key": digest}
            )
        ).one_or_none()
    if route is None:
        raise Unauthenticated("This API key is not one of ours.")
    async with database.transaction(route.org_id) as session:
        api_key = await session.get(ApiKey, (route.org_id, route.api_key_id))
        if api_key is None or api_key.revoked_at is not None:
            raise Unauthenticated("This API key has been revoked.")
        now = clock.now()
        if api_key.last_used_at is None or now - api_key.last_used_at > LAST_USED_EVERY:
            api_key.last_used_at = now
        return Principal(route.org_id, f"api_key:{api_key.id}", api_key.role)


StaffDep = Annotated[Principal, Depends(staff)]


class Require:
    """A route's dependency: the caller is staff whose role has `permission`."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, principal: StaffDep) -> Principal:
        principal.must(self.permission)
        return principal


def require(permission: Permission) -> Any:
    """For `dependencies=[require(Permission.X)]` of a route: 401 for nobody, 403 for a role without it."""
    return Depends(Require(permission))


async def staff_transaction(principal: StaffDep, database: DatabaseDep) -> AsyncIterator[AsyncSession]:
    """One transaction for the request; it commits before the answer is sent, or the answer is an error."""
    async with database.transaction(principal.org_id) as session:
        yield session


OrgTx = Annotated[AsyncSession, Depends(staff_transaction, scope="function")]
