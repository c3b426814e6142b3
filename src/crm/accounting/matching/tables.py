"""The customers that QuickBooks has, as far as matching needs them, and what was decided about ours."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class QboCustomer(Base):
    """One customer in QuickBooks, active or not. `keys` are what it may be found by: normalised e-mail, phone, address
    and name (`scoring.keys`)."""

    __tablename__ = "qbo_customers"
    __table_args__ = (Index("ix_qbo_customers_keys", "keys", postgresql_using="gin"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    qbo_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    company: Mapped[str | None]
    email: Mapped[str | None]
    phone: Mapped[str | None]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    currency: Mapped[str | None]
    active: Mapped[bool]
    job: Mapped[bool]  # a sub-customer: stands for one job of another customer
    keys: Mapped[list[str]] = mapped_column(ARRAY(Text))


class QboDirectory(Base):
    """How far one company's customers are known, by QuickBooks' own clock."""

    __tablename__ = "qbo_directories"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    known_until: Mapped[datetime]


class CustomerMatch(Base):
    """A customer of ours of whom somebody must say which one in QuickBooks it is, or that it is a new one.

    `candidates` as they were shown, best first. `decision`: "link" with `qbo_id`, or "new"."""

    __tablename__ = "customer_matches"
    __table_args__ = (
        CheckConstraint("state IN ('open','decided')", name="state"),
        CheckConstraint("decision IN ('link','new')", name="decision"),
        ForeignKeyConstraint(["org_id", "customer_id"], ["customers.org_id", "customers.id"]),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(server_default="open")
    candidates: Mapped[list[Any]]
    decision: Mapped[str | None]
    qbo_id: Mapped[str | None]
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MatchingRule(Base):
    """What an org wants when it is not safe which customer is meant: `ask` (default), or `always_new`."""

    __tablename__ = "matching_rules"
    __table_args__ = (CheckConstraint("unsure IN ('ask','always_new')", name="unsure"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    unsure: Mapped[str] = mapped_column(server_default="ask")
