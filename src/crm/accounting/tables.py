"""The connection to QuickBooks, what is to be posted, what was sent, and what stands there."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big

_SEED_TIME = TIMESTAMP(timezone=False)


class QboToken(Base):
    """An org's grant at Intuit. The first columns are the seed's, their times in UTC without a zone;
    both tokens are sealed. The row is never deleted: a lost grant is marked, so that people can reconnect."""

    __tablename__ = "qbo_tokens"
    __table_args__ = (
        UniqueConstraint("org_id", name="uq_qbo_tokens_org"),
        UniqueConstraint("realm_id", "env", name="uq_qbo_tokens_realm"),
        Index("ix_qbo_tokens_org_id", "org_id"),
        Index("ix_qbo_tokens_realm_id", "realm_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    realm_id: Mapped[str | None] = mapped_column(String(32))
    access_token: Mapped[str | None]
    refresh_token: Mapped[str | None]
    expires_at: Mapped[datetime | None] = mapped_column(_SEED_TIME)
    env: Mapped[str] = mapped_column(String(16), server_default="sandbox")
    created_at: Mapped[datetime] = mapped_column(_SEED_TIME, server_default=text("CURRENT_TIMESTAMP"))
    updated_at: Mapped[datetime] = mapped_column(_SEED_TIME, server_default=text("CURRENT_TIMESTAMP"))

    previous_refresh_token: Mapped[str | None]
    refreshed_at: Mapped[datetime | None]
    refresh_expires_at: Mapped[datetime | None]
    hard_expires_at: Mapped[datetime | None]
    disconnected_at: Mapped[datetime | None]
    disconnected_why: Mapped[str | None]
    connected_by: Mapped[int | None]
    company: Mapped[dict[str, Any]] = mapped_column(server_default="{}")


class OauthState(Base):
    """A consent under way: its signed state can be used once, by the person and org that started it."""

    __tablename__ = "oauth_states"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    nonce_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[int]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class QboLane(Base):
    """One company's way to QuickBooks, shared by all workers: when the next call may leave, and whether
    the company is paused because QuickBooks does not answer or throttles it."""

    __tablename__ = "qbo_lanes"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    next_call_at: Mapped[datetime] = mapped_column(server_default=func.now())
    next_batch_at: Mapped[datetime] = mapped_column(server_default=func.now())
    paused_until: Mapped[datetime | None]
    paused_why: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0")


class Posting(Base):
    """One thing on its way into the books. What it is says `kind` (`kinds.py`) and `subject` ("payment:12");
    payment and proposal are the ones it belongs to, if any. `problem` is the sentence a bookkeeper reads.

    `form` is how it is booked, decided once at the first attempt: see `contracts/forms.py`. `deposit_minor` is what it adds
    to the customer's deposits on this contract, or, below zero, what it takes out of them.

    `lease_until` and `lease` say which run of a worker holds it; when the lease runs out another takes it up.
    """

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("state IN ('waiting','posted','needs_you','skipped')", name="state"),
        CheckConstraint("kind ~ '^[a-z_]+$'", name="kind"),
        CheckConstraint("subject ~ '^[a-z_]+:.+$'", name="subject"),
        ForeignKeyConstraint(["org_id", "payment_id"], ["payments.org_id", "payments.id"]),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "kind", "subject"),
        Index("ix_postings_org_id_payment_id", "org_id", "payment_id"),
        Index("ix_postings_org_id_proposal_id", "org_id", "proposal_id"),
        Index("ix_postings_due", "next_attempt_at", postgresql_where="state = 'waiting'"),
        Index("ix_postings_org_id_open", "org_id", "id", postgresql_where="state <> 'posted'"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    subject: Mapped[str]
    payment_id: Mapped[int | None]
    proposal_id: Mapped[int | None]
    amount_minor: Mapped[Big]
    currency: Mapped[str]
    form: Mapped[str | None]
    deposit_minor: Mapped[Big | None]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime]
    lease: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    problem_code: Mapped[str | None]
    problem: Mapped[str | None]
    intuit_tid: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    posted_at: Mapped[datetime | None]
    skipped_why: Mapped[str | None]  # a person's reason for leaving it out
    outside_backfill: Mapped[bool] = mapped_column(
        server_default="false"
    )  # left out by choosing days, not by itself


class QboLink(Base):
    """Which object in QuickBooks stands for which of ours; unique, so that nothing is linked twice."""

    __tablename__ = "qbo_links"
    __table_args__ = (UniqueConstraint("org_id", "realm_id", "entity", "qbo_id", "local_kind", "local_id"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    entity: Mapped[str] = mapped_column(primary_key=True)
    local_kind: Mapped[str] = mapped_column(primary_key=True)
    local_id: Mapped[str] = mapped_column(primary_key=True)
    qbo_id: Mapped[str]
    sync_token: Mapped[str | None]
    name: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QboRequest(Base):
    """A write to QuickBooks, kept with its `requestid` before it is sent, and what became of it."""

    __tablename__ = "qbo_requests"
    __table_args__ = (
        CheckConstraint("state IN ('prepared','sent','succeeded','refused')", name="state"),
        UniqueConstraint("org_id", "realm_id", "operation", "subject", "generation"),
        Index("ix_qbo_requests_org_id_id", "org_id", "id"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    realm_id: Mapped[str]
    operation: Mapped[str]
    subject: Mapped[str]
    generation: Mapped[int]
    requestid: Mapped[str] = mapped_column(unique=True)
    body: Mapped[str]  # the JSON text that is sent, digit for digit, at every attempt
    state: Mapped[str] = mapped_column(server_default="prepared")
    attempts: Mapped[int] = mapped_column(server_default="0")
    batched_at: Mapped[datetime | None]  # when it last left in a batch, where its requestid protects nothing
    qbo_id: Mapped[str | None]
    fault: Mapped[dict[str, Any] | None]
    intuit_tid: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    answered_at: Mapped[datetime | None]


class QboEdit(Base):
    """A person's other values for safe fields of what is sent for a subject, in QuickBooks' names."""

    __tablename__ = "qbo_edits"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    fields: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(server_default="")
    edited_by: Mapped[str]
    edited_at: Mapped[datetime] = mapped_column(server_default=func.now())


class QboUsage(Base):
    """Calls per org, day and operation; `metered` ones are what Intuit counts (reads, 2xx only)."""

    __tablename__ = "qbo_usage"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    operation: Mapped[str] = mapped_column(primary_key=True)
    calls: Mapped[Big] = mapped_column(server_default="0")
    metered: Mapped[Big] = mapped_column(server_default="0")


class QboReadsOfAll(Base):
    """Metered reads of all companies together; triggers on `qbo_usage` keep it, in shards against waiting."""

    __tablename__ = "qbo_reads_of_all"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    shard: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reads: Mapped[Big] = mapped_column(server_default="0")


class QboBudget(Base):
    """How many metered reads an org allows itself a month (null: quota.ORG_READS_DEFAULT), and what was told of it."""

    __tablename__ = "qbo_budgets"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    reads: Mapped[int | None]
    alarmed_month: Mapped[date | None] = mapped_column(Date)
    alarmed_percent: Mapped[int] = mapped_column(server_default="0")


class QboErrorCount(Base):
    """Failed operations per org, for crm_qbo_api_errors_total."""

    __tablename__ = "qbo_error_counts"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    op: Mapped[str] = mapped_column(primary_key=True)
    errors: Mapped[Big] = mapped_column(server_default="0")


class ExchangeRate(Base):
    """One unit of `currency` in the company's home currency on that day, as QuickBooks said when it was first needed."""

    __tablename__ = "exchange_rates"
    __table_args__ = (CheckConstraint("rate > 0", name="rate"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    realm_id: Mapped[str] = mapped_column(primary_key=True)
    currency: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rate: Mapped[Decimal] = mapped_column(Numeric)
    read_at: Mapped[datetime] = mapped_column(server_default=func.now())
