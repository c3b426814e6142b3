"""Messages over HTTP: the customer writes on the portal, the office answers from the proposal's page."""

from __future__ import annotations

from fastapi import APIRouter, Request

from crm.dependencies import DatabaseDep, SettingsDep
from crm.identity.authentication import OrgTx, StaffDep, refuse_other_origin, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.errors import Unauthenticated
from crm.portal import messages
from crm.portal.routes import ProposalId, only_customer
from crm.portal.shapes import AnswerIn, AskIn, AskNewLink, MessageOut, PortalView
from crm.portal.view import message_out, portal_view
from crm.proposals.content import load
from crm.proposals.payer import PayerDep, PayerTx, portal_cookie
from crm.proposals.tables import Proposal

router = APIRouter(tags=["portal"], route_class=IdempotentRoute)


@router.post("/portal/{proposal_id}/messages", status_code=201, summary="Ask a question, or ask for changes")
async def ask_question(
    proposal_id: ProposalId, body: AskIn, principal: PayerDep, session: PayerTx, settings: SettingsDep
) -> PortalView:
    only_customer(principal)
    await messages.ask(session, principal, proposal_id, body.kind, body.text)
    return await portal_view(session, await load(session, principal.org_id, proposal_id), settings)


@router.post(
    "/portal/{proposal_id}/ask-new-link",
    status_code=202,
    summary="Ask the contractor for a new link, with one that no longer works",
)
async def ask_new_link(
    proposal_id: ProposalId, body: AskNewLink, request: Request, database: DatabaseDep
) -> None:
    token = body.token
    if token is None:
        refuse_other_origin(request)
        token = request.cookies.get(portal_cookie(proposal_id))
    if token is None:
        raise Unauthenticated("Please open the link from your message.", kind="portal-link-unknown")
    await messages.ask_new_link(database, token, proposal_id)


@router.get(
    "/proposals/{proposal_id}/messages",
    dependencies=[require(Permission.READ)],
    summary=f"What was written about it, at most the newest {messages.MESSAGES_SHOWN_MAX}, oldest first",
)
async def list_messages(proposal_id: ProposalId, principal: StaffDep, session: OrgTx) -> list[MessageOut]:
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
    return [message_out(message) for message in await messages.messages_of(session, proposal)]


@router.post(
    "/proposals/{proposal_id}/messages",
    dependencies=[require(Permission.PROPOSALS_WRITE), once],
    status_code=201,
    summary="Answer the customer",
)
async def answer_customer(
    proposal_id: ProposalId, body: AnswerIn, principal: StaffDep, session: OrgTx
) -> MessageOut:
    return message_out(await messages.answer(session, principal, proposal_id, body.text))
