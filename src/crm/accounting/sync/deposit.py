"""Brings one paid part into the books: as a deposit with an invoice of its own, or onto the contract's invoice.

Every step may be repeated by another run: what is linked is not made again, what was sent is looked for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from crm.accounting import company as qbo
from crm.accounting import connection, exchange_rates, links, outbox, turns
from crm.accounting.booking import Booked, Kind, Taken
from crm.accounting.comeback import noticing
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import forms
from crm.accounting.contracts.documents import deposit_tax_code
from crm.accounting.contracts.forms import Form
from crm.accounting.documents import (
    Company,
    CustomerFacts,
    DepositFacts,
    invoice_body,
    payment_body,
    txn_date,
)
from crm.accounting.error_counts import count_error
from crm.accounting.sync import setup
from crm.accounting.sync.contract_customer import contract_customer
from crm.accounting.sync.looking import find_by_key
from crm.accounting.sync.open_invoices import OpenInvoice, applied, open_invoices, open_now
from crm.activity.events import Event
from crm.activity.log import record
from crm.customers.tables import Customer
from crm.gateways.quickbooks import Call
from crm.gateways.quickbooks_faults import existing_transaction_id
from crm.kit.errors import OutsideError, Refused
from crm.kit.money import Money, format_money, from_decimal, to_decimal
from crm.payments.tables import Payment
from crm.proposals.tables import Proposal

DOC_NUMBERS_MAX = 3


@dataclass(frozen=True, slots=True)
class PaidPart:
    facts: DepositFacts
    customer_id: int
    customer: CustomerFacts


async def post(books: Books, org_id: int, posting: Taken) -> Booked:
    """Books the payment. Raises Unavailable, Refused or Disconnected; then nothing is half done that the
    next call would not find and finish."""
    access = await connection.access(books, org_id)
    part = await load(books, org_id, int(posting.local_id))
    company = await setup.company_for(books, access, part.facts.currency)
    form = await forms.decide(books, org_id, posting)
    customer = await contract_customer(
        books, access, company, proposal_id=part.facts.proposal_id, title=part.facts.title,
        local_id=part.customer_id, facts=part.customer, currency=part.facts.currency,
    )  # fmt: skip
    if form.name == "deposit":
        invoice, created = await _invoice(books, access, company, part.facts, customer, form)
        invoices = [invoice]
    else:
        invoices, created = await open_invoices(books, access, part.facts.proposal_id), False
    payment, new = await _payment(books, access, company, part.facts, customer, invoices)
    return Booked(invoices[0].id, payment, created or (new and form.name != "deposit"))


KIND = Kind(
    "payment",
    missing="SELECT 'payment:' || p.id, p.id, p.proposal_id, p.amount_minor, p.currency, least(p.paid_at, :now) "
    "FROM payments p WHERE p.org_id = :org AND p.paid_at IS NOT NULL",
    post=post,
    entities=("Invoice", "Payment"),
    after=forms.AFTER_ITS_INVOICE,
    begin=forms.BEGIN,
)


async def load(books: Books, org_id: int, payment_id: int) -> PaidPart:
    """The part and its customer, as the books need them. Raises Refused when it is not paid."""
    async with books.db.transaction(org_id) as session:
        payment = await session.get_one(Payment, (org_id, payment_id))
        proposal = await session.get_one(Proposal, (org_id, payment.proposal_id))
        customer = await session.get_one(Customer, (org_id, proposal.customer_id))
        if payment.paid_at is None:
            raise Refused("This payment is not paid, so there is nothing to book.", code="not-paid")
        facts = DepositFacts(
            proposal_id=proposal.id,
            payment_id=payment.id,
            name=payment.name,
            title=proposal.title,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            paid_at=payment.paid_at,
            email=customer.email,
            session_id=payment.stripe_session_id,
            payment_intent=payment.stripe_payment_intent,
        )
        return PaidPart(
            facts,
            customer.id,
            CustomerFacts(
                customer.name,
                customer.company,
                customer.email,
                customer.phone,
                customer.billing_address,
                customer.site_address,
            ),
        )


async def _invoice(
    books: Books, access: Access, company: Company, facts: DepositFacts, customer: str, form: Form
) -> tuple[OpenInvoice, bool]:
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(
            session, access.org_id, access.realm_id, "Invoice", "payment", facts.payment_id
        )
        paid = await links.find(
            session, access.org_id, access.realm_id, "Payment", "payment", facts.payment_id
        )
    if known is not None:
        if paid is not None:
            return OpenInvoice(known.qbo_id, 0), False
        # A run ended between invoice and payment: somebody may have changed the invoice since, so look.
        object_ = await _read_again(books, access, facts, known.qbo_id)
        return await _keep_invoice(books, access, facts, outbox.Written(0, object_, ""))
    mapping = await setup.mapping_of(books, access)
    item = form.contract.deposit_item
    if item is None:
        item = await setup.deposit_item(books, access, mapping, form.contract.policy)
        await forms.keep_deposit_item(books, access.org_id, facts.proposal_id, item)
    tax_code = deposit_tax_code(company, mapping)
    facts, _ = await _at_rate(books, access, company, facts)
    day, money = txn_date(facts.paid_at, company), Money(facts.amount_minor, facts.currency)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_key(books, access, "Invoice", customer, day, money, requestid)

    for generation in range(1, DOC_NUMBERS_MAX + 1):
        try:
            written = await outbox.write_once(
                books,
                access.org_id,
                access.realm_id,
                operation="create_invoice",
                subject=f"payment:{facts.payment_id}",
                entity="Invoice",
                build=lambda requestid, generation=generation: invoice_body(  # type: ignore[misc]
                    facts,
                    company,
                    customer_id=customer,
                    item_id=item,
                    tax_code=tax_code,
                    requestid=requestid,
                    generation=generation,
                ),
                look=look,
            )
        except Refused as error:
            await _count_failure(books, access.org_id)
            if error.code != "6140" or generation == DOC_NUMBERS_MAX:
                raise
            ours = await _behind_number(books, access, facts, error)
            if ours is None:
                continue  # somebody else's document has the number: the next generation takes another
            written = outbox.Written(0, ours, "", found=True)
        except OutsideError as error:
            if error.code not in turns.NOT_SENT:
                await _count_failure(books, access.org_id)
            raise
        kept = await _keep_invoice(books, access, facts, written)
        exchange_rates.check_home("the invoice", written.sent, written.object, company, facts.currency)
        return kept
    raise AssertionError("unreachable: the loop returns or raises")


async def _read_again(books: Books, access: Access, facts: DepositFacts, invoice_id: str) -> dict[str, Any]:
    """Our invoice as it is now. One that was deleted is forgotten here, so that a person's retry makes a new one."""
    try:
        answer = await qbo.ask(books, access.org_id, Call("GET", f"invoice/{invoice_id}", "read_invoice"))
    except Refused as error:
        if error.code != "610":
            raise
        subject = f"payment:{facts.payment_id}"
        fault = {"code": error.code, "sentence": error.detail}
        async with books.db.transaction(access.org_id) as session:
            await links.unlink(
                session, access.org_id, access.realm_id, "Invoice", "payment", facts.payment_id
            )
            await outbox.undo(session, access.org_id, access.realm_id, "create_invoice", subject, fault)
        raise Refused(
            f"Invoice {invoice_id} was deleted in QuickBooks before the payment was applied to it. Retry to make "
            "a new invoice with the payment.",
            code=error.code,
            reference=error.reference,
        ) from error
    invoice: dict[str, Any] = answer.data["Invoice"]
    return invoice


async def _count_failure(books: Books, org_id: int) -> None:
    async with books.db.transaction(org_id) as session:
        await count_error(session, org_id, "create_invoice")


async def _behind_number(
    books: Books, access: Access, facts: DepositFacts, error: Refused
) -> dict[str, Any] | None:
    """The invoice that holds our number, when it is our own from an attempt long ago (facts 2.5, 6140)."""
    existing = existing_transaction_id(str(error.more.get("fault_detail", "")))
    if existing is None:
        return None
    try:
        answer = await qbo.ask(books, access.org_id, Call("GET", f"invoice/{existing}", "read_invoice"))
    except Refused:
        return None  # not an invoice, or gone
    found: dict[str, Any] = answer.data.get("Invoice", {})
    mine = facts.session_id is not None and facts.session_id in str(found.get("PrivateNote", ""))
    return found if mine else None


async def _keep_invoice(
    books: Books, access: Access, facts: DepositFacts, written: outbox.Written
) -> tuple[OpenInvoice, bool]:
    object_ = written.object
    total = from_decimal(Decimal(object_["TotalAmt"]), facts.currency)
    async with books.db.transaction(access.org_id) as session:
        new = await links.link(
            session, access.org_id, access.realm_id, "Invoice", "payment", facts.payment_id, object_
        )
        if written.request_id:
            await outbox.succeeded(session, access.org_id, written)
        if new:
            await record(
                session,
                access.org_id,
                Event.INVOICE_CREATED,
                proposal_id=facts.proposal_id,
                qbo_invoice_id=str(object_["Id"]),
                amount_usd=float(to_decimal(facts.amount_minor, facts.currency)),
                env=access.env,
                payment_id=facts.payment_id,
                currency=facts.currency,
            )
    if total != facts.amount_minor:
        raise _total_differs(facts, total, str(object_["Id"]))
    return OpenInvoice(str(object_["Id"]), from_decimal(Decimal(object_["Balance"]), facts.currency)), new


def _total_differs(facts: DepositFacts, total_minor: int, invoice_id: str) -> Refused:
    if total_minor == 0:
        return Refused(
            f"Invoice {invoice_id} was voided in QuickBooks before the payment was applied to it. Delete it there "
            "and retry to make a new one, or book this payment by hand.",
            code="invoice-voided",
        )
    paid, made = (format_money(m, facts.currency) for m in (facts.amount_minor, total_minor))
    return Refused(
        f"QuickBooks made the invoice (Id {invoice_id}) over {made}, but {paid} was paid: most likely it added tax. Make the "
        "deposit item non-taxable in QuickBooks (outside the US choose a code of 0 % in Books > Mapping > Tax on deposits), "
        "correct the invoice, then retry.",
        code="total-differs",
    )


async def _payment(
    books: Books,
    access: Access,
    company: Company,
    facts: DepositFacts,
    customer: str,
    invoices: Sequence[OpenInvoice],
) -> tuple[str, bool]:
    """The payment's Id, and whether this run made it."""
    async with books.db.transaction(access.org_id) as session:
        known = await links.find(
            session, access.org_id, access.realm_id, "Payment", "payment", facts.payment_id
        )
    if known is not None:
        return known.qbo_id, False
    facts, held_in = await _at_rate(books, access, company, facts)
    clearing = await setup.clearing_account(books, access, company, held_in)
    day, money = txn_date(facts.paid_at, company), Money(facts.amount_minor, facts.currency)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_key(books, access, "Payment", customer, day, money, requestid)

    async def write() -> outbox.Written:
        return await outbox.write_once(
            books,
            access.org_id,
            access.realm_id,
            operation="create_payment",
            subject=f"payment:{facts.payment_id}",
            entity="Payment",
            build=lambda requestid: payment_body(
                facts,
                company,
                customer_id=customer,
                applied=applied(facts.amount_minor, invoices),
                clearing_account_id=clearing,
                requestid=requestid,
            ),
            look=look,
        )

    try:
        written = await _payment_of_earlier_life(facts, invoices, look) or await write()
    except Refused as error:
        if error.code == "6000" and (now := await open_now(books, access, invoices)) != list(invoices):
            invoices = (
                now  # something else settled it meanwhile, which no rule of QuickBooks lets us settle again
            )
        elif error.code != "610":
            raise
        written = await write()  # what was stored may name an invoice that is gone; now it names this one
    async with books.db.transaction(access.org_id) as session:
        new = await links.link(
            session, access.org_id, access.realm_id, "Payment", "payment", facts.payment_id, written.object
        )
        if written.request_id:
            await outbox.succeeded(session, access.org_id, written)
        await noticing.settles_less(session, access.org_id, access.realm_id, written.object)
        if new:
            await record(
                session,
                access.org_id,
                Event.INVOICE_PAID,
                proposal_id=facts.proposal_id,
                qbo_invoice_id=invoices[0].id,
                qbo_payment_id=str(written.object["Id"]),
                amount_cents=facts.amount_minor,
                unapplied=str(written.object.get("UnappliedAmt", 0)),
                payment_id=facts.payment_id,
            )
    return str(written.object["Id"]), new


async def _at_rate(
    books: Books, access: Access, company: Company, facts: DepositFacts
) -> tuple[DepositFacts, str]:
    """The part with its exchange rate, and the currency in which Stripe holds the money."""
    told = await exchange_rates.by_stripe(
        books, access.org_id, company, facts.currency, intent=facts.payment_intent
    )
    rate = told.rate or await exchange_rates.of_day(
        books, access, company, facts.currency, txn_date(facts.paid_at, company)
    )
    return replace(facts, rate=rate), told.held_in


async def _payment_of_earlier_life(
    facts: DepositFacts,
    invoices: Sequence[OpenInvoice],
    look: Callable[[str], Awaitable[dict[str, Any] | None]],
) -> outbox.Written | None:
    """Our payment on an invoice that is settled though we know of none: from before a backup was restored."""
    if sum(one.open_minor for one in invoices) >= facts.amount_minor or facts.session_id is None:
        return None
    found = await look(facts.session_id)
    return outbox.Written(0, found, "", found=True) if found else None


async def proposal_payment(books: Books, org_id: int, proposal_id: int) -> Payment | None:
    """The first paid part of a proposal, which is the deposit; None when nothing is paid."""
    async with books.db.transaction(org_id) as session:
        return await session.scalar(
            select(Payment)
            .where(
                Payment.org_id == org_id,
                Payment.proposal_id == proposal_id,
                Payment.paid_at.is_not(None),
            )
            .order_by(Payment.position, Payment.id)
            .limit(1)
        )
