"""What happens to a proposal after it is written: sent, viewed, approved, declined, expired."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.tables import Org
from crm.kit import clock
from crm.kit.errors import Conflict, Invalid
from crm.law.business_days import cancel_until
from crm.proposals import lifecycle
from crm.proposals.content import Content, content_hash, is_unchanged, load, store_totals, today
from crm.proposals.lifecycle import OPEN, Status
from crm.proposals.revisions import must_match
from crm.proposals.tables import Approval, Proposal

CUSTOMER_ACTOR = "customer"
EXPIRED_AT_ONCE_MAX = 500


async def send(
    session: AsyncSession,
    org_id: int,
    proposal_id: int,
    *,
    default_percent: int | None,
    actor: str,
    override_reason: str = "",
    notify: bool = True,
    to: str | None = None,
    message: str = "",
    if_match: str | None = None,
) -> Content:
    """Freezes the content under its hash and opens it to the customer. Raises Conflict or Invalid, and
    ChangedMeanwhile when the draft is not the revision of `if_match` any more.

    What contract law blocks is sent only with an `override_reason`, which is logged.

    The deposit rule is frozen too: changing the company's standard later changes no offer already made.
    The mail that follows goes to the customer, or to `to`, with the office's `message`; none without `notify`.
    Without a `default_percent` (demo data only) an open rule stays open and follows DEPOSIT_PERCENT.
    """
    content = await load(session, org_id, proposal_id, lock=True)
    proposal = content.proposal
    lifecycle.move(content.status(), Status.SENT)
    await must_match(session, proposal, if_match)
    if not content.lines:
        raise Invalid("A proposal needs at least one line before it can be sent.", field="lines")
    if proposal.valid_until is not None and proposal.valid_until < today(content.org):
        raise Invalid("This date has passed; choose a later one.", field="valid_until")
    if proposal.deposit_percent is None and proposal.deposit_minor is None:
        proposal.deposit_percent = content.org.deposit_percent or default_percent
    content.schedule(content.smallest_total(), default_percent or 1)  # Invalid when the payments are more
    proposal.right_to_cancel = content.right_to_cancel
    blocking = [one for one in content.findings(default_percent or 1) if one.mode == "block"]
    if blocking and not override_reason:
        raise Conflict(
            f"{blocking[0].sentence} {blocking[0].fix} To send it all the same, give a reason.",
            kind="law-blocks",
            findings=[asdict(one) for one in blocking],
        )
    proposal.status, proposal.sent_at = Status.SENT, clock.now()
    proposal.content_hash = content_hash(content)
    await record(
        session,
        org_id,
        Event.PROPOSAL_SENT,
        proposal_id=proposal_id,
        actor=actor,
        content_hash=proposal.content_hash,
        total_minor=proposal.total_minor,
        currency=proposal.currency,
        version=proposal.version,
        **({"to": to} if to else {}),
        **({"message": message} if message else {}),
        **({} if notify else {"notify": False}),
    )
    if blocking:
        await record(
            session, org_id, Event.LAW_OVERRIDDEN, proposal_id=proposal_id, actor=actor, reason=override_reason,
            findings=[{"sentence": one.sentence, "source": one.source} for one in blocking],
        )  # fmt: skip
    await session.flush()
    await session.refresh(proposal)
    return content


async def mark_viewed(session: AsyncSession, content: Content) -> None:
    """The customer opened it for the first time; later times change nothing."""
    if content.status() is not Status.SENT:
        return
    proposal = content.proposal
    first = await session.scalar(
        update(Proposal)
        .where(Proposal.org_id == proposal.org_id, Proposal.id == proposal.id, Proposal.status == Status.SENT)
        .values(status=Status.VIEWED, viewed_at=clock.now())
        .returning(Proposal.id)
    )
    if first is not None:
        await record(session, proposal.org_id, Event.VIEWED, proposal_id=proposal.id, actor=CUSTOMER_ACTOR)
    await session.refresh(proposal)


@dataclass(frozen=True, slots=True)
class Signature:
    """The customer's yes as it came: name, the hash shown, what was chosen, the consent given, from where.

    `path` is the drawn signature as an SVG path; None when the name was typed.
    """

    signer_name: str
    content_hash: str
    option_id: int | None
    ip: str
    user_agent: str
    line_ids: tuple[int, ...] = ()
    path: str | None = None
    consent: str = ""
    language: str = "en"


async def approve(
    session: AsyncSession, org_id: int, proposal_id: int, signature: Signature
) -> tuple[Content, bool]:
    """Stores the approval; True when it is new. Raises Conflict when it may not be approved, or is not what was
    shown. Approving again what is approved changes nothing and says nothing twice.
    """
    content = await load(session, org_id, proposal_id, lock=True)
    proposal = content.proposal
    if content.approval is not None and content.status() is Status.APPROVED:
        _same_decision(content.approval, signature)
        return content, False
    lifecycle.move(content.status(), Status.APPROVED)
    if signature.content_hash != proposal.content_hash or not is_unchanged(content):
        raise Conflict(
            "This is not what was shown to you. Please read the page again before you sign.",
            kind="content-changed",
        )
    option_id = chosen(content, signature.option_id)
    line_ids = ticked(content, option_id, signature.line_ids)
    totals = content.totals(option_id, line_ids)
    moment = clock.now()
    proposal.selected_option_id, proposal.selected_line_ids = option_id, line_ids
    store_totals(proposal, totals)
    proposal.status, proposal.approved_at = Status.APPROVED, moment
    if content.right_to_cancel:
        proposal.cancel_until = cancel_until(moment, content.org.time_zone)
    session.add(
        Approval(
            org_id=org_id,
            proposal_id=proposal_id,
            option_id=option_id,
            line_ids=line_ids,
            signer_name=signature.signer_name,
            signature_kind="drawn" if signature.path else "typed",
            signature_path=signature.path,
            consent=signature.consent,
            language=signature.language,
            approved_at=moment,
            ip=signature.ip,
            user_agent=signature.user_agent,
            content_hash=signature.content_hash,
            total_minor=totals.total_minor,
            currency=proposal.currency,
        )
    )
    await record(
        session,
        org_id,
        Event.APPROVE,
        proposal_id=proposal_id,
        actor=CUSTOMER_ACTOR,
        signer_name=signature.signer_name,
        content_hash=signature.content_hash,
        option_id=option_id,
        line_ids=line_ids,
        ip=signature.ip,
        total_minor=totals.total_minor,
        currency=proposal.currency,
        version=proposal.version,
    )
    await session.flush()
    await session.refresh(proposal)
    return await load(session, org_id, proposal_id), True


def _same_decision(approval: Approval, signature: Signature) -> None:
    other_option = signature.option_id is not None and signature.option_id != approval.option_id
    if other_option or sorted(signature.line_ids) != sorted(approval.line_ids):
        raise Conflict("This proposal was approved with another choice already.", kind="proposal-approved")


def chosen(content: Content, option_id: int | None) -> int | None:
    """The option signed for. Raises Invalid when there are several and none is named, or it is not one."""
    own = [option.id for option in content.options]
    if option_id is not None and option_id not in own:
        raise Invalid("This option does not belong to the proposal.", field="option_id")
    if option_id is None and len(own) > 1:
        raise Invalid("Please choose one of the options.", field="option_id")
    return option_id if option_id is not None else (own[0] if own else None)


def ticked(content: Content, option_id: int | None, line_ids: Collection[int]) -> list[int]:
    """The optional lines signed for, in the order shown. Raises Invalid for a line that is not on offer."""
    on_offer = [line.id for line in content.offered(option_id) if line.optional]
    if not set(line_ids) <= set(on_offer):
        raise Invalid("One of the extras does not belong to this choice.", field="line_ids")
    return [line_id for line_id in on_offer if line_id in line_ids]


async def decline(session: AsyncSession, org_id: int, proposal_id: int, reason: str) -> Content:
    """The customer's no. Raises Conflict; declining again changes nothing."""
    content = await load(session, org_id, proposal_id, lock=True)
    proposal = content.proposal
    if content.status() is Status.DECLINED:
        return content
    lifecycle.move(content.status(), Status.DECLINED)
    proposal.status, proposal.declined_at, proposal.decline_reason = Status.DECLINED, clock.now(), reason
    await record(session, org_id, Event.DECLINE, proposal_id=proposal_id, actor=CUSTOMER_ACTOR, reason=reason)
    await session.flush()
    await session.refresh(proposal)
    return content


async def expire_due(session: AsyncSession, org_id: int) -> int:
    """For the schedule: marks open proposals past their date as expired; returns how many.

    At most EXPIRED_AT_ONCE_MAX at a time; until then they count as expired all the same (`status_today`).
    """
    org = await session.get_one(Org, org_id)
    due = (
        await session.scalars(
            select(Proposal)
            .where(
                Proposal.org_id == org_id,
                Proposal.status.in_([str(status) for status in OPEN]),
                Proposal.valid_until < today(org),
            )
            .order_by(Proposal.id)
            .limit(EXPIRED_AT_ONCE_MAX)
            .with_for_update(key_share=True, skip_locked=True)
        )
    ).all()
    for proposal in due:
        proposal.status = Status.EXPIRED
        await record(session, org_id, Event.PROPOSAL_EXPIRED, proposal_id=proposal.id)
    return len(due)
