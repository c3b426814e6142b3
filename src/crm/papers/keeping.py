"""Papers that are made once: what was signed and what was paid. Kept as files, their SHA-256 in the log."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.activity.tables import ActivityEntry
from crm.files.content import whole_pdf
from crm.files.keeping import content_of, keep
from crm.files.tables import File
from crm.kit.database import Database, get_own
from crm.kit.errors import Conflict, NotFound
from crm.papers import change_order_paper, payment_papers, proposal_paper
from crm.papers.paper import Kind, Paper
from crm.papers.tables import KeptPaper
from crm.papers.typesetting import typeset
from crm.payments.parts import parts_of
from crm.payments.tables import Payment
from crm.proposals.content import load
from crm.proposals.tables import Approval, ChangeOrder, Proposal

ACTOR = "system"


async def make_missing(db: Database, org_id: int, proposal_id: int, default_percent: int) -> None:
    """The job after a signature or a payment: every paper of this proposal that should be there and is not.

    One transaction for each, so that one that fails takes no other with it; running it again makes nothing twice.
    """
    async with db.transaction(org_id) as session:
        wanted = await _wanted(session, org_id, proposal_id)
    for kind, subject_id in wanted:
        async with db.transaction(org_id) as session:
            await kept(session, org_id, kind, subject_id, default_percent)


async def kept(
    session: AsyncSession, org_id: int, kind: Kind, subject_id: int, default_percent: int
) -> tuple[File, bytes]:
    """The paper of this approval or payment; made now if nobody has asked for it yet.

    Raises NotFound when there is no such thing, Conflict for a receipt of what is not paid.
    """
    if (row := await _row(session, org_id, kind, subject_id)) is not None:
        return await content_of(session, org_id, row.file_id)
    proposal_id = await _proposal_of(session, org_id, kind, subject_id)
    await get_own(session, Proposal, proposal_id, org_id, lock=True)  # whoever comes second finds the first's
    if (row := await _row(session, org_id, kind, subject_id)) is not None:
        return await content_of(session, org_id, row.file_id)
    paper = await _paper(session, org_id, kind, subject_id, proposal_id, default_percent)
    pdf = await typeset(paper)
    file = await keep(session, org_id, "paper", f"{paper.name}.pdf", whole_pdf(pdf), ACTOR)
    session.add(
        KeptPaper(org_id=org_id, kind=kind, subject_id=subject_id, proposal_id=proposal_id, file_id=file.id)
    )
    await record(
        session, org_id, Event.PAPER_MADE, proposal_id=proposal_id, actor=ACTOR, kind=kind,
        subject_id=subject_id, file_id=file.id, name=file.name, sha256=hashlib.sha256(pdf).hexdigest(),
    )  # fmt: skip
    await session.flush()
    return file, pdf


async def signed_proposal(
    session: AsyncSession, org_id: int, proposal_id: int, default_percent: int
) -> tuple[File, bytes]:
    """Raises NotFound when nobody has signed it."""
    approval_id = await session.scalar(
        select(Approval.id).where(
            Approval.org_id == org_id,
            Approval.proposal_id == proposal_id,
            Approval.change_order_id.is_(None),
        )
    )
    if approval_id is None:
        raise NotFound("This proposal has not been signed.")
    return await kept(session, org_id, "signed_proposal", approval_id, default_percent)


async def signed_change_order(
    session: AsyncSession, org_id: int, proposal_id: int, change_order_id: int, default_percent: int
) -> tuple[File, bytes]:
    """Raises NotFound when there is none of this proposal, or nobody has signed it."""
    approval_id = await session.scalar(
        select(Approval.id).where(
            Approval.org_id == org_id,
            Approval.proposal_id == proposal_id,
            Approval.change_order_id == change_order_id,
        )
    )
    if approval_id is None:
        raise NotFound("There is no signed change order of this number here.")
    return await kept(session, org_id, "signed_change_order", approval_id, default_percent)


async def receipt(
    session: AsyncSession, org_id: int, payment_id: int, default_percent: int
) -> tuple[File, bytes]:
    """Raises NotFound, and Conflict for what is not paid."""
    return await kept(session, org_id, "receipt", payment_id, default_percent)


async def logo_of(session: AsyncSession, org_id: int, file_id: int | None) -> bytes | None:
    return None if file_id is None else (await content_of(session, org_id, file_id))[1]


async def _row(session: AsyncSession, org_id: int, kind: Kind, subject_id: int) -> KeptPaper | None:
    return await session.scalar(
        select(KeptPaper).where(
            KeptPaper.org_id == org_id, KeptPaper.kind == kind, KeptPaper.subject_id == subject_id
        )
    )


async def _wanted(session: AsyncSession, org_id: int, proposal_id: int) -> Sequence[tuple[Kind, int]]:
    approvals = await session.execute(
        select(Approval.id, Approval.change_order_id)
        .where(Approval.org_id == org_id, Approval.proposal_id == proposal_id)
        .order_by(Approval.id)
    )
    paid = await session.scalars(
        select(Payment.id)
        .where(Payment.org_id == org_id, Payment.proposal_id == proposal_id, Payment.paid_at.is_not(None))
        .order_by(Payment.paid_at)
    )
    wanted: list[tuple[Kind, int]] = [
        ("signed_proposal" if change_order_id is None else "signed_change_order", approval_id)
        for approval_id, change_order_id in approvals
    ]
    wanted += [("receipt", payment_id) for payment_id in paid]
    rows = await session.execute(
        select(KeptPaper.kind, KeptPaper.subject_id).where(
            KeptPaper.org_id == org_id, KeptPaper.proposal_id == proposal_id
        )
    )
    there = {(kind, subject_id) for kind, subject_id in rows}
    return [one for one in wanted if one not in there]


async def _proposal_of(session: AsyncSession, org_id: int, kind: Kind, subject_id: int) -> int:
    if kind == "receipt":
        payment = await get_own(session, Payment, subject_id, org_id)
        if payment.paid_at is None:
            raise Conflict("This payment has not arrived; its receipt is made when it has.", kind="not-paid")
        return payment.proposal_id
    return (await get_own(session, Approval, subject_id, org_id)).proposal_id


async def _paper(
    session: AsyncSession, org_id: int, kind: Kind, subject_id: int, proposal_id: int, default_percent: int
) -> Paper:
    content = await load(session, org_id, proposal_id)
    logo = await logo_of(session, org_id, content.org.logo_file_id)
    if kind == "receipt":
        payment = await get_own(session, Payment, subject_id, org_id)
        return payment_papers.receipt(content, payment, await parts_of(session, content.proposal), logo=logo)
    approval = await get_own(session, Approval, subject_id, org_id)
    entry = await approval_entry(session, approval)
    if approval.change_order_id is None:
        return proposal_paper.signed(content, entry, default_percent, logo=logo)
    order = await get_own(session, ChangeOrder, approval.change_order_id, org_id)
    return change_order_paper.signed(content, order, approval, entry, logo=logo)


async def approval_entry(session: AsyncSession, approval: Approval) -> ActivityEntry:
    """The log's entry of this signature. Raises NotFound when the log does not hold it."""
    query = select(ActivityEntry).where(
        ActivityEntry.org_id == approval.org_id, ActivityEntry.proposal_id == approval.proposal_id
    )
    if approval.change_order_id is None:
        query = query.where(ActivityEntry.event == Event.APPROVE.value)
    else:
        query = query.where(
            ActivityEntry.event == Event.CHANGE_ORDER_APPROVED.value,
            ActivityEntry.meta["change_order_id"].as_integer() == approval.change_order_id,
        )
    entry = await session.scalar(query.order_by(ActivityEntry.id.desc()).limit(1))
    if entry is None:
        raise NotFound("The log holds no entry of this signature, so no certificate can be made.")
    return entry
