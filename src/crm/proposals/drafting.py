"""Writes drafts: new ones, changes, and the new version that replaces a proposal already sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.tables import Customer
from crm.identity.principal import Principal
from crm.identity.tables import Org
from crm.kit.database import Big, get_own
from crm.kit.errors import Invalid, NotFound
from crm.kit.money import format_money, payable_step
from crm.proposals import lifecycle, pricing
from crm.proposals.attached_files import attach, set_files
from crm.proposals.content import Content, load, store_totals, today
from crm.proposals.inputs import DepositIn, FileIn, LineIn, MilestoneIn, NewProposal, OptionIn, ProposalChange
from crm.proposals.lifecycle import Status
from crm.proposals.revisions import must_match, revise
from crm.proposals.tables import LineItem, Milestone, Proposal, ProposalFile, ProposalOption


async def create(session: AsyncSession, principal: Principal, new: NewProposal) -> Content:
    """A draft with its totals. Raises Invalid for an unknown customer or totals that cannot be."""
    org = await session.get_one(Org, principal.org_id)
    await _check_customer(session, principal.org_id, new.customer_id)
    proposal = Proposal(
        org_id=principal.org_id,
        customer_id=new.customer_id,
        language=new.language or org.language,
        title=new.title,
        introduction=_own_or(new, "introduction", org.default_introductions, org),
        terms=_own_or(new, "terms", org.default_terms, org),
        currency=new.currency or org.currency,
        valid_until=_valid_until(new, org),
        deposit_percent=new.deposit.percent,
        deposit_minor=new.deposit.amount_minor,
        right_to_cancel=new.right_to_cancel,
    )
    session.add(proposal)
    await session.flush()
    proposal.number = proposal.id
    _add_milestones(session, proposal, new.milestones)
    await _add_lines(session, proposal, None, new.lines)
    await _add_options(session, proposal, new.options)
    await set_files(session, proposal, _named(new.files))
    content = await _priced(session, proposal)
    await record(
        session,
        principal.org_id,
        Event.PROPOSAL_CREATED,
        proposal_id=proposal.id,
        actor=principal.actor,
        total_minor=proposal.total_minor,
        currency=proposal.currency,
    )
    return content


def _own_or(new: NewProposal, field: str, standard: dict[str, Any], org: Org) -> str:
    """What was written, a blank too; the company's text in the language of the sale when it was left out."""
    if field in new.model_fields_set:
        return str(getattr(new, field))
    return str(standard.get(new.language or org.language, ""))


def _valid_until(new: NewProposal, org: Org) -> date | None:
    if "valid_until" in new.model_fields_set or org.validity_days is None:
        return new.valid_until
    return today(org) + timedelta(days=org.validity_days)


async def change(
    session: AsyncSession,
    principal: Principal,
    proposal_id: int,
    given: ProposalChange,
    *,
    if_match: str | None = None,
    autosave: bool = False,
) -> Content:
    """Changes a draft. Raises Conflict once the customer has been sent it, and ChangedMeanwhile when it is not
    the revision of `if_match` any more. What `autosave` saves in one sitting is said once."""
    content = await load(session, principal.org_id, proposal_id, lock=True)
    lifecycle.must_be_editable(content.status())
    proposal = content.proposal
    await must_match(session, proposal, if_match)
    said_already = revise(proposal, principal.actor) and autosave
    plain = {"title", "introduction", "terms", "currency", "language"}
    fields = given.model_dump(exclude_unset=True, include=plain)
    for name, value in fields.items():
        if value is None:
            raise Invalid("Please fill this in.", field=name)
        setattr(proposal, name, value)
    if given.customer_id is not None:
        await _check_customer(session, principal.org_id, given.customer_id)
        proposal.customer_id = given.customer_id
    if "valid_until" in given.model_fields_set:
        proposal.valid_until = given.valid_until
    if "right_to_cancel" in given.model_fields_set:
        proposal.right_to_cancel = given.right_to_cancel
    if "deposit" in given.model_fields_set:
        rule = given.deposit or DepositIn()
        proposal.deposit_percent = rule.percent
        proposal.deposit_minor = Big(rule.amount_minor) if rule.amount_minor is not None else None
    if given.milestones is not None:
        await session.execute(delete(Milestone).where(*_own(Milestone, proposal)))
        _add_milestones(session, proposal, given.milestones)
    if given.lines is not None:
        await session.execute(delete(LineItem).where(*_own(LineItem, proposal), LineItem.option_id.is_(None)))
        await _add_lines(session, proposal, None, given.lines)
    if given.options is not None:
        await session.execute(
            delete(LineItem).where(*_own(LineItem, proposal), LineItem.option_id.is_not(None))
        )
        await session.execute(delete(ProposalOption).where(*_own(ProposalOption, proposal)))
        await _add_options(session, proposal, given.options)
    if given.files is not None:
        await set_files(session, proposal, _named(given.files))
    changed = await _priced(session, proposal)
    if said_already:
        return changed
    await record(
        session,
        principal.org_id,
        Event.PROPOSAL_UPDATED,
        proposal_id=proposal.id,
        actor=principal.actor,
        fields=sorted(given.model_fields_set),
    )
    return changed


async def supersede(session: AsyncSession, principal: Principal, proposal_id: int) -> Content:
    """Replaces a proposal by a draft with the same content, and returns the draft.

    From now on the old one's links say that there is a newer version. Raises Conflict once it is approved.
    """
    old = await load(session, principal.org_id, proposal_id, lock=True)
    lifecycle.move(old.status(), Status.SUPERSEDED)
    source = old.proposal
    new = Proposal(
        org_id=source.org_id,
        number=source.number or source.id,
        version=source.version + 1,
        customer_id=source.customer_id,
        language=source.language,
        title=source.title,
        introduction=source.introduction,
        terms=source.terms,
        currency=source.currency,
        valid_until=None,  # the old date may have passed, and a new offer deserves a new one
        deposit_percent=source.deposit_percent,
        deposit_minor=source.deposit_minor,
        right_to_cancel=source.right_to_cancel,
    )
    session.add(new)
    await session.flush()
    _add_milestones(session, new, old.milestones)
    option_ids: dict[int | None, int | None] = {None: None}
    for option in old.options:
        copy = ProposalOption(
            org_id=new.org_id,
            proposal_id=new.id,
            position=option.position,
            name=option.name,
            description=option.description,
        )
        session.add(copy)
        await session.flush()
        option_ids[option.id] = copy.id
    session.add_all(_copied(line, new.id, option_ids[line.option_id]) for line in old.lines)
    attach(session, new, [(one.file.id, one.caption) for one in old.files])
    source.status, source.superseded_by = Status.SUPERSEDED, new.id
    draft = await _priced(session, new)
    org_id, actor = principal.org_id, principal.actor
    await record(
        session, org_id, Event.PROPOSAL_SUPERSEDED, proposal_id=source.id, actor=actor, superseded_by=new.id
    )
    await record(
        session, org_id, Event.PROPOSAL_CREATED, proposal_id=new.id, actor=actor, supersedes=source.id,
        total_minor=new.total_minor, currency=new.currency, version=new.version,
    )  # fmt: skip
    return draft


async def discard(session: AsyncSession, principal: Principal, proposal_id: int) -> int | None:
    """Deletes a draft. When it was to replace a version that the customer has, that one holds again, with its
    links; its id is returned. Raises Conflict for what was sent."""
    draft = (await load(session, principal.org_id, proposal_id, lock=True)).proposal
    if draft.status != Status.DRAFT:
        raise lifecycle.blocked(Status(draft.status), "be discarded")
    before = await session.scalar(
        select(Proposal)
        .where(Proposal.org_id == draft.org_id, Proposal.superseded_by == draft.id)
        .with_for_update(key_share=True)
    )
    for table in (LineItem, ProposalOption, Milestone, ProposalFile):
        await session.execute(delete(table).where(*_own(table, draft)))
    if before is not None:
        before.superseded_by = None
        before.status = _status_before(before)
    number, version = draft.number, draft.version
    await session.delete(draft)
    await session.flush()
    await record(
        session, principal.org_id, Event.PROPOSAL_DISCARDED, actor=principal.actor,
        proposal_id=before.id if before else proposal_id, number=number, version=version,
    )  # fmt: skip
    return before.id if before else None


def _status_before(proposal: Proposal) -> Status:
    """What it was before it was replaced; its moments tell. Its date may have passed: `status_today` says so."""
    if proposal.declined_at is not None:
        return Status.DECLINED
    return Status.VIEWED if proposal.viewed_at is not None else Status.SENT


async def _check_customer(session: AsyncSession, org_id: int, customer_id: int) -> None:
    try:
        await get_own(session, Customer, customer_id, org_id)
    except NotFound:
        raise Invalid("There is no such customer here.", field="customer_id") from None


def _add_milestones(
    session: AsyncSession, proposal: Proposal, milestones: Sequence[MilestoneIn | Milestone]
) -> None:
    session.add_all(
        Milestone(
            org_id=proposal.org_id,
            proposal_id=proposal.id,
            position=position,
            name=given.name,
            percent=given.percent,
            amount_minor=given.amount_minor,
        )
        for position, given in enumerate(milestones, start=1)
    )


async def _add_options(session: AsyncSession, proposal: Proposal, options: Sequence[OptionIn]) -> None:
    for position, given in enumerate(options, start=1):
        option = ProposalOption(
            org_id=proposal.org_id,
            proposal_id=proposal.id,
            position=position,
            name=given.name,
            description=given.description,
        )
        session.add(option)
        await session.flush()
        await _add_lines(session, proposal, option.id, given.lines)


async def _add_lines(
    session: AsyncSession, proposal: Proposal, option_id: int | None, lines: Sequence[LineIn]
) -> None:
    session.add_all(
        LineItem(
            org_id=proposal.org_id,
            proposal_id=proposal.id,
            option_id=option_id,
            position=position,
            **line.model_dump(),
        )
        for position, line in enumerate(lines, start=1)
    )
    await session.flush()


async def _priced(session: AsyncSession, proposal: Proposal) -> Content:
    """Stores the totals of what is written; every option must have a price that can be."""
    await session.flush()
    await session.refresh(proposal)
    content = await load(session, proposal.org_id, proposal.id)
    for line in content.lines:
        pricing.check_discount(line, "lines")
    for option_id in content.choices():
        everything = [line.id for line in content.offered(option_id)]
        content.totals(option_id, everything)
        content.totals(option_id, ())
    _check_deposit(content)
    if content.lines and content.milestones:
        content.schedule(
            content.smallest_total(), 1
        )  # sending asks again, with the installation's percentage
    store_totals(proposal, content.headline())
    await session.flush()
    await session.refresh(proposal)
    return content


def _check_deposit(content: Content) -> None:
    """A fixed deposit must be chargeable and no more than the smallest total it may be asked of."""
    amount, currency = content.proposal.deposit_minor, content.proposal.currency
    if amount is None:
        return
    step = payable_step(currency)
    if amount % step:
        raise Invalid(f"In {currency} an amount must be a multiple of {step}.", field="deposit.amount_minor")
    smallest = content.smallest_total()
    if content.lines and amount > smallest:
        raise Invalid(
            f"The deposit is more than the total of {format_money(smallest, currency)}.",
            field="deposit.amount_minor",
        )


def _copied(line: LineItem, proposal_id: int, option_id: int | None) -> LineItem:
    same = {
        column.key: getattr(line, column.key)
        for column in LineItem.__table__.columns
        if column.key not in {"id", "proposal_id", "option_id"}
    }
    return LineItem(**same, proposal_id=proposal_id, option_id=option_id)


def _named(files: Sequence[FileIn]) -> list[tuple[int, str]]:
    return [(one.file_id, one.caption) for one in files]


def _own(table: Any, proposal: Proposal) -> tuple[Any, Any]:
    return table.org_id == proposal.org_id, table.proposal_id == proposal.id
