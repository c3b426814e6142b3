"""Which object in QuickBooks stands for which of ours; one row per document, unique, so never two."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.comeback import mirror
from crm.accounting.tables import QboLink

Entity = Literal[
    "Customer", "Item", "Account", "Class", "Estimate", "Invoice", "Payment", "CreditMemo", "RefundReceipt",
    "SalesReceipt", "Purchase", "Transfer", "Deposit", "JournalEntry", "Attachable",
]  # fmt: skip


async def find(
    session: AsyncSession, org_id: int, realm_id: str, entity: Entity, kind: str, local_id: str | int
) -> QboLink | None:
    return await session.scalar(
        select(QboLink).where(
            QboLink.org_id == org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == entity,
            QboLink.local_kind == kind,
            QboLink.local_id == str(local_id),
        )
    )


async def any_of(
    session: AsyncSession, org_id: int, realm_id: str, entity: Entity, kind: str, local_id: str
) -> bool:
    """Whether something is linked to our row, or to a part of it ("12:EUR")."""
    found = await session.scalar(
        select(QboLink.qbo_id)
        .where(
            QboLink.org_id == org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == entity,
            QboLink.local_kind == kind,
            or_(QboLink.local_id == local_id, QboLink.local_id.startswith(f"{local_id}:", autoescape=True)),
        )
        .limit(1)
    )
    return found is not None


async def link(
    session: AsyncSession,
    org_id: int,
    realm_id: str,
    entity: Entity,
    kind: str,
    local_id: str | int,
    object_: dict[str, Any],
) -> bool:
    """Links our row to a QuickBooks object; False when it was linked already (a second run of the same work).

    `object_` as QuickBooks answered it: what stands there is mirrored from it."""
    name = object_.get("DisplayName") or object_.get("Name") or object_.get("DocNumber")
    result = await session.execute(
        insert(QboLink)
        .values(
            org_id=org_id,
            realm_id=realm_id,
            entity=entity,
            local_kind=kind,
            local_id=str(local_id),
            qbo_id=str(object_["Id"]),
            sync_token=str(object_.get("SyncToken", "0")),
            name=str(name) if name else None,
        )
        .on_conflict_do_nothing()
        .returning(QboLink.qbo_id)
    )
    new = result.scalar() is not None
    if new and entity != "Attachable":  # a file changes nothing in the books, so nobody listens for it
        await mirror.wrote(session, org_id, realm_id, entity, object_)
    return new


async def number_of_invoice(session: AsyncSession, org_id: int, payment_id: int) -> str | None:
    """The number that the newest invoice of this payment, or of its contract, has in QuickBooks; None while there is
    none."""
    found: str | None = await session.scalar(
        text(
            "SELECT l.name FROM qbo_links l WHERE l.org_id = :org AND l.entity = 'Invoice' "
            "AND (l.local_kind = 'payment' AND l.local_id = cast(:payment AS text) OR l.local_kind = 'proposal' "
            "AND l.local_id = (SELECT p.proposal_id::text FROM payments p JOIN postings x ON x.org_id = p.org_id "
            "AND x.kind = 'payment' AND x.payment_id = p.id WHERE p.org_id = :org AND p.id = :payment "
            "AND x.form = 'contract')) ORDER BY l.created_at DESC LIMIT 1"
        ),
        {"org": org_id, "payment": payment_id},
    )
    return found


async def unlink(
    session: AsyncSession, org_id: int, realm_id: str, entity: Entity, kind: str, local_id: str | int
) -> None:
    """The object is gone from QuickBooks, so nothing there stands for our row any more."""
    qbo_id = await session.scalar(
        delete(QboLink)
        .where(
            QboLink.org_id == org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == entity,
            QboLink.local_kind == kind,
            QboLink.local_id == str(local_id),
        )
        .returning(QboLink.qbo_id)
    )
    if qbo_id is not None:
        await mirror.forget(session, org_id, realm_id, entity, qbo_id)
