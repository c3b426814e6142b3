"""The API of the connection doctor."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from crm.accounting import doctor, findings
from crm.accounting.connection_routes import BooksDep
from crm.identity.authentication import StaffDep, require
from crm.identity.permissions import Permission

router = APIRouter(tags=["books"])

StateWord = Literal["ok", "warning", "wrong", "unknown"]


class DoctorFinding(BaseModel):
    """What was found, why it matters and how to mend it; the latter two are empty where all is well."""

    check: str
    state: StateWord
    what: str
    why: str
    mend: str


class Examined(BaseModel):
    worst: StateWord
    findings: list[DoctorFinding]


# A POST, for it asks QuickBooks and Stripe: a page that is merely opened must not cost reads.
@router.post(
    "/qbo/doctor",
    summary="Examine the connection: four metered reads, eight where something is mapped",
    dependencies=[require(Permission.BOOKS_WRITE)],
)
async def examine_qbo(principal: StaffDep, work: BooksDep) -> Examined:
    found = await doctor.examine(work, principal.org_id)
    return Examined(
        worst=findings.worst(found),
        findings=[DoctorFinding.model_validate(one, from_attributes=True) for one in found],
    )
