"""Files over HTTP: the body of the upload is the file itself."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import select

from crm.dependencies import DatabaseDep
from crm.files.content import FILE_BYTES_MAX
from crm.files.keeping import content_of, keep, set_logo
from crm.files.tables import File
from crm.files.uploads import checked
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.shapes import OrgOut, org_out
from crm.kit.database import get_own
from crm.kit.inputs import ID_MAX, Input, RowId
from crm.kit.paging import Cursor, Limit, Page, after, cut
from crm.kit.times import Moment

router = APIRouter(prefix="/files", tags=["files"])

Id = Annotated[int, Path(ge=1, le=ID_MAX)]
READ = require(Permission.READ)
WRITE = require(Permission.PROPOSALS_WRITE)


class FileOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: Literal["photo", "attachment", "logo", "paper"]
    name: str
    media_type: str
    size_bytes: int
    sha256: str
    width: int | None
    height: int | None
    created_at: Moment


@router.post(
    "",
    status_code=201,
    summary="Keep a photo, an attachment or a logo",
    dependencies=[WRITE],
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": f"The file's bytes, at most {FILE_BYTES_MAX // 1_000_000} MB: a JPEG, PNG or WebP; as an "
            "attachment a PDF too. What it is is decided by its content.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def upload_file(
    request: Request,
    principal: StaffDep,
    database: DatabaseDep,
    kind: Literal["photo", "attachment", "logo"],
    name: Annotated[str, StringConstraints(max_length=255), Query(description="What people call it.")] = "",
) -> FileOut:
    """Sending the same content again answers with the file that is there."""
    found = await checked(kind, await request.body())
    async with database.transaction(principal.org_id) as session:
        row = await keep(session, principal.org_id, kind, name, found, principal.actor)
        return FileOut.model_validate(row)


@router.get("", summary="Files, newest first", dependencies=[READ])
async def list_files(
    principal: StaffDep,
    session: OrgTx,
    kind: Literal["photo", "attachment", "logo", "paper"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[FileOut]:
    query = select(File).where(File.org_id == principal.org_id).order_by(File.id.desc()).limit(limit + 1)
    if kind is not None:
        query = query.where(File.kind == kind)
    if (before := after(cursor)) is not None:
        query = query.where(File.id < before)
    rows, next_cursor = cut((await session.scalars(query)).all(), limit)
    return Page(items=[FileOut.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.get("/{id}", summary="What a file is", dependencies=[READ])
async def describe_file(id: Id, principal: StaffDep, session: OrgTx) -> FileOut:
    return FileOut.model_validate(await get_own(session, File, id, principal.org_id))


@router.get(
    "/{id}/content",
    summary="The file itself",
    dependencies=[READ],
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "The bytes."}},
)
async def read_file(id: Id, request: Request, principal: StaffDep, session: OrgTx) -> Response:
    row, content = await content_of(session, principal.org_id, id)
    return file_response(request, row, content)


class LogoIn(Input):
    file_id: RowId


logo_router = APIRouter(prefix="/org/logo", tags=["org"])


@logo_router.put("", summary="Show this logo", dependencies=[require(Permission.ORG_MANAGE)])
async def put_logo(body: LogoIn, principal: StaffDep, session: OrgTx) -> OrgOut:
    return org_out(await set_logo(session, principal, body.file_id))


@logo_router.delete("", summary="Show no logo", dependencies=[require(Permission.ORG_MANAGE)])
async def remove_logo(principal: StaffDep, session: OrgTx) -> OrgOut:
    return org_out(await set_logo(session, principal, None))


def file_response(request: Request, row: File, content: bytes) -> Response:
    """The bytes with headers that let nothing in them run; 304 when the caller has them already."""
    headers = {
        "ETag": f'"{row.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(row.name)}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=row.media_type, headers=headers)
