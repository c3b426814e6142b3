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


class QboChange(Base):
    """Something that QuickBooks said has changed and that we have yet to look at: one row per object, however
    often it was told. `changed_at` is QuickBooks' time of the newest telling; `merged_into` the survivor of a merge."""

    __tablename__ = "qbo_changes"
    __table_args__ = (Index("ix_qbo_changes_due", "org_id", "due_at"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    qbo_id: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str]
    changed_at: Mapped[datetime | None]
    merged_into: Mapped[str | None]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(server_default="0")


class QboWatermark(Base):
    """How far one company's changes are known from CDC, by QuickBooks' own clock. It moves on only when all of
    a run was taken in."""

    __tablename__ = "qbo_watermarks"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    known_until: Mapped[datetime]
    ran_at: Mapped[datetime]
    compared_at: Mapped[datetime | None]
    changed: Mapped[int] = mapped_column(server_default="0")
