"""The addresses that are told, what each is told, and every attempt at it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big

DELIVERY_STATES = ("waiting", "delivered", "failed", "dropped")


class WebhookEndpoint(Base):
    """An address of the company's own software. `failing_since` is the first failure after the last success.

    The lease is held by the courier that delivers to it, so that each address gets one request at a time.
    """

    __tablename__ = "webhook_endpoints"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    events: Mapped[list[Any]]
    secret: Mapped[str]  # sealed
    previous_secret: Mapped[str | None]  # sealed; signs too until `previous_secret_until`
    previous_secret_until: Mapped[datetime | None]
    active: Mapped[bool] = mapped_column(server_default="true")
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    lease: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]


class WebhookDelivery(Base):
    """One event for one address: the exact bytes that are signed. `tries` counts since the last resend."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        CheckConstraint(f"state IN {DELIVERY_STATES}", name="state"),
        ForeignKeyConstraint(["org_id", "endpoint_id"], ["webhook_endpoints.org_id", "webhook_endpoints.id"]),
        UniqueConstraint("org_id", "endpoint_id", "event_id"),
        Index(
            "ix_webhook_deliveries_due",
            "org_id",
            "endpoint_id",
            "next_attempt_at",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    endpoint_id: Mapped[int]
    event_id: Mapped[str]
    type: Mapped[str]
    payload: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    tries: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    delivered_at: Mapped[datetime | None]


class WebhookAttempt(Base):
    """One request and what came back. `answer` is the beginning of the body, with signatures taken out."""

    __tablename__ = "webhook_attempts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["org_id", "delivery_id"],
            ["webhook_deliveries.org_id", "webhook_deliveries.id"],
            ondelete="CASCADE",
        ),
        Index("ix_webhook_attempts_org_id_delivery_id", "org_id", "delivery_id"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=True)
    delivery_id: Mapped[int]
    url: Mapped[str]
    started_at: Mapped[datetime]
    duration_ms: Mapped[int]
    status: Mapped[int | None]
    problem: Mapped[str | None]
    answer: Mapped[str] = mapped_column(server_default="")
