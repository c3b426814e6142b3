"""Counts failed operations where every process sees them, for crm_qbo_api_errors_total."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.tables import QboErrorCount

Operation = Literal["create_invoice", "refresh_token", "auto_invoice"]


async def count_error(session: AsyncSession, org_id: int, operation: Operation) -> None:
    await session.execute(
        insert(QboErrorCount)
        .values(org_id=org_id, op=operation, errors=1)
        .on_conflict_do_update(index_elements=["org_id", "op"], set_={"errors": QboErrorCount.errors + 1})
    )
