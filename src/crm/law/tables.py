"""What a company asks of deposits in a state, where it differs from the sourced data."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, func
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base, Big


class OwnDepositRule(Base):
    """Replaces the standard rule of `state`. Cap in percent and USD minor units; both null keep the standard's."""

    __tablename__ = "own_deposit_rules"
    __table_args__ = (
        CheckConstraint("mode IN ('warn','block','off')", name="mode"),
        CheckConstraint("state ~ '^[A-Z]{2}$'", name="state"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str]
    percent: Mapped[Decimal | None] = mapped_column(Numeric(6, 3))
    amount_minor: Mapped[Big | None]
    text: Mapped[str] = mapped_column(server_default="")
    updated_by: Mapped[str]
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
