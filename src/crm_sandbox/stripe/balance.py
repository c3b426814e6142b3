"""The money in a Stripe account: balance transactions with fees, and the balance they add up to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page
from crm_sandbox.stripe.parameters import LISTING, TEXT
from crm_sandbox.stripe.shapes import StripeObject

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
    """Moves `amount` minor units (negative: out) less the fees; `net = amount - fee`."""
    fees = fees or []
    fee = sum(part["amount"] for part in fees)
    now = call.state.now()
    return call.space.add(
        {
            "id": new_id("txn_"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + available_after_seconds,
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fees,
            "net": amount - fee,
            "reporting_category": reporting_category or _REPORTING_CATEGORY.get(type, type),
            "source": source,
            "status": "pending" if available_after_seconds > 0 else "available",
            "type": type,
        }
    )


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
    wanted = {k: call.params[k] for k in ("currency", "source", "type") if call.params.get(k)}
    payout = call.referred("payout", "payout")
    in_payout = call.space.paid_out.get(payout["id"], frozenset()) if payout else None

    def chosen(transaction: StripeObject) -> bool:
        fits = all(transaction[k] == v for k, v in wanted.items())
        return fits and (in_payout is None or transaction["id"] in in_payout)

    return page(call, "balance_transaction", chosen)


def retrieve_transaction(call: Call) -> StripeObject:
    """GET /v1/balance_transactions/{id}."""
    mature(call)
    return call.named("balance_transaction", "id")


def retrieve_balance(call: Call) -> StripeObject:
    """GET /v1/balance: per currency what is available and what is pending."""
    mature(call)
    sums: dict[str, dict[str, int]] = {"available": defaultdict(int), "pending": defaultdict(int)}
    for transaction in call.space.objects["balance_transaction"].values():
        sums[transaction["status"]][transaction["currency"]] += transaction["net"]
    currencies = sorted(set(sums["available"]) | set(sums["pending"])) or ["usd"]
    return {
        "object": "balance",
        **{
            name: [{"amount": s[c], "currency": c, "source_types": {"card": s[c]}} for c in currencies]
            for name, s in sums.items()
        },
        "livemode": False,
        "refund_and_dispute_prefunding": None,
    }


def mature(call: Call) -> None:
    """Marks transactions whose day has come as available."""
    now = call.state.now()
    for transaction in call.space.objects["balance_transaction"].values():
        if transaction["available_on"] <= now:
            transaction["status"] = "available"
