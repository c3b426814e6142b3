"""The API of the connection: consenting at Intuit, coming back, where it stands, and ending it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel
from sqlalchemy import select

from crm.accounting import connection, oauth_state
from crm.accounting.context import Books
from crm.accounting.tables import QboToken
from crm.dependencies import StateDep
from crm.gateways import intuit
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit import clock
from crm.kit.errors import BadRequest, Conflict, CrmError

router = APIRouter(tags=["books"])
READ = require(Permission.BOOKS_READ)
WRITE = require(Permission.BOOKS_WRITE)


def books(state: StateDep) -> Books:
    return Books(state.database, state.settings, state.http)


BooksDep = Annotated[Books, Depends(books)]


@router.get(
    "/qbo/oauth/start",
    status_code=302,
    response_class=RedirectResponse,
    summary="Send the browser to Intuit to connect QuickBooks",
    dependencies=[WRITE],
)
async def start_qbo_oauth(principal: StaffDep, session: OrgTx, state: StateDep) -> RedirectResponse:
    settings = state.settings
    client_id, _ = intuit.client_auth(settings)
    if principal.user_id is None:
        raise Conflict("An API key cannot connect QuickBooks: a person must consent.", kind="needs-person")
    signed = await oauth_state.begin(session, settings.secret_keys, principal.org_id, principal.user_id)
    query = {
        "client_id": client_id,
        "redirect_uri": settings.qbo_redirect_uri,
        "response_type": "code",
        "scope": intuit.SCOPE,
        "state": signed,
    }
    return RedirectResponse(f"{settings.qbo_authorize_url}?{urlencode(query)}", status_code=302)


class Connected(BaseModel):
    status: str = "connected"
    realm_id: str
    env: str
    org_id: int


@router.get("/qbo/oauth/callback", summary="Where Intuit sends the browser back", response_model=Connected)
async def finish_qbo_oauth(
    request: Request,
    work: BooksDep,
    state: Annotated[str | None, Query(max_length=4000)] = None,
    code: Annotated[str | None, Query(max_length=2000)] = None,
    realm_id: Annotated[str | None, Query(alias="realmId", max_length=32, pattern=r"^\d{1,32}$")] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
) -> Any:
    browser = "text/html" in request.headers.get("accept", "")
    try:
        connected = await _finish(work, state, code, realm_id, error)
    except CrmError as problem:
        if browser:  # people get the sentence on a page of ours, not JSON
            return RedirectResponse(
                f"/books?{urlencode({'error': problem.kind, 'detail': problem.detail})}", status_code=303
            )
        raise
    return RedirectResponse("/books?connected=1", status_code=303) if browser else connected


async def _finish(
    work: Books, state: str | None, code: str | None, realm_id: str | None, error: str | None
) -> Connected:
    if state is None:
        raise BadRequest("The state is missing: this sign-in did not start here.", kind="oauth-state-forged")
    began = oauth_state.read(state, work.settings.secret_keys)
    async with work.db.transaction(began.org_id) as session:
        await oauth_state.use(session, began)
    if error is not None:
        raise BadRequest(
            "Nothing was connected: access was declined at QuickBooks."
            if error == "access_denied"
            else "Nothing was connected: Intuit reported a problem. Please try again.",
            kind="oauth-declined" if error == "access_denied" else "oauth-failed",
        )
    if code is None or realm_id is None:
        raise BadRequest("Intuit's answer is incomplete: code or realmId is missing.", kind="oauth-failed")
    async with work.db.transaction(began.org_id) as session:
        await connection.refuse_foreign_realm(session, began.org_id, realm_id, work.settings.qbo_env)
    grant = await connection.exchange_code(work, began.org_id, realm_id, code)
    row = await connection.connect(work, began.org_id, began.user_id, realm_id, grant)
    return Connected(realm_id=realm_id, env=row.env, org_id=began.org_id)


class QboStatus(BaseModel):
    """The seed's fields, then what the console shows. Only `connected` when there is no connection."""

    connected: bool
    realm_id: str | None = None
    env: str | None = None
    expires_at: str | None = None
    expired: bool | None = None
    state: str | None = None
    company_name: str | None = None
    problem: str | None = None
    refresh_expires_at: datetime | None = None
    hard_expires_at: datetime | None = None


@router.get(
    "/qbo/status",
    summary="Whether QuickBooks is connected",
    response_model_exclude_none=True,
    dependencies=[READ],
)
async def get_qbo_status(session: OrgTx, principal: StaffDep) -> QboStatus:
    row = await session.scalar(select(QboToken).where(QboToken.org_id == principal.org_id))
    word = connection.state(row)
    if row is None or word == "not_connected":
        return QboStatus(connected=False)
    if word == "disconnected":
        return QboStatus(
            connected=False,
            realm_id=row.realm_id,
            env=row.env,
            state=word,
            problem=row.disconnected_why,
            company_name=row.company.get("name"),
        )
    ends = connection.expires_at(row)
    return QboStatus(
        connected=True,
        realm_id=row.realm_id,
        env=row.env,
        expires_at=clock.iso(ends) if ends else None,
        expired=ends is None or ends <= clock.now(),
        state=word,
        company_name=row.company.get("name"),
        refresh_expires_at=row.refresh_expires_at,
        hard_expires_at=row.hard_expires_at,
    )


@router.post("/qbo/disconnect", status_code=204, summary="Disconnect QuickBooks", dependencies=[WRITE])
async def disconnect_qbo(principal: StaffDep, work: BooksDep) -> Response:
    await connection.disconnect(work, principal.org_id, principal.user_id or 0)
    return Response(status_code=204)
