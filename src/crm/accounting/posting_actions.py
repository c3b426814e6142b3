"""What a person does about a posting that QuickBooks refused: leave it out, take it back, change it, link it by hand.

Each is said in the activity log with its reason and can be undone: what was left out is taken back, a change is
changed again, and what was linked by hand stands in QuickBooks as it did before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting import company, connection, kinds, links, postings
from crm.accounting.comeback import noticing
from crm.accounting.context import Books
from crm.accounting.tables import Posting, QboEdit, QboLink, QboRequest
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call
from crm.jobs import queue
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid, NotFound, Refused
from crm.kit.money import format_money, from_decimal
from crm.proposals.tables import Proposal

OPEN = ("needs_you", "waiting")


async def skip(session: AsyncSession, org_id: int, posting_id: int, reason: str, actor: str) -> None:
    """Leaves it out of the books from our side, for a reason; a person booked it by hand, or it does not belong there."""
    posting = await get_own(session, Posting, posting_id, org_id, lock=True)
    if posting.state not in OPEN or posting.lease is not None:
        raise Conflict(
            "Only what waits or needs you can be left out, and not while it is being posted. Look again in a minute.",
            kind="posting-not-open",
        )
    posting.state, posting.skipped_why = "skipped", reason
    await _say(session, posting, Event.POSTING_SKIPPED, actor, reason=reason)


async def restore(session: AsyncSession, org_id: int, posting_id: int, actor: str) -> None:
    """Takes back what was left out; it is tried again at once."""
    posting = await get_own(session, Posting, posting_id, org_id, lock=True)
    if posting.state != "skipped":
        raise Conflict("This was not left out, so there is nothing to take back.", kind="posting-not-skipped")
    posting.state, posting.skipped_why, posting.outside_backfill = "waiting", None, False
    await session.flush()
    await _say(session, posting, Event.POSTING_RESTORED, actor)
    await _again(session, org_id, posting_id, actor)


async def edit(
    session: AsyncSession, org_id: int, posting_id: int, fields: dict[str, str], reason: str, actor: str
) -> None:
    """Sends it again with other values of the safe fields. Never amounts, customers or accounts: those are facts here."""
    posting = await get_own(session, Posting, posting_id, org_id, lock=True)
    if posting.state != "needs_you":
        raise Conflict(
            "Only what QuickBooks refused can be changed and sent again: anything else may be on its way already.",
            kind="posting-not-refused",
        )
    values = {"fields": fields, "reason": reason, "edited_by": actor}
    await session.execute(
        insert(QboEdit)
        .values(org_id=org_id, subject=posting.subject, **values)
        .on_conflict_do_update(index_elements=["org_id", "subject"], set_=values)
    )
    # What was prepared but never sent is written anew; what QuickBooks refused gets a new generation anyway.
    await session.execute(
        update(QboRequest)
        .where(
            QboRequest.org_id == org_id, QboRequest.subject == posting.subject, QboRequest.state == "prepared"
        )
        .values(state="refused")
    )
    changes = ", ".join(f"{name} {value}" for name, value in fields.items())
    await _say(session, posting, Event.POSTING_EDITED, actor, changes=changes, reason=reason)
    await _again(session, org_id, posting_id, actor)


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that should agree. `must`: without it nothing is linked."""

    what: str
    ours: str
    theirs: str
    agrees: bool
    must: bool


@dataclass(frozen=True, slots=True)
class LinkTry:
    compared: list[Compared]
    linked: bool


async def link_by_hand(
    books: Books, org_id: int, posting_id: int, entity: str, qbo_id: str, *, confirmed: bool, actor: str
) -> LinkTry:
    """Reads the document, compares it with what is to be booked, and links it when `confirmed` and nothing that
    must agree differs. The posting then goes on with what is left, as applying the payment."""
    access = await connection.access(books, org_id)
    async with books.db.transaction(org_id) as session:
        posting = await get_own(session, Posting, posting_id, org_id)
    kind = kinds.BY_NAME[posting.kind]
    if entity not in kind.entities:
        raise Invalid(f"This is booked as {' or '.join(kind.entities)}, not as {entity}.", field="entity")
    if posting.state == "posted":
        raise Conflict("This stands in the books already, linked to its documents.", kind="posting-posted")
    try:
        answer = await company.ask(
            books,
            org_id,
            Call("GET", f"{entity.lower()}/{qbo_id}", f"read_{entity.lower()}", subject=posting.subject),
        )
    except Refused as error:
        if error.code == "610":
            raise NotFound(f"QuickBooks has no {entity.lower()} with the Id {qbo_id}.") from error
        raise
    object_: dict[str, Any] = answer.data[entity]
    async with books.db.transaction(org_id) as session:
        posting = await get_own(session, Posting, posting_id, org_id, lock=True)
        compared = await _compare(session, access.realm_id, posting, entity, object_)
        if not confirmed or any(one.must and not one.agrees for one in compared):
            return LinkTry(compared, linked=False)
        if posting.lease is not None:
            raise Conflict(
                "This is being posted right now. Look again in a minute.", kind="posting-under-way"
            )
        local_kind, _, local_id = posting.subject.partition(":")
        made: Any = entity
        await links.link(session, org_id, access.realm_id, made, local_kind, local_id, object_)
        await _say(session, posting, Event.POSTING_LINKED, actor, entity=entity, qbo_id=qbo_id)
        if entity == "Payment":
            await noticing.settles_less(session, org_id, access.realm_id, object_)
        if posting.kind == "payment" and entity == "Payment":
            await _say_paid(session, access.realm_id, posting, qbo_id, actor)
        if posting.state == "skipped":
            posting.state, posting.skipped_why, posting.outside_backfill = "waiting", None, False
            await session.flush()
        await _again(session, org_id, posting_id, actor)
        return LinkTry(compared, linked=True)


async def _compare(
    session: AsyncSession, realm_id: str, posting: Posting, entity: str, object_: dict[str, Any]
) -> list[Compared]:
    currency = str(object_.get("CurrencyRef", {}).get("value") or posting.currency)
    ours = format_money(posting.amount_minor, posting.currency)
    total = from_decimal(Decimal(str(object_.get("TotalAmt", object_.get("Amount", 0)))), posting.currency)
    found = [
        Compared(
            "Amount", ours, format_money(total, posting.currency), total == posting.amount_minor, must=True
        ),
        Compared("Currency", posting.currency, currency, currency == posting.currency, must=True),
    ]
    other = await session.execute(
        select(QboLink.local_kind, QboLink.local_id).where(
            QboLink.org_id == posting.org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == entity,
            QboLink.qbo_id == str(object_["Id"]),
        )
    )
    taken = [f"{row[0]}:{row[1]}" for row in other if f"{row[0]}:{row[1]}" != posting.subject]
    found.append(
        Compared(
            "Stands for", "nothing else here", ", ".join(taken) or "nothing else here", not taken, must=True
        )
    )
    local_kind, _, local_id = posting.subject.partition(":")
    if entity == "Payment":
        invoice = await links.find(session, posting.org_id, realm_id, "Invoice", local_kind, local_id)
        applied = [
            str(one.get("TxnId"))
            for line in object_.get("Line", [])
            for one in line.get("LinkedTxn", [])
            if one.get("TxnType") == "Invoice"
        ]
        if invoice is not None:
            agrees = invoice.qbo_id in applied
            found.append(
                Compared(
                    "Applied to invoice", invoice.qbo_id, ", ".join(applied) or "none", agrees, must=True
                )
            )
    customer = await _customer(session, realm_id, posting)
    theirs = object_.get("CustomerRef", {})
    if customer is not None:
        agrees = customer.qbo_id == str(theirs.get("value"))
        found.append(
            Compared(
                "Customer",
                customer.name or customer.qbo_id,
                str(theirs.get("name") or theirs.get("value")),
                agrees,
                must=False,
            )
        )
    return found


async def _customer(session: AsyncSession, realm_id: str, posting: Posting) -> QboLink | None:
    if posting.proposal_id is None:
        return None
    proposal = await get_own(session, Proposal, posting.proposal_id, posting.org_id)
    return await session.scalar(
        select(QboLink)
        .where(
            QboLink.org_id == posting.org_id,
            QboLink.realm_id == realm_id,
            QboLink.entity == "Customer",
            tuple_(QboLink.local_kind, QboLink.local_id).in_(
                [
                    ("customer", str(proposal.customer_id)),
                    ("customer", f"{proposal.customer_id}:{posting.currency}"),
                    ("job", str(proposal.id)),
                ]
            ),
        )
        # The narrowest: the job, then the customer of that currency.
        .order_by(QboLink.local_kind.desc(), func.length(QboLink.local_id).desc())
        .limit(1)
    )


async def _say_paid(session: AsyncSession, realm_id: str, posting: Posting, qbo_id: str, actor: str) -> None:
    """The payment stands in the books, though a person put it there: the figures count it from here on."""
    invoice = await links.find(
        session, posting.org_id, realm_id, "Invoice", "payment", str(posting.payment_id)
    )
    await record(
        session,
        posting.org_id,
        Event.INVOICE_PAID,
        actor=actor,
        proposal_id=posting.proposal_id,
        qbo_invoice_id=invoice.qbo_id if invoice else "",
        qbo_payment_id=qbo_id,
        amount_cents=posting.amount_minor,
        payment_id=posting.payment_id,
        by_hand=True,
    )


async def _again(session: AsyncSession, org_id: int, posting_id: int, actor: str) -> None:
    await postings.retry(session, org_id, posting_id=posting_id, actor=actor)
    await queue.enqueue(session, "run_lane", org_id=org_id)


async def _say(session: AsyncSession, posting: Posting, event: Event, actor: str, **meta: Any) -> None:
    # Only a payment's own posting counts as that payment left out; a refund of it is another matter.
    payment_id = posting.payment_id if posting.kind == "payment" else None
    await record(
        session,
        posting.org_id,
        event,
        actor=actor,
        proposal_id=posting.proposal_id,
        posting_id=posting.id,
        subject=posting.subject,
        payment_id=payment_id,
        **meta,
    )


def safe_fields(txn_date: date | None, doc_number: str | None, memo: str | None) -> dict[str, str]:
    """The fields that may be changed, in QuickBooks' names."""
    given = {
        "TxnDate": txn_date.isoformat() if txn_date else None,
        "DocNumber": doc_number,
        "CustomerMemo": memo,
    }
    fields = {name: value for name, value in given.items() if value}
    if not fields:
        raise Invalid("Say what to change: the date, the number or the memo.", field="txn_date")
    return fields


async def ids_with(session: AsyncSession, org_id: int, ids: list[int], state: str) -> list[int]:
    """Those of `ids` that are in `state`, oldest first: a list acted on at once may have moved meanwhile."""
    rows = await session.execute(
        text(
            "SELECT id FROM postings WHERE org_id = :org AND id = ANY (:ids) AND state = :state ORDER BY id"
        ),
        {"org": org_id, "ids": ids, "state": state},
    )
    return [row[0] for row in rows]
