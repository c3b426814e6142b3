"""What a posting of Stripe's own movements stands for: amount, day and words, read from our copies.

Amounts follow the form's direction: above zero is the usual one (a fee paid, a payout to the bank).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import func, select

from crm.accounting.booking import Taken
from crm.accounting.context import Books
from crm.accounting.documents import Company, txn_date
from crm.kit.errors import Refused
from crm.payments.tables import Dispute, Payment, Payout
from crm.payments.transaction_tables import StripeTransaction

IDS_SHOWN_MAX = 20  # of a day's fees in the note


@dataclass(frozen=True, slots=True)
class Moved:
    """Minor units of `currency`; `day` in the company's zone."""

    amount_minor: int
    currency: str
    day: str
    said: str
    stripe_ids: tuple[str, ...]


async def fee(books: Books, org_id: int, posting: Taken, company: Company) -> Moved:
    """The fees of one movement of ours, or of one day's."""
    async with books.db.transaction(org_id) as session:
        rows = (
            await session.execute(
                select(StripeTransaction, Payment.proposal_id)
                .join(
                    Payment,
                    (Payment.org_id == StripeTransaction.org_id)
                    & (Payment.stripe_payment_intent == StripeTransaction.intent),
                )
                .where(
                    StripeTransaction.org_id == org_id,
                    StripeTransaction.fee_group == posting.local_id,
                    StripeTransaction.fee_minor != 0,
                )
                .order_by(StripeTransaction.created_at, StripeTransaction.transaction_id)
            )
        ).all()
    if not rows:
        raise Refused("The movement that this fee belongs to is not here any more.", code="fee-unknown")
    first: StripeTransaction = rows[0][0]
    said = f"Stripe fees of {len(rows)} payments"
    if len(rows) == 1:
        what = "dispute" if first.category.startswith("dispute") else "payment"
        said = f"Stripe fee of the {what} for proposal #{rows[0][1]}"
    ids = tuple(row[0].transaction_id for row in rows[:IDS_SHOWN_MAX])
    total = sum(row[0].fee_minor for row in rows)
    return Moved(total, first.currency, txn_date(first.created_at, company), said, ids)


async def movement(books: Books, org_id: int, posting: Taken, company: Company) -> Moved:
    """The gross amount of one movement, above zero in the direction of its kind."""
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(StripeTransaction, (org_id, posting.local_id))
    sign = 1 if posting.kind == "dispute_return" else -1
    said = {
        "account_fee": row.description or "Stripe fee",
        "dispute": "Disputed payment, taken back by the customer's bank",
        "dispute_return": "Dispute won, money returned",
    }[posting.kind]
    ids = tuple(found for found in (row.transaction_id, row.source) if found)
    return Moved(sign * row.amount_minor, row.currency, txn_date(row.created_at, company), said, ids)


async def payout(books: Books, org_id: int, posting: Taken, company: Company) -> Moved:
    """A payout on the day of the bank's line, or its return on the day when Stripe had the money again.

    Stripe's `arrival_date` is a day, told as midnight in UTC (docs.stripe.com/api/payouts/object).
    """
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Payout, (org_id, posting.local_id))
        came_back = await session.scalar(
            select(StripeTransaction.created_at)
            .where(
                StripeTransaction.org_id == org_id,
                StripeTransaction.source == row.payout_id,
                StripeTransaction.type != "payout",
            )
            .order_by(StripeTransaction.created_at)
            .limit(1)
        )
    if posting.kind == "payout_return":
        day = txn_date(came_back or posting.created_at, company)
        return Moved(row.amount_minor, row.currency, day, "Stripe payout that came back", (row.payout_id,))
    arrived = row.arrival_date or row.created_at
    day = arrived.astimezone(UTC).date().isoformat()
    return Moved(row.amount_minor, row.currency, day, "Stripe payout", (row.payout_id,))


async def dispute(books: Books, org_id: int, posting: Taken, company: Company) -> Moved:
    """The loss of a dispute, on the day when we learned that it is lost: what was taken out of Stripe's balance for it, in the
    balance's currency."""
    async with books.db.transaction(org_id) as session:
        row = await session.get_one(Dispute, (org_id, posting.local_id))
        taken, currency = (
            await session.execute(
                select(-func.sum(StripeTransaction.amount_minor), func.min(StripeTransaction.currency)).where(
                    StripeTransaction.org_id == org_id,
                    StripeTransaction.source == row.dispute_id,
                    StripeTransaction.category == "dispute",
                )
            )
        ).one()
    day = txn_date(posting.created_at, company)
    return Moved(int(taken), currency, day, "Dispute lost", (row.dispute_id,))
