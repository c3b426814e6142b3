"""Every request to QuickBooks and Intuit with its answer, as a bookkeeper and a support engineer may see it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.kit.database import Base

OUTCOMES = ("ok", "refused", "unavailable", "disconnected", "renewed")


class QboCall(Base):
    """One request that left for QuickBooks. `request` and `answer` are redacted and cut (gateways/exchange.py).

    `outcome`: ok, refused (a person must look), unavailable (tried again by itself), disconnected, renewed (the
    access token had ended; it was renewed and the request repeated). `status` is null when no answer came.
    """

    __tablename__ = "qbo_calls"
    __table_args__ = (
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        Index("ix_qbo_calls_org_id_subject", "org_id", "subject", "id"),
        Index("ix_qbo_calls_org_id_requestid", "org_id", "requestid"),
        Index("ix_qbo_calls_org_id_failed", "org_id", "id", postgresql_where="outcome <> 'ok'"),
        Index("ix_qbo_calls_org_id_at", "org_id", "at"),
    )

    org_id: Mapped[int] = mapped_column(ForeignKey("orgs.id"), primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    realm_id: Mapped[str | None]
    operation: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    method: Mapped[str]
    path: Mapped[str]
    params: Mapped[str] = mapped_column(server_default="")
    request: Mapped[str] = mapped_column(server_default="")
    requestid: Mapped[str | None]
    metered: Mapped[bool] = mapped_column(server_default="false")
    outcome: Mapped[str]
    status: Mapped[int | None] = mapped_column(SmallInteger)
    milliseconds: Mapped[int] = mapped_column(Integer)
    code: Mapped[str] = mapped_column(server_default="")
    sentence: Mapped[str] = mapped_column(Text, server_default="")
    answer: Mapped[str] = mapped_column(server_default="")
    intuit_tid: Mapped[str] = mapped_column(server_default="")
