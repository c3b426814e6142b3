"""The files of an org, with their bytes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Integer, LargeBinary, UniqueConstraint, func
from sqlalchemy.orm import Mapped, deferred, mapped_column

from crm.kit.database import Base
from crm.kit.search import search_index, search_text

KINDS = ("photo", "attachment", "logo", "paper")


class File(Base):
    """Bytes that never change; the same content of one kind is kept once. `content` is read on demand only."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        UniqueConstraint("org_id", "kind", "sha256"),
        search_index("files"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    width: Mapped[int | None]
    height: Mapped[int | None]
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    search_text: Mapped[str | None] = search_text("lower(' ' || name)")
