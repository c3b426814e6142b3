"""Mails, what a company says in them and to whom, and the addresses that get none."""

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
from crm.kit.search import search_index, search_text

STATES = ("kept", "queued", "sending", "sent", "failed", "bounced", "suppressed")


class MailMessage(Base):
    """One mail to one recipient about one fact; the unique key is what makes it once.

    `sealed` holds text, HTML and the personal link, as JSON sealed by kit.encryption. `sending` is held under a
    lease; `attempts` fences whoever lost it.
    """

    __tablename__ = "mail_messages"
    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("audience IN ('customer','staff')", name="audience"),
        CheckConstraint("language IN ('en','es')", name="language"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        UniqueConstraint("org_id", "kind", "fact_id", "recipient"),
        search_index("mail_messages"),
        Index("ix_mail_messages_org_id_state_id", "org_id", "state", "id"),
        Index("ix_mail_messages_org_id_proposal_id", "org_id", "proposal_id"),
        Index("ix_mail_messages_org_id_recipient", "org_id", "recipient"),
        Index("ix_mail_messages_message_id", "message_id", unique=True),
        Index(
            "ix_mail_messages_waiting", "next_attempt_at", postgresql_where="state IN ('queued','sending')"
        ),
        Index(
            "ix_mail_messages_needs_you",
            "org_id",
            "id",
            postgresql_where="state IN ('failed','bounced') AND dismissed_at IS NULL",
        ),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    audience: Mapped[str]
    fact_id: Mapped[Big]
    proposal_id: Mapped[int | None]
    recipient: Mapped[str]  # empty when nobody has an address; `problem` then says so
    language: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    paper_kind: Mapped[str | None]  # the paper that goes with it, as `papers` has it
    paper_subject_id: Mapped[int | None]
    sealed: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    problem: Mapped[str | None]
    message_id: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    dismissed_at: Mapped[datetime | None]
    search_text: Mapped[str | None] = search_text("lower(' ' || subject || ' ' || recipient)")


class MailTemplate(Base):
    """A company's own wording of one kind of mail in one language; without a row the standard one holds."""

    __tablename__ = "mail_templates"
    __table_args__ = (CheckConstraint("language IN ('en','es')", name="language"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    body: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class MailSettings(Base):
    """Who mail comes from, who of the team gets notices, and how many days before its end an offer is recalled."""

    __tablename__ = "mail_settings"
    __table_args__ = (CheckConstraint("reminder_days BETWEEN 0 AND 60", name="reminder_days"),)

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    from_name: Mapped[str | None]
    notice_user_ids: Mapped[list[Any]] = mapped_column(server_default="[]")
    reminder_days: Mapped[int] = mapped_column(server_default="3")


class MailSuppression(Base):
    """An address that gets no mail (`all`: it bounced) or no reminders (it unsubscribed)."""

    __tablename__ = "mail_suppressions"
    __table_args__ = (
        CheckConstraint("scope IN ('all','reminders')", name="scope"),
        UniqueConstraint("org_id", "address", "scope"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    address: Mapped[str]  # in lower case
    scope: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
