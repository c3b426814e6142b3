"""An import's way: uploaded, checked as often as wanted, run in pieces by the worker, undone if it was a mistake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import Fact, record, record_facts
from crm.customers.tables import Customer, Lead, LeadOther
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import Database, get_own, raw
from crm.kit.errors import Conflict, Invalid
from crm.operations.csv_cells import Sheet, read_sheet
from crm.operations.import_kinds import COLUMNS, RIGHTS, Kind, Problem, Record, guess, record_of
from crm.operations.tables import Import, ImportedRow
from crm.proposals.price_items import PRICE_ITEMS_MAX
from crm.proposals.reusable_tables import PriceItem
from crm.proposals.tables import Proposal

PIECE_ROWS = 500
PROBLEMS_SHOWN_MAX = 200
WAITING_MAX = 20
TABLES: dict[str, Any] = {"customers": Customer, "leads": Lead, "price_items": PriceItem}
_MADE: dict[str, Event] = {
    "customers": Event.CUSTOMER_CREATED,
    "leads": Event.LEAD_CREATED,
    "price_items": Event.PRICE_ITEM_CREATED,
}
_KEY_NAMES = {"customers": "customer_id", "leads": "lead_id", "price_items": "price_item_id"}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that is there already: as record `record_id` of `table`, or in row `of_row` of the same file."""

    row: int
    name: str
    table: str | None
    record_id: int | None
    of_row: int | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What becomes of the rows of a piece."""

    good: list[Record]
    duplicates: list[Duplicate]
    problems: list[Problem]


async def upload(
    session: AsyncSession, principal: Principal, kind: Kind, name: str, sheet: Sheet, content: bytes
) -> Import:
    """Keeps the file with our guess at its columns; of WAITING_MAX that nobody imported the oldest goes."""
    waiting = await session.scalar(
        select(func.count()).where(Import.org_id == principal.org_id, Import.state == "uploaded")
    )
    if (waiting or 0) >= WAITING_MAX:
        oldest = (
            select(Import.id)
            .where(Import.org_id == principal.org_id, Import.state == "uploaded")
            .order_by(Import.id)
            .limit(1)
        )
        await session.execute(
            delete(Import).where(Import.org_id == principal.org_id, Import.id.in_(oldest.scalar_subquery()))
        )
    row = Import(
        org_id=principal.org_id,
        kind=kind,
        file_name=name or f"{kind}.csv",
        headers=sheet.headers,
        mapping=guess(kind, sheet.headers),
        rows_total=len(sheet.rows),
        content=content,
        created_by=principal.actor,
    )
    session.add(row)
    await session.flush()
    await session.refresh(row)
    return row


def checked_mapping(kind: Kind, mapping: dict[str, int], columns: int) -> dict[str, int]:
    """Raises Invalid for a column that there is not, one used twice, or a needed one that is missing."""
    known = {column.name: column for column in COLUMNS[kind]}
    for name, index in mapping.items():
        if name not in known:
            raise Invalid(f"There is no column {name} to import into.", field="mapping")
        if not 0 <= index < columns:
            raise Invalid(f"The file has no column {index + 1}.", field=f"mapping.{name}")
    if len(set(mapping.values())) < len(mapping):
        raise Invalid("A column of the file can be imported only once.", field="mapping")
    for column in known.values():
        if column.needed and column.name not in mapping:
            raise Invalid(f"Say which column holds: {column.label}.", field=f"mapping.{column.name}")
    return mapping


async def check(session: AsyncSession, org_id: int, row: Import, mapping: dict[str, int]) -> Judged:
    """The dry run: what would become of every row. Changes nothing."""
    kind = cast("Kind", row.kind)
    checked_mapping(kind, mapping, len(row.headers))
    org = await session.get_one(Org, org_id)
    sheet = await asyncio.to_thread(read_sheet, await _content(session, row))
    good, problems = await asyncio.to_thread(_records, kind, sheet.rows, mapping, org.currency)
    fresh, duplicates = await _told_apart(session, org_id, kind, good, {})
    return Judged(fresh, duplicates, problems)


async def start(
    session: AsyncSession, principal: Principal, import_id: int, mapping: dict[str, int], duplicates: str
) -> Import:
    """Hands it to the worker; starting again what runs or is done changes nothing."""
    row = await get_own(session, Import, import_id, principal.org_id, lock=True)
    kind = cast("Kind", row.kind)
    principal.must(RIGHTS[kind])
    if row.state != "uploaded":
        return row
    row.mapping, row.duplicates = checked_mapping(kind, mapping, len(row.headers)), duplicates
    row.state = "running"
    await session.flush()
    await queue.enqueue(session, "run_import", org_id=principal.org_id, import_id=import_id)
    return row


async def run(db: Database, org_id: int, import_id: int) -> None:
    """Takes the file in, PIECE_ROWS rows a transaction; may be run any number of times, and goes on where it was."""
    async with db.transaction(org_id) as session:
        row = await get_own(session, Import, import_id, org_id)
        if row.state != "running":
            return
        org = await session.get_one(Org, org_id)
        kind = cast("Kind", row.kind)
        sheet = await asyncio.to_thread(read_sheet, await _content(session, row))
        mapping = dict(row.mapping)
    seen: dict[str, int] = {}
    good, problems = await asyncio.to_thread(_records, kind, sheet.rows, mapping, org.currency)
    wrong = {problem.row for problem in problems}
    by_row = {each.row: each for each in good}
    for at in range(0, len(sheet.rows), PIECE_ROWS):
        numbers = [number for number, _ in sheet.rows[at : at + PIECE_ROWS]]
        piece = [by_row[number] for number in numbers if number in by_row]
        failed = len([number for number in numbers if number in wrong])
        shown = [problem for problem in problems if problem.row in set(numbers)]
        async with db.transaction(org_id) as session:
            row = await get_own(session, Import, import_id, org_id, lock=True)
            if row.state != "running":
                return
            if row.rows_done > at:  # an earlier run took these
                seen |= {key: each.row for each in piece for key in each.keys}
                continue
            await _take_piece(session, row, piece, seen)
            row.failed_count += failed
            left = PROBLEMS_SHOWN_MAX - len(row.problems)
            row.problems = [*row.problems, *(_problem(each) for each in shown[: max(left, 0)])]
            row.rows_done = at + len(numbers)
            if row.rows_done >= len(sheet.rows):
                await _finish(session, row)


async def _take_piece(session: AsyncSession, row: Import, piece: list[Record], seen: dict[str, int]) -> None:
    kind = cast("Kind", row.kind)
    fresh, duplicates = await _told_apart(session, row.org_id, kind, piece, seen)
    if row.duplicates == "create" and kind != "price_items":
        fresh, duplicates = piece, []
    room = len(fresh)
    if kind == "price_items":
        held = await session.scalar(select(func.count()).where(PriceItem.org_id == row.org_id))
        room = max(PRICE_ITEMS_MAX - (held or 0), 0)
    for each in fresh[room:]:
        problem = Problem(
            each.row, "", f"The price book is full: it may hold at most {PRICE_ITEMS_MAX:,} items."
        )
        row.problems = [*row.problems, _problem(problem)][:PROBLEMS_SHOWN_MAX]
    row.failed_count += len(fresh[room:])
    row.skipped_count += len(duplicates)
    await _insert(session, row, fresh[:room])


async def _insert(session: AsyncSession, row: Import, records: list[Record]) -> None:
    if not records:
        return
    table = TABLES[row.kind]
    values = [{"org_id": row.org_id, **each.fields} for each in records]
    made = await session.scalars(insert(table).returning(table.id, sort_by_parameter_order=True), values)
    ids = list(made)
    row.created_count += len(ids)
    await session.execute(
        insert(ImportedRow),
        [
            {"org_id": row.org_id, "import_id": row.id, "row": each.row, "record_id": record_id}
            for each, record_id in zip(records, ids, strict=True)
        ],
    )
    await record_facts(
        await raw(session),
        [
            Fact(
                row.org_id,
                _MADE[row.kind],
                meta={
                    _KEY_NAMES[row.kind]: record_id,
                    "import_id": row.id,
                    "name": each.name,
                    "notify": False,  # nobody is written to about thousands of rows
                },
                actor=row.created_by,
            )
            for each, record_id in zip(records, ids, strict=True)
        ],
    )


async def _finish(session: AsyncSession, row: Import) -> None:
    row.state, row.finished_at, row.content = "done", clock.now(), None
    await record(
        session,
        row.org_id,
        Event.IMPORT_DONE,
        actor=row.created_by,
        import_id=row.id,
        kind=row.kind.replace("_", " "),
        created=row.created_count,
        skipped=row.skipped_count,
        failed=row.failed_count,
    )


def _problem(each: Problem) -> dict[str, Any]:
    return {"row": each.row, "column": each.column, "message": each.message}


def _records(
    kind: Kind, rows: Sequence[tuple[int, list[str]]], mapping: dict[str, int], currency: str
) -> tuple[list[Record], list[Problem]]:
    good: list[Record] = []
    problems: list[Problem] = []
    for number, cells in rows:
        named = {name: cells[index] if index < len(cells) else "" for name, index in mapping.items()}
        made = record_of(kind, number, named, currency)
        if isinstance(made, Record):
            good.append(made)
        else:
            problems += made
    return good, problems


async def _told_apart(
    session: AsyncSession, org_id: int, kind: Kind, records: list[Record], seen: dict[str, int]
) -> tuple[list[Record], list[Duplicate]]:
    """Those that are new and those that are not; `seen` are the keys of the file's rows so far, and grows."""
    fresh: list[Record] = []
    duplicates: list[Duplicate] = []
    known: dict[str, tuple[str, int]] = {}
    for at in range(0, len(records), PIECE_ROWS):
        known |= await _known(
            session, org_id, kind, {key for each in records[at : at + PIECE_ROWS] for key in each.keys}
        )
    for each in records:
        here = next((known[key] for key in sorted(each.keys) if key in known), None)
        before = next((seen[key] for key in sorted(each.keys) if key in seen), None)
        if here is not None:
            duplicates.append(Duplicate(each.row, each.name, here[0], here[1], None))
        elif before is not None:
            duplicates.append(Duplicate(each.row, each.name, None, None, before))
        else:
            fresh.append(each)
        for key in each.keys:
            seen.setdefault(key, each.row)
    return fresh, duplicates


async def _known(
    session: AsyncSession, org_id: int, kind: Kind, keys: Iterable[str]
) -> dict[str, tuple[str, int]]:
    """Which of these keys records have already, and which record."""
    by: dict[str, list[str]] = {}
    for key in keys:
        name, _, value = key.partition(":")
        by.setdefault(name, []).append(value)
    found: dict[str, tuple[str, int]] = {}
    if kind == "price_items":
        item = func.lower(PriceItem.name) + "/" + PriceItem.currency
        rows = await session.execute(
            select(item, PriceItem.id).where(PriceItem.org_id == org_id, item.in_(by.get("item", [])))
        )
        return {f"item:{value}": (kind, record_id) for value, record_id in rows}
    # Somebody who is a customer already is no new lead; a lead may well become a customer.
    for table_name in ("leads", "customers") if kind == "leads" else ("customers",):
        table = TABLES[table_name]
        for key, column in (("email", table.email_key), ("phone", table.phone_key), ("name", table.name)):
            if values := by.get(key):
                query = select(column, table.id).where(table.org_id == org_id, column.in_(values))
                if key == "name":
                    query = query.where(table.email_key.is_(None), table.phone_key.is_(None))
                for value, record_id in await session.execute(query):
                    found[f"{key}:{value}"] = (table_name, record_id)
    return found


async def undo(session: AsyncSession, principal: Principal, import_id: int) -> Import:
    """Takes back what it made, but for what was changed or used since. One that still runs is ended."""
    row = await get_own(session, Import, import_id, principal.org_id, lock=True)
    principal.must(RIGHTS[cast("Kind", row.kind)])
    if row.state == "undone":
        return row
    if row.state == "uploaded":
        raise Conflict("This file was not imported yet.", kind="import-not-run")
    org_id, table = row.org_id, TABLES[row.kind]
    made = select(ImportedRow.record_id).where(
        ImportedRow.org_id == org_id, ImportedRow.import_id == import_id
    )
    own = [table.org_id == org_id, table.id.in_(made), table.updated_at == table.created_at]
    if table is Customer:
        own += [
            ~select(Proposal.id)
            .where(Proposal.org_id == org_id, Proposal.customer_id == Customer.id)
            .exists(),
            ~select(Lead.id).where(Lead.org_id == org_id, Lead.customer_id == Customer.id).exists(),
        ]
    if table is Lead:
        await session.execute(
            delete(LeadOther).where(LeadOther.org_id == org_id, LeadOther.lead_id.in_(made))
        )
        other = select(Lead.duplicate_of).where(Lead.org_id == org_id, Lead.duplicate_of.is_not(None))
        own.append(Lead.id.not_in(other))
    gone = list(await session.scalars(delete(table).where(*own).returning(table.id)))
    await session.execute(
        delete(ImportedRow).where(
            ImportedRow.org_id == org_id, ImportedRow.import_id == import_id, ImportedRow.record_id.in_(gone)
        )
    )
    row.state, row.undone_at, row.content = "undone", clock.now(), None
    row.kept_count = row.created_count - len(gone)
    await record(
        session,
        org_id,
        Event.IMPORT_UNDONE,
        actor=principal.actor,
        import_id=import_id,
        kind=row.kind.replace("_", " "),
        deleted=len(gone),
        kept=row.kept_count,
    )
    return row


async def _content(session: AsyncSession, row: Import) -> bytes:
    content = await session.scalar(
        select(Import.content).where(Import.org_id == row.org_id, Import.id == row.id)
    )
    if content is None:
        raise Conflict(
            "This file was imported already. Upload it again to import it once more.", kind="import-over"
        )
    return content
