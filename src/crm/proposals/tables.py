"""Proposals, their options and line items, and what the customer approved."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

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
from crm.kit.search import search_index, search_text

STATUSES = ("draft", "sent", "viewed", "approved", "declined", "expired", "superseded", "cancelled")
LANGUAGES = ("en", "es")


class Proposal(Base):
    """One version of an offer. Amounts are minor units of `currency`, computed by `pricing` and stored.

    What was sent is never changed: an edit makes the next version, a row of its own with the same `number`.
    `total_minor` is what was offered or approved; `changes_minor` the sum of the approved change orders.
    """

    __tablename__ = "proposals"
    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint(
            "deposit_percent IS NULL OR deposit_percent BETWEEN 1 AND 100", name="deposit_percent"
        ),
        CheckConstraint("deposit_minor IS NULL OR deposit_minor > 0", name="deposit_minor"),
        CheckConstraint(f"language IN {LANGUAGES}", name="language"),
        ForeignKeyConstraint(["org_id", "customer_id"], ["customers.org_id", "customers.id"]),
        search_index("proposals"),
        Index("ix_proposals_org_id_status_id", "org_id", "status", "id"),
        Index("ix_proposals_org_id_customer_id_id", "org_id", "customer_id", "id"),
        UniqueConstraint("org_id", "number", "version"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    number: Mapped[int | None]  # the id of the first version; null until the first one knows its own
    version: Mapped[int] = mapped_column(server_default="1")
    customer_id: Mapped[int]
    language: Mapped[str] = mapped_column(server_default="en")
    title: Mapped[str]
    introduction: Mapped[str] = mapped_column(server_default="")
    terms: Mapped[str] = mapped_column(server_default="")
    status: Mapped[str] = mapped_column(server_default="draft")
    currency: Mapped[str]
    valid_until: Mapped[date | None] = mapped_column(Date)
    deposit_percent: Mapped[int | None]
    deposit_minor: Mapped[Big | None]
    selected_option_id: Mapped[int | None]
    selected_line_ids: Mapped[list[Any]] = mapped_column(server_default="[]")
    subtotal_minor: Mapped[Big] = mapped_column(server_default="0")
    tax_minor: Mapped[Big] = mapped_column(server_default="0")
    total_minor: Mapped[Big] = mapped_column(server_default="0")
    changes_minor: Mapped[Big] = mapped_column(server_default="0")
    content_hash: Mapped[str | None]
    superseded_by: Mapped[int | None]
    decline_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    sent_at: Mapped[datetime | None]
    viewed_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    declined_at: Mapped[datetime | None]
    cancelled_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    cancelled_by: Mapped[str | None]
    # Counts the changes of a draft, so that two people who write at once cannot overwrite each other unseen.
    revision: Mapped[int] = mapped_column(server_default="1")
    revised_by: Mapped[str | None]  # an actor as the activity log has them
    revised_at: Mapped[datetime] = mapped_column(server_default=func.now())
    right_to_cancel: Mapped[bool | None]  # null in a draft: as the company has it; sending freezes it
    cancel_until: Mapped[datetime | None]
    search_text: Mapped[str | None] = search_text("lower(' ' || id || ' ' || title)")


class Milestone(Base):
    """A payment between deposit and final balance: a percentage of the total or a fixed amount."""

    __tablename__ = "milestones"
    __table_args__ = (
        CheckConstraint("(percent IS NULL) <> (amount_minor IS NULL)", name="one_rule"),
        CheckConstraint("percent IS NULL OR (percent > 0 AND percent <= 100)", name="percent"),
        CheckConstraint("amount_minor IS NULL OR amount_minor > 0", name="amount_minor"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "proposal_id", "position"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    position: Mapped[int]
    name: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    amount_minor: Mapped[Big | None]


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
    """Quantity times unit price less discount; `option_id` null means the line is part of every option.

    An `optional` line counts only when the customer ticks it; `preselected` ones are ticked to begin with.
    """

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
    section: Mapped[str] = mapped_column(server_default="")
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    quantity: Mapped[Decimal] = mapped_column(Numeric(12, 3))
    unit: Mapped[str] = mapped_column(server_default="")
    unit_price_minor: Mapped[Big]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default="0")
    discount_percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default="0")
    discount_minor: Mapped[Big] = mapped_column(server_default="0")
    optional: Mapped[bool] = mapped_column(server_default="false")
    preselected: Mapped[bool] = mapped_column(server_default="false")


class ProposalFile(Base):
    """A photo or paper that the proposal shows; part of what is frozen, by the hash of its content."""

    __tablename__ = "proposal_files"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        ForeignKeyConstraint(["org_id", "file_id"], ["files.org_id", "files.id"]),
        UniqueConstraint("org_id", "proposal_id", "file_id"),
        Index("ix_proposal_files_org_id_file_id", "org_id", "file_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    position: Mapped[int]
    file_id: Mapped[int]
    caption: Mapped[str] = mapped_column(server_default="")


class ChangeOrder(Base):
    """An addition to or a credit on an approved proposal, with an approval of its own.

    `lines` are the lines as `shapes.LineIn` gives them; sending freezes them under `content_hash`.
    """

    __tablename__ = "change_orders"
    __table_args__ = (
        CheckConstraint("state IN ('draft','sent','approved','declined','withdrawn')", name="state"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "proposal_id", "position"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    position: Mapped[int]
    title: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="draft")
    lines: Mapped[list[Any]] = mapped_column(server_default="[]")
    subtotal_minor: Mapped[Big] = mapped_column(server_default="0")
    tax_minor: Mapped[Big] = mapped_column(server_default="0")
    total_minor: Mapped[Big] = mapped_column(server_default="0")
    content_hash: Mapped[str | None]
    decline_reason: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


class Approval(Base):
    """The customer's yes to a proposal or a change order: who, when, from where, and the hash of exactly
    what was approved. `signature_path` is the path that was drawn; `consent` the sentence that was agreed to."""

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        ForeignKeyConstraint(["org_id", "change_order_id"], ["change_orders.org_id", "change_orders.id"]),
        CheckConstraint("signature_kind IN ('typed','drawn')", name="signature_kind"),
        Index(
            "uq_approvals_proposal",
            "org_id",
            "proposal_id",
            unique=True,
            postgresql_where="change_order_id IS NULL",
        ),
        Index(
            "uq_approvals_change_order",
            "org_id",
            "change_order_id",
            unique=True,
            postgresql_where="change_order_id IS NOT NULL",
        ),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    change_order_id: Mapped[int | None]
    option_id: Mapped[int | None]
    line_ids: Mapped[list[Any]] = mapped_column(server_default="[]")
    signer_name: Mapped[str]
    signature_kind: Mapped[str] = mapped_column(server_default="typed")
    signature_path: Mapped[str | None]
    consent: Mapped[str] = mapped_column(server_default="")
    language: Mapped[str] = mapped_column(server_default="en")
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
