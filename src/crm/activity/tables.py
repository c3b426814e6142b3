"""The activity log: what happened, in order, each entry holding the hash of the one before it in its org."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class ActivityEntry(Base):
    """One fact (contract: portal_activity_log). The application's role may add rows, never change them."""

    __tablename__ = "portal_activity_log"
    __table_args__ = (
        UniqueConstraint("org_id", "seq"),
        Index("ix_portal_activity_log_org_id_event_seq", "org_id", "event", "seq"),
        Index("ix_portal_activity_log_org_id_proposal_id_id", "org_id", "proposal_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"))
    proposal_id: Mapped[int | None]
    event: Mapped[str]
    meta: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    actor: Mapped[str]
    created_at: Mapped[datetime]
    seq: Mapped[Big]
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class ActivityHead(Base):
    """Where each org's chain ends; its row lock is what makes the chain a line."""

    __tablename__ = "activity_heads"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    seq: Mapped[Big] = mapped_column(server_default="0")
    hash: Mapped[bytes] = mapped_column(LargeBinary)
