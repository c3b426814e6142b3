"""What stands in QuickBooks for what we linked, as we last learned of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class QboMirror(Base):
    """One object in QuickBooks that stands for something of ours. The plain columns say what is there now;
    `ours` is the object as we last agreed to it (what our write was answered with, or what a person accepted),
    `theirs` the one that is there when it is another. Both are JSON text with amounts digit for digit.

    `heard_until`: what QuickBooks tells of this object up to this moment is the echo of our own writes.
    `followed` is False when a person unlinked it: the link stays, so that nothing is posted twice, but what
    becomes of it there is no longer our concern.
    """

    __tablename__ = "qbo_mirror"
    __table_args__ = (
        CheckConstraint("status IN ('live','inactive','voided','deleted','merged')", name="status"),
        CheckConstraint("learned_from IN ('write','webhook','cdc','query')", name="learned_from"),
        Index("ix_qbo_mirror_txn_date", "org_id", "realm_id", "entity", "txn_date"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    qbo_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(server_default="live")
    merged_into: Mapped[str | None]
    sync_token: Mapped[str | None]
    last_updated: Mapped[datetime | None]
    heard_until: Mapped[datetime | None]
    currency: Mapped[str | None]
    total_minor: Mapped[Big | None]
    balance_minor: Mapped[Big | None]
    unapplied_minor: Mapped[Big | None]
    txn_date: Mapped[date | None] = mapped_column(Date)
    customer_qbo_id: Mapped[str | None]
    doc_number: Mapped[str | None]
    name: Mapped[str | None]
    ours: Mapped[str]
    theirs: Mapped[str | None]
    followed: Mapped[bool] = mapped_column(server_default="true")
    learned_from: Mapped[str]
    learned_at: Mapped[datetime] = mapped_column(server_default=func.now())
