"""The money in a Stripe account: balance transactions with fees, and the balance they add up to."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.parameters import LISTING, TEXT
from crm_sandbox.stripe.shapes import StripeObject

SETTLED_IN = "usd"  # where an account converts (`Settings.converts_at`)
AVAILABLE_AFTER_SECONDS = 2 * 24 * 3600
LIST_TRANSACTIONS = {**LISTING, "currency": TEXT, "payout": TEXT, "source": TEXT, "type": TEXT}

_REPORTING_CATEGORY = {
    "payment": "charge",
    "payment_refund": "refund",
    "refund_failure": "refund_failure",
    "payment_failure_refund": "refund_failure",
}


def add_transaction(
    call: Call,
    type: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fees: list[dict[str, Any]] | None = None,
    reporting_category: str | None = None,
    description: str | None = None,
    available_after_seconds: int = AVAILABLE_AFTER_SECONDS,
) -> StripeObject:
    """Moves `amount` minor units (negative: out) less the fees; `net = amount - fee`. Where the account settles in another
    currency both are converted, and `exchange_rate` is told (https://docs.stripe.com/api/balance_transactions/object).
    """
    fees, rate = fees or [], None
    if call.state.settings.converts_at and currency != SETTLED_IN:
        rate = Decimal(str(call.state.settings.converts_at))
        amount, currency = _converted(amount, rate), SETTLED_IN
        fees = [{**part, "amount": _converted(part["amount"], rate), "currency": currency} for part in fees]
    fee = sum(part["amount"] for part in fees)
    now = call.state.now()
    transaction = call.space.add(
        {
            "id": new_id("txn_"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + available_after_seconds,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None if rate is None else float(rate),
            "fee": fee,
            "fee_details": fees,
            "net": amount - fee,
            "reporting_category": reporting_category or _REPORTING_CATEGORY.get(type, type),
            "source": source,
            "status": "pending" if available_after_seconds > 0 else "available",
            "type": type,
        }
    )
    call.space.funds.add(transaction)
    return transaction


def _converted(amount: int, rate: Decimal) -> int:
    return int((amount * rate).quantize(Decimal(1), ROUND_HALF_UP))


def fee_detail(amount: int, currency: str, description: str, type: str = "stripe_fee") -> dict[str, Any]:
    """One part of a fee, in minor units."""
    return {
        "amount": amount,
        "application": None,
        "currency": currency,
        "description": description,
        "type": type,
    }


def list_transactions(call: Call) -> StripeObject:
    """GET /v1/balance_transactions; with `payout`, the movements that this automatic payout paid out."""
    mature(call)
    payout = call.referred("payout", "payout")
    in_payout = call.space.paid_out.get(payout["id"], frozenset()) if payout else None

    def chosen(transaction: StripeObject) -> bool:
        return in_payout is None or transaction["id"] in in_payout

    return page_with(call, "balance_transaction", ("currency", "source", "type"), chosen)


def retrieve_transaction(call: Call) -> StripeObject:
    """GET /v1/balance_transactions/{id}."""
    mature(call)
    return call.named("balance_transaction", "id")


def retrieve_balance(call: Call) -> StripeObject:
    """GET /v1/balance: per currency what is available and what is pending."""
    mature(call)
    funds = call.space.funds
    currencies = funds.currencies() or ["usd"]
    held = {status: {c: funds.held(status, c) for c in currencies} for status in ("available", "pending")}
    return {
        "object": "balance",
        **{
            status: [{"amount": sum, "currency": c, "source_types": {"card": sum}} for c, sum in sums.items()]
            for status, sums in held.items()
        },
        "livemode": False,
        "refund_and_dispute_prefunding": None,
    }


def mature(call: Call) -> None:
    """Marks transactions whose day has come as available."""
    call.space.funds.mature(call.state.now(), call.space.objects["balance_transaction"].get)
