"""What is due and paid, and everything Stripe says about it. Amounts are minor units of `currency`.

Every row whose state follows Stripe's events has a ladder of states (see `states.py`): an event may lift
it, never lower it, so events can come in any order and any number of times.
"""

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
)
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class Payment(Base):
    """One part of a proposal's price, paid once: the deposit, a milestone, the final balance, a change.

    The parts of an approved proposal are its payment schedule; but for `void` ones they sum to what was agreed.
    `planned` is not asked for yet, `due` since `due_at`; `void` fell away by a change order or a cancellation.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("part ~ '^(deposit|final|(milestone|change):[0-9]+)$'", name="part"),
        CheckConstraint("state IN ('planned','due','processing','paid','failed','void')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "proposal_id", "part"),
        Index("ix_payments_org_id_paid_at", "org_id", "paid_at", postgresql_where="paid_at IS NOT NULL"),
        Index("ix_payments_org_id_state_id", "org_id", "state", "id"),
        Index("ix_payments_org_id_amount_minor", "org_id", "amount_minor"),
        Index("ix_payments_stripe_payment_intent", "stripe_payment_intent"),
        Index("ix_payments_stripe_charge", "stripe_charge"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    part: Mapped[str] = mapped_column(server_default="deposit")
    name: Mapped[str] = mapped_column(server_default="Deposit")
    position: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[datetime | None]
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="due")
    simulated: Mapped[bool] = mapped_column(server_default="false")
    stripe_account: Mapped[str] = mapped_column(server_default="")
    stripe_session_id: Mapped[str | None]
    stripe_payment_intent: Mapped[str | None]
    stripe_charge: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    failure: Mapped[str | None]
    fee_minor: Mapped[Big | None]
    net_minor: Mapped[Big | None]
    balance_transaction: Mapped[str | None]
    refunded_minor: Mapped[Big] = mapped_column(server_default="0")
    disputed: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class RefundOrder(Base):
    """A refund that a person asked for, kept with its idempotency key before Stripe is asked."""

    __tablename__ = "refund_orders"
    __table_args__ = (
        CheckConstraint("state IN ('prepared','sent','refused')", name="state"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        ForeignKeyConstraint(["org_id", "payment_id"], ["payments.org_id", "payments.id"]),
        Index("ix_refund_orders_org_id_payment_id", "org_id", "payment_id"),
        Index("ix_refund_orders_prepared", "created_at", postgresql_where="state = 'prepared'"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    payment_id: Mapped[int]
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    reason: Mapped[str]
    note: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str] = mapped_column(server_default="prepared")
    refund_id: Mapped[str | None]
    problem: Mapped[str | None]
    asked_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class CheckoutSession(Base):
    """One try to pay a payment on Stripe's page. The row exists before Stripe is asked, so that a crash
    in between repeats the same request under the same idempotency key."""

    __tablename__ = "checkout_sessions"
    __table_args__ = (
        CheckConstraint("state IN ('creating','open','expired','processing','failed','paid')", name="state"),
        ForeignKeyConstraint(["org_id", "payment_id"], ["payments.org_id", "payments.id"]),
        UniqueConstraint("org_id", "payment_id", "attempt"),
        Index(
            "uq_checkout_sessions_open",
            "org_id",
            "payment_id",
            unique=True,
            postgresql_where="state IN ('creating','open')",
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    payment_id: Mapped[int]
    attempt: Mapped[int]
    session_id: Mapped[str | None] = mapped_column(unique=True)
    url: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="creating")
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    dev_mode: Mapped[bool] = mapped_column(server_default="false")
    request: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    expires_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Refund(Base):
    """Money given back; may fail weeks after it succeeded, and then counts no more."""

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint(
            "status IN ('pending','requires_action','succeeded','canceled','failed')", name="status"
        ),
        ForeignKeyConstraint(["org_id", "payment_id"], ["payments.org_id", "payments.id"]),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    refund_id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[int]
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    failure_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Dispute(Base):
    __tablename__ = "disputes"
    __table_args__ = (ForeignKeyConstraint(["org_id", "payment_id"], ["payments.org_id", "payments.id"]),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    dispute_id: Mapped[str] = mapped_column(primary_key=True)
    payment_id: Mapped[int]
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    status: Mapped[str]
    reason: Mapped[str | None]
    fee_minor: Mapped[Big] = mapped_column(server_default="0")
    net_minor: Mapped[Big] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Payout(Base):
    """Money on its way from Stripe to the bank (negative: the other way). `itemised_at`: since when we know what is in it."""

    __tablename__ = "payouts"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    payout_id: Mapped[str] = mapped_column(primary_key=True)
    stripe_account: Mapped[str] = mapped_column(server_default="")
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    status: Mapped[str]
    automatic: Mapped[bool]
    reconciliation_status: Mapped[str | None]
    failure: Mapped[str | None]
    arrival_date: Mapped[datetime | None]
    itemised_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Difference(Base):
    """Something that does not fit and that a person must look at; `sentence` says what and what to do.

    `resolution` is how it ended (or is about to: `restoring`), `undo` what is needed to take that back."""

    __tablename__ = "differences"
    __table_args__ = (
        UniqueConstraint("org_id", "kind", "subject"),
        Index("ix_differences_open", "org_id", "id", postgresql_where="resolved_at IS NULL"),
        Index("ix_differences_payment", "org_id", "payment_id", postgresql_where="resolved_at IS NULL"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject: Mapped[str]
    sentence: Mapped[str]
    meta: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None]
    payment_id: Mapped[int | None]
    proposal_id: Mapped[int | None]
    resolution: Mapped[str | None]
    undo: Mapped[dict[str, Any] | None]


class StripeCursor(Base):
    """How far each account's events have been swept, so that nothing Stripe failed to deliver is missed."""

    __tablename__ = "stripe_cursors"

    account: Mapped[str] = mapped_column(primary_key=True)
    swept_until: Mapped[datetime]
