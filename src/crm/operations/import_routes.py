"""Imports of CSV files over HTTP: upload, dry run, start, progress, undo."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select

from crm.dependencies import DatabaseDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.idempotency import IdempotentRoute, once
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.errors import TooLarge
from crm.kit.inputs import ID_MAX, Input
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.times import Moment
from crm.operations import imports
from crm.operations.csv_cells import COLUMNS_MAX, FILE_BYTES_MAX, ROWS_MAX, read_sheet
from crm.operations.import_kinds import COLUMNS, RIGHTS, Kind
from crm.operations.tables import Import

router = APIRouter(prefix="/imports", tags=["imports"], route_class=IdempotentRoute)

READ = require(Permission.READ)
SAMPLE_ROWS = 3
Id = Annotated[int, Path(ge=1, le=ID_MAX)]
Mapping = Annotated[dict[str, Annotated[int, Field(ge=0, lt=COLUMNS_MAX)]], Field(max_length=COLUMNS_MAX)]


class ImportColumn(BaseModel):
    name: str
    label: str
    needed: bool


class RowProblem(BaseModel):
    """`row` as a spreadsheet numbers it; `column` is ours, "" for the row as a whole; `message` says the fix."""

    row: int
    column: str
    message: str


class ImportOut(BaseModel):
    """`mapping`: our column to the place of the file's, from 0. `kept_count`: what an undo left, for it was used."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Kind
    file_name: str
    state: Literal["uploaded", "running", "done", "undone"]
    headers: list[str]
    mapping: dict[str, int]
    duplicates: Literal["skip", "create"]
    rows_total: int
    rows_done: int
    created_count: int
    skipped_count: int
    failed_count: int
    kept_count: int
    problems: list[RowProblem]
    created_at: Moment
    finished_at: Moment | None
    undone_at: Moment | None


class UploadedImport(ImportOut):
    """With what the file can be imported into, and its first rows, to choose the columns by."""

    columns: list[ImportColumn]
    sample: list[list[str]]


class DuplicateRow(BaseModel):
    """A row that is there already: as a record of `table`, or in row `of_row` of the same file."""

    row: int
    name: str
    table: str | None
    record_id: int | None
    of_row: int | None


class CheckOut(BaseModel):
    """What an import would do. Of problems and duplicates the first 200 are told, all are counted."""

    rows_total: int
    good_count: int
    duplicate_count: int
    failed_count: int
    duplicates: list[DuplicateRow]
    problems: list[RowProblem]


class MappingIn(Input):
    mapping: Mapping


class StartIn(MappingIn):
    duplicates: Literal["skip", "create"] = "skip"


@router.post(
    "",
    status_code=201,
    summary="Upload a CSV file to import",
    dependencies=[READ, once],
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"The file's bytes: at most {FILE_BYTES_MAX // 1_000_000} MB and {ROWS_MAX:,} rows, the first "
            "row the names of the columns. Nothing is imported yet.",
            "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_import(
    request: Request,
    principal: StaffDep,
    session: OrgTx,
    kind: Kind,
    name: Annotated[str, StringConstraints(max_length=255), Query(description="The file's name.")] = "",
) -> UploadedImport:
    principal.must(RIGHTS[kind])
    content = await request.body()
    if len(content) > FILE_BYTES_MAX:
        raise TooLarge(
            f"A file may hold at most {FILE_BYTES_MAX // 1_000_000} MB. Split it and import the parts."
        )
    sheet = await asyncio.to_thread(read_sheet, content)
    row = await imports.upload(session, principal, kind, name.replace("\0", ""), sheet, content)
    return UploadedImport(
        **ImportOut.model_validate(row).model_dump(),
        columns=[ImportColumn(name=c.name, label=c.label, needed=c.needed) for c in COLUMNS[kind]],
        sample=[cells for _, cells in sheet.rows[:SAMPLE_ROWS]],
    )


@router.get("", summary="Imports, newest first", dependencies=[READ])
async def list_imports(
    principal: StaffDep, session: OrgTx, limit: Limit = 50, cursor: Cursor = None
) -> Page[ImportOut]:
    query = (
        select(Import).where(Import.org_id == principal.org_id).order_by(Import.id.desc()).limit(limit + 1)
    )
    if (before := after(cursor)) is not None:
        query = query.where(Import.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[ImportOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/{id}", summary="One import and how far it is", dependencies=[READ])
async def read_import(id: Id, principal: StaffDep, session: OrgTx) -> ImportOut:
    return ImportOut.model_validate(await get_own(session, Import, id, principal.org_id))


@router.post("/{id}/check", summary="Dry run: what would become of each row", dependencies=[READ])
async def check_import(id: Id, body: MappingIn, principal: StaffDep, database: DatabaseDep) -> CheckOut:
    async with database.transaction(principal.org_id) as session:
        row = await get_own(session, Import, id, principal.org_id)
        judged = await imports.check(session, principal.org_id, row, body.mapping)
    most = imports.PROBLEMS_SHOWN_MAX
    return CheckOut(
        rows_total=row.rows_total,
        good_count=len(judged.good),
        duplicate_count=len(judged.duplicates),
        failed_count=len({problem.row for problem in judged.problems}),
        duplicates=[_plain(DuplicateRow, each) for each in judged.duplicates[:most]],
        problems=[_plain(RowProblem, each) for each in judged.problems[:most]],
    )


def _plain(shape: type[Any], each: Any) -> Any:
    return shape.model_validate(each, from_attributes=True)


@router.post("/{id}/start", summary="Import it", dependencies=[READ, once])
async def start_import(id: Id, body: StartIn, principal: StaffDep, session: OrgTx) -> ImportOut:
    """The worker takes it in; ask for the import again to see how far it is."""
    return ImportOut.model_validate(
        await imports.start(session, principal, id, body.mapping, body.duplicates)
    )


@router.post("/{id}/undo", summary="Take back what it made", dependencies=[READ, once])
async def undo_import(id: Id, principal: StaffDep, session: OrgTx) -> ImportOut:
    """What was changed or used since stays, and is counted in `kept_count`."""
    return ImportOut.model_validate(await imports.undo(session, principal, id))
