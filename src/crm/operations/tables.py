"""Imports of files, and which records each made, so that one can be undone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, func
from sqlalchemy.orm import Mapped, deferred, mapped_column

from crm.kit.database import Base


class Import(Base):
    """A CSV file on its way in. `rows_done` is where the next run goes on; `content` goes when it is over."""

    __tablename__ = "imports"
    __table_args__ = (
        CheckConstraint("kind IN ('customers','leads','price_items')", name="kind"),
        CheckConstraint("state IN ('uploaded','running','done','undone')", name="state"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    kind: Mapped[str]
    file_name: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="uploaded")
    headers: Mapped[list[Any]]
    mapping: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    duplicates: Mapped[str] = mapped_column(server_default="skip")
    rows_total: Mapped[int]
    rows_done: Mapped[int] = mapped_column(server_default="0")
    created_count: Mapped[int] = mapped_column(server_default="0")
    skipped_count: Mapped[int] = mapped_column(server_default="0")
    failed_count: Mapped[int] = mapped_column(server_default="0")
    kept_count: Mapped[int] = mapped_column(server_default="0")
    problems: Mapped[list[Any]] = mapped_column(server_default="[]")
    content: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    finished_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]


class ImportedRow(Base):
    """One record that an import made."""

    __tablename__ = "imported_rows"
    __table_args__ = (
        ForeignKeyConstraint(["org_id", "import_id"], ["imports.org_id", "imports.id"]),
        Index("ix_imported_rows_org_id_import_id_record_id", "org_id", "import_id", "record_id"),
    )

    org_id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[int]
