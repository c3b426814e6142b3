"""Brings into the books what Stripe moves by itself: fees, payouts, disputes; one document per movement.

What each debits and credits, and why: docs/decisions/stripe-money-in-the-books.md. Every step may be repeated.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from crm.accounting import company as qbo
from crm.accounting import connection, exchange_rates, links, outbox
from crm.accounting.booking import Kind, Taken
from crm.accounting.connection import Access
from crm.accounting.context import Books
from crm.accounting.documents import Company
from crm.accounting.sync import money_documents as documents
from crm.accounting.sync import setup
from crm.accounting.sync.money_accounts import Role, account
from crm.accounting.sync.stripe_facts import Moved, dispute, fee, movement, payout
from crm.activity.events import Event
from crm.activity.log import record
from crm.gateways.quickbooks import Call, query, quote
from crm.kit.errors import Refused
from crm.kit.money import Money

Load = Callable[[Books, int, Taken, Company], Awaitable[Moved]]
LOOKED_AT_MAX = 1000  # documents of one day among which an earlier attempt is looked for


@dataclass(frozen=True, slots=True)
class _Form:
    """How a movement is booked: the amount leaves `credit` and arrives at `debit`; below zero the other way round,
    as a journal entry where QuickBooks' form goes one way only."""

    entity: links.Entity
    debit: Role
    credit: Role
    event: Event
    load: Load


_FORMS: dict[str, _Form] = {
    "stripe_fee": _Form("Purchase", "fee_account", "clearing_account", Event.FEE_BOOKED, fee),
    "account_fee": _Form("Purchase", "fee_account", "clearing_account", Event.FEE_BOOKED, movement),
    "payout": _Form("Transfer", "bank_account", "clearing_account", Event.PAYOUT_BOOKED, payout),
    "payout_return": _Form(
        "Transfer", "clearing_account", "bank_account", Event.PAYOUT_RETURN_BOOKED, payout
    ),
    "dispute": _Form("JournalEntry", "dispute_account", "clearing_account", Event.DISPUTE_BOOKED, movement),
    "dispute_return": _Form(
        "JournalEntry", "clearing_account", "dispute_account", Event.DISPUTE_RETURN_BOOKED, movement
    ),
    "dispute_lost": _Form(
        "JournalEntry", "loss_account", "dispute_account", Event.DISPUTE_LOSS_BOOKED, dispute
    ),
}


async def post(books: Books, org_id: int, posting: Taken) -> None:
    """Books one movement. Raises Unavailable, Refused or Disconnected."""
    access = await connection.access(books, org_id)
    company = await setup.company_of(books, access)
    form = _FORMS[posting.kind]
    moved = await form.load(books, org_id, posting, company)
    if setup.has_no_place_for(company, moved.currency):
        company = await setup.company_of(books, access, fresh=True)
    if setup.has_no_place_for(company, moved.currency):
        raise Refused(
            f"Stripe's balance is in {moved.currency}, but this QuickBooks company keeps its books in "
            f"{company.home_currency} only. Turn on multicurrency in QuickBooks (it can't be turned off again) or book "
            "this by hand.",
            code="multicurrency-off",
        )
    debit, credit = form.debit, form.credit
    entity: links.Entity = form.entity
    if moved.amount_minor < 0:
        debit, credit = credit, debit
        entity = "Transfer" if entity == "Transfer" else "JournalEntry"
    if await _stands(books, access, posting, entity):
        return
    money = Money(abs(moved.amount_minor), moved.currency)
    rate = await exchange_rates.of_day(books, access, company, moved.currency, moved.day)
    accounts = [await account(books, access, company, role, moved.currency) for role in (debit, credit)]
    written = await outbox.write_once(
        books,
        org_id,
        access.realm_id,
        operation=_operation(entity),
        subject=_subject(posting),
        entity=entity,
        build=lambda requestid: _body(entity, company, money, rate, moved, requestid, *accounts),
        look=lambda requestid: _find(books, access, entity, moved.day, requestid),
    )
    async with books.db.transaction(org_id) as session:
        new = await links.link(
            session, org_id, access.realm_id, entity, posting.kind, posting.local_id, written.object
        )
        await outbox.succeeded(session, org_id, written)
        if new:
            await record(
                session, org_id, form.event, proposal_id=posting.proposal_id, payment_id=posting.payment_id,
                said=moved.said, qbo_id=str(written.object["Id"]), entity=entity, amount_cents=moved.amount_minor,
                currency=moved.currency, subject=posting.subject,
            )  # fmt: skip


def _operation(entity: str) -> str:
    return {
        "Purchase": "create_expense", "Transfer": "create_transfer", "JournalEntry": "create_journal_entry",
    }[entity]  # fmt: skip


def _subject(posting: Taken) -> str:
    """A payout and its return are two documents of one subject."""
    return f"{posting.kind}:{posting.local_id}"


def _body(
    entity: str,
    company: Company,
    money: Money,
    rate: Decimal | None,
    moved: Moved,
    requestid: str,
    debit: str,
    credit: str,
) -> dict[str, Any]:
    private_note = documents.note(moved.said, requestid, moved.stripe_ids)
    if entity == "Purchase":
        return documents.expense(
            company, money, rate, moved.day, private_note, moved.said, paid_from=credit, account=debit
        )
    if entity == "Transfer":
        return documents.transfer(company, money, rate, moved.day, private_note, source=credit, target=debit)
    return documents.journal(
        company, money, rate, moved.day, private_note, moved.said, debit=debit, credit=credit
    )


async def _find(books: Books, access: Access, entity: str, day: str, requestid: str) -> dict[str, Any] | None:
    """What an earlier attempt made: of the same day, with our key in the note."""
    statement = f"SELECT * FROM {entity} WHERE TxnDate = {quote(day)} MAXRESULTS {LOOKED_AT_MAX}"
    answer = await qbo.ask(books, access.org_id, query(f"look_for_{entity.lower()}", statement))
    rows: list[dict[str, Any]] = answer.data.get("QueryResponse", {}).get(entity, [])
    return next((row for row in rows if requestid in str(row.get("PrivateNote", ""))), None)


async def _stands(books: Books, access: Access, posting: Taken, entity: links.Entity) -> bool:
    """Whether our document is there. One that was deleted is forgotten, so that a person's retry makes a new one."""
    async with books.db.transaction(access.org_id) as session:
        link = await links.find(
            session, access.org_id, access.realm_id, entity, posting.kind, posting.local_id
        )
    if link is None:
        return False
    try:
        path = f"{entity.lower()}/{link.qbo_id}"
        await qbo.ask(books, access.org_id, Call("GET", path, f"read_{entity.lower()}"))
    except Refused as error:
        if error.code == "610":
            fault = {"code": error.code, "sentence": error.detail}
            async with books.db.transaction(access.org_id) as session:
                await links.unlink(
                    session, access.org_id, access.realm_id, entity, posting.kind, posting.local_id
                )
                await outbox.undo(
                    session, access.org_id, access.realm_id, _operation(entity), _subject(posting), fault
                )
        raise
    return True


# Each minute the newest are looked at: older ones have their posting, and reconciliation looks at all (`postings.ensure`).
_RECENT = "t.org_id = :org AND t.learned_at > cast(:since AS timestamptz)"
_OURS = (
    "JOIN payments y ON y.org_id = t.org_id AND y.stripe_payment_intent = t.intent AND y.paid_at IS NOT NULL "
    "AND NOT y.simulated"
)
# What moved before the first payment of ours belongs to the balance that Stripe began with.
_SINCE = (
    "(SELECT min(f.paid_at) FROM payments f WHERE f.org_id = :org AND f.paid_at IS NOT NULL AND NOT f.simulated) "
    "- interval '1 day'"
)

FEE = Kind(
    "stripe_fee",
    missing="SELECT 'fee:' || t.fee_group, CASE WHEN count(*) = 1 THEN min(y.id) END, "
    "CASE WHEN count(*) = 1 THEN min(y.proposal_id) END, sum(t.fee_minor)::bigint, t.currency, :now "
    f"FROM stripe_transactions t {_OURS} WHERE {_RECENT} AND t.fee_group IS NOT NULL AND t.fee_minor <> 0 "
    "GROUP BY t.fee_group, t.currency HAVING sum(t.fee_minor) <> 0",
    post=post,
    entities=("Purchase", "JournalEntry"),
)
ACCOUNT_FEE = Kind(
    "account_fee",
    missing="SELECT 'balance:' || t.transaction_id, cast(NULL AS int), cast(NULL AS int), -t.amount_minor, "
    f"t.currency, :now FROM stripe_transactions t WHERE {_RECENT} AND t.type = 'stripe_fee' "
    f"AND t.amount_minor <> 0 AND t.created_at >= {_SINCE}",
    post=post,
    entities=("Purchase", "JournalEntry"),
)
PAYOUT = Kind(
    "payout",
    missing="SELECT 'payout:' || o.payout_id, cast(NULL AS int), cast(NULL AS int), o.amount_minor, o.currency, :now "
    f"FROM payouts o WHERE o.org_id = :org AND o.status = 'paid' AND o.created_at >= {_SINCE}",
    post=post,
    entities=("Transfer",),
)
# Only what was on its way into the books needs to come out again: what never arrived is on no bank statement.
PAYOUT_RETURN = Kind(
    "payout_return",
    missing="SELECT f.subject, cast(NULL AS int), cast(NULL AS int), f.amount_minor, f.currency, :now "
    "FROM postings f JOIN payouts o ON o.org_id = f.org_id AND 'payout:' || o.payout_id = f.subject "
    "WHERE f.org_id = :org AND f.kind = 'payout' AND o.status IN ('failed', 'canceled')",
    post=post,
    entities=("Transfer",),
    after="EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id AND f.kind = 'payout' "
    "AND f.subject = p.subject AND f.state = 'posted')",
)
DISPUTE = Kind(
    "dispute",
    missing="SELECT 'balance:' || t.transaction_id, y.id, y.proposal_id, -t.amount_minor, t.currency, :now "
    f"FROM stripe_transactions t {_OURS} WHERE {_RECENT} AND t.category = 'dispute' AND t.amount_minor < 0",
    post=post,
    entities=("JournalEntry",),
)
DISPUTE_RETURN = Kind(
    "dispute_return",
    missing="SELECT 'balance:' || t.transaction_id, y.id, y.proposal_id, t.amount_minor, t.currency, :now "
    f"FROM stripe_transactions t {_OURS} WHERE {_RECENT} AND t.category = 'dispute_reversal' AND t.amount_minor > 0",
    post=post,
    entities=("JournalEntry",),
)
DISPUTE_LOST = Kind(
    "dispute_lost",
    missing="SELECT 'dispute:' || d.dispute_id, min(d.payment_id), min(y.proposal_id), -sum(t.amount_minor)::bigint, "
    "min(t.currency), cast(:now AS timestamptz) FROM disputes d JOIN payments y ON y.org_id = d.org_id AND y.id = d.payment_id "
    "JOIN stripe_transactions t ON t.org_id = d.org_id AND t.source = d.dispute_id AND t.category = 'dispute' "
    "WHERE d.org_id = :org AND d.status = 'lost' GROUP BY d.dispute_id",
    post=post,
    entities=("JournalEntry",),
    after="EXISTS (SELECT 1 FROM postings f JOIN stripe_transactions t ON t.org_id = f.org_id "
    "AND f.subject = 'balance:' || t.transaction_id WHERE f.org_id = p.org_id AND f.kind = 'dispute' "
    "AND f.state = 'posted' AND 'dispute:' || t.source = p.subject)",
)
KINDS = (FEE, ACCOUNT_FEE, PAYOUT, PAYOUT_RETURN, DISPUTE, DISPUTE_RETURN, DISPUTE_LOST)
