"""Keeps a file, finds it again, and lets go of it when nothing uses it."""

from __future__ import annotations

import hashlib
import re

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.files.content import Checked
from crm.files.tables import File
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid

NAME_LENGTH_MAX = 150
FILES_PER_ORG_MAX = 200_000


async def keep(session: AsyncSession, org_id: int, kind: str, name: str, found: Checked, actor: str) -> File:
    """The file's row; content that is there already gets no second one. Raises Conflict when the org is full."""
    digest = hashlib.sha256(found.content).hexdigest()
    same = select(File).where(File.org_id == org_id, File.kind == kind, File.sha256 == digest)
    if (existing := await session.scalar(same)) is not None:
        return existing
    count = await session.scalar(select(func.count()).select_from(File).where(File.org_id == org_id))
    if (count or 0) >= FILES_PER_ORG_MAX:
        raise Conflict(f"There are {FILES_PER_ORG_MAX:,} files already; delete what is not needed.")
    made = await session.execute(
        insert(File)
        .values(
            org_id=org_id,
            kind=kind,
            name=safe_name(name, found.extension),
            media_type=found.media_type,
            size_bytes=len(found.content),
            sha256=digest,
            width=found.width,
            height=found.height,
            content=found.content,
            created_by=actor,
        )
        .on_conflict_do_nothing()
        .returning(File.id)
    )
    file_id = made.scalar_one_or_none()
    row = (await session.scalars(same)).one()
    if file_id is not None:
        await record(
            session, org_id, Event.FILE_KEPT, actor=actor, file_id=file_id, kind=kind, name=row.name, sha256=digest
        )  # fmt: skip
    return row


async def delete_file(session: AsyncSession, principal: Principal, file_id: int) -> None:
    """Raises NotFound, and Conflict for a file that something shows or keeps."""
    row = await get_own(session, File, file_id, principal.org_id, lock=True)
    if row.kind == "paper":
        raise Conflict("A paper that was made stays as it is.", kind="file-in-use")
    name = row.name
    try:
        async with session.begin_nested():
            await session.delete(row)
    except IntegrityError as error:
        raise Conflict(
            "This file is in use, by a proposal or as the logo; take it out there first.", kind="file-in-use"
        ) from error
    await record(
        session, principal.org_id, Event.FILE_DELETED, actor=principal.actor, file_id=file_id, name=name
    )


async def set_logo(session: AsyncSession, principal: Principal, file_id: int | None) -> Org:
    """Shows this picture, or none, wherever the company appears. Raises Invalid for a file that is no logo."""
    org = await session.get_one(Org, principal.org_id)
    if file_id is not None:
        logo = select(File.id).where(File.org_id == principal.org_id, File.id == file_id, File.kind == "logo")
        if await session.scalar(logo) is None:
            raise Invalid("There is no such logo here; send it to /files with kind=logo.", field="file_id")
    if org.logo_file_id != file_id:
        org.logo_file_id = file_id
        await record(
            session, org.id, Event.ORG_UPDATED, actor=principal.actor,
            fields=["logo_file_id"], values={"logo_file_id": file_id},
        )  # fmt: skip
    return org


async def content_of(session: AsyncSession, org_id: int, file_id: int) -> tuple[File, bytes]:
    """The file with its bytes. Raises NotFound."""
    row = await get_own(session, File, file_id, org_id)
    content = await session.scalar(select(File.content).where(File.org_id == org_id, File.id == file_id))
    return row, content or b""


def safe_name(name: str, extension: str) -> str:
    """A name that is good on every system, with the extension that the content has."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}$", "", name.replace("\\", "/").rpartition("/")[2])
    stem = re.sub(r"[^\w .,()&'-]", "_", stem).strip(" .")[:NAME_LENGTH_MAX]
    return f"{stem or 'file'}.{extension}"
