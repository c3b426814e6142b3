"""Proposals, their options and line items, and what the customer approved."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big

STATUSES = ("draft", "sent", "viewed", "approved", "declined", "expired", "superseded")


class Proposal(Base):
    """An offer. Amounts are minor units of `currency`, computed by `pricing` from the lines and stored."""

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(
            "deposit_percent IS NULL OR deposit_percent BETWEEN 1 AND 100", name="deposit_percent"
        ),
        CheckConstraint("deposit_minor IS NULL OR deposit_minor > 0", name="deposit_minor"),
        ForeignKeyConstraint(["org_id", "customer_id"], ["customers.org_id", "customers.id"]),
        Index("ix_proposals_org_id_status", "org_id", "status"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    customer_id: Mapped[int]
    title: Mapped[str]
    introduction: Mapped[str] = mapped_column(server_default="")
    terms: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="draft")
    currency: Mapped[str]
    valid_until: Mapped[date | None] = mapped_column(Date)
    deposit_percent: Mapped[int | None]
    deposit_minor: Mapped[Big | None]
    selected_option_id: Mapped[int | None]
    subtotal_minor: Mapped[Big] = mapped_column(server_default="0")
    tax_minor: Mapped[Big] = mapped_column(server_default="0")
    total_minor: Mapped[Big] = mapped_column(server_default="0")
    content_hash: Mapped[str | None]
    superseded_by: Mapped[int | None]
    decline_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]


class ProposalOption(Base):
    """One of several ways to do the job (good, better, best); lines with its id belong to it alone."""

    __tablename__ = "proposal_options"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "proposal_id", "position"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    position: Mapped[int]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")


class LineItem(Base):
    """Quantity times unit price; `option_id` null means the line is part of every option."""

    __tablename__ = "line_items"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        ForeignKeyConstraint(["org_id", "option_id"], ["proposal_options.org_id", "proposal_options.id"]),
        Index("ix_line_items_org_id_proposal_id", "org_id", "proposal_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    option_id: Mapped[int | None]
    position: Mapped[int]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    unit: Mapped[str] = mapped_column(server_default="")
    unit_price_minor: Mapped[Big]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default="0")


class Approval(Base):
    """The customer's yes: who, when, from where, and the hash of exactly what was approved."""

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "proposal_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    option_id: Mapped[int | None]
    signer_name: Mapped[str]
    approved_at: Mapped[datetime]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    content_hash: Mapped[str]
    total_minor: Mapped[Big]
    currency: Mapped[str]


class PortalLink(Base):
    """A link that opens one proposal and nothing else; only its hash is kept."""

    __tablename__ = "portal_links"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        Index("ix_portal_links_org_id_proposal_id", "org_id", "proposal_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
