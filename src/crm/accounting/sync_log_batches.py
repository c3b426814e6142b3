"""A batch is one request with many writes in it: how its items are found, and which documents they made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.sync_log_tables import QboCall
from crm.accounting.tables import QboLink, QboRequest

BATCH = "batch"
_ENTITY = {"create_customer": "Customer", "create_invoice": "Invoice", "create_payment": "Payment"}


def left_with(call: QboCall) -> list[Any]:
    """The rows of the items of this batch: they were written with its moment and its tid (`sync_log.keep_items`)."""
    return [
        QboCall.at == call.at,
        QboCall.path == call.path,
        QboCall.intuit_tid == call.intuit_tid,
        QboCall.operation != BATCH,
    ]


async def numbers(session: AsyncSession, org_id: int, requestids: Sequence[str]) -> dict[str, str]:
    """By requestid, what people call the document that now stands for it: an invoice's number, a customer's name."""
    rows = await session.execute(
        select(QboRequest.requestid, QboLink.name)
        .join(
            QboLink,
            (QboLink.org_id == QboRequest.org_id)
            & (QboLink.realm_id == QboRequest.realm_id)
            & (QboLink.entity == case(_ENTITY, value=QboRequest.operation))
            & (QboLink.qbo_id == QboRequest.qbo_id),
        )
        .where(QboRequest.org_id == org_id, QboRequest.requestid.in_(requestids), QboLink.name.is_not(None))
    )
    return {row.requestid: row.name for row in rows}
