"""Payouts from the Stripe balance to the bank: manual ones by the API, automatic ones by a test hook.

A manual payout arrives by the simulated clock: an instant one at once, a standard one after ARRIVES_AFTER_DAYS.
"""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.balance import add_transaction, mature
from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_with, within
from crm_sandbox.stripe.money import check_currency
from crm_sandbox.stripe.parameters import EXPAND, INTEGER, LISTING, METADATA, TEXT, Choice, merged_metadata
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

CREATE_PAYOUT = {
    "amount": INTEGER,
    "currency": TEXT,
    "description": TEXT,
    "destination": TEXT,
    "metadata": METADATA,
    "method": Choice(("standard", "instant")),
    "source_type": TEXT,
    "statement_descriptor": TEXT,
    **EXPAND,
}
UPDATE_PAYOUT = {"metadata": METADATA, **EXPAND}
REVERSE_PAYOUT = {"metadata": METADATA, **EXPAND}
ARRIVES_AFTER_DAYS = 2
DAY_SECONDS = 86_400
LIST_PAYOUTS = {
    **LISTING,
    "arrival_date": "integer or range",
    "destination": TEXT,
    "status": Choice(("canceled", "failed", "in_transit", "paid", "pending")),
}


def pay_out_automatically(call: Call, currency: str, *, include_pending: bool) -> StripeObject:
    """Pays out all that is available (or everything) and was not paid out before, up to `payout.paid`.

    Only automatic payouts can be itemised, once `payout.reconciliation_completed` says so
    (https://docs.stripe.com/payouts/reconciliation). Raises ApiError when there is nothing to pay out.
    """
    mature(call)
    done = {id for ids in call.space.paid_out.values() for id in ids}
    parts = [
        t
        for t in call.space.objects["balance_transaction"].values()
        if t["currency"] == currency
        and t["id"] not in done
        and (include_pending or t["status"] == "available")
    ]
    amount = sum(t["net"] for t in parts)
    if amount <= 0:
        raise ApiError(f"There is nothing to pay out: the balance in {currency} is {amount}.")
    for transaction in parts:
        call.space.funds.release(transaction)
    payout = _new_payout(call, amount, currency, {}, automatic=True)
    call.space.paid_out[payout["id"]] = frozenset(t["id"] for t in parts) | {payout["balance_transaction"]}
    emit(call, "payout.created", payout)
    mark_paid(call, payout)
    return payout


def mark_paid(call: Call, payout: StripeObject) -> None:
    """The money has arrived. Raises ApiError in a wrong state."""
    _expect(payout, "pending", "in_transit")
    payout["status"] = "paid"
    emit(call, "payout.paid", payout)
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
        emit(call, "payout.reconciliation_completed", payout)


def fail_payout(call: Call, payout: StripeObject, code: str = "account_closed") -> None:
    """The bank sends a payout back, also one that looked paid. Raises ApiError in a wrong state."""
    _expect(payout, "pending", "in_transit", "paid")
    previous = {"status": payout["status"]}
    transaction = add_transaction(
        call,
        "payout_failure",
        payout["amount"],
        payout["currency"],
        payout["id"],
        reporting_category="payout_reversal",
        available_after_seconds=0,
    )
    payout.update(
        status="failed",
        failure_code=code,
        failure_message=f"The bank account could not take the payout ({code.replace('_', ' ')}).",
        failure_balance_transaction=transaction["id"],
    )
    emit(call, "payout.failed", payout, previous)


def create_payout(call: Call) -> StripeObject:
    """POST /v1/payouts: a manual payout. Raises ApiError beyond the available balance."""
    currency = check_currency(call.params["currency"], "currency")
    mature(call)
    available = call.space.funds.held("available", currency)
    amount = call.params["amount"]
    if amount <= 0:
        raise ApiError(
            "Invalid positive integer", code="parameter_invalid_integer", param="amount", stored=False
        )
    if amount > available:
        raise ApiError(
            "You have insufficient funds in your Stripe account for this transfer. Your card balance is too "
            "low. You can use the /balance endpoint to view your Stripe balance.",
            code="balance_insufficient",
            param="amount",
        )
    payout = _new_payout(call, amount, currency, call.params, automatic=False)
    emit(call, "payout.created", payout)
    call.state.timers.after(payout["arrival_date"] - call.state.now(), payout_arrived, payout["id"])
    return payout


def payout_arrived(state: StripeState, payout_id: str) -> None:
    """A manual payout's day has come; a timer calls this. A hook or a cancellation may have been faster."""
    found = state.locate(payout_id)
    if found is not None and found[1]["status"] in ("pending", "in_transit"):
        mark_paid(background(state, found[0]), found[1])


def reverse_payout(call: Call) -> StripeObject:
    """POST /v1/payouts/{payout}/reverse: a payout of its own takes the money back from the bank.

    Raises ApiError unless the payout is paid and was not reversed before.
    """
    original = call.named("payout", "payout")
    _expect(original, "paid")
    if original["reversed_by"] is not None or original["original_payout"] is not None:
        raise ApiError(
            f"Payout {original['id']} is already reversed, or is itself a reversal.", param="payout"
        )
    payout = _new_payout(call, -original["amount"], original["currency"], call.params, automatic=False)
    payout["original_payout"] = original["id"]
    original["reversed_by"] = payout["id"]
    emit(call, "payout.created", payout)
    emit(call, "payout.updated", original, {"reversed_by": None})
    call.state.timers.after(payout["arrival_date"] - call.state.now(), payout_arrived, payout["id"])
    return payout


def cancel_payout(call: Call) -> StripeObject:
    """POST /v1/payouts/{payout}/cancel: only a manual one that is still pending."""
    payout = call.named("payout", "payout")
    if payout["automatic"]:
        raise ApiError("Automatic payouts cannot be canceled.")
    _expect(payout, "pending")
    payout["status"] = "canceled"
    add_transaction(
        call,
        "payout_cancel",
        payout["amount"],
        payout["currency"],
        payout["id"],
        reporting_category="payout_reversal",
        available_after_seconds=0,
    )
    emit(call, "payout.canceled", payout)
    return payout


def retrieve_payout(call: Call) -> StripeObject:
    """GET /v1/payouts/{payout}."""
    return call.named("payout", "payout")


def update_payout(call: Call) -> StripeObject:
    """POST /v1/payouts/{payout}: metadata only."""
    payout = call.named("payout", "payout")
    payout["metadata"] = merged_metadata(payout["metadata"], call.params.get("metadata"))
    emit(call, "payout.updated", payout)
    return payout


def list_payouts(call: Call) -> StripeObject:
    """GET /v1/payouts."""
    arrival = call.params.get("arrival_date")

    def chosen(payout: StripeObject) -> bool:
        return arrival is None or within(payout["arrival_date"], arrival)

    return page_with(call, "payout", ("destination", "status"), chosen)


def _new_payout(
    call: Call, amount: int, currency: str, given: dict[str, Any], *, automatic: bool
) -> StripeObject:
    id = new_id("po_")
    now = call.state.now()
    today = now - now % DAY_SECONDS
    arrives = today if automatic else now
    if not automatic and given.get("method") != "instant":
        arrives = today + ARRIVES_AFTER_DAYS * DAY_SECONDS
    description = given.get("description") or ("STRIPE PAYOUT" if automatic else None)
    transaction = add_transaction(
        call, "payout", -amount, currency, id, description=description, available_after_seconds=0
    )
    return call.space.add(
        {
            "id": id,
            "object": "payout",
            "amount": amount,
            "application_fee": None,
            "application_fee_amount": None,
            "arrival_date": arrives,
            "automatic": automatic,
            "balance_transaction": transaction["id"],
            "created": now,
            "currency": currency,
            "description": description,
            "destination": given.get("destination") or "ba_" + call.space.id.removeprefix("acct_"),
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "livemode": False,
            "metadata": given.get("metadata") or {},
            "method": given.get("method") or "standard",
            "original_payout": None,
            "payout_method": None,
            "reconciliation_status": "in_progress" if automatic else "not_applicable",
            "reversed_by": None,
            "source_type": given.get("source_type") or "card",
            "statement_descriptor": given.get("statement_descriptor"),
            "status": "in_transit" if automatic else "pending",
            "trace_id": {"status": "pending", "value": None},
            "type": "bank_account",
        }
    )


def _expect(payout: StripeObject, *statuses: str) -> None:
    if payout["status"] not in statuses:
        raise ApiError(f"Payout {payout['id']} is {payout['status']}.", param="payout")
