"""Papers over HTTP: for staff by id, for customers with their link."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.links import number_of_invoice
from crm.dependencies import SettingsDep
from crm.files.keeping import safe_name
from crm.files.routes import file_response
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.errors import NotFound
from crm.kit.inputs import ID_MAX
from crm.papers import keeping, payment_papers, proposal_paper
from crm.papers.paper import Paper
from crm.papers.typesetting import typeset
from crm.payments.tables import Payment, Refund
from crm.proposals.content import load
from crm.proposals.lifecycle import Status, blocked
from crm.proposals.payer import PayerDep, PayerTx
from crm.proposals.tables import Proposal

router = APIRouter(tags=["papers"])

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
RefundId = Annotated[str, Path(min_length=1, max_length=255)]
READ = [require(Permission.READ)]
PAYMENTS = [require(Permission.PAYMENTS_READ)]
PDF_ANSWER: dict[str, Any] = {
    "response_class": Response,
    "responses": {200: {"content": {"application/pdf": {}}, "description": "The paper."}},
}


@router.get("/proposals/{id}/pdf", summary="The offer on paper", dependencies=READ, **PDF_ANSWER)
async def proposal_pdf(
    id: Id,
    principal: StaffDep,
    session: OrgTx,
    settings: SettingsDep,
    version: Annotated[
        int | None,
        Query(ge=1, le=ID_MAX, description="Another version of the same number; this one when left out."),
    ] = None,
) -> Response:
    """Also of a draft, which then says so on every page."""
    if version is not None:
        id = await _version(session, principal.org_id, id, version)
    return await _offer(session, principal.org_id, id, settings.deposit_percent)


@router.get(
    "/proposals/{id}/signed.pdf",
    summary="What was signed, with its certificate",
    dependencies=READ,
    **PDF_ANSWER,
)
async def signed_proposal_pdf(
    id: Id, request: Request, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> Response:
    """Made once after the signature; never changes."""
    kept = await keeping.signed_proposal(session, principal.org_id, id, settings.deposit_percent)
    return file_response(request, *kept)


@router.get(
    "/proposals/{id}/change-orders/{order_id}/signed.pdf",
    summary="A signed change order, with its certificate",
    dependencies=READ,
    **PDF_ANSWER,
)
async def signed_change_order_pdf(
    id: Id, order_id: Id, request: Request, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> Response:
    kept = await keeping.signed_change_order(
        session, principal.org_id, id, order_id, settings.deposit_percent
    )
    return file_response(request, *kept)


@router.get(
    "/payments/{id}/receipt.pdf", summary="The receipt of a payment", dependencies=PAYMENTS, **PDF_ANSWER
)
async def receipt_pdf(
    id: Id, request: Request, principal: StaffDep, session: OrgTx, settings: SettingsDep
) -> Response:
    """Made once when the payment has arrived; never changes."""
    return file_response(
        request, *await keeping.receipt(session, principal.org_id, id, settings.deposit_percent)
    )


@router.get(
    "/payments/{id}/invoice.pdf",
    summary="The invoice of one part of the price",
    dependencies=PAYMENTS,
    **PDF_ANSWER,
)
async def invoice_pdf(id: Id, principal: StaffDep, session: OrgTx) -> Response:
    """Under QuickBooks' number once it has one there."""
    return await _invoice(session, await get_own(session, Payment, id, principal.org_id))


@router.get(
    "/payments/{id}/refunds/{refund_id}.pdf",
    summary="A note of a refund",
    dependencies=PAYMENTS,
    **PDF_ANSWER,
)
async def refund_pdf(id: Id, refund_id: RefundId, principal: StaffDep, session: OrgTx) -> Response:
    return await _refund(session, await get_own(session, Payment, id, principal.org_id), refund_id)


@router.get("/portal/{proposal_id}/proposal.pdf", summary="The customer's copy of the offer", **PDF_ANSWER)
async def portal_proposal_pdf(
    proposal_id: Id, principal: PayerDep, session: PayerTx, settings: SettingsDep
) -> Response:
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
    if proposal.status == Status.DRAFT and principal.is_customer:
        raise blocked(Status.DRAFT, "be opened")
    return await _offer(session, principal.org_id, proposal_id, settings.deposit_percent)


@router.get(
    "/portal/{proposal_id}/signed.pdf", summary="The customer's copy of what they signed", **PDF_ANSWER
)
async def portal_signed_pdf(
    proposal_id: Id, request: Request, principal: PayerDep, session: PayerTx, settings: SettingsDep
) -> Response:
    kept = await keeping.signed_proposal(session, principal.org_id, proposal_id, settings.deposit_percent)
    return file_response(request, *kept)


@router.get(
    "/portal/{proposal_id}/change-orders/{order_id}/signed.pdf",
    summary="The customer's copy of a change order they signed",
    **PDF_ANSWER,
)
async def portal_change_order_pdf(
    proposal_id: Id,
    order_id: Id,
    request: Request,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> Response:
    kept = await keeping.signed_change_order(
        session, principal.org_id, proposal_id, order_id, settings.deposit_percent
    )
    return file_response(request, *kept)


@router.get(
    "/portal/{proposal_id}/payments/{payment_id}/receipt.pdf",
    summary="The customer's receipt of a payment",
    **PDF_ANSWER,
)
async def portal_receipt_pdf(
    proposal_id: Id,
    payment_id: Id,
    request: Request,
    principal: PayerDep,
    session: PayerTx,
    settings: SettingsDep,
) -> Response:
    payment = await _of_proposal(session, principal.org_id, proposal_id, payment_id)
    kept = await keeping.receipt(session, principal.org_id, payment.id, settings.deposit_percent)
    return file_response(request, *kept)


@router.get(
    "/portal/{proposal_id}/payments/{payment_id}/invoice.pdf",
    summary="The customer's copy of an invoice",
    **PDF_ANSWER,
)
async def portal_invoice_pdf(
    proposal_id: Id, payment_id: Id, principal: PayerDep, session: PayerTx
) -> Response:
    return await _invoice(session, await _of_proposal(session, principal.org_id, proposal_id, payment_id))


@router.get(
    "/portal/{proposal_id}/payments/{payment_id}/refunds/{refund_id}.pdf",
    summary="The customer's note of a refund",
    **PDF_ANSWER,
)
async def portal_refund_pdf(
    proposal_id: Id, payment_id: Id, refund_id: RefundId, principal: PayerDep, session: PayerTx
) -> Response:
    payment = await _of_proposal(session, principal.org_id, proposal_id, payment_id)
    return await _refund(session, payment, refund_id)


async def _version(session: AsyncSession, org_id: int, proposal_id: int, version: int) -> int:
    number = (await get_own(session, Proposal, proposal_id, org_id)).number
    found = await session.scalar(
        select(Proposal.id).where(
            Proposal.org_id == org_id, Proposal.number == number, Proposal.version == version
        )
    )
    if found is None:
        raise NotFound(f"This proposal has no version {version}.")
    return found


async def _of_proposal(session: AsyncSession, org_id: int, proposal_id: int, payment_id: int) -> Payment:
    payment = await get_own(session, Payment, payment_id, org_id)
    if payment.proposal_id != proposal_id:
        raise NotFound(f"There is no payment {payment_id} here.")
    return payment


async def _offer(session: AsyncSession, org_id: int, proposal_id: int, default_percent: int) -> Response:
    content = await load(session, org_id, proposal_id)
    logo = await keeping.logo_of(session, org_id, content.org.logo_file_id)
    return await _made_now(proposal_paper.offer(content, default_percent, logo=logo))


async def _invoice(session: AsyncSession, payment: Payment) -> Response:
    if payment.state == "void":
        raise NotFound("This payment fell away; there is no invoice of it.")
    content = await load(session, payment.org_id, payment.proposal_id)
    logo = await keeping.logo_of(session, payment.org_id, content.org.logo_file_id)
    number = await number_of_invoice(session, payment.org_id, payment.id)
    return await _made_now(payment_papers.invoice(content, payment, number, logo=logo))


async def _refund(session: AsyncSession, payment: Payment, refund_id: str) -> Response:
    refund = await session.get(Refund, (payment.org_id, refund_id))
    if refund is None or refund.payment_id != payment.id or refund.status in {"failed", "canceled"}:
        raise NotFound("There is no such refund of this payment.")
    content = await load(session, payment.org_id, payment.proposal_id)
    logo = await keeping.logo_of(session, payment.org_id, content.org.logo_file_id)
    return await _made_now(payment_papers.refund_note(content, payment, refund, logo=logo))


async def _made_now(paper: Paper) -> Response:
    """Shown and not kept: what it shows may still change."""
    made = await typeset(paper)
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(safe_name(f'{paper.name}.pdf', 'pdf'))}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(made, media_type="application/pdf", headers=headers)
