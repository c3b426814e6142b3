"""Refunds: all or part of a charge goes back; at once for cards, later for bank debits, and some fail weeks after."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.balance import add_transaction
from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.errors import ApiError, invalid_param, missing_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import Card
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.money import format_amount
from crm_sandbox.stripe.parameters import (
    BOOLEAN,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    TEXT,
    Choice,
    merged_metadata,
)
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

CREATE_REFUND = {
    "amount": INTEGER,
    "charge": TEXT,
    "currency": TEXT,
    "instructions_email": TEXT,
    "metadata": METADATA,
    "payment_intent": TEXT,
    "reason": Choice(("duplicate", "fraudulent", "requested_by_customer")),
    "refund_application_fee": BOOLEAN,
    "reverse_transfer": BOOLEAN,
    **EXPAND,
}
UPDATE_REFUND = {"metadata": METADATA, **EXPAND}
LIST_REFUNDS = {**LISTING, "charge": TEXT, "payment_intent": TEXT}


def create_refund(call: Call) -> StripeObject:
    """POST /v1/refunds for a charge or a payment intent. Raises ApiError when there is nothing to refund."""
    charge = _charge(call)
    amount = _amount(call, charge)
    outcome = _outcome(call, charge)
    refund = _new_refund(call, charge, amount, "succeeded" if outcome == "failed" else outcome)
    previous = _add_refunded(charge, amount)
    emit(call, "refund.created", refund)
    emit(call, "charge.refunded", charge, previous)
    # What happens to a refund by itself, by the simulated clock.
    act = refund_came_back if outcome == "failed" else refund_arrived
    call.state.timers.after(call.state.settings.refund_settle_seconds, act, refund["id"])
    return refund


def settle_refund(call: Call, refund: StripeObject) -> None:
    """A pending refund succeeds, or a card refund gets its reference number: `refund.updated`."""
    previous: dict[str, Any] = {}
    if refund["status"] == "pending":
        previous["status"] = "pending"
        refund["status"] = "succeeded"
        refund.pop("pending_reason", None)
    card = refund["destination_details"].get("card")
    if card is not None and card.get("reference_status") == "pending":
        previous["destination_details"] = {"card": dict(card)}
        card.update(reference="7693739506885588", reference_status="available")
    if previous:
        _updated(call, refund, previous)


def fail_refund(call: Call, refund: StripeObject, reason: str = "lost_or_stolen_card") -> None:
    """The payer's bank sends a refund back, possibly weeks after it succeeded: the money returns.

    Raises ApiError when it failed already. That the charge counts less as refunded again is taken from
    observation by others, not from Stripe's reference.
    """
    if refund["status"] in ("failed", "canceled"):
        raise ApiError(f"Refund {refund['id']} is already {refund['status']}.")
    previous = {"status": refund["status"]}
    returned = add_transaction(
        call, "refund_failure", refund["amount"], refund["currency"], refund["id"], available_after_seconds=0
    )
    refund.update(status="failed", failure_reason=reason, failure_balance_transaction=returned["id"])
    refund.pop("pending_reason", None)
    charge = call.space.objects["charge"].get(refund["charge"])
    if charge is not None:
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
    _updated(call, refund, previous)
    emit(call, "refund.failed", refund, previous)


def retrieve_refund(call: Call) -> StripeObject:
    """GET /v1/refunds/{refund}."""
    return call.named("refund", "refund")


def list_refunds(call: Call) -> StripeObject:
    """GET /v1/refunds."""
    return page_with(call, "refund", ("charge", "payment_intent"))


def update_refund(call: Call) -> StripeObject:
    """POST /v1/refunds/{refund}: metadata only."""
    refund = call.named("refund", "refund")
    previous = {"metadata": dict(refund["metadata"])}
    refund["metadata"] = merged_metadata(refund["metadata"], call.params.get("metadata"))
    _updated(call, refund, previous)
    return refund


def cancel_refund(call: Call) -> StripeObject:
    """POST /v1/refunds/{refund}/cancel: only one that waits for the payer, and none here does."""
    refund = call.named("refund", "refund")
    raise ApiError(
        f"You cannot cancel this refund because its status is {refund['status']}; only refunds with the "
        "status requires_action can be canceled.",
        param="refund",
    )


def _charge(call: Call) -> StripeObject:
    charge = call.referred("charge", "charge")
    if charge is None:
        intent = call.referred("payment_intent", "payment_intent")
        if intent is None:
            raise missing_param("payment_intent")
        charge = call.space.objects["charge"].get(intent["latest_charge"] or "")
        if charge is None or not charge["paid"]:
            raise invalid_param(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                "payment_intent",
            )
    if not charge["paid"]:
        raise invalid_param(f"Charge {charge['id']} is not paid and cannot be refunded.", "charge")
    if not charge["captured"]:
        raise invalid_param(
            f"Charge {charge['id']} is not captured and cannot be refunded; cancel its PaymentIntent.",
            "charge",
        )
    if charge["disputed"] and not _refundable(call, charge):
        raise ApiError(
            f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
        )
    if charge["amount_refunded"] >= charge["amount"]:
        raise ApiError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    return charge


def _refundable(call: Call, charge: StripeObject) -> bool:
    dispute = call.space.objects["dispute"].get(charge["dispute"] or "")
    return dispute is None or bool(dispute["is_charge_refundable"])


def _amount(call: Call, charge: StripeObject) -> int:
    left = charge["amount"] - charge["amount_refunded"]
    amount = int(call.params.get("amount", left))
    if amount <= 0:
        raise invalid_param("Invalid positive integer", "amount", code="parameter_invalid_integer")
    if amount > left:
        raise ApiError(
            f"Refund amount ({format_amount(amount, charge['currency'])}) is greater than unrefunded amount "
            f"on charge ({format_amount(left, charge['currency'])})",
            param="amount",
        )
    return amount


def _outcome(call: Call, charge: StripeObject) -> str:
    """`succeeded`, `pending` (succeeds later) or `failed` (after having succeeded)."""
    instrument = call.space.instruments[charge["payment_method"]]
    return instrument.refund_outcome if isinstance(instrument, Card) else "pending"


def _new_refund(call: Call, charge: StripeObject, amount: int, status: str) -> StripeObject:
    id = new_id("re_" if charge["id"].startswith("ch_") else "pyr_")
    transaction = add_transaction(
        call,
        "refund" if charge["id"].startswith("ch_") else "payment_refund",
        -amount,
        charge["currency"],
        id,
        description=f"REFUND FOR CHARGE ({charge['description']})" if charge["description"] else None,
    )
    type = charge["payment_method_details"]["type"]
    details: dict[str, Any] = {"reference": None, "reference_status": "pending"}
    if type == "card":
        details |= {"reference_type": "acquirer_reference_number", "type": "refund"}
    refund = {
        "id": id,
        "object": "refund",
        "amount": amount,
        "balance_transaction": transaction["id"],
        "charge": charge["id"],
        "created": call.state.now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": None,
        "destination_details": {"type": type, type: details if type == "card" else {}},
        "metadata": call.params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if status == "pending":
        refund["pending_reason"] = "processing"
    return call.space.add(refund)


def _add_refunded(charge: StripeObject, amount: int) -> dict[str, Any]:
    previous: dict[str, Any] = {"amount_refunded": charge["amount_refunded"]}
    charge["amount_refunded"] += amount
    if charge["amount_refunded"] == charge["amount"]:
        previous["refunded"] = False
        charge["refunded"] = True
    return previous


def refund_arrived(state: StripeState, refund_id: str) -> None:
    """The payer has the money; a timer calls this."""
    if found := _under_way(state, refund_id):
        settle_refund(*found)


def refund_came_back(state: StripeState, refund_id: str) -> None:
    """The payer's bank sent the money back; a timer calls this."""
    if found := _under_way(state, refund_id):
        fail_refund(*found, "expired_or_canceled_card")


def _under_way(state: StripeState, refund_id: str) -> tuple[Call, StripeObject] | None:
    found = state.locate(refund_id)
    if found is None or found[1]["status"] in ("failed", "canceled"):
        return None  # a test hook was faster
    return background(state, found[0]), found[1]


def _updated(call: Call, refund: StripeObject, previous: dict[str, Any]) -> None:
    """Stripe says a change twice: `refund.updated` and the older `charge.refund.updated`."""
    emit(call, "refund.updated", refund, previous)
    emit(call, "charge.refund.updated", refund, previous)
