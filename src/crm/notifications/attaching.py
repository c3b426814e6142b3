"""The paper that travels with a mail: the receipt with the receipt, what was signed with the thanks for it.

The row says which paper; it is made, or found made, just before the mail goes. A paper that cannot be made keeps
its mail waiting a few times, then the mail goes without it: its link leads to the same paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.tables import ActivityEntry
from crm.kit.database import Database
from crm.kit.errors import CrmError, Unavailable
from crm.kit.logging import logger
from crm.kit.settings import Settings
from crm.notifications.kinds import Kind
from crm.papers import keeping
from crm.papers.paper import Kind as PaperKind
from crm.papers.typesetting import NotTypeset
from crm.proposals.tables import Approval

# Many servers take no mail above 10 MB, and base64 adds a third.
PAPER_BYTES_MAX = 7_000_000
PAPER_TRIES_MAX = 4

_log = logger("crm.mail")


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    pdf: bytes


@dataclass(frozen=True, slots=True)
class PaperOf:
    """Which paper: as `papers` has them, by the approval's or the payment's id."""

    kind: PaperKind
    subject_id: int


async def paper_for(
    session: AsyncSession, kind: Kind, entry: ActivityEntry, payment_id: int | None
) -> PaperOf | None:
    """The paper of the fact that this mail is about; None for a mail that has none."""
    if kind is Kind.RECEIPT:
        return PaperOf("receipt", payment_id) if payment_id is not None else None
    change_order_id = entry.meta.get("change_order_id")
    if kind not in {Kind.THANK_YOU, Kind.CHANGE_ORDER_SIGNED}:
        return None
    if (kind is Kind.CHANGE_ORDER_SIGNED) != isinstance(change_order_id, int):
        return None
    approval_id = await session.scalar(
        select(Approval.id).where(
            Approval.org_id == entry.org_id,
            Approval.proposal_id == entry.proposal_id,
            Approval.change_order_id.is_not_distinct_from(change_order_id),
        )
    )
    if approval_id is None:
        return None
    return PaperOf("signed_proposal" if kind is Kind.THANK_YOU else "signed_change_order", approval_id)


async def attachment(
    db: Database, settings: Settings, org_id: int, paper: PaperOf, attempt: int
) -> Attachment | str:
    """The paper, or the sentence why the mail goes without it. Raises Unavailable while it is worth waiting."""
    try:
        async with db.transaction(org_id) as session:
            file, pdf = await keeping.kept(
                session, org_id, paper.kind, paper.subject_id, settings.deposit_percent
            )
    except (CrmError, NotTypeset) as error:
        _log.warning("paper_not_attached", kind=paper.kind, subject_id=paper.subject_id, error=str(error))
        if attempt < PAPER_TRIES_MAX:
            raise Unavailable("Its PDF could not be made yet; the mail waits for it.") from error
        return "Sent without its PDF, which could not be made. The link in the mail leads to the papers."
    if len(pdf) > PAPER_BYTES_MAX:
        return (
            f"Sent without its PDF of {len(pdf) / 1_000_000:.1f} MB: mail servers refuse more than about 10 MB. "
            "The link in the mail leads to it."
        )
    return Attachment(file.name, pdf)
