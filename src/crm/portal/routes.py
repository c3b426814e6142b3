"""The customer's page over HTTP: open it with the link, read, approve or decline."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from crm.dependencies import DatabaseDep, SettingsDep, client_ip
from crm.files.routes import file_response
from crm.identity.principal import Principal
from crm.kit import clock
from crm.kit.errors import Forbidden
from crm.kit.inputs import ID_MAX
from crm.payments.parts import set_schedule
from crm.portal.consent import CONSENT
from crm.portal.shapes import ApproveChangeIn, ApproveIn, ChosenPrice, DeclineIn, OpenPortal, PortalView
from crm.portal.view import chosen_price, portal_view
from crm.proposals import decision
from crm.proposals.attached_files import shown_file
from crm.proposals.content import load
from crm.proposals.inputs import LINES_MAX
from crm.proposals.lifecycle import Status, blocked
from crm.proposals.links import open_link
from crm.proposals.payer import PayerDep, PayerTx, portal_cookie

router = APIRouter(prefix="/portal", tags=["portal"])

ProposalId = Annotated[int, Path(ge=1, le=ID_MAX)]
USER_AGENT_LENGTH_MAX = 500


@router.post("/{proposal_id}/session", status_code=204, summary="Exchange a link's secret for a cookie")
async def open_portal(
    proposal_id: ProposalId,
    body: OpenPortal,
    response: Response,
    database: DatabaseDep,
    settings: SettingsDep,
) -> None:
    """The page calls this once and then takes the secret out of the address bar."""
    _, ends_at = await open_link(database, body.token, proposal_id)
    response.set_cookie(
        portal_cookie(proposal_id),
        body.token,
        max_age=int((ends_at - clock.now()).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=settings.crm_env == "production",
    )


@router.get("/{proposal_id}", summary="The proposal as the customer sees it")
async def read_portal(
    proposal_id: ProposalId, principal: PayerDep, session: PayerTx, settings: SettingsDep
) -> PortalView:
    """The customer's first look is noted; staff looking at the same page is not."""
    content = await load(session, principal.org_id, proposal_id)
    if content.status() is Status.DRAFT and principal.is_customer:
        raise blocked(Status.DRAFT, "be opened")
    if principal.is_customer:
        await decision.mark_viewed(session, content)
    return await portal_view(session, content, settings)


@router.get("/{proposal_id}/price", summary="What a choice of option and extras comes to")
async def price_choice(
    proposal_id: ProposalId,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
    option_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    line_id: Annotated[
        list[Annotated[int, Field(ge=1, le=ID_MAX)]] | None,
        Query(max_length=LINES_MAX, description="The extras that are ticked; repeat it for several."),
    ] = None,
) -> ChosenPrice:
    """Reckoned here and not in the page, so that what moves on the screen is what is signed, to the cent."""
    content = await load(session, principal.org_id, proposal_id)
    return chosen_price(content, option_id, line_id or [], settings.deposit_percent)


@router.get(
    "/{proposal_id}/files/{file_id}",
    summary="A photo or paper of the proposal, or the company's logo",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes."}},
)
async def read_portal_file(
    proposal_id: ProposalId,
    file_id: Annotated[int, Path(ge=1, le=ID_MAX)],
    request: Request,
    principal: PayerDep,
    session: PayerTx,
) -> Response:
    content = await load(session, principal.org_id, proposal_id)
    if content.status() is Status.DRAFT and principal.is_customer:
        raise blocked(Status.DRAFT, "be opened")
    row, data = await shown_file(session, principal.org_id, proposal_id, file_id, content.org.logo_file_id)
    return file_response(request, row, data)


@router.post("/{proposal_id}/approve", summary="Sign it")
async def approve_proposal(
    proposal_id: ProposalId,
    body: ApproveIn,
    request: Request,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> PortalView:
    only_customer(principal)
    signature = replace(
        signature_of(body, request, CONSENT[body.language]),
        option_id=body.option_id,
        line_ids=tuple(body.line_ids),
    )
    content, new = await decision.approve(session, principal.org_id, proposal_id, signature)
    if new:
        await set_schedule(session, content, settings.deposit_percent)
    return await portal_view(session, content, settings)


@router.post("/{proposal_id}/decline", summary="Say no")
async def decline_proposal(
    proposal_id: ProposalId, body: DeclineIn, principal: PayerDep, session: PayerTx, settings: SettingsDep
) -> PortalView:
    only_customer(principal)
    content = await decision.decline(session, principal.org_id, proposal_id, body.reason)
    return await portal_view(session, content, settings)


def signature_of(body: ApproveChangeIn, request: Request, consent: str) -> decision.Signature:
    """The customer's yes with where it came from; what was chosen is for the caller to add."""
    return decision.Signature(
        signer_name=body.signer_name,
        content_hash=body.content_hash,
        option_id=None,
        ip=client_ip(request),
        user_agent=_user_agent(request),
        path=body.signature_path,
        consent=consent,
        language=body.language,
    )


def only_customer(principal: Principal) -> None:
    """Raises Forbidden: nobody signs in a customer's name."""
    if not principal.is_customer:
        raise Forbidden("Only the customer decides this, with the link that was sent to them.")


def _user_agent(request: Request) -> str:
    """What the browser calls itself, made safe to store."""
    given = request.headers.get("user-agent", "")[:USER_AGENT_LENGTH_MAX]
    return "".join(character for character in given if unicodedata.category(character) != "Cc")
