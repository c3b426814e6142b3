"""How each part of a contract's money is booked: decided once, under a lock, before anything is sent.

A payment is a `deposit` (an invoice of its own, on the deposit item) until the contract's invoice stands; from then on
it pays that one (`contract`). A refund takes from the deposits what is left of them, the rest from what was sold. One that
comes back is a deposit again, unless the contract's invoice stands by then: it pays that (`onto_invoice`).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.accounting.booking import Taken
from crm.accounting.context import Books
from crm.accounting.contracts import agreed
from crm.accounting.contracts.lines import Agreed
from crm.accounting.contracts.tables import BooksContract
from crm.accounting.tables import Posting
from crm.kit.database import ROW_LOCK, Big
from crm.kit.errors import Unavailable

# A contract's row, for everything that was paid: with the policy of the day, which `policy.choose` may still change
# until something is decided.
BEGIN = (
    "INSERT INTO books_contracts (org_id, proposal_id, policy) SELECT DISTINCT p.org_id, p.proposal_id, "
    "coalesce((SELECT policy FROM books_settings s WHERE s.org_id = p.org_id), 'income') FROM payments p "
    "WHERE p.org_id = :org AND p.paid_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM books_contracts c "
    "WHERE c.org_id = p.org_id AND c.proposal_id = p.proposal_id) ON CONFLICT DO NOTHING"
)
OPEN = "f.state IN ('waiting', 'needs_you')"
# Conditions on the posting `p`: what must stand in the books before it does. One that a person skipped holds up nothing.
AFTER_ITS_INVOICE = (
    "p.form IS NOT NULL OR NOT EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id "
    f"AND f.proposal_id = p.proposal_id AND f.kind IN ('contract_invoice', 'change_invoice') AND {OPEN})"
)
AFTER_ITS_PAYMENT = (
    f"({AFTER_ITS_INVOICE}) AND NOT EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id "
    f"AND f.payment_id = p.payment_id AND f.kind = 'payment' AND {OPEN})"
)
AFTER_WHAT_HAS_BEGUN = (
    "p.form IS NOT NULL OR NOT EXISTS (SELECT 1 FROM postings f WHERE f.org_id = p.org_id "
    "AND f.proposal_id = p.proposal_id AND f.kind IN ('payment', 'refund', 'refund_return') "
    f"AND {OPEN} AND (f.form IS NOT NULL OR f.lease_until > :now))"
)


@dataclass(frozen=True, slots=True)
class Form:
    """`deposit_minor`: what it adds to the deposits, or takes out of them (below zero). `amount_minor`: how much it is
    over, where that is decided here too."""

    name: str
    deposit_minor: int
    contract: BooksContract
    amount_minor: int


async def decide(books: Books, org_id: int, posting: Taken) -> Form:
    """The form of this posting; the first call decides, each later one finds the same. Raises Unavailable when another
    run has the posting meanwhile, or when its turn has not come."""
    assert posting.proposal_id is not None
    async with books.db.transaction(org_id) as session:
        contract = await _contract(session, org_id, posting.proposal_id)
        row = await session.get_one(Posting, (org_id, posting.id), with_for_update=ROW_LOCK)
        if row.form is None:
            if row.lease != posting.lease:
                raise Unavailable("Another run books this already.", code="paused", retry_after_seconds=1)
            await _decide(session, row, contract)
        return Form(row.form or "", row.deposit_minor or 0, contract, row.amount_minor)


async def _contract(session: AsyncSession, org_id: int, proposal_id: int) -> BooksContract:
    await session.execute(
        text(
            "INSERT INTO books_contracts (org_id, proposal_id, policy) VALUES (:org, :proposal, "
            "coalesce((SELECT policy FROM books_settings WHERE org_id = :org), 'income')) ON CONFLICT DO NOTHING"
        ),
        {"org": org_id, "proposal": proposal_id},
    )
    return await session.get_one(BooksContract, (org_id, proposal_id), with_for_update=ROW_LOCK)


async def _decide(session: AsyncSession, row: Posting, contract: BooksContract) -> None:
    amount = row.amount_minor
    if row.kind == "payment":
        invoice = await _invoice_state(session, row)
        if invoice in {"waiting", "needs_you"}:
            raise Unavailable("The contract's invoice comes first.", code="paused", retry_after_seconds=2)
        row.form = "deposit" if invoice is None else "contract"
        row.deposit_minor = Big(amount if invoice is None else 0)
    elif row.kind == "refund":
        left = await deposits_left(session, row.org_id, contract.proposal_id)
        row.form, row.deposit_minor = "refund", Big(-min(max(left, 0), amount))
    elif row.kind == "refund_return":
        back = -await _out_of_deposits(session, row)
        invoice = await _invoice_state(session, row)
        if invoice in {"waiting", "needs_you"}:
            raise Unavailable("The contract's invoice comes first.", code="paused", retry_after_seconds=2)
        # That invoice was made without this money and uses no deposit any more: what is open on it is what came back.
        late = back == amount and invoice == "posted"
        if late and await owed(session, row.org_id, contract.proposal_id) >= amount:
            row.form, row.deposit_minor = "onto_invoice", Big(0)
        else:
            row.form, row.deposit_minor = "return", Big(back)
    elif row.kind == "contract_invoice":
        left = await deposits_left(session, row.org_id, contract.proposal_id)
        sold = await _sold(session, row, max(left, 0))
        row.amount_minor = Big(sold.total_minor)
        row.form = "contract:" + ",".join(map(str, sold.order_ids))
        row.deposit_minor = Big(-min(max(left, 0), sold.total_minor))
    elif row.kind == "credit_memo" and row.subject.startswith("change:"):
        # What was paid already nobody owes: the refund takes that out of what was sold, and twice would be wrong.
        open_ = await owed(session, row.org_id, contract.proposal_id)
        row.amount_minor = Big(min(max(open_, 0), amount))
        row.form, row.deposit_minor = "sale", Big(0)
    else:
        row.form, row.deposit_minor = "sale", Big(0)
    await session.flush()


async def _out_of_deposits(session: AsyncSession, row: Posting) -> int:
    """What the refund that came back took from the deposits: 0 or below."""
    taken = await session.scalar(
        select(Posting.deposit_minor).where(
            Posting.org_id == row.org_id, Posting.kind == "refund", Posting.subject == row.subject
        )
    )
    return int(taken or 0)


async def _sold(session: AsyncSession, row: Posting, deposits_minor: int) -> Agreed:
    """What the contract's invoice is over: all that was agreed, but no credit that would leave less open than what was paid
    and is yet to be applied to it. Such a credit came after the money: it is booked by itself, as if each had been booked on
    its day, and its refund takes it out of what was sold. Otherwise the excess would stay on receivables for ever."""
    assert row.proposal_id is not None
    sold = await agreed.contract(session, row.org_id, row.proposal_id)
    to_apply = await session.scalar(
        text(
            "SELECT coalesce(sum(amount_minor), 0) FROM postings WHERE org_id = :org AND proposal_id = :proposal "
            "AND kind = 'payment' AND form IS NULL AND state <> 'skipped'"
        ),
        {"org": row.org_id, "proposal": row.proposal_id},
    )
    orders = list(sold.order_ids)
    for order_id in reversed(sold.order_ids):
        if not to_apply or sold.total_minor - min(deposits_minor, sold.total_minor) >= to_apply:
            break
        if (await agreed.change(session, row.org_id, order_id)).total_minor < 0:
            orders.remove(order_id)
            sold = await agreed.contract(session, row.org_id, row.proposal_id, orders)
    return sold


async def _invoice_state(session: AsyncSession, row: Posting) -> str | None:
    return await session.scalar(
        select(Posting.state).where(
            Posting.org_id == row.org_id,
            Posting.kind == "contract_invoice",
            Posting.subject == f"proposal:{row.proposal_id}",
        )
    )


async def deposits_left(session: AsyncSession, org_id: int, proposal_id: int) -> int:
    """What the customer has paid as deposits that is neither given back nor used on an invoice. Minor units."""
    left = await session.scalar(
        text(
            "SELECT coalesce(sum(deposit_minor), 0) FROM postings WHERE org_id = :org AND proposal_id = :proposal"
        ),
        {"org": org_id, "proposal": proposal_id},
    )
    return int(left or 0)


async def owed(session: AsyncSession, org_id: int, proposal_id: int) -> int:
    """What is still to be paid on the contract's invoices, as their postings have decided it. Minor units."""
    left = await session.scalar(
        text(
            "SELECT coalesce(sum(CASE kind WHEN 'contract_invoice' THEN amount_minor + deposit_minor "
            "WHEN 'change_invoice' THEN amount_minor WHEN 'credit_memo' THEN -amount_minor "
            "WHEN 'payment' THEN CASE WHEN form = 'deposit' THEN 0 ELSE -amount_minor END "
            "WHEN 'refund_return' THEN CASE WHEN form = 'onto_invoice' THEN -amount_minor ELSE 0 END ELSE 0 END), 0) "
            "FROM postings WHERE org_id = :org AND proposal_id = :proposal AND state <> 'skipped' "
            "AND (form IS NOT NULL OR kind = 'payment')"
        ),
        {"org": org_id, "proposal": proposal_id},
    )
    return int(left or 0)


async def taken_back(session: AsyncSession, org_id: int, proposal_id: int, but: int) -> int:
    """What refunds and credit memos have taken out of what was sold, but for the posting `but`. Minor units."""
    found = await session.scalar(
        text(
            "SELECT coalesce(sum(CASE kind WHEN 'refund_return' THEN deposit_minor - amount_minor "
            "ELSE amount_minor + deposit_minor END), 0) FROM postings WHERE org_id = :org "
            "AND proposal_id = :proposal AND kind IN ('refund', 'refund_return', 'credit_memo') "
            "AND subject NOT LIKE 'change:%' AND form <> 'onto_invoice' AND id < :but"
        ),
        {"org": org_id, "proposal": proposal_id, "but": but},
    )
    return int(found or 0)


async def keep_deposit_item(books: Books, org_id: int, proposal_id: int, item_id: str) -> None:
    """The item of the first deposit is the item of all, and of the line that uses them up."""
    async with books.db.transaction(org_id) as session:
        await session.execute(
            text(
                "UPDATE books_contracts SET deposit_item = :item WHERE org_id = :org AND proposal_id = :proposal "
                "AND deposit_item IS NULL"
            ),
            {"org": org_id, "proposal": proposal_id, "item": item_id},
        )


async def keep_per_job(books: Books, org_id: int, proposal_id: int) -> bool:
    """Whether the contract's documents go to a sub-customer of its own: as the org wants it when the first is made."""
    async with books.db.transaction(org_id) as session:
        kept = await session.scalar(
            text(
                "INSERT INTO books_contracts AS c (org_id, proposal_id, policy, per_job) VALUES (:org, :proposal, "
                "coalesce((SELECT policy FROM books_settings WHERE org_id = :org), 'income'), "
                "coalesce((SELECT job_customers FROM books_settings WHERE org_id = :org), false)) "
                "ON CONFLICT (org_id, proposal_id) DO UPDATE SET per_job = coalesce(c.per_job, excluded.per_job) "
                "RETURNING c.per_job"
            ),
            {"org": org_id, "proposal": proposal_id},
        )
    return bool(kept)
