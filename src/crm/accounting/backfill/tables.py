"""Each time somebody chose which of the waiting payments are taken into the books."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base


class Backfill(Base):
    """Payments of the days `from_day` to `to_day` (in the org's zone, both included; None: no end) are taken in."""

    __tablename__ = "backfills"

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    from_day: Mapped[date | None] = mapped_column(Date)
    to_day: Mapped[date | None] = mapped_column(Date)
    last_posting_id: Mapped[int]  # what came later is no part of it
    started_by: Mapped[str]
    started_at: Mapped[datetime]
    cancelled_at: Mapped[datetime | None]
