"""Where files are used: by proposals and templates, as a paper that was made, as the company's logo."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

USES_SHOWN_MAX = 5

# A template names its files inside its content, so no foreign key keeps them.
_IN_TEMPLATES = """
    SELECT t.id, t.name AS title, (one ->> 'file_id')::int AS file_id FROM proposal_templates t
    CROSS JOIN LATERAL jsonb_array_elements(coalesce(t.content -> 'files', '[]')) AS one WHERE t.org_id = :org
"""

UNUSED = f"""
    NOT EXISTS (SELECT FROM proposal_files u WHERE u.org_id = files.org_id AND u.file_id = files.id)
    AND files.kind <> 'paper'
    AND NOT EXISTS (SELECT FROM orgs o WHERE o.id = files.org_id AND o.logo_file_id = files.id)
    AND files.id NOT IN (SELECT file_id FROM ({_IN_TEMPLATES}) t)
"""

_USES = f"""
    SELECT file_id, kind, id, title, uses FROM (
      SELECT u.*, count(*) OVER (PARTITION BY file_id) AS uses,
        row_number() OVER (PARTITION BY file_id ORDER BY kind, id DESC) AS place
      FROM (
        SELECT f.file_id, 'proposal' AS kind, p.id, p.title FROM proposal_files f
        JOIN proposals p ON p.org_id = f.org_id AND p.id = f.proposal_id
        WHERE f.org_id = :org AND f.file_id = ANY (:files)
        UNION ALL
        SELECT a.file_id, 'paper', p.id, p.title FROM papers a
        JOIN proposals p ON p.org_id = a.org_id AND p.id = a.proposal_id
        WHERE a.org_id = :org AND a.file_id = ANY (:files)
        UNION ALL
        SELECT logo_file_id, 'logo', id, name FROM orgs WHERE id = :org AND logo_file_id = ANY (:files)
        UNION ALL
        SELECT DISTINCT file_id, 'template', id, title FROM ({_IN_TEMPLATES}) t WHERE file_id = ANY (:files)
      ) u
    ) placed WHERE place <= :most ORDER BY file_id, place
"""


class FileUse(BaseModel):
    """`id` is the proposal's (also of a paper), the template's or, of the logo, the company's."""

    kind: Literal["proposal", "paper", "template", "logo"]
    id: int
    title: str


async def uses_of(
    session: AsyncSession, org_id: int, file_ids: Sequence[int]
) -> dict[int, tuple[list[FileUse], int]]:
    """Of each file that is used: the first few uses, and how many there are."""
    values: dict[str, Any] = {"org": org_id, "files": list(file_ids), "most": USES_SHOWN_MAX}
    uses: dict[int, list[FileUse]] = defaultdict(list)
    counts: dict[int, int] = {}
    for row in await session.execute(text(_USES), values):
        uses[row.file_id].append(FileUse(kind=row.kind, id=row.id, title=row.title))
        counts[row.file_id] = row.uses
    return {file_id: (found, counts[file_id]) for file_id, found in uses.items()}
