"""Every movement of a Stripe balance, kept as Stripe tells it, and how far each account's have been pulled."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Index, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class StripeTransaction(Base):
    """One balance transaction: `net = amount - fee`, minor units of `currency`, which is the balance's, not the
    payer's (`exchange_rate` says how it was converted). `payout_id` is the automatic payout that paid it out.

    `charge` and `intent` are those of its source, by which it is known whose payment it is. `org_id` 0: a movement
    of our own account that no org's payment explains. `fee_group`: whose fees share one document in the books, this
    movement's alone or a day's; None until the day is over.
    """

    __tablename__ = "stripe_transactions"
    __table_args__ = (
        Index("ix_stripe_transactions_org_id_created_at", "org_id", "created_at"),
        Index("ix_stripe_transactions_org_id_payout_id", "org_id", "payout_id"),
        Index("ix_stripe_transactions_org_id_source", "org_id", "source"),
        Index("ix_stripe_transactions_account_created_at", "account", "created_at"),
        Index("ix_stripe_transactions_org_id_learned_at", "org_id", "learned_at"),
        Index("ix_stripe_transactions_org_id_fee_group", "org_id", "fee_group"),
        Index(
            "ix_stripe_transactions_ungrouped",
            "org_id",
            postgresql_where="fee_group IS NULL AND fee_minor <> 0",
        ),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transaction_id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    type: Mapped[str]
    category: Mapped[str]
    source: Mapped[str | None]
    charge: Mapped[str | None]
    intent: Mapped[str | None]
    amount_minor: Mapped[Big]
    fee_minor: Mapped[Big]
    net_minor: Mapped[Big]
    fees: Mapped[list[Any]] = mapped_column(server_default="[]")
    currency: Mapped[str]
    exchange_rate: Mapped[Decimal | None] = mapped_column(Numeric)
    description: Mapped[str | None]
    payout_id: Mapped[str | None]
    fee_group: Mapped[str | None]
    created_at: Mapped[datetime]
    available_on: Mapped[datetime]
    learned_at: Mapped[datetime] = mapped_column(server_default=func.now())


class TransactionCursor(Base):
    """`pulled_until` is the newest movement's time by Stripe's own clock, set when all up to it is kept. A pull that
    ended half way goes on after `resume_after`, towards older ones."""

    __tablename__ = "stripe_transaction_cursors"

    account: Mapped[str] = mapped_column(primary_key=True)
    pulled_until: Mapped[datetime | None]
    newest_seen: Mapped[datetime | None]
    resume_after: Mapped[str | None]
    completed_at: Mapped[datetime | None]
