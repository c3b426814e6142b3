"""Which policy an org books by, and what a change of it touches: only contracts of which nothing is booked yet."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.contracts.tables import BooksContract, BooksSettings
from crm.accounting.locks import CLAIM_LOCKS
from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.database import ROW_LOCK, get_own
from crm.kit.errors import Conflict
from crm.proposals.tables import Proposal

TITLES = {
    "liability": "Deposits are a liability until the job is done",
    "income": "Deposits are income when they are paid",
    "whole": "One invoice for the whole job, paid in parts",
}
SENTENCES = {
    "liability": "What is paid before the work is owed to the customer. The contract's invoice carries the real lines and "
    "takes the deposits up, so that the liability becomes income. This is what accounting rules ask for.",
    "income": "Each part is an invoice to income when it is paid. The contract's invoice at the end carries the real lines "
    "and takes the parts off again, so that sales tax is right. Simple, but income comes before the work.",
    "whole": "The invoice of the whole job is made with the first payment; each payment is applied to it. Right for jobs "
    "of a day or two: all income stands at the date of the invoice.",
}


FEE_TITLES = {
    "per_payment": "One expense for each payment",
    "per_day": "One expense a day",
}
FEE_SENTENCES = {
    "per_payment": "Each fee is an expense of its own, within seconds of the payment, and names its proposal. Stripe Clearing "
    "equals Stripe's balance at any moment.",
    "per_day": "When a day is over, its fees are one expense. Fewer documents where there are many payments; until the "
    "night Stripe Clearing is above Stripe's balance by the fees of today.",
}
SWITCHES = {
    "send_estimates": "Estimates for sent proposals",
    "attach_contract": "The signed PDF on the contract's invoice",
}


async def settings_of(session: AsyncSession, org_id: int) -> BooksSettings:
    """The org's settings; the defaults when it has chosen nothing."""
    found = await session.get(BooksSettings, org_id)
    return found or BooksSettings(
        org_id=org_id, policy="income", attach_contract=False, send_estimates=False, job_customers=False
    )


async def change(session: AsyncSession, org_id: int, actor: str, **values: object) -> BooksSettings:
    """Sets some of the settings. A new policy counts for contracts of which nothing has been booked; others keep theirs."""
    settings = await settings_of(session, org_id)
    before, was = settings.policy, {name: getattr(settings, name) for name in SWITCHES}
    await session.execute(
        insert(BooksSettings)
        .values(org_id=org_id, **values)
        .on_conflict_do_update(index_elements=["org_id"], set_={**values, "updated_at": clock.now()})
    )
    found = await session.get_one(BooksSettings, org_id, populate_existing=True)
    if found.policy != before:
        await session.execute(
            text("SELECT pg_advisory_xact_lock(:lock, :org)"), {"lock": CLAIM_LOCKS, "org": org_id}
        )
        for statement in (_MOVE, _FORGET):
            await session.execute(text(statement), {"org": org_id, "policy": found.policy})
        await record(session, org_id, Event.BOOKS_POLICY_SET, actor=actor, policy=found.policy, before=before)
    for name, said in SWITCHES.items():
        if (on := getattr(found, name)) != was[name]:
            await record(
                session,
                org_id,
                Event.BOOKS_SWITCH_SET,
                actor=actor,
                setting=name,
                said=said,
                state="on" if on else "off",
            )
    return found


_BEGUN = (
    "EXISTS (SELECT 1 FROM postings x WHERE x.org_id = c.org_id AND x.proposal_id = c.proposal_id "
    "AND x.kind NOT IN ('estimate', 'attachment') AND (x.form IS NOT NULL OR x.lease_until > now()))"
)
_MOVE = (
    f"UPDATE books_contracts c SET policy = :policy WHERE c.org_id = :org AND NOT c.in_parts AND NOT {_BEGUN}"
)
# The invoice that the old policy asked for, and nobody began: `postings.ensure` makes what the new one asks for.
_FORGET = (
    "DELETE FROM postings p USING books_contracts c WHERE p.org_id = :org AND c.org_id = p.org_id "
    "AND c.proposal_id = p.proposal_id AND p.kind = 'contract_invoice' AND p.form IS NULL "
    f"AND c.policy = :policy AND NOT {_BEGUN}"
)


async def choose_fee_documents(session: AsyncSession, org_id: int, actor: str, chosen: str) -> None:
    """Counts for fees to come; those of today that wait for the night are booked as one."""
    org = await session.get_one(Org, org_id, with_for_update=ROW_LOCK)
    if org.fee_documents == chosen:
        return
    org.fee_documents = chosen
    await record(
        session, org_id, Event.BOOKS_SWITCH_SET, actor=actor, setting="fee_documents", said="Stripe's fees",
        state=f"to {FEE_TITLES[chosen][0].lower()}{FEE_TITLES[chosen][1:]}",
    )  # fmt: skip


async def job_done(session: AsyncSession, org_id: int, proposal_id: int, actor: str) -> BooksContract:
    """The office says that the work is done: the contract's invoice is due. Again changes nothing. Raises NotFound or
    Conflict."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=True)
    if proposal.approved_at is None or proposal.status != "approved":
        raise Conflict("Only an approved contract can be done.", kind="not-approved")
    settings = await settings_of(session, org_id)
    await session.execute(
        insert(BooksContract)
        .values(org_id=org_id, proposal_id=proposal_id, policy=settings.policy)
        .on_conflict_do_nothing()
    )
    contract = await session.get_one(BooksContract, (org_id, proposal_id), with_for_update=ROW_LOCK)
    if contract.done_at is None:
        contract.done_at, contract.done_by = clock.now(), actor
        await record(session, org_id, Event.JOB_DONE, proposal_id=proposal_id, actor=actor)
    return contract
