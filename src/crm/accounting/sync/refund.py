"""Brings one refund into the books: a refund receipt from Stripe Clearing, and what offsets it if it came back.

A refund that failed after it was booked is offset by a sales receipt of its own day, not deleted
(docs/decisions/refunds-in-the-books.md). Every step may be repeated by another run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from crm.accounting import company as qbo
from crm.accounting import connection, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import Company, DepositFacts, refund_body, txn_date
from crm.accounting.sync import setup
from crm.accounting.sync.customer import customer_id
from crm.accounting.sync.deposit import check_currency, find_by_key, load
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call
from crm.kit.errors import Refused
from crm.kit.money import Money, format_money, from_decimal
from crm.payments.tables import Refund


@dataclass(frozen=True, slots=True)
class _Form:
    """How one of the two is called, at QuickBooks and in our log."""

    entity: links.Entity
    operation: str
    said: str
    event: Event


_GIVEN = _Form("RefundReceipt", "create_refund_receipt", "Refund: ", Event.REFUND_BOOKED)
_CAME_BACK = _Form(
    "SalesReceipt", "create_sales_receipt", "Refund that came back: ", Event.REFUND_RETURN_BOOKED
)
_FORMS = {"refund": _GIVEN, "refund_return": _CAME_BACK}


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Books the refund, or its return. Raises Unavailable, Refused or Disconnected."""
    access = await connection.access(books, org_id)
    form = _FORMS[posting.kind]
    payment_id, money, moment = await _refund(books, org_id, posting)
    part = await load(books, org_id, payment_id)
    known = await _known(books, access, form, posting.local_id)
    if known is not None:
        _check_total(form, money, known)
        return
    company = await setup.company_of(books, access)
    check_currency(part.facts, company)
    customer = await customer_id(books, access, company, part.customer_id, part.customer, money.currency)
    written = await _write(
        books, access, company, form, part.facts, posting.local_id, money, moment, customer
    )
    async with books.db.transaction(org_id) as session:
        new = await links.link(
            session, org_id, access.realm_id, form.entity, "refund", posting.local_id, written.object
        )
        await outbox.succeeded(session, org_id, written)
        if new:
            await record(
                session, org_id, form.event, proposal_id=part.facts.proposal_id, payment_id=payment_id,
                refund_id=posting.local_id, qbo_id=str(written.object["Id"]), amount_cents=money.minor,
                currency=money.currency,
            )  # fmt: skip
    _check_total(form, money, written.object)


GIVEN = Kind(
    "refund",
    missing="SELECT 'refund:' || r.refund_id, r.payment_id, p.proposal_id, r.amount_minor, r.currency, :now "
    "FROM refunds r JOIN payments p ON p.org_id = r.org_id AND p.id = r.payment_id "
    "WHERE r.org_id = :org AND r.status = 'succeeded' AND p.paid_at IS NOT NULL",
    post=post,
    entities=("RefundReceipt",),
)
# Only what was on its way into the books needs to come out again; a refund that never succeeded stands nowhere.
CAME_BACK = Kind(
    "refund_return",
    missing="SELECT f.subject, f.payment_id, f.proposal_id, f.amount_minor, f.currency, :now FROM postings f "
    "JOIN refunds r ON r.org_id = f.org_id AND 'refund:' || r.refund_id = f.subject "
    "WHERE f.org_id = :org AND f.kind = 'refund' AND r.status IN ('failed', 'canceled')",
    post=post,
    entities=("SalesReceipt",),
    after="EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id AND f.kind = 'refund' "
    "AND f.subject = p.subject AND f.state = 'posted')",
)


async def _refund(books: Books, org_id: int, posting: Taken) -> tuple[int, Money, datetime]:
    """Whose refund it is, how much, and when: as Stripe says, or when we learned that it came back."""
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Refund, (org_id, posting.local_id))
        moment = posting.created_at if posting.kind == "refund_return" else row.created_at
        return row.payment_id, Money(row.amount_minor, row.currency), moment


async def _known(books: Books, access: Access, form: _Form, refund_id: str) -> dict[str, Any] | None:
    """Our document as it is now, when we have one. One that was deleted is forgotten, for a person's retry."""
    async with books.db.transaction(access.org_id) as session:
        link = await links.find(session, access.org_id, access.realm_id, form.entity, "refund", refund_id)
    if link is None:
        return None
    path = f"{form.entity.lower()}/{link.qbo_id}"
    try:
        answer = await qbo.ask(books, access.org_id, Call("GET", path, f"read_{form.entity.lower()}"))
    except Refused as error:
        if error.code == "610":
            fault = {"code": error.code, "sentence": error.detail}
            async with books.db.transaction(access.org_id) as session:
                await links.unlink(session, access.org_id, access.realm_id, form.entity, "refund", refund_id)
                await outbox.undo(
                    session, access.org_id, access.realm_id, form.operation, f"refund:{refund_id}", fault
                )
        raise
    found: dict[str, Any] = answer.data[form.entity]
    return found


async def _write(
    books: Books,
    access: Access,
    company: Company,
    form: _Form,
    facts: DepositFacts,
    refund_id: str,
    money: Money,
    moment: datetime,
    customer: str,
) -> outbox.Written:
    item = await setup.deposit_item(books, access)
    clearing = await setup.clearing_account(books, access, company, money.currency)
    day = txn_date(moment, company)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_key(books, access, form.entity, customer, day, money, requestid)

    return await outbox.write_once(
        books,
        access.org_id,
        access.realm_id,
        operation=form.operation,
        subject=f"refund:{refund_id}",
        entity=form.entity,
        build=lambda requestid: refund_body(
            facts,
            company,
            amount_minor=money.minor,
            day=day,
            said=form.said,
            refund_id=refund_id,
            customer_id=customer,
            item_id=item,
            clearing_account_id=clearing,
            requestid=requestid,
        ),
        look=look,
    )


def _check_total(form: _Form, money: Money, made: dict[str, Any]) -> None:
    total = from_decimal(Decimal(made["TotalAmt"]), money.currency)
    if total == money.minor:
        return
    raise Refused(
        f"QuickBooks made the {'sales' if form is _CAME_BACK else 'refund'} receipt (Id {made['Id']}) over "
        f"{format_money(total, money.currency)}, but {money} was moved: most likely it added sales tax. Make the "
        "deposit item non-taxable in QuickBooks, correct the receipt, then retry.",
        code="total-differs",
    )
