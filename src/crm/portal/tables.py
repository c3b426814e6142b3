"""What customer and contractor wrote to each other on the portal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class PortalMessage(Base):
    """Append-only. `kind` is question or changes (the customer's), or answer; `author` as in the activity log."""

    __tablename__ = "portal_messages"
    __table_args__ = (
        CheckConstraint("kind IN ('question', 'changes', 'answer')", name="kind"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        Index("ix_portal_messages_org_id_proposal_id", "org_id", "proposal_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    proposal_id: Mapped[int]
    kind: Mapped[str]
    text: Mapped[str]
    author: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
