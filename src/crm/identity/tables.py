"""Orgs, their users, API keys, and what guards the login."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class Org(Base):
    """A contractor: the tenant. `id` is what row-level security compares."""

    __tablename__ = "orgs"
    __table_args__ = (
        CheckConstraint("language IN ('en','es')", name="language"),
        CheckConstraint("fee_documents IN ('per_payment','per_day')", name="fee_documents"),
        CheckConstraint("validity_days IS NULL OR validity_days BETWEEN 1 AND 365", name="validity_days"),
        # use_alter: files belong to an org, and the org's logo is a file.
        ForeignKeyConstraint(["id", "logo_file_id"], ["files.org_id", "files.id"], use_alter=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    currency: Mapped[str] = mapped_column(server_default="USD")
    time_zone: Mapped[str] = mapped_column(server_default="America/Denver")
    email: Mapped[str | None]
    phone: Mapped[str | None]
    address: Mapped[dict[str, Any] | None]
    deposit_percent: Mapped[int | None]
    brand_color: Mapped[str | None]
    logo_file_id: Mapped[int | None]
    website: Mapped[str | None]
    licence_number: Mapped[str | None]
    reply_to: Mapped[str | None]
    language: Mapped[str] = mapped_column(server_default="en")
    validity_days: Mapped[int | None]
    default_tax_percent: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    right_to_cancel: Mapped[bool] = mapped_column(server_default="true")
    default_introductions: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    default_terms: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    stripe_account: Mapped[str | None] = mapped_column(unique=True)
    stripe_disconnected_at: Mapped[datetime | None]
    fee_documents: Mapped[str] = mapped_column(server_default="per_payment")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class User(Base):
    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN ('owner','office','sales','bookkeeper','read_only')", name="role"),
        Index("uq_users_email", text("lower(email)"), unique=True),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    email: Mapped[str]
    name: Mapped[str]
    role: Mapped[str]
    password_hash: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default="true")
    token_generation: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ApiKey(Base):
    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint("role IN ('owner','office','sales','bookkeeper','read_only')", name="role"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str]
    prefix: Mapped[str]
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[str]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class LoginFailure(Base):
    """Failed logins and other tries of the last minutes, by hashed key, so that guessing is slowed everywhere."""

    __tablename__ = "login_failures"

    key_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    failures: Mapped[int]
    window_ends_at: Mapped[datetime]


class IdempotencyKey(Base):
    """What a POST with an Idempotency-Key answered, so that repeating it creates nothing twice."""

    __tablename__ = "idempotency_keys"
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
