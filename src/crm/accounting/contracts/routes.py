"""The API of the policy on deposits, and of how one contract stands in the books."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, cast

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts import forms, journal, needs, policy
from crm.accounting.contracts.tables import POLICIES, BooksContract
from crm.accounting.tables import Posting
from crm.dependencies import StateDep
from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.identity.tables import Org
from crm.kit.database import get_own
from crm.proposals.tables import Proposal

router = APIRouter(tags=["books"])
READ = require(Permission.BOOKS_READ)
WRITE = require(Permission.BOOKS_WRITE)
Policy = Literal["liability", "income", "whole"]
FeeDocuments = Literal["per_payment", "per_day"]


class EntryOut(BaseModel):
    account: str
    debit_minor: int
    credit_minor: int


class JournalDocument(BaseModel):
    entity: str
    said: str
    entries: list[EntryOut]


class StepOut(BaseModel):
    """Something that happens, and what it makes in QuickBooks."""

    said: str
    documents: list[JournalDocument]


class PolicyChoice(BaseModel):
    policy: Policy
    title: str
    sentence: str
    recommended: bool
    currency: str = "USD"
    example: list[StepOut]


class FeeChoice(BaseModel):
    fee_documents: FeeDocuments
    title: str
    sentence: str
    example: list[JournalDocument]


class NeedOut(BaseModel):
    """What the policy needs and the company lacks. `can_make`: `POST /books/mapping/make` makes it."""

    slot: str
    sentence: str
    can_make: bool


class PolicyOut(BaseModel):
    """`job_customers`: documents go to a sub-customer for each job. `choices` show, for a job over $10,000.00 with 8 % sales
    tax, the journal that each policy makes; `fee_choices` the expenses of a day with three payments. `needs`: what the
    policy in use lacks in the company, by its lists as they were last read."""

    policy: Policy
    attach_contract: bool
    send_estimates: bool
    job_customers: bool
    fee_documents: FeeDocuments
    needs: list[NeedOut]
    choices: list[PolicyChoice]
    fee_choices: list[FeeChoice]


class PolicyIn(BaseModel):
    """Fields left out stay."""

    policy: Policy | None = None
    attach_contract: bool | None = None
    send_estimates: bool | None = None
    job_customers: bool | None = None
    fee_documents: FeeDocuments | None = None


@router.get("/books/policy", summary="How deposits are booked, and what each way does", dependencies=[READ])
async def get_books_policy(session: OrgTx, principal: StaffDep, state: StateDep) -> PolicyOut:
    return await _policy_out(session, principal.org_id, state.settings.qbo_item_name_deposit)


@router.patch(
    "/books/policy", summary="Choose how deposits and Stripe's fees are booked", dependencies=[WRITE]
)
async def set_books_policy(body: PolicyIn, session: OrgTx, principal: StaffDep, state: StateDep) -> PolicyOut:
    values = body.model_dump(exclude_none=True)
    if (fee_documents := values.pop("fee_documents", None)) is not None:
        await policy.choose_fee_documents(session, principal.org_id, principal.actor, fee_documents)
    if values:
        await policy.change(session, principal.org_id, principal.actor, **values)
    return await _policy_out(session, principal.org_id, state.settings.qbo_item_name_deposit)


async def _policy_out(session: AsyncSession, org_id: int, income_item: str) -> PolicyOut:
    settings = await policy.settings_of(session, org_id)
    org = await session.get_one(Org, org_id)
    lacking = await needs.of_policy(session, org_id, settings.policy, income_item)
    return PolicyOut(
        policy=cast("Policy", settings.policy),
        attach_contract=settings.attach_contract,
        send_estimates=settings.send_estimates,
        job_customers=settings.job_customers,
        fee_documents=cast("FeeDocuments", org.fee_documents),
        needs=[NeedOut(slot=one.slot, sentence=one.sentence, can_make=one.can_make) for one in lacking],
        fee_choices=[
            FeeChoice(
                fee_documents=cast("FeeDocuments", one),
                title=title,
                sentence=policy.FEE_SENTENCES[one],
                example=[document_out(document) for document in journal.fee_example(one)],
            )
            for one, title in policy.FEE_TITLES.items()
        ],
        choices=[
            PolicyChoice(
                policy=cast("Policy", one),
                title=policy.TITLES[one],
                sentence=policy.SENTENCES[one],
                recommended=one == "liability",
                example=[step_out(step) for step in journal.example(one)],
            )
            for one in POLICIES
        ],
    )


def step_out(step: journal.Step) -> StepOut:
    return StepOut(said=step.said, documents=[document_out(document) for document in step.documents])


def document_out(document: journal.Document) -> JournalDocument:
    return JournalDocument(
        entity=document.entity,
        said=document.said,
        entries=[
            EntryOut(account=e.account, debit_minor=max(e.minor, 0), credit_minor=max(-e.minor, 0))
            for e in document.entries
        ],
    )


class ContractOut(BaseModel):
    """`policy` is the one that the contract keeps; null while nothing of it is in the books. `in_parts`: each part has an
    invoice of its own, and the whole has none. `invoice_minor` is what its invoice is over, less deposits, or would be if
    the job were done now; `invoice_state` that of its posting, null while none is due."""

    proposal_id: int
    policy: Policy | None
    done_at: datetime | None
    in_parts: bool
    deposits_left_minor: int
    total_minor: int
    invoice_minor: int
    invoice_state: str | None
    currency: str


@router.get(
    "/books/contracts/{proposal_id}", summary="How one contract stands in the books", dependencies=[READ]
)
async def get_books_contract(proposal_id: int, session: OrgTx, principal: StaffDep) -> ContractOut:
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
    contract = await session.get(BooksContract, (principal.org_id, proposal_id))
    return await _contract_out(session, proposal, contract)


@router.post(
    "/books/contracts/{proposal_id}/done",
    summary="Say that the job is done: its invoice is made",
    dependencies=[WRITE],
)
async def set_job_done(proposal_id: int, session: OrgTx, principal: StaffDep) -> ContractOut:
    contract = await policy.job_done(session, principal.org_id, proposal_id, principal.actor)
    proposal = await get_own(session, Proposal, proposal_id, principal.org_id)
    return await _contract_out(session, proposal, contract)


async def _contract_out(session: OrgTx, proposal: Proposal, contract: BooksContract | None) -> ContractOut:
    left = await forms.deposits_left(session, proposal.org_id, proposal.id)
    total = proposal.total_minor + proposal.changes_minor
    posting = await session.scalar(
        select(Posting).where(
            Posting.org_id == proposal.org_id,
            Posting.kind == "contract_invoice",
            Posting.subject == f"proposal:{proposal.id}",
        )
    )
    invoice = total - min(max(left, 0), total)
    if posting is not None and posting.form is not None:  # decided: what was sent is never rewritten
        invoice = posting.amount_minor + (posting.deposit_minor or 0)
    return ContractOut(
        proposal_id=proposal.id,
        policy=cast("Policy", contract.policy) if contract else None,
        done_at=contract.done_at if contract else None,
        in_parts=contract is not None and contract.in_parts,
        deposits_left_minor=left,
        total_minor=total,
        invoice_minor=invoice,
        invoice_state=posting.state if posting else None,
        currency=proposal.currency,
    )
