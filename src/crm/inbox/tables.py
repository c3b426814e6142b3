"""What others told us, kept once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class InboxEvent(Base):
    """One event as it came. `org_id` 0 = nobody's yet; `body` holds the very bytes that were signed."""

    __tablename__ = "inbox_events"
    __table_args__ = (
        CheckConstraint("source IN ('stripe','quickbooks')", name="source"),
        CheckConstraint("state IN ('received','done','kept','difference','failed')", name="state"),
        UniqueConstraint("source", "account", "event_key"),
        Index("ix_inbox_events_waits_for", "waits_for", postgresql_where="waits_for IS NOT NULL"),
        Index("ix_inbox_events_open", "received_at", postgresql_where="state IN ('received','failed')"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    org_id: Mapped[int] = mapped_column(server_default="0")
    source: Mapped[str]
    account: Mapped[str] = mapped_column(server_default="")
    event_key: Mapped[str]
    type: Mapped[str]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(server_default="received")
    note: Mapped[str | None]
    waits_for: Mapped[str | None]  # Stripe's id of something we do not know yet; its arrival brings this back
    attempts: Mapped[int] = mapped_column(server_default="0")
    handled_at: Mapped[datetime | None]
