"""Card payments in two steps (`capture_method=manual`): money held, then captured in part or whole, or released."""

from __future__ import annotations

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.charges import settle_charge_soon
from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.parameters import EXPAND, INTEGER, METADATA, REFUSED, TEXT, merged_metadata
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

HELD_SECONDS = 7 * 24 * 3600
"""How long a card's bank holds the money (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method)."""

CAPTURE_INTENT = {
    "amount_to_capture": INTEGER,
    "amount_details": REFUSED,
    "application_fee_amount": INTEGER,
    "final_capture": REFUSED,
    "hooks": REFUSED,
    "metadata": METADATA,
    "payment_details": REFUSED,
    "statement_descriptor": TEXT,
    "statement_descriptor_suffix": TEXT,
    "transfer_data": REFUSED,
    **EXPAND,
}


def hold(call: Call, intent: StripeObject, charge: StripeObject) -> None:
    """The bank has said yes, and the money waits for `capture`."""
    charge.update(captured=False, amount_captured=0)
    intent.update(
        status="requires_capture",
        amount_capturable=intent["amount"],
        latest_charge=charge["id"],
        amount_received=0,
    )
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.amount_capturable_updated", intent)
    call.state.timers.after(HELD_SECONDS, hold_ended, intent["id"])


def capture_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}/capture. Raises ApiError in a wrong state or beyond what is held.

    What is not captured goes back to the payer and counts as refunded, which others saw at Stripe.
    """
    intent = call.named("payment_intent", "intent")
    if intent["status"] != "requires_capture":
        raise ApiError(
            f"This PaymentIntent could not be captured because it has a status of {intent['status']}. Only a "
            "PaymentIntent with one of the following statuses may be captured: requires_capture.",
            code="payment_intent_unexpected_state",
            payment_intent=dict(intent),
        )
    held = int(intent["amount_capturable"])
    amount = int(call.params.get("amount_to_capture", held))
    if not 0 < amount <= held:
        raise ApiError(
            f"The amount to capture must be between 1 and {held}.",
            code="amount_too_large" if amount > 0 else "parameter_invalid_integer",
            param="amount_to_capture",
        )
    charge = call.space.objects["charge"][intent["latest_charge"]]
    for name in ("application_fee_amount", "statement_descriptor", "statement_descriptor_suffix"):
        if name in call.params:
            intent[name] = charge[name] = call.params[name]
    intent["metadata"] = merged_metadata(intent["metadata"], call.params.get("metadata"))
    intent.update(status="succeeded", amount_capturable=0, amount_received=amount)
    charge.update(captured=True, amount_captured=amount, amount_refunded=charge["amount"] - amount)
    emit(call, "charge.captured", charge, {"captured": False, "amount_captured": 0})
    emit(call, "payment_intent.succeeded", intent)
    settle_charge_soon(call, charge)
    return intent


def release(call: Call, intent: StripeObject) -> None:
    """What was held goes back to the payer, because the intent is canceled."""
    charge = call.space.objects["charge"][intent["latest_charge"]]
    charge.update(refunded=True, amount_refunded=charge["amount"])
    intent["amount_capturable"] = 0
    emit(call, "charge.refunded", charge, {"refunded": False, "amount_refunded": 0})


def hold_ended(state: StripeState, intent_id: str) -> None:
    """Nobody captured in time; a timer calls this."""
    found = state.locate(intent_id)
    if found is None or found[1]["status"] != "requires_capture":
        return
    call, intent = background(state, found[0]), found[1]
    charge = call.space.objects["charge"][intent["latest_charge"]]
    charge.update(refunded=True, amount_refunded=charge["amount"])
    intent.update(
        status="canceled", canceled_at=state.now(), cancellation_reason="automatic", amount_capturable=0
    )
    emit(call, "charge.expired", charge)
    emit(call, "payment_intent.canceled", intent)
