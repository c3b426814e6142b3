"""The invoice of a contract, and of a change order that came after it: the real lines, less the deposits that were paid.

Raised when the last open part is paid, or when the office says that the job is done; under the policy of one invoice
with the first payment (docs/decisions/when-the-contract-is-invoiced.md).
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from crm.accounting import company as qbo
from crm.accounting import exchange_rates, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.contracts import agreed, forms
from crm.accounting.contracts.documents import invoice_body
from crm.accounting.contracts.lines import Agreed
from crm.accounting.contracts.tables import BooksContract
from crm.accounting.documents import Company, txn_date
from crm.accounting.error_counts import count_error
from crm.accounting.sync import attachment
from crm.accounting.sync.frame import frame, party
from crm.accounting.sync.looking import find_by_note
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call
from crm.kit.errors import Refused
from crm.kit.money import format_money, from_decimal, to_decimal
from crm.payments.tables import Payment

# Of some currencies Stripe charges whole units only, so a contract is paid when less than one is left. A contract from
# before schedules may have no part but its deposit: that one alone is not the whole.
STEP_MINOR_MAX = 100
# What QuickBooks says of a link to what is gone or taken; 6000 says many other things, too, and says them again.
LINK_REFUSED = frozenset({"610", "620", "2500", "6000"})


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Makes the invoice, or finds it. Raises Unavailable, Refused or Disconnected."""
    assert posting.proposal_id is not None
    form = await forms.decide(books, org_id, posting)
    who = await party(books, org_id, posting.proposal_id)
    access, drawn = await frame(books, org_id, who, form.contract)
    async with books.db.transaction(org_id) as session:
        if posting.kind == "contract_invoice":
            orders = [int(one) for one in form.name.partition(":")[2].split(",") if one]
            sold = await agreed.contract(session, org_id, posting.proposal_id, orders)
        else:
            sold = await agreed.change(session, org_id, int(posting.local_id))
        estimate = await links.find(
            session, org_id, access.realm_id, "Estimate", "proposal", posting.proposal_id
        )
    used = -form.deposit_minor
    known = await _known(books, access, posting)
    if known is not None:
        _check_total(sold, used, known)
        return
    day = await _day(books, org_id, form.contract, posting, drawn.company)
    rate = await exchange_rates.of_day(books, access, drawn.company, sold.currency, day)
    drawn = replace(drawn, rate=rate)

    async def look(requestid: str) -> dict[str, Any] | None:
        return await find_by_note(books, access, "Invoice", drawn.customer_id, day, requestid)

    # An invoice can close one estimate, and an estimate be closed by one invoice: the contract's.
    closes = estimate.qbo_id if estimate and posting.kind == "contract_invoice" else None

    async def write(estimate_id: str | None) -> outbox.Written:
        return await outbox.write_once(
            books,
            org_id,
            access.realm_id,
            operation="create_invoice",
            subject=posting.subject,
            entity="Invoice",
            build=lambda requestid: invoice_body(
                drawn,
                sold,
                used_minor=used,
                day=day,
                requestid=requestid,
                subject=posting.subject,
                estimate_id=estimate_id,
            ),
            look=look,
        )

    try:
        try:
            written = await write(closes)
        except Refused as error:
            # Somebody deleted the estimate, or made an invoice of it by hand: money does not wait for that.
            if closes is None or error.code not in LINK_REFUSED:
                raise
            written = await write(None)
    except Refused:
        async with books.db.transaction(org_id) as session:
            await count_error(session, org_id, "create_invoice")
        raise
    await _keep(books, access, posting, sold, used, written)
    _check_total(sold, used, written.object)
    exchange_rates.check_home("the invoice", written.sent, written.object, drawn.company, sold.currency)


async def _keep(
    books: Books, access: Access, posting: Taken, sold: Agreed, used: int, written: outbox.Written
) -> None:
    kind, _, local_id = posting.subject.partition(":")
    async with books.db.transaction(access.org_id) as session:
        new = await links.link(
            session, access.org_id, access.realm_id, "Invoice", kind, local_id, written.object
        )
        await outbox.succeeded(session, access.org_id, written)
        if new:
            await record(
                session,
                access.org_id,
                Event.INVOICE_CREATED,
                proposal_id=sold.proposal_id,
                qbo_invoice_id=str(written.object["Id"]),
                amount_usd=float(to_decimal(sold.total_minor - used, sold.currency)),
                env=access.env,
                currency=sold.currency,
                total_minor=sold.total_minor,
                deposits_used_minor=used,
            )


async def _known(books: Books, access: Access, posting: Taken) -> dict[str, Any] | None:
    """Our invoice as it is now, when we have one. One that was deleted is forgotten: it is made again."""
    kind, _, local_id = posting.subject.partition(":")
    async with books.db.transaction(access.org_id) as session:
        link = await links.find(session, access.org_id, access.realm_id, "Invoice", kind, local_id)
    if link is None:
        return None
    try:
        answer = await qbo.ask(books, access.org_id, Call("GET", f"invoice/{link.qbo_id}", "read_invoice"))
    except Refused as error:
        if error.code != "610":
            raise
        fault = {"code": error.code, "sentence": error.detail}
        async with books.db.transaction(access.org_id) as session:
            await links.unlink(session, access.org_id, access.realm_id, "Invoice", kind, local_id)
            await outbox.undo(
                session, access.org_id, access.realm_id, "create_invoice", posting.subject, fault
            )
            if kind == "proposal":
                await attachment.again(session, access.org_id, access.realm_id, int(local_id))
        return None
    found: dict[str, Any] = answer.data["Invoice"]
    return found


async def _day(books: Books, org_id: int, contract: BooksContract, posting: Taken, company: Company) -> str:
    """When the work was done, as far as we know: as the office says, else with the payment that made it due."""
    moment = contract.done_at
    if posting.kind == "change_invoice":
        moment = posting.created_at
    if moment is None:
        which = func.min if contract.policy == "whole" else func.max
        async with books.db.transaction(org_id) as session:
            moment = await session.scalar(
                select(which(Payment.paid_at)).where(
                    Payment.org_id == org_id, Payment.proposal_id == posting.proposal_id
                )
            )
    return txn_date(moment or posting.created_at, company)


def _check_total(sold: Agreed, used: int, made: dict[str, Any]) -> None:
    wanted = sold.total_minor - used
    total = from_decimal(Decimal(made["TotalAmt"]), sold.currency)
    if total == wanted:
        return
    agreed_, found = format_money(wanted, sold.currency), format_money(total, sold.currency)
    difference = format_money(total - wanted, sold.currency)
    raise Refused(
        f"QuickBooks made the invoice (Id {made['Id']}) over {found}, but {agreed_} is what was agreed and is still to be "
        f"paid: {difference} more or less, most likely sales tax that QuickBooks worked out by itself. Choose a tax code "
        "under Books > Mapping (Sales tax), so that our tax is sent; then correct or delete the invoice in QuickBooks and "
        "retry.",
        code="total-differs",
    )


CONTRACT = Kind(
    "contract_invoice",
    missing="SELECT 'proposal:' || r.id, NULL::int, r.id, r.total_minor + r.changes_minor, r.currency, :now "
    "FROM books_contracts c JOIN proposals r ON r.org_id = c.org_id AND r.id = c.proposal_id "
    "WHERE c.org_id = :org AND NOT c.in_parts AND r.status = 'approved' AND (c.done_at IS NOT NULL "
    "OR EXISTS (SELECT 1 FROM payments p WHERE p.org_id = c.org_id AND p.proposal_id = r.id "
    "AND p.paid_at IS NOT NULL) AND (c.policy = 'whole' OR NOT EXISTS (SELECT 1 FROM payments p "
    "WHERE p.org_id = c.org_id AND p.proposal_id = r.id AND p.state <> 'void' AND p.paid_at IS NULL) "
    "AND (SELECT sum(p.amount_minor) FROM payments p WHERE p.org_id = c.org_id AND p.proposal_id = r.id "
    f"AND p.paid_at IS NOT NULL) > r.total_minor + r.changes_minor - {STEP_MINOR_MAX}))",
    post=post,
    entities=("Invoice",),
    after=forms.AFTER_WHAT_HAS_BEGUN,
)
# What was signed for after the contract's invoice was decided on; before, it is part of that one.
CHANGE = Kind(
    "change_invoice",
    missing="SELECT 'change:' || o.id, NULL::int, o.proposal_id, o.total_minor, c.currency, :now "
    "FROM postings c JOIN change_orders o ON o.org_id = c.org_id AND o.proposal_id = c.proposal_id "
    "WHERE c.org_id = :org AND c.kind = 'contract_invoice' AND c.form IS NOT NULL AND o.state = 'approved' "
    "AND o.total_minor > 0 AND o.id::text <> ALL (string_to_array(split_part(c.form, ':', 2), ','))",
    post=post,
    entities=("Invoice",),
    after="NOT EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id AND f.proposal_id = p.proposal_id "
    f"AND f.kind = 'contract_invoice' AND {forms.OPEN})",
)
