"""The API of postings: what is on its way into the books, booking one now, trying again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import connection, kinds, postings
from crm.accounting.comeback.noticing import open_on
from crm.accounting.connection_routes import READ, WRITE, BooksDep
from crm.accounting.sync.deposit import proposal_payment
from crm.accounting.tables import Posting, QboLink
from crm.customers.tables import Customer
from crm.identity.authentication import OrgTx, StaffDep
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Unavailable
from crm.kit.inputs import ID_MAX
from crm.kit.money import to_decimal
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.payments.tables import Payment
from crm.proposals.tables import Proposal

router = APIRouter(tags=["books"])


class InvoiceOut(BaseModel):
    status: str
    qbo_invoice_id: str
    amount_usd: float
    proposal_id: int
    env: str
    qbo_payment_id: str
    currency: str


@router.post("/qbo/invoice/{proposal_id}", summary="Book a paid proposal now", dependencies=[WRITE])
async def create_qbo_invoice(proposal_id: int, principal: StaffDep, work: BooksDep) -> InvoiceOut:
    org_id = principal.org_id
    async with work.db.transaction(org_id) as session:
        await get_own(session, Proposal, proposal_id, org_id)
    payment = await proposal_payment(work, org_id, proposal_id)
    if payment is None:
        raise Conflict("There is nothing to book: the deposit of this proposal is not paid.", kind="not-paid")
    access = await connection.access(work, org_id)
    async with work.db.transaction(org_id) as session:
        await postings.ensure(session, org_id)
        posting = await session.scalar(
            select(Posting).where(
                Posting.org_id == org_id,
                Posting.kind == "payment",
                Posting.subject == f"payment:{payment.id}",
            )
        )
        assert posting is not None
        if posting.state == "skipped":
            raise Conflict(
                f"A person left this payment out of the books: {posting.skipped_why} Take it back first (Books > "
                "Left out).",
                kind="posting-skipped",
            )
        if posting.state == "needs_you":
            await postings.retry(session, org_id, posting_id=posting.id, actor=principal.actor)
    # Under the policy of one invoice, or when all is paid, the contract's invoice comes before the payment.
    await postings.post_if_open(work, org_id, "contract_invoice", f"proposal:{proposal_id}")
    booked = await postings.post_now(work, org_id, "payment", f"payment:{payment.id}")
    if booked is None:
        raise Unavailable(
            "This payment is being booked right now and takes longer than usual. Look again in a minute.",
            kind="posting-under-way",
        )
    return InvoiceOut(
        status="created" if booked.created else "exists",
        qbo_invoice_id=booked.invoice_id,
        amount_usd=float(to_decimal(payment.amount_minor, payment.currency)),
        proposal_id=proposal_id,
        env=access.env,
        qbo_payment_id=booked.payment_id,
        currency=payment.currency,
    )


class DocumentOut(BaseModel):
    """A document that a posting made in QuickBooks."""

    entity: str
    qbo_id: str
    number: str | None


class PostingOut(BaseModel):
    """`state` as people read it: waiting, posting, posted, different (it stands otherwise in QuickBooks now, see
    `difference_id`), needs_you, skipped (left out by a person, for the reason `skipped_why`). `kind` says what is booked
    as which `entities`, `subject` which one ("payment:12"); payment, proposal and customer are those it belongs to.
    `documents` stand in QuickBooks for it; the
    usual ones have fields of their own."""

    id: int
    kind: str
    subject: str
    payment_id: int | None
    refund_id: str | None
    proposal_id: int | None
    proposal_title: str | None
    customer_name: str | None
    amount_minor: int
    currency: str
    state: str
    problem_code: str | None
    problem: str | None
    attempts: int
    next_attempt_at: datetime
    paid_at: datetime | None
    posted_at: datetime | None
    skipped_why: str | None
    entities: list[str]
    documents: list[DocumentOut]
    difference_id: int | None
    qbo_invoice_id: str | None
    qbo_payment_id: str | None
    qbo_receipt_id: str | None
    intuit_tid: str | None


@router.get("/postings", summary="What is on its way into the books", dependencies=[READ])
async def list_postings(
    session: OrgTx,
    principal: StaffDep,
    state: Annotated[str | None, Query(pattern="^(waiting|needs_you|posted|skipped)$")] = None,
    payment_id: Annotated[int | None, Query(ge=1, le=ID_MAX)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PostingOut]:
    """Newest first; `payment_id`: what belongs to one payment, its refunds, fees and disputes too."""
    query = _postings(principal.org_id)
    if payment_id is not None:
        query = query.where(Posting.payment_id == payment_id)
    if state is not None:
        query = query.where(Posting.state == state)
    if (before := after(cursor)) is not None:
        query = query.where(Posting.id < before)
    found = (await session.execute(query.order_by(Posting.id.desc()).limit(limit + 1))).all()
    rows, next_cursor = cut(await _postings_out(session, found), limit)
    return Page(items=list(rows), next_cursor=next_cursor)


def _postings(org_id: int) -> Any:
    return (
        select(Posting, Payment.paid_at, Proposal.title, Customer.name)
        .outerjoin(Payment, (Payment.org_id == Posting.org_id) & (Payment.id == Posting.payment_id))
        .outerjoin(Proposal, (Proposal.org_id == Posting.org_id) & (Proposal.id == Posting.proposal_id))
        .outerjoin(Customer, (Customer.org_id == Proposal.org_id) & (Customer.id == Proposal.customer_id))
        .where(Posting.org_id == org_id)
    )


async def _postings_out(session: AsyncSession, found: Sequence[Sequence[Any]]) -> list[PostingOut]:
    """The rows as people read them, each with what its kind made under its subject."""
    subjects = {tuple(subject.split(":", 1)) for row in found for subject in _subjects(row[0])}
    made: dict[str, list[QboLink]] = defaultdict(list)
    if found:
        links = await session.scalars(
            select(QboLink)
            .where(
                QboLink.org_id == found[0][0].org_id,
                tuple_(QboLink.local_kind, QboLink.local_id).in_(subjects),
            )
            .order_by(QboLink.created_at, QboLink.entity)
        )
        for link in links:
            made[f"{link.local_kind}:{link.local_id}"].append(link)
    linked = [link for of_one in made.values() for link in of_one]
    differ = await open_on(session, linked[0].org_id, linked) if linked else {}
    return [
        _posting_out(
            posting,
            paid_at,
            title,
            customer,
            [link for subject in _subjects(posting) for link in made[subject]],
            differ,
        )
        for posting, paid_at, title, customer in found
    ]


def _subjects(posting: Posting) -> list[str]:
    """Under which its documents are linked; a payment onto the contract's invoice has that one too."""
    own = [posting.subject]
    return [*own, f"proposal:{posting.proposal_id}"] if posting.form == "contract" else own


def _posting_out(
    posting: Posting,
    paid_at: datetime | None,
    title: str | None,
    customer: str | None,
    made: list[QboLink],
    differ: dict[tuple[str, str], int],
) -> PostingOut:
    busy = posting.lease_until is not None and posting.lease_until > clock.now()
    kind = kinds.BY_NAME.get(posting.kind)
    documents = [link for link in made if kind is not None and link.entity in kind.entities]
    ids: dict[str, str] = {}
    for link in documents:
        ids.setdefault(link.entity, link.qbo_id)
    difference_id = next((differ[key] for key in ids.items() if key in differ), None)
    state = "posting" if posting.state == "waiting" and busy else posting.state
    return PostingOut(
        id=posting.id,
        kind=posting.kind,
        subject=posting.subject,
        payment_id=posting.payment_id,
        refund_id=posting.subject.removeprefix("refund:") if posting.subject.startswith("refund:") else None,
        proposal_id=posting.proposal_id,
        proposal_title=title,
        customer_name=customer,
        amount_minor=posting.amount_minor,
        currency=posting.currency,
        state="different" if state == "posted" and difference_id is not None else state,
        difference_id=difference_id,
        problem_code=posting.problem_code,
        problem=posting.problem,
        attempts=posting.attempts,
        next_attempt_at=posting.next_attempt_at,
        paid_at=paid_at,
        posted_at=posting.posted_at,
        documents=[
            DocumentOut(entity=link.entity, qbo_id=link.qbo_id, number=link.name) for link in documents
        ],
        qbo_invoice_id=ids.get("Invoice"),
        qbo_payment_id=ids.get("Payment"),
        qbo_receipt_id=ids.get("RefundReceipt") or ids.get("SalesReceipt"),
        intuit_tid=posting.intuit_tid,
        skipped_why=posting.skipped_why,
        entities=list(kind.entities) if kind else [],
    )


class Retried(BaseModel):
    retried: int


@router.post("/postings/retry", summary="Try everything again that needs a person", dependencies=[WRITE])
async def retry_postings(session: OrgTx, principal: StaffDep) -> Retried:
    count = await postings.retry(session, principal.org_id, posting_id=None, actor=principal.actor)
    await queue.enqueue(session, "run_lane", org_id=principal.org_id)
    return Retried(retried=count)


@router.post("/postings/{posting_id}/retry", summary="Try one posting again", dependencies=[WRITE])
async def retry_posting(posting_id: int, session: OrgTx, principal: StaffDep) -> PostingOut:
    posting = await get_own(session, Posting, posting_id, principal.org_id, lock=True)
    if posting.state != "posted":
        await postings.retry(session, principal.org_id, posting_id=posting_id, actor=principal.actor)
        await queue.enqueue(session, "run_lane", org_id=principal.org_id)
        await session.refresh(posting)
    return await one_posting(session, principal.org_id, posting_id)


async def one_posting(session: AsyncSession, org_id: int, posting_id: int) -> PostingOut:
    await session.flush()
    found = (
        await session.execute(
            _postings(org_id).where(Posting.id == posting_id), execution_options={"populate_existing": True}
        )
    ).all()
    (posting_out,) = await _postings_out(session, found)
    return posting_out
