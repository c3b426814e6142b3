"""Jobs that gave up: seen by the org they belong to, and run again by a person."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text

from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.kit.errors import NotFound

router = APIRouter(tags=["operations"])
FAILED_SHOWN_MAX = 200


class FailedJob(BaseModel):
    id: int
    task: str
    args: dict[str, Any]
    attempts: int


@router.get("/jobs/failed", summary="Jobs that gave up", dependencies=[require(Permission.BOOKS_READ)])
async def list_failed_jobs(session: OrgTx, principal: StaffDep) -> list[FailedJob]:
    rows = await session.execute(
        text(
            "SELECT id, task_name, args, attempts FROM procrastinate_jobs WHERE status = 'failed' "
            "AND args->>'org_id' = :org ORDER BY id DESC LIMIT :most"
        ),
        {"org": str(principal.org_id), "most": FAILED_SHOWN_MAX},
    )
    return [FailedJob(id=row[0], task=row[1], args=row[2], attempts=row[3]) for row in rows]


@router.post(
    "/jobs/{job_id}/retry",
    summary="Run a failed job again",
    dependencies=[require(Permission.BOOKS_WRITE)],
)
async def retry_failed_job(job_id: int, session: OrgTx, principal: StaffDep) -> FailedJob:
    row = (
        await session.execute(
            text(
                "SELECT id, task_name, args, attempts FROM procrastinate_jobs WHERE id = :id "
                "AND status = 'failed' AND args->>'org_id' = :org FOR NO KEY UPDATE"
            ),
            {"id": job_id, "org": str(principal.org_id)},
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no failed job {job_id} here.")
    await session.execute(
        text("SELECT procrastinate_retry_job_v2(:id, now(), NULL, NULL, NULL)"), {"id": job_id}
    )
    return FailedJob(id=row[0], task=row[1], args=row[2], attempts=row[3])
