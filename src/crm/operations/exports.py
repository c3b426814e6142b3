"""Everything as CSV files: streamed a piece at a time, for Excel too, and harmless in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.tables import ActivityEntry
from crm.customers.tables import Customer, Lead
from crm.dependencies import DatabaseDep
from crm.identity.authentication import StaffDep, require
from crm.identity.permissions import Permission
from crm.kit import clock
from crm.kit.database import Database
from crm.kit.money import plain, to_decimal
from crm.operations.activity_routes import entries_out
from crm.operations.csv_cells import BOM, csv_lines
from crm.proposals.reusable_tables import PriceItem

router = APIRouter(tags=["exports"])
PIECE_ROWS = 1_000

ExportKind = Literal["customers", "leads", "price_items", "proposals", "payments", "activity"]
Row = list[str]
# Rows above an id with the last one's id; none at the end.
Read = Callable[[AsyncSession, int, int], Awaitable[tuple[list[Row], int]]]


@dataclass(frozen=True, slots=True)
class Export:
    headers: Sequence[str]
    read: Read
    right: Permission = Permission.READ


@router.get(
    "/exports/{kind}.csv",
    summary="All rows as a CSV file",
    dependencies=[require(Permission.READ)],
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {}}, "description": "UTF-8 with a byte order mark, oldest first."}
    },
)
async def export_csv(
    kind: Annotated[ExportKind, Path()], principal: StaffDep, database: DatabaseDep
) -> StreamingResponse:
    """Customers, leads and price items come in the columns that an import takes. A cell that a spreadsheet would run
    begins with an apostrophe, which an import takes off again."""
    export = EXPORTS[kind]
    principal.must(export.right)
    name = f"{kind.replace('_', '-')}-{clock.now():%Y-%m-%d}.csv"
    return StreamingResponse(
        _pieces(database, principal.org_id, export),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _pieces(database: Database, org_id: int, export: Export) -> AsyncIterator[str]:
    """Each piece in a transaction of its own: a slow reader holds nothing open."""
    yield BOM + csv_lines([export.headers])
    last = 0
    while True:
        async with database.transaction(org_id) as session:
            rows, last = await export.read(session, org_id, last)
        if not rows:
            return
        yield csv_lines(rows)


_ADDRESS = (("street", "line1"), ("street_2", "line2"), ("city", "city"), ("state", "state"),
            ("postal_code", "postal_code"), ("country", "country"))  # fmt: skip


def _address_headers(prefix: str) -> list[str]:
    return [f"{prefix}_{name}" for name, _ in _ADDRESS]


def _address_cells(address: Mapping[str, Any] | None) -> list[str]:
    return [str((address or {}).get(ours, "")) for _, ours in _ADDRESS]


def _said(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


async def _rows_after(session: AsyncSession, table: Any, org_id: int, last: int) -> Sequence[Any]:
    query = select(table).where(table.org_id == org_id, table.id > last).order_by(table.id).limit(PIECE_ROWS)
    return (await session.scalars(query)).all()


async def _customers(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await _rows_after(session, Customer, org_id, last)
    rows = [
        [row.name, _said(row.company), _said(row.email), _said(row.phone), *_address_cells(row.site_address),
         *_address_cells(row.billing_address), str(row.id), _said(row.created_at)]
        for row in found
    ]  # fmt: skip
    return rows, found[-1].id if found else last


async def _leads(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await _rows_after(session, Lead, org_id, last)
    rows = [
        [row.name, _said(row.email), _said(row.phone), _said(row.source), row.status, _said(row.note),
         *_address_cells(row.site_address), str(row.id), _said(row.customer_id), _said(row.created_at)]
        for row in found
    ]  # fmt: skip
    return rows, found[-1].id if found else last


async def _price_items(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await _rows_after(session, PriceItem, org_id, last)
    rows = [
        [row.name, row.description, row.unit, f"{to_decimal(row.unit_price_minor, row.currency):f}", row.currency,
         plain(row.tax_percent), row.section, "yes" if row.active else "no", str(row.id)]
        for row in found
    ]  # fmt: skip
    return rows, found[-1].id if found else last


async def _proposals(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await session.execute(
        text(
            "SELECT r.id, r.number, r.version, r.title, c.name, r.status, r.currency, r.total_minor, r.changes_minor, "
            "r.valid_until, r.sent_at, r.viewed_at, r.approved_at, r.created_at FROM proposals r "
            "JOIN customers c ON c.org_id = r.org_id AND c.id = r.customer_id "
            "WHERE r.org_id = :org AND r.id > :last ORDER BY r.id LIMIT :most"
        ),
        {"org": org_id, "last": last, "most": PIECE_ROWS},
    )
    rows = [
        [str(row.id), _said(row.number), str(row.version), row.title, row.name, row.status, row.currency,
         _amount(row.total_minor, row.currency), _amount(row.changes_minor, row.currency), _said(row.valid_until),
         _said(row.sent_at), _said(row.viewed_at), _said(row.approved_at), _said(row.created_at)]
        for row in found
    ]  # fmt: skip
    return rows, int(rows[-1][0]) if rows else last


async def _payments(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await session.execute(
        text(
            "SELECT p.id, p.proposal_id, r.title, c.name AS customer, p.name, p.state, p.currency, p.amount_minor, "
            "p.refunded_minor, p.fee_minor, p.paid_at, coalesce(x.state, '') AS books, p.stripe_payment_intent "
            "FROM payments p JOIN proposals r ON r.org_id = p.org_id AND r.id = p.proposal_id "
            "JOIN customers c ON c.org_id = r.org_id AND c.id = r.customer_id "
            "LEFT JOIN postings x ON x.org_id = p.org_id AND x.payment_id = p.id AND x.kind = 'payment' "
            "WHERE p.org_id = :org AND p.id > :last ORDER BY p.id LIMIT :most"
        ),
        {"org": org_id, "last": last, "most": PIECE_ROWS},
    )
    rows = [
        [str(row.id), str(row.proposal_id), row.title, row.customer, row.name, row.state, row.currency,
         _amount(row.amount_minor, row.currency), _amount(row.refunded_minor, row.currency),
         _amount(row.fee_minor, row.currency), _said(row.paid_at), row.books, _said(row.stripe_payment_intent)]
        for row in found
    ]  # fmt: skip
    return rows, int(rows[-1][0]) if rows else last


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else f"{to_decimal(minor, currency):f}"


async def _activity(session: AsyncSession, org_id: int, last: int) -> tuple[list[Row], int]:
    found = await session.scalars(
        select(ActivityEntry)
        .where(ActivityEntry.org_id == org_id, ActivityEntry.seq > last)
        .order_by(ActivityEntry.seq)
        .limit(PIECE_ROWS)
    )
    entries = await entries_out(session, org_id, found.all())
    rows = [
        [
            str(each.seq),
            _said(each.created_at),
            each.event,
            each.sentence,
            each.who,
            _said(each.proposal_id),
            each.hash,
        ]
        for each in entries
    ]
    return rows, entries[-1].seq if entries else last


EXPORTS: dict[ExportKind, Export] = {
    "customers": Export(
        [
            "name",
            "company",
            "email",
            "phone",
            *_address_headers("site"),
            *_address_headers("billing"),
            "number",
            "added",
        ],
        _customers,
    ),
    "leads": Export(
        [
            "name",
            "email",
            "phone",
            "source",
            "status",
            "note",
            *_address_headers("site"),
            "number",
            "customer_number",
            "came",
        ],
        _leads,
    ),
    "price_items": Export(
        [
            "name",
            "description",
            "unit",
            "unit_price",
            "currency",
            "tax_percent",
            "section",
            "active",
            "number",
        ],
        _price_items,
    ),
    "proposals": Export(
        [
            "id",
            "number",
            "version",
            "title",
            "customer_name",
            "status",
            "currency",
            "total",
            "changes",
            "valid_until",
            "sent_at",
            "viewed_at",
            "approved_at",
            "created_at",
        ],
        _proposals,
    ),
    "payments": Export(
        [
            "id",
            "proposal",
            "title",
            "customer_name",
            "part",
            "state",
            "currency",
            "amount",
            "refunded",
            "fee",
            "paid_at",
            "books",
            "stripe_payment_intent",
        ],
        _payments,
        Permission.PAYMENTS_READ,
    ),
    "activity": Export(["position", "at", "event", "sentence", "who", "proposal", "hash"], _activity),
}
