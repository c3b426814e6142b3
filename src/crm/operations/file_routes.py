"""The company's files with where each is used, and deleting one that nothing uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from sqlalchemy import ColumnElement, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.files.keeping import delete_file
from crm.files.routes import FileOut
from crm.files.tables import File
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.database import get_own
from crm.kit.errors import Conflict
from crm.kit.inputs import ID_MAX, SearchText
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.search import WORDS_MAX, find
from crm.operations.file_uses import UNUSED, FileUse, uses_of

router = APIRouter(tags=["files"])
Id = Annotated[int, Path(ge=1, le=ID_MAX)]


class UsedFile(FileOut):
    """`uses` are the first few of `use_count`; without any the file may be deleted."""

    created_by: str
    uses: list[FileUse]
    use_count: int


@router.get(
    "/overview/files",
    summary="Files with where each is used, newest first",
    dependencies=[require(Permission.READ)],
)
async def list_files_with_uses(
    session: OrgTx,
    principal: StaffDep,
    kind: Literal["photo", "attachment", "logo", "paper"] | None = None,
    q: Annotated[SearchText, Query(description="Words of the name.")] = "",
    unused: Annotated[bool, Query(description="Only what nothing uses.")] = False,  # noqa: FBT002 - a query parameter
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UsedFile]:
    query = select(File).where(File.org_id == principal.org_id).order_by(File.id.desc()).limit(limit + 1)
    before = after(cursor)
    if kind is not None:
        query = query.where(File.kind == kind)
    if unused:
        query = query.where(text(UNUSED).bindparams(org=principal.org_id))
    if q and kind is None and not unused:
        ids = await find(session, principal.org_id, "files", q, most=limit + 1, before=before)
        query = query.where(File.id.in_(ids))
    elif q:  # `find` cuts its answer off before it knows these conditions
        query = query.where(*(_stands_in_the_name(word) for word in q.split()[:WORDS_MAX]))
    if before is not None:
        query = query.where(File.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=await _with_uses(session, principal.org_id, rows), next_cursor=next_cursor)


@router.get(
    "/overview/files/{id}", summary="A file with where it is used", dependencies=[require(Permission.READ)]
)
async def get_file_with_uses(id: Id, session: OrgTx, principal: StaffDep) -> UsedFile:
    row = await get_own(session, File, id, principal.org_id)
    return (await _with_uses(session, principal.org_id, [row]))[0]


@router.delete(
    "/files/{id}",
    status_code=204,
    summary="Delete a file that nothing uses",
    dependencies=[require(Permission.PROPOSALS_WRITE)],
)
async def remove_file(id: Id, session: OrgTx, principal: StaffDep) -> None:
    uses, _ = (await uses_of(session, principal.org_id, [id])).get(id, ([], 0))
    if template := next((use for use in uses if use.kind == "template"), None):
        raise Conflict(
            f"The template “{template.title}” uses this file; take it out there first.", kind="file-in-use"
        )
    await delete_file(session, principal, id)


async def _with_uses(session: AsyncSession, org_id: int, rows: Sequence[File]) -> list[UsedFile]:
    uses = await uses_of(session, org_id, [row.id for row in rows])
    made = []
    for row in rows:
        own = {name: getattr(row, name) for name in FileOut.model_fields}
        shown, count = uses.get(row.id, ([], 0))
        made.append(UsedFile(**own, created_by=row.created_by, uses=shown, use_count=count))
    return made


def _stands_in_the_name(word: str) -> ColumnElement[bool]:
    """As `find` does: a word of one or two letters is looked for where words begin."""
    begins = word.lower() if len(word) > 2 else f" {word.lower()}"
    return File.search_text.contains(begins, autoescape=True)
