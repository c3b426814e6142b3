"""Reads the mapping of one company."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts.mapping import Mapped, Mapping
from crm.accounting.contracts.tables import BooksMapping


async def mapping_of(session: AsyncSession, org_id: int, realm_id: str) -> Mapping:
    rows = await session.scalars(
        select(BooksMapping).where(BooksMapping.org_id == org_id, BooksMapping.realm_id == realm_id)
    )
    return Mapping({(row.slot, row.key): Mapped(row.qbo_id, row.name) for row in rows})
