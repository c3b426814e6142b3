"""The invoices of a contract with what is open on them, as we last learned of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from crm.accounting.comeback import looking, mirror
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.kit.errors import Refused


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    id: str
    open_minor: int  # what is still to be paid on it


async def open_invoices(books: Books, access: Access, proposal_id: int) -> list[OpenInvoice]:
    """The contract's invoices with what is open on them, oldest first: as we last learned, without asking again."""
    async with books.db.transaction(access.org_id) as session:
        rows = await session.execute(
            text(
                "SELECT l.qbo_id, m.balance_minor FROM qbo_links l LEFT JOIN qbo_mirror m ON m.org_id = l.org_id "
                "AND m.realm_id = l.realm_id AND m.entity = l.entity AND m.qbo_id = l.qbo_id "
                "WHERE l.org_id = :org AND l.realm_id = :realm AND l.entity = 'Invoice' "
                "AND (l.local_kind = 'proposal' AND l.local_id = cast(:proposal AS text) "
                "OR l.local_kind = 'change' AND l.local_id IN (SELECT o.id::text FROM change_orders o "
                "WHERE o.org_id = :org AND o.proposal_id = :proposal)) ORDER BY l.created_at, l.qbo_id::bigint"
            ),
            {"org": access.org_id, "realm": access.realm_id, "proposal": proposal_id},
        )
        found = [OpenInvoice(row[0], row[1] or 0) for row in rows]
    if not found:
        raise Refused(
            "The contract's invoice is not linked any more, so this payment has nothing to be applied to. Retry the "
            "invoice first, or link it by hand.",
            code="no-invoice",
        )
    return found


async def open_now(books: Books, access: Access, invoices: Sequence[OpenInvoice]) -> list[OpenInvoice]:
    """The same invoices as they are now: one metered read. What else changed of them is noticed on the way."""
    found, told_at = await looking.read(
        books, access, "Invoice", [one.id for one in invoices], "read_invoice"
    )
    async with books.db.transaction(access.org_id) as session:
        await looking.take_in(session, access, "Invoice", found, "query", told_at)
        rows = await mirror.locked(session, access.org_id, access.realm_id, "Invoice", found)
        return [
            OpenInvoice(one.id, (rows[one.id].balance_minor or 0) if one.id in rows else one.open_minor)
            for one in invoices
        ]


def applied(amount_minor: int, invoices: Sequence[OpenInvoice]) -> list[tuple[str, int]]:
    """Oldest first, and never more than is open: QuickBooks may have applied a credit by itself (AutoApplyCredit)."""
    found: list[tuple[str, int]] = []
    for invoice in invoices:
        minor = min(amount_minor, invoice.open_minor)
        if minor > 0:
            found.append((invoice.id, minor))
            amount_minor -= minor
    return found
