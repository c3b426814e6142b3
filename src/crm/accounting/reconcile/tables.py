"""Each time the three were compared: the figures as they were then, and what differed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class Reconciliation(Base):
    """One run over the days `from_day` to `to_day` in the org's zone. `figures` holds what the page and the report show:
    sums by kind, by day and by payout in three columns. `step` says how far a run is that is not done.

    Amounts are minor units of `currency`, the org's; other currencies have rows of their own in `figures`.
    """

    __tablename__ = "reconciliations"
    __table_args__ = (
        CheckConstraint("state IN ('running','done','failed')", name="state"),
        Index("ix_reconciliations_org_id_to_day", "org_id", "to_day"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    from_day: Mapped[date] = mapped_column(Date)
    to_day: Mapped[date] = mapped_column(Date)
    state: Mapped[str] = mapped_column(server_default="running")
    step: Mapped[str] = mapped_column(server_default="waiting")
    problem: Mapped[str | None]
    asked_by: Mapped[str]
    currency: Mapped[str]
    figures: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    lines: Mapped[Big] = mapped_column(server_default="0")
    differences: Mapped[int] = mapped_column(server_default="0")
    to_do_minor: Mapped[Big] = mapped_column(server_default="0")
    unexplained_minor: Mapped[Big] = mapped_column(server_default="0")
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]


class ReconciliationDifference(Base):
    """A movement on which the three did not agree: what each says of it (None: nothing), why, and what to do."""

    __tablename__ = "reconciliation_differences"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "run_id"], ["reconciliations.org_id", "reconciliations.id"], ondelete="CASCADE"
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    run_id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    cause: Mapped[str]
    day: Mapped[date] = mapped_column(Date)
    currency: Mapped[str]
    stripe_minor: Mapped[int | None] = mapped_column(BigInteger)
    ours_minor: Mapped[int | None] = mapped_column(BigInteger)
    books_minor: Mapped[int | None] = mapped_column(BigInteger)
    sentence: Mapped[str]
    action: Mapped[str | None]
    payment_id: Mapped[int | None]
    proposal_id: Mapped[int | None]
    payout_id: Mapped[str | None]
    posting_id: Mapped[int | None]
    document: Mapped[str | None]


class ClearingByHand(Base):
    """A document that somebody entered by hand on the clearing account, and a person said what it stands for: some movements
    of Stripe's (`ClearingByHandMovement`), or all from before the first payment here. Its amount was theirs, to the cent.
    """

    __tablename__ = "clearing_by_hand"
    __table_args__ = (
        Index("uq_clearing_by_hand_document", "org_id", "realm_id", "document", unique=True),
        Index(
            "uq_clearing_by_hand_before",
            "org_id",
            "realm_id",
            "currency",
            unique=True,
            postgresql_where=text("everything_before"),
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    realm_id: Mapped[str]
    document: Mapped[str]
    day: Mapped[date] = mapped_column(Date)
    currency: Mapped[str]
    amount_minor: Mapped[Big]
    movements: Mapped[int]
    everything_before: Mapped[bool] = mapped_column(server_default="false")
    matched_by: Mapped[str]
    matched_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ClearingByHandMovement(Base):
    """One movement that a document entered by hand stands for, named as the lines of a reconciliation are."""

    __tablename__ = "clearing_by_hand_movements"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "by_hand_id"], ["clearing_by_hand.org_id", "clearing_by_hand.id"], ondelete="CASCADE"
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    by_hand_id: Mapped[int]
