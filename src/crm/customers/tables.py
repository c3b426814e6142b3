"""Leads and customers of an org."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, func, text
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class Customer(Base):
    """Somebody we make proposals for. Addresses: {line1, line2, city, state, postal_code, country}."""

    __tablename__ = "customers"
    __table_args__ = (Index("ix_customers_org_id_email", "org_id", text("lower(email)")),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    company: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    billing_address: Mapped[dict[str, Any] | None]
    site_address: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Lead(Base):
    """Somebody who asked; becomes a customer when an estimate is worth writing."""

    __tablename__ = "leads"
    __table_args__ = (
        CheckConstraint("status IN ('new','contacted','qualified','converted','lost')", name="status"),
        ForeignKeyConstraint(["org_id", "customer_id"], ["customers.org_id", "customers.id"]),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    source: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="new")
    note: Mapped[str | None]
    site_address: Mapped[dict[str, Any] | None]
    customer_id: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
