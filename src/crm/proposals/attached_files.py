"""The photos and papers that belong to a proposal: which, in which order, with which words below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.files.keeping import content_of
from crm.files.tables import File
from crm.kit.errors import Invalid, NotFound
from crm.proposals.tables import Proposal, ProposalFile

KINDS = ("photo", "attachment")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file as this proposal shows it."""

    file: File
    caption: str


async def files_of(session: AsyncSession, org_id: int, proposal_id: int) -> list[AttachedFile]:
    """In the order in which they are shown, without their bytes."""
    rows = await session.execute(
        select(File, ProposalFile.caption)
        .join(ProposalFile, (ProposalFile.org_id == File.org_id) & (ProposalFile.file_id == File.id))
        .where(ProposalFile.org_id == org_id, ProposalFile.proposal_id == proposal_id)
        .order_by(ProposalFile.position)
    )
    return [AttachedFile(file, caption) for file, caption in rows]


async def set_files(session: AsyncSession, proposal: Proposal, given: Sequence[tuple[int, str]]) -> None:
    """Replaces what was attached by these ids and captions. Raises Invalid for a file that is not there, is a logo or paper, or comes twice."""
    ids = [file_id for file_id, _ in given]
    known = set(
        await session.scalars(
            select(File.id).where(File.org_id == proposal.org_id, File.id.in_(ids), File.kind.in_(KINDS))
        )
    )
    for index, file_id in enumerate(ids):
        if file_id not in known:
            raise Invalid("There is no such photo or attachment here.", field=f"files.{index}.file_id")
        if file_id in ids[:index]:
            raise Invalid("This file is in the list twice.", field=f"files.{index}.file_id")
    await session.execute(
        delete(ProposalFile).where(
            ProposalFile.org_id == proposal.org_id, ProposalFile.proposal_id == proposal.id
        )
    )
    attach(session, proposal, given)


def attach(session: AsyncSession, proposal: Proposal, files: Sequence[tuple[int, str]]) -> None:
    """Adds files by id with their captions, to a proposal that has none yet."""
    session.add_all(
        ProposalFile(
            org_id=proposal.org_id,
            proposal_id=proposal.id,
            position=position,
            file_id=file_id,
            caption=caption,
        )
        for position, (file_id, caption) in enumerate(files, start=1)
    )


async def shown_file(
    session: AsyncSession, org_id: int, proposal_id: int, file_id: int, logo_file_id: int | None
) -> tuple[File, bytes]:
    """The bytes of a file that this proposal shows, or of the company's logo. Raises NotFound for any other."""
    attached = await session.scalar(
        select(ProposalFile.file_id).where(
            ProposalFile.org_id == org_id,
            ProposalFile.proposal_id == proposal_id,
            ProposalFile.file_id == file_id,
        )
    )
    if attached is None and file_id != logo_file_id:
        raise NotFound("This file does not belong to the proposal.")
    return await content_of(session, org_id, file_id)
