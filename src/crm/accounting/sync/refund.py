"""Brings one refund into the books: a refund receipt from Stripe Clearing, and what offsets it if it came back.

It takes from the customer's deposits what is left of them; the rest, with the tax in it, from what was sold.
A refund that failed after it was booked is offset by a sales receipt of its own day, or by a payment of the contract's
invoice that was made meanwhile, never deleted (docs/decisions/refunds-in-the-books.md). Every step may be repeated by
another run.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from crm.accounting import company as qbo
from crm.accounting import connection, exchange_rates, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.comeback import noticing
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import agreed, forms
from crm.accounting.contracts.documents import deposit_tax_code, place_fields, sale_fields
from crm.accounting.contracts.forms import Form
from crm.accounting.contracts.lines import share
from crm.accounting.documents import Company, DepositFacts, deposit_line, refund_body, settled_lines, txn_date
from crm.accounting.sync import setup
from crm.accounting.sync.contract_customer import contract_customer
from crm.accounting.sync.deposit import load
from crm.accounting.sync.frame import frame, party
from crm.accounting.sync.looking import find_by_key
from crm.accounting.sync.open_invoices import applied, open_invoices
from crm.accounting.tables import QboRequest
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call, loads
from crm.kit.errors import Refused
from crm.kit.money import Money, format_money, from_decimal, to_decimal
from crm.payments.tables import Refund


@dataclass(frozen=True, slots=True)
class _Form:
    """How one of the three is called, at QuickBooks, in our log and in sentences."""

    entity: links.Entity
    word: str
    operation: str
    said: str
    event: Event


_GIVEN = _Form("RefundReceipt", "refund receipt", "create_refund_receipt", "Refund: ", Event.REFUND_BOOKED)
_CAME_BACK = _Form(
    "SalesReceipt",
    "sales receipt",
    "create_sales_receipt",
    "Refund that came back: ",
    Event.REFUND_RETURN_BOOKED,
)
_ONTO_INVOICE = _Form(
    "Payment", "payment", "create_payment", "Refund that came back: ", Event.REFUND_RETURN_BOOKED
)
_FORMS = {"refund": _GIVEN, "return": _CAME_BACK, "onto_invoice": _ONTO_INVOICE}  # by what forms.decide says


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Books the refund, or its return. Raises Unavailable, Refused or Disconnected."""
    access = await connection.access(books, org_id)
    taken = await forms.decide(books, org_id, posting)
    form = _FORMS[taken.name]
    payment_id, money, moment = await _refund(books, org_id, posting)
    part = await load(books, org_id, payment_id)
    known = await _known(books, access, posting, form)
    if known is not None:
        _check_total(form, money, known)
        return
    company = await setup.company_for(books, access, part.facts.currency)
    customer = await contract_customer(
        books, access, company, proposal_id=part.facts.proposal_id, title=part.facts.title,
        local_id=part.customer_id, facts=part.customer, currency=money.currency,
    )  # fmt: skip
    if form is _GIVEN:
        what = await _given(books, org_id, posting, taken, part.facts, company)
    elif form is _CAME_BACK:
        what = await _as_given(books, access, posting)
    else:
        invoices = await open_invoices(books, access, part.facts.proposal_id)
        what = {"TotalAmt": to_decimal(money.minor, money.currency)}
        what |= settled_lines(applied(money.minor, invoices), money.currency)
    written = await _write(
        books, access, company, form, part.facts, posting.local_id, money, moment, customer, what
    )
    async with books.db.transaction(org_id) as session:
        new = await links.link(
            session, org_id, access.realm_id, form.entity, "refund", posting.local_id, written.object
        )
        await outbox.succeeded(session, org_id, written)
        if form is _ONTO_INVOICE:
            await noticing.settles_less(session, org_id, access.realm_id, written.object)
        if new:
            await record(
                session, org_id, form.event, proposal_id=part.facts.proposal_id, payment_id=payment_id,
                refund_id=posting.local_id, qbo_id=str(written.object["Id"]), amount_cents=money.minor,
                currency=money.currency,
            )  # fmt: skip
    _check_total(form, money, written.object)
    exchange_rates.check_home("the receipt", written.sent, written.object, company, money.currency)


GIVEN = Kind(
    "refund",
    missing="SELECT 'refund:' || r.refund_id, r.payment_id, p.proposal_id, r.amount_minor, r.currency, :now "
    "FROM refunds r JOIN payments p ON p.org_id = r.org_id AND p.id = r.payment_id "
    "WHERE r.org_id = :org AND r.status = 'succeeded' AND p.paid_at IS NOT NULL",
    post=post,
    entities=("RefundReceipt",),
    after=forms.AFTER_ITS_PAYMENT,
)
# Only what was on its way into the books needs to come out again; a refund that never succeeded stands nowhere.
CAME_BACK = Kind(
    "refund_return",
    missing="SELECT f.subject, f.payment_id, f.proposal_id, f.amount_minor, f.currency, :now FROM postings f "
    "JOIN refunds r ON r.org_id = f.org_id AND 'refund:' || r.refund_id = f.subject "
    "WHERE f.org_id = :org AND f.kind = 'refund' AND r.status IN ('failed', 'canceled')",
    post=post,
    entities=("SalesReceipt", "Payment"),  # one of the two
    after=f"({forms.AFTER_ITS_INVOICE}) AND EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id AND f.kind = 'refund' "
    "AND f.subject = p.subject AND f.state = 'posted')",
)


async def _refund(books: Books, org_id: int, posting: Taken) -> tuple[int, Money, datetime]:
    """Whose refund it is, how much, and when: as Stripe says, or when we learned that it came back."""
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Refund, (org_id, posting.local_id))
        moment = posting.created_at if posting.kind == "refund_return" else row.created_at
        return row.payment_id, Money(row.amount_minor, row.currency), moment


async def _known(books: Books, access: Access, posting: Taken, form: _Form) -> dict[str, Any] | None:
    """Our document as it is now, when we have one. One that was deleted is forgotten, for a person's retry."""
    refund_id = posting.local_id
    found: tuple[links.Entity, str] | None = None
    # A person may have linked a receipt where we would apply a payment, or the other way round.
    forms_ = (form,) if form is _GIVEN else (_CAME_BACK, _ONTO_INVOICE)
    async with books.db.transaction(access.org_id) as session:
        for entity in (one.entity for one in forms_):
            link = await links.find(session, access.org_id, access.realm_id, entity, "refund", refund_id)
            found = (entity, link.qbo_id) if link else found
    if found is None:
        return None
    entity, qbo_id = found
    call = Call("GET", f"{entity.lower()}/{qbo_id}", f"read_{entity.lower()}")
    try:
        answer = await qbo.ask(books, access.org_id, call)
    except Refused as error:
        if error.code == "610":
            fault = {"code": error.code, "sentence": error.detail}
            async with books.db.transaction(access.org_id) as session:
                await links.unlink(session, access.org_id, access.realm_id, entity, "refund", refund_id)
                await outbox.undo(
                    session, access.org_id, access.realm_id, form.operation, f"refund:{refund_id}", fault
                )
        raise
    object_: dict[str, Any] = answer.data[entity]
    return object_


async def _given(
    books: Books, org_id: int, posting: Taken, taken: Form, facts: DepositFacts, company: Company
) -> dict[str, Any]:
    """Lines and tax of the receipt: the deposit item for what deposits there are, what was sold for the rest."""
    who = await party(books, org_id, facts.proposal_id)
    _, drawn = await frame(books, org_id, who, taken.contract)
    from_deposits = -taken.deposit_minor
    given: dict[str, Any] = {"Line": []}
    if from_deposits < posting.amount_minor:
        async with books.db.transaction(org_id) as session:
            whole = await agreed.contract(session, org_id, facts.proposal_id)
            before = await forms.taken_back(session, org_id, facts.proposal_id, but=posting.id)
        part = share(whole, posting.amount_minor - from_deposits, before)
        given = sale_fields(drawn, whole, part, "Refund: ") | place_fields(drawn)
    if from_deposits:
        assert drawn.deposit_item is not None
        code = deposit_tax_code(company, drawn.mapping)
        line = deposit_line(facts, company, drawn.deposit_item, from_deposits, "Refund: ", tax_code=code)
        given = given | {"Line": [line, *given["Line"]]}
    return given


async def _as_given(books: Books, access: Access, posting: Taken) -> dict[str, Any]:
    """What came back is booked as it was given, line by line."""
    async with books.db.transaction(access.org_id) as session:
        body = await session.scalar(
            select(QboRequest.body)
            .where(
                QboRequest.org_id == access.org_id,
                QboRequest.realm_id == access.realm_id,
                QboRequest.operation == _GIVEN.operation,
                QboRequest.subject == posting.subject,
            )
            .order_by(QboRequest.generation.desc())
            .limit(1)
        )
    if body is None:
        raise Refused(
            "The refund was booked in another QuickBooks company, so its return cannot be booked in this one by itself. "
            "Enter it by hand.",
            code="refund-elsewhere",
        )
    sent = loads(body)
    lines = [
        line | {"Description": str(line.get("Description", "")).replace("Refund: ", _CAME_BACK.said, 1)}
        for line in sent["Line"]
    ]
    kept = {
        name: sent[name]
        for name in ("TxnTaxDetail", "GlobalTaxCalculation", "ClassRef", "DepartmentRef")
        if name in sent
    }
    return kept | {"Line": lines}


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
    what: dict[str, Any],
) -> outbox.Written:
    day = txn_date(moment, company)
    told = await exchange_rates.by_stripe(
        books, access.org_id, company, money.currency, intent=facts.payment_intent, source=refund_id
    )
    rate = told.rate or await exchange_rates.of_day(books, access, company, money.currency, day)
    facts = replace(facts, rate=rate)
    clearing = await setup.clearing_account(books, access, company, told.held_in)

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
            what=what,
            day=day,
            refund_id=refund_id,
            customer_id=customer,
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
        f"QuickBooks made the {form.word} (Id {made['Id']}) over "
        f"{format_money(total, money.currency)}, but {money} was moved: most likely it added sales tax. Make the "
        f"deposit item non-taxable in QuickBooks, correct the {form.word}, then retry.",
        code="total-differs",
    )
