"""Login, the org's settings, its team and its API keys, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from sqlalchemy import select

from crm.dependencies import DatabaseDep, SettingsDep, client_ip
from crm.identity import api_keys, team, tokens
from crm.identity.authentication import SESSION_COOKIE, OrgTx, StaffDep, refuse_other_origin, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.login import log_in
from crm.identity.permissions import ALLOWED, Permission, Role
from crm.identity.shapes import (
    ApiKeyOut,
    ApiKeyWithSecret,
    Login,
    LoginAnswer,
    Me,
    NewApiKey,
    NewUser,
    OrgChange,
    OrgOut,
    UserChange,
    UserOut,
    org_out,
)
from crm.identity.tables import ApiKey, Org, User
from crm.kit import clock
from crm.kit.inputs import ID_MAX
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.settings import Settings

router = APIRouter(route_class=IdempotentRoute)

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
MANAGE = [require(Permission.ORG_MANAGE)]
READ = [require(Permission.READ)]


@router.post("/auth/login", tags=["auth"], summary="Log in with e-mail and password")
async def login(
    body: Login, request: Request, response: Response, database: DatabaseDep, settings: SettingsDep
) -> LoginAnswer:
    found = await log_in(database, body.email.strip(), body.password, client_ip(request))
    user = found.user
    claims = tokens.Claims(user.id, user.org_id, user.role, user.token_generation)
    token = tokens.issue(claims, settings.secret_keys, clock.now())
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=tokens.HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=_secure(settings),
    )
    return LoginAnswer(access_token=token, expires_in=tokens.HOURS * 3600, user=_me(user, found.org))


@router.post("/auth/logout", tags=["auth"], status_code=204, summary="Forget this browser's session")
async def logout(request: Request, response: Response, settings: SettingsDep) -> None:
    if SESSION_COOKIE in request.cookies:
        refuse_other_origin(request)
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=_secure(settings))


@router.get("/auth/me", tags=["auth"], dependencies=READ, summary="Who am I, and what may I do?")
async def read_me(principal: StaffDep, session: OrgTx) -> Me:
    org = (await session.execute(select(Org).where(Org.id == principal.org_id))).scalar_one()
    if principal.user_id is None:
        name = f"API key {principal.actor.partition(':')[2]}"
        return _me_of(None, name, "", principal.role, org)
    user = (
        await session.execute(
            select(User).where(User.org_id == principal.org_id, User.id == principal.user_id)
        )
    ).scalar_one()
    return _me(user, org)


@router.get("/org", tags=["org"], dependencies=READ, summary="The company's settings")
async def read_org(principal: StaffDep, session: OrgTx) -> OrgOut:
    return org_out(await team.own_org(session, principal.org_id))


@router.patch("/org", tags=["org"], dependencies=MANAGE, summary="Change the company's settings")
async def change_org(body: OrgChange, principal: StaffDep, session: OrgTx) -> OrgOut:
    return org_out(await team.change_org(session, principal, body))


@router.get("/users", tags=["users"], dependencies=MANAGE, summary="The team")
async def list_users(
    principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[UserOut]:
    query = select(User).where(User.org_id == principal.org_id).order_by(User.id.desc()).limit(limit + 1)
    if (before := after(cursor)) is not None:
        query = query.where(User.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[UserOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post("/users", tags=["users"], dependencies=[*MANAGE, once], status_code=201, summary="Add somebody")
async def create_user(body: NewUser, principal: StaffDep, session: OrgTx) -> UserOut:
    return UserOut.model_validate(await team.create_user(session, principal, body))


@router.patch("/users/{id}", tags=["users"], dependencies=MANAGE, summary="Change or deactivate somebody")
async def change_user(id: Id, body: UserChange, principal: StaffDep, session: OrgTx) -> UserOut:
    return UserOut.model_validate(await team.change_user(session, principal, id, body))


@router.get("/api-keys", tags=["api keys"], dependencies=MANAGE, summary="API keys, revoked ones included")
async def list_api_keys(
    principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[ApiKeyOut]:
    query = (
        select(ApiKey).where(ApiKey.org_id == principal.org_id).order_by(ApiKey.id.desc()).limit(limit + 1)
    )
    if (before := after(cursor)) is not None:
        query = query.where(ApiKey.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[ApiKeyOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post(
    "/api-keys", tags=["api keys"], dependencies=[*MANAGE, once], status_code=201, summary="Make an API key"
)
async def create_api_key(body: NewApiKey, principal: StaffDep, session: OrgTx) -> ApiKeyWithSecret:
    row, secret = await api_keys.create(session, principal, body.name, body.role)
    return ApiKeyWithSecret(**ApiKeyOut.model_validate(row).model_dump(), secret=secret)


@router.delete(
    "/api-keys/{id}", tags=["api keys"], dependencies=MANAGE, status_code=204, summary="Revoke an API key"
)
async def revoke_api_key(id: Id, principal: StaffDep, session: OrgTx) -> None:
    await api_keys.revoke(session, principal, id)


def _me(user: User, org: Org) -> Me:
    return _me_of(user.id, user.name, user.email, user.role, org)


def _me_of(user_id: int | None, name: str, email: str, role: str, org: Org) -> Me:
    return Me(
        id=user_id,
        name=name,
        email=email,
        role=Role(role),
        org_id=org.id,
        org_name=org.name,
        currency=org.currency,
        permissions=sorted(ALLOWED[Role(role)]),
    )


def _secure(settings: Settings) -> bool:
    """Browsers keep Secure cookies only over TLS, which development has not."""
    return settings.crm_env == "production"
