"""The payment schedule of an approved proposal as rows: made at approval, altered by changes, asked for in turn."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.principal import Principal
from crm.jobs import queue
from crm.kit import clock
from crm.kit.database import Big, get_own
from crm.kit.errors import Conflict
from crm.kit.money import format_money
from crm.payments.overpaid import agreed_minor, returned_minor, tell_overpaid
from crm.payments.states import SETTLED
from crm.payments.tables import CheckoutSession, Payment
from crm.proposals import schedule
from crm.proposals.content import Content
from crm.proposals.lifecycle import Status
from crm.proposals.schedule import DEPOSIT, Part, Replanned
from crm.proposals.tables import Proposal

REMAINDERS_FROM = 1000
"""Numbers of the parts that hold what is left when all others are settled; change orders have smaller ones."""


async def set_schedule(session: AsyncSession, content: Content, default_percent: int) -> list[Payment]:
    """Makes the parts of a proposal that was just approved; its deposit is due at once.

    A deposit that staff took before the approval stays what it was, and the rest is divided around it.
    """
    proposal = content.proposal
    planned = content.schedule(proposal.total_minor, default_percent)
    existing = {payment.part: payment for payment in await parts_of(session, proposal, lock=True)}
    deposit = existing.get(DEPOSIT)
    if deposit is not None and deposit.state in SETTLED:
        paid = Part(DEPOSIT, deposit.name, deposit.amount_minor, settled=True)
        agreed = [paid, *(part for part in planned if part.key != DEPOSIT)]
        done = schedule.replan(agreed, proposal.total_minor, proposal.currency, _final())
        planned = done.parts
    rows = await _store(session, proposal, planned, existing, stripe_account=content.org.stripe_account or "")
    for payment in rows:
        if payment.part == DEPOSIT and payment.state == "planned":
            payment.state, payment.due_at = "due", clock.now()
    await record(
        session, proposal.org_id, Event.SCHEDULE_SET, proposal_id=proposal.id,
        parts=_told(planned, proposal.currency), total_minor=proposal.total_minor, currency=proposal.currency,
    )  # fmt: skip
    await session.flush()
    return rows


async def alter_schedule(session: AsyncSession, proposal: Proposal, added: Part) -> int:
    """Divides what is not settled anew, so that all parts are `agreed_minor`; returns what has been paid beyond
    it, in minor units, which a person is told. `added` names a new part, should everything else be settled."""
    rows = await parts_of(session, proposal, lock=True)
    if all(row.state == "void" for row in rows):
        return 0
    total = proposal.total_minor + proposal.changes_minor
    done = await replanned(session, proposal, rows, total, added)
    existing = {row.part: row for row in rows}
    await _store(session, proposal, done.parts, existing, stripe_account=rows[0].stripe_account)
    await record(
        session, proposal.org_id, Event.SCHEDULE_SET, proposal_id=proposal.id,
        parts=_told(done.parts, proposal.currency), total_minor=total, currency=proposal.currency,
    )  # fmt: skip
    await session.flush()
    await tell_overpaid(session, proposal)
    return done.overpaid_minor


async def replanned(
    session: AsyncSession, proposal: Proposal, rows: Sequence[Payment], total_minor: int, added: Part
) -> Replanned:
    """The parts of a contract as they would be for this total, in minor units; nothing is stored."""
    current = [
        Part(row.part, row.name, row.amount_minor, settled=row.state in SETTLED)
        for row in rows
        if row.state != "void"
    ]
    # What was paid too much and went back is part of the rows' sum, but nobody owes it.
    whole = total_minor + await returned_minor(session, proposal)
    return schedule.replan(current, whole, proposal.currency, added)


async def settle_schedule(session: AsyncSession, org_id: int, proposal_id: int) -> int:
    """After a payment or a refund: when somebody paid on a page of an older amount, divides the rest so that the
    whole is right again. Returns what has been paid beyond the total, in minor units; 0 is the rule."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=True)
    every = await parts_of(session, proposal, lock=True)
    rows = [row for row in every if row.state != "void"]
    if proposal.status == Status.CANCELLED:
        for row in rows:
            if row.state not in SETTLED:  # a transfer that was under way when the contract ended, and failed
                row.state = "void"
        return 0
    if proposal.approved_at is None:
        return 0
    if sum(row.amount_minor for row in rows) == await agreed_minor(session, proposal):
        await tell_overpaid(session, proposal)
        return 0
    taken = {row.part for row in every if row.state in SETTLED}
    number = next(n for n in count(REMAINDERS_FROM) if f"change:{n}" not in taken)
    return await alter_schedule(session, proposal, Part(f"change:{number}", "Remaining balance", 0))


async def request_payment(session: AsyncSession, principal: Principal, payment_id: int) -> Payment:
    """Asks the customer for a planned part. Raises NotFound or Conflict; asking again changes nothing."""
    payment = await get_own(session, Payment, payment_id, principal.org_id, lock=True)
    if payment.state == "void":
        raise Conflict("This payment fell away; there is nothing to ask for.", kind="payment-void")
    if payment.state == "planned":
        payment.state, payment.due_at = "due", clock.now()
        await record(
            session, principal.org_id, Event.PAYMENT_REQUESTED, proposal_id=payment.proposal_id,
            actor=principal.actor, payment_id=payment.id, name=payment.name, amount_cents=payment.amount_minor,
            currency=payment.currency,
        )  # fmt: skip
    return payment


async def parts_of(session: AsyncSession, proposal: Proposal, *, lock: bool = False) -> Sequence[Payment]:
    """All parts, void ones too, in the order in which they are paid."""
    query = (
        select(Payment)
        .where(Payment.org_id == proposal.org_id, Payment.proposal_id == proposal.id)
        .order_by(Payment.position, Payment.id)
    )
    return (await session.scalars(query.with_for_update(key_share=True) if lock else query)).all()


async def open_page(session: AsyncSession, payment: Payment) -> CheckoutSession | None:
    """The page on which a payment may be paid now; the database allows one."""
    return await session.scalar(
        select(CheckoutSession).where(
            CheckoutSession.org_id == payment.org_id,
            CheckoutSession.payment_id == payment.id,
            CheckoutSession.state.in_(["creating", "open"]),
        )
    )


async def close_page(session: AsyncSession, payment: Payment, page: CheckoutSession) -> None:
    """Nobody may pay what is no longer asked. A page that is paid in the same moment still counts, as its event
    says; the schedule is then divided again (`settle_schedule`)."""
    if page.session_id is not None and not page.dev_mode:
        await queue.enqueue(
            session,
            "expire_session",
            session_id=page.session_id,
            account=payment.stripe_account,
            org_id=payment.org_id,
        )
    page.state = "expired"
    await session.flush()


async def _store(
    session: AsyncSession,
    proposal: Proposal,
    parts: Sequence[Part],
    existing: dict[str, Payment],
    *,
    stripe_account: str,
) -> list[Payment]:
    """The rows of `parts`, in their order; rows of parts that fell away become void, and pages of another
    amount are closed."""
    rows: list[Payment] = []
    for position, part in enumerate(parts):
        row = existing.get(part.key)
        if row is None:
            row = Payment(
                org_id=proposal.org_id,
                proposal_id=proposal.id,
                part=part.key,
                state="planned",
                currency=proposal.currency,
                stripe_account=stripe_account,
            )
            session.add(row)
        elif row.state == "void":
            row.state = "due" if row.due_at else "planned"  # as it was when it fell away
        elif row.state == "due" and row.due_at is None:
            row.state = "planned"
        row.name, row.position = part.name, position
        if row.state not in SETTLED:
            page = await open_page(session, row) if row.id is not None else None
            if page is not None and page.amount_minor != part.amount_minor:
                await close_page(session, row, page)
            row.amount_minor, row.currency = Big(part.amount_minor), proposal.currency
        rows.append(row)
    wanted = {part.key for part in parts}
    for key, row in existing.items():
        if key not in wanted and row.state not in SETTLED:
            if (page := await open_page(session, row)) is not None:
                await close_page(session, row, page)
            row.state = "void"
    await session.flush()
    return rows


def _final() -> Part:
    return Part(schedule.FINAL, "Final balance", 0)


def _told(parts: Sequence[Part], currency: str) -> str:
    return ", ".join(f"{part.name} {format_money(part.amount_minor, currency)}" for part in parts)
