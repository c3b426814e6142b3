"""Change orders: additions to an approved proposal or credits on it, written, sent, signed for or declined.

What was sent is frozen under its hash. What an approval does to the payments stands in `payments.change_approval`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.kit import clock
from crm.kit.database import Big, get_own
from crm.kit.errors import Conflict, NotFound
from crm.proposals import lifecycle, pricing
from crm.proposals.change_shapes import ChangeOrderIn, ChangeOrderPatch
from crm.proposals.decision import CUSTOMER_ACTOR, Signature
from crm.proposals.inputs import LineIn
from crm.proposals.lifecycle import Status
from crm.proposals.tables import Approval, ChangeOrder, Proposal

CHANGE_ORDERS_MAX = 100
_SAID = {
    "draft": "It has not been sent yet.",
    "sent": "It has been sent already.",
    "approved": "It was approved.",
    "declined": "It was declined.",
    "withdrawn": "It was withdrawn.",
}


async def create(session: AsyncSession, org_id: int, proposal_id: int, body: ChangeOrderIn) -> ChangeOrder:
    """A draft. Raises NotFound, Conflict (not approved, too many) or Invalid (the total would be below zero)."""
    proposal = await _approved(session, org_id, proposal_id)
    position = await session.scalar(
        select(func.coalesce(func.max(ChangeOrder.position), 0) + 1).where(
            ChangeOrder.org_id == org_id, ChangeOrder.proposal_id == proposal_id
        )
    )
    assert position is not None
    if position > CHANGE_ORDERS_MAX:
        raise Conflict(f"A proposal has at most {CHANGE_ORDERS_MAX} change orders.", kind="too-many")
    order = ChangeOrder(
        org_id=org_id, proposal_id=proposal_id, position=position, title=body.title, reason=body.reason
    )
    _price(order, proposal, body.lines)
    session.add(order)
    await session.flush()
    await session.refresh(order)
    return order


async def change(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, body: ChangeOrderPatch
) -> ChangeOrder:
    """Fields left out stay. Raises NotFound, Invalid, or Conflict once it was sent."""
    proposal = await _approved(session, org_id, proposal_id)
    order = await own(session, org_id, proposal_id, order_id, lock=True)
    _must_be(order, "draft", "be changed")
    order.title = body.title if body.title is not None else order.title
    order.reason = body.reason if body.reason is not None else order.reason
    _price(order, proposal, body.lines if body.lines is not None else lines_of(order))
    await session.flush()
    return order


def priced(proposal: Proposal, lines: Sequence[LineIn]) -> pricing.Totals:
    """What the lines add to the contract. Raises Invalid for a discount or a new total that cannot be."""
    for number, line in enumerate(lines):
        pricing.check_discount(line, f"lines.{number}")
    return pricing.change_totals(lines, proposal.total_minor + proposal.changes_minor, proposal.currency)


def _price(order: ChangeOrder, proposal: Proposal, lines: Sequence[LineIn]) -> None:
    totals = priced(proposal, lines)
    order.lines = [line.model_dump(mode="json") for line in lines]
    order.subtotal_minor, order.tax_minor = Big(totals.subtotal_minor), Big(totals.tax_minor)
    order.total_minor = Big(totals.total_minor)


def lines_of(order: ChangeOrder) -> list[LineIn]:
    return [LineIn.model_validate(line) for line in order.lines]


async def send(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, *, actor: str
) -> ChangeOrder:
    """Freezes it and shows it to the customer. Raises NotFound, Conflict or Invalid; again changes nothing."""
    proposal = await _approved(session, org_id, proposal_id)
    order = await own(session, org_id, proposal_id, order_id, lock=True)
    if order.state == "sent":
        return order
    _must_be(order, "draft", "be sent")
    _price(order, proposal, lines_of(order))  # another one may have been approved since it was written
    order.state, order.sent_at = "sent", clock.now()
    order.content_hash = content_hash(order, proposal.currency)
    await record(
        session, org_id, Event.CHANGE_ORDER_SENT, proposal_id=proposal_id, actor=actor, change_order_id=order.id,
        position=order.position, title=order.title, content_hash=order.content_hash,
        total_minor=order.total_minor, currency=proposal.currency,
    )  # fmt: skip
    await session.flush()
    return order


async def withdraw(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, *, actor: str
) -> ChangeOrder:
    """Takes back what was sent and not decided, or throws a draft away. Raises NotFound or Conflict."""
    await get_own(session, Proposal, proposal_id, org_id, lock=True)
    order = await own(session, org_id, proposal_id, order_id, lock=True)
    if order.state == "withdrawn":
        return order
    if order.state not in {"draft", "sent"}:
        raise _blocked(order, "be withdrawn")
    await _withdrawn(session, order, actor)
    return order


async def withdraw_all(session: AsyncSession, proposal: Proposal) -> None:
    """Nothing more is decided on a contract that was cancelled."""
    for order in await orders_of(session, proposal):
        if order.state in {"draft", "sent"}:
            await _withdrawn(session, order, "system")


async def _withdrawn(session: AsyncSession, order: ChangeOrder, actor: str) -> None:
    order.state, order.decided_at = "withdrawn", clock.now()
    await record(
        session, order.org_id, Event.CHANGE_ORDER_WITHDRAWN, proposal_id=order.proposal_id, actor=actor,
        change_order_id=order.id, position=order.position,
    )  # fmt: skip
    await session.flush()


async def approve(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, signature: Signature
) -> tuple[Proposal, ChangeOrder, bool]:
    """Stores the customer's signature and adds to `changes_minor`; True when it is new.

    Raises NotFound, or Conflict when it may not be approved or is not what was shown. Again changes nothing.
    """
    proposal = await _approved(session, org_id, proposal_id)
    order = await own(session, org_id, proposal_id, order_id, lock=True)
    if order.state == "approved":
        return proposal, order, False
    _must_be(order, "sent", "be approved")
    frozen = order.content_hash
    if signature.content_hash != frozen or content_hash(order, proposal.currency) != frozen:
        raise Conflict(
            "This is not what was shown to you. Please read the page again before you sign.",
            kind="content-changed",
        )
    # Another change may have been approved since: the total must still be one.
    pricing.change_totals(lines_of(order), proposal.total_minor + proposal.changes_minor, proposal.currency)
    moment = clock.now()
    order.state, order.decided_at = "approved", moment
    proposal.changes_minor = Big(proposal.changes_minor + order.total_minor)
    session.add(
        Approval(
            org_id=org_id,
            proposal_id=proposal_id,
            change_order_id=order.id,
            signer_name=signature.signer_name,
            signature_kind="drawn" if signature.path else "typed",
            signature_path=signature.path,
            consent=signature.consent,
            language=signature.language,
            approved_at=moment,
            ip=signature.ip,
            user_agent=signature.user_agent,
            content_hash=signature.content_hash,
            total_minor=order.total_minor,
            currency=proposal.currency,
        )
    )
    await record(
        session, org_id, Event.CHANGE_ORDER_APPROVED, proposal_id=proposal_id, actor=CUSTOMER_ACTOR,
        change_order_id=order.id, position=order.position, signer_name=signature.signer_name,
        content_hash=signature.content_hash, ip=signature.ip, total_minor=order.total_minor,
        currency=proposal.currency,
    )  # fmt: skip
    await session.flush()
    return proposal, order, True


async def decline(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, reason: str
) -> ChangeOrder:
    """The customer's no. Raises NotFound or Conflict; declining again changes nothing."""
    await _approved(session, org_id, proposal_id)
    order = await own(session, org_id, proposal_id, order_id, lock=True)
    if order.state == "declined":
        return order
    _must_be(order, "sent", "be declined")
    order.state, order.decided_at, order.decline_reason = "declined", clock.now(), reason
    await record(
        session, org_id, Event.CHANGE_ORDER_DECLINED, proposal_id=proposal_id, actor=CUSTOMER_ACTOR,
        change_order_id=order.id, position=order.position, reason=reason,
    )  # fmt: skip
    await session.flush()
    return order


async def orders_of(session: AsyncSession, proposal: Proposal) -> Sequence[ChangeOrder]:
    """All change orders, in the order in which they were written."""
    found = await session.scalars(
        select(ChangeOrder)
        .where(ChangeOrder.org_id == proposal.org_id, ChangeOrder.proposal_id == proposal.id)
        .order_by(ChangeOrder.position)
    )
    return found.all()


async def own(
    session: AsyncSession, org_id: int, proposal_id: int, order_id: int, *, lock: bool = False
) -> ChangeOrder:
    """Raises NotFound, also for one of another proposal."""
    order = await get_own(session, ChangeOrder, order_id, org_id, lock=lock)
    if order.proposal_id != proposal_id:
        raise NotFound(f"There is no change order {order_id} of this proposal.")
    return order


async def _approved(session: AsyncSession, org_id: int, proposal_id: int) -> Proposal:
    """The proposal, locked: changes of one contract follow each other. Raises Conflict unless it is approved."""
    proposal = await get_own(session, Proposal, proposal_id, org_id, lock=True)
    must_be_approved(proposal)
    return proposal


def must_be_approved(proposal: Proposal) -> None:
    """Raises Conflict for what is no contract, or none any more."""
    if proposal.status != Status.APPROVED:
        raise lifecycle.blocked(Status(proposal.status), "have change orders")


def _must_be(order: ChangeOrder, state: str, what: str) -> None:
    if order.state != state:
        raise _blocked(order, what)


def _blocked(order: ChangeOrder, what: str) -> Conflict:
    return Conflict(
        f"This change order cannot {what}. {_SAID[order.state]}", kind=f"change-order-{order.state}"
    )


def content_hash(order: ChangeOrder, currency: str) -> str:
    """SHA-256 over the canonical JSON of what the customer is shown and would sign."""
    form: dict[str, Any] = {
        "proposal": order.proposal_id,
        "position": order.position,
        "title": order.title,
        "reason": order.reason,
        "currency": currency,
        "lines": order.lines,
        "subtotal_minor": order.subtotal_minor,
        "tax_minor": order.tax_minor,
        "total_minor": order.total_minor,
    }
    return hashlib.sha256(orjson.dumps(form, option=orjson.OPT_SORT_KEYS)).hexdigest()
