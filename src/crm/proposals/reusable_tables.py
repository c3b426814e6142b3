"""What the office writes once and uses in many proposals: the price book and the templates."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class PriceItem(Base):
    """A line with its usual price. Proposals copy it, so changing it changes no offer."""

    __tablename__ = "price_items"
    __table_args__ = (Index("uq_price_items_name", "org_id", text("lower(name)"), "currency", unique=True),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    unit: Mapped[str] = mapped_column(server_default="")
    unit_price_minor: Mapped[Big]
    currency: Mapped[str]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(6, 3), server_default="0")
    section: Mapped[str] = mapped_column(server_default="")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class ProposalTemplate(Base):
    """`content` is a `shapes.ProposalContent` as it was given; it is validated anew each time it is used."""

    __tablename__ = "proposal_templates"
    __table_args__ = (Index("uq_proposal_templates_name", "org_id", text("lower(name)"), unique=True),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    content: Mapped[dict[str, Any]]
    revision: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class TemplateRevision(Base):
    """A template as somebody saved it; the newest one is the template itself. `restored_from` is the number of the
    revision that was brought back with it."""

    __tablename__ = "template_revisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "template_id"],
            ["proposal_templates.org_id", "proposal_templates.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("org_id", "template_id", "revision"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    template_id: Mapped[int]
    revision: Mapped[int]
    name: Mapped[str]
    content: Mapped[dict[str, Any]]
    saved_by: Mapped[str]  # an actor as the activity log has them
    saved_at: Mapped[datetime] = mapped_column(server_default=func.now())
    restored_from: Mapped[int | None]
