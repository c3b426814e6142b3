"""The papers that are made once and never change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base

KINDS = ("signed_proposal", "signed_change_order", "receipt")


class KeptPaper(Base):
    """`subject_id` is the approval's id of what was signed, the payment's id of a receipt: one paper for each.

    The application's role may add rows, never change them; the bytes stand in `files`.
    """

    __tablename__ = "papers"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        ForeignKeyConstraint(["org_id", "proposal_id"], ["proposals.org_id", "proposals.id"]),
        ForeignKeyConstraint(["org_id", "file_id"], ["files.org_id", "files.id"]),
        Index("ix_papers_org_id_proposal_id", "org_id", "proposal_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    subject_id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int]
    file_id: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(server_default=func.now())
