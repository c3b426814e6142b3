"""What becomes of a PaymentIntent: it succeeds, is declined, waits for the payer or for the bank.

Each step changes the intent and its charge, says so in events, and lets the Checkout Session follow.
"""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.captures import hold
from crm_sandbox.stripe.charges import new_charge, settle_charge_soon
from crm_sandbox.stripe.disputes import open_dispute, open_dispute_later
from crm_sandbox.stripe.errors import ApiError, card_error
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import (
    CLEARS,
    DECLINES,
    NEEDS_AUTHENTICATION,
    BankAccount,
    Card,
)
from crm_sandbox.stripe.session_steps import session_completed, session_settled
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. "
    "Please choose a different payment method and try again."
)


def attempt(call: Call, intent: StripeObject, method: StripeObject) -> None:
    """Tries to pay. Raises ApiError 402 when the card is declined; the events are out by then."""
    intent.update(payment_method=method["id"], last_payment_error=None, next_action=None)
    instrument = call.space.instruments[method["id"]]
    if isinstance(instrument, BankAccount):
        _debit(call, intent, method, instrument)
    elif instrument.outcome == NEEDS_AUTHENTICATION:
        _ask_payer(call, intent)
    elif instrument.outcome == DECLINES:
        _decline(call, intent, method, instrument)
    else:
        _succeed(call, intent, method, instrument)


def authenticate(call: Call, intent: StripeObject, *, passed: bool) -> None:
    """The payer came back from 3-D Secure. Raises ApiError: 402 when not passed, 400 in a wrong state."""
    if intent["status"] != "requires_action":
        raise ApiError(f"This PaymentIntent's status is {intent['status']}: nothing to authenticate.")
    method = call.space.objects["payment_method"][intent["payment_method"]]
    instrument = call.space.instruments[method["id"]]
    intent["next_action"] = None
    if passed and isinstance(instrument, Card):
        _succeed(call, intent, method, instrument)
        return
    error: dict[str, Any] = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
        "message": AUTHENTICATION_FAILED,
        "payment_method": dict(method),
        "type": "invalid_request_error",
    }
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)
    emit(call, "payment_intent.payment_failed", intent)
    raise ApiError(AUTHENTICATION_FAILED, status=402, code=error["code"], payment_intent=dict(intent))


def clear_or_fail(call: Call, intent: StripeObject, *, clears: bool) -> bool:
    """The bank's answer to a debit. False, and nothing happens, when the intent is not waiting for one."""
    if intent["status"] != "processing":
        return False
    charge = call.space.objects["charge"][intent["latest_charge"]]
    instrument = call.space.instruments[charge["payment_method"]]
    intent["processing"] = None
    if clears:
        charge.update(
            status="succeeded",
            paid=True,
            receipt_url=f"{call.state.config.base_url}/c/receipts/{charge['id']}",
        )
        intent.update(status="succeeded", amount_received=intent["amount"])
        emit(call, "charge.succeeded", charge)
        emit(call, "payment_intent.succeeded", intent)
        session_settled(call, intent, paid=True)
        settle_charge_soon(call, charge)
        if isinstance(instrument, BankAccount) and instrument.dispute_reason:
            open_dispute_later(call.state, charge, instrument.dispute_reason)
        return True
    code, message = "account_closed", "The customer's bank account has been closed."
    if isinstance(instrument, BankAccount) and instrument.failure_code and instrument.failure_message:
        code, message = instrument.failure_code, instrument.failure_message
    charge.update(status="failed", paid=False, failure_code=code, failure_message=message)
    _note_failure(call, intent, charge, code, None, message)
    emit(call, "charge.failed", charge)
    emit(call, "payment_intent.payment_failed", intent)
    session_settled(call, intent, paid=False)
    return True


def _succeed(call: Call, intent: StripeObject, method: StripeObject, card: Card) -> None:
    charge = new_charge(call, intent, method, "succeeded")
    if intent["capture_method"] == "manual":
        hold(call, intent, charge)
        return
    intent.update(status="succeeded", amount_received=intent["amount"], latest_charge=charge["id"])
    emit(call, "charge.succeeded", charge)
    emit(call, "payment_intent.succeeded", intent)
    session_completed(call, intent, method)
    settle_charge_soon(call, charge)
    if card.dispute_reason:  # at once: the official CLI lists the dispute with its next request
        open_dispute(call, charge, card.dispute_reason, inquiry=card.inquiry)


def _decline(call: Call, intent: StripeObject, method: StripeObject, card: Card) -> None:
    charge = new_charge(call, intent, method, "failed")
    charge.update(failure_code=card.code, failure_message=card.message)
    intent["latest_charge"] = charge["id"]
    _note_failure(call, intent, charge, card.code, card.decline_code, card.message)
    emit(call, "charge.failed", charge)
    emit(call, "payment_intent.payment_failed", intent)
    raise card_error(
        card.message, card.code, card.decline_code, charge=charge["id"], payment_intent=dict(intent)
    )


def _ask_payer(call: Call, intent: StripeObject) -> None:
    """The bank's page is ours only for a session; otherwise Stripe's script would ask, which is not here."""
    session_id = call.space.session_of_intent.get(intent["id"])
    next_action: dict[str, Any] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    if session_id:
        url = f"{call.state.config.base_url}/c/pay/{session_id}/authenticate"
        next_action = {"type": "redirect_to_url", "redirect_to_url": {"return_url": None, "url": url}}
    intent.update(status="requires_action", next_action=next_action)
    emit(call, "payment_intent.requires_action", intent)


def _debit(call: Call, intent: StripeObject, method: StripeObject, account: BankAccount) -> None:
    charge = new_charge(call, intent, method, "pending")
    intent.update(status="processing", latest_charge=charge["id"])
    emit(call, "charge.pending", charge)
    emit(call, "payment_intent.processing", intent)
    session_completed(call, intent, method)
    act = debit_cleared if account.outcome == CLEARS else debit_failed
    seconds = account.answers_after_seconds
    if seconds is None:
        seconds = call.state.settings.ach_clear_seconds
    call.state.timers.after(seconds, act, intent["id"])


def debit_cleared(state: StripeState, intent_id: str) -> None:
    """The payer's bank paid; a timer calls this."""
    if found := state.locate(intent_id):
        clear_or_fail(background(state, found[0]), found[1], clears=True)


def debit_failed(state: StripeState, intent_id: str) -> None:
    """The payer's bank refused; a timer calls this."""
    if found := state.locate(intent_id):
        clear_or_fail(background(state, found[0]), found[1], clears=False)


def _note_failure(
    call: Call, intent: StripeObject, charge: StripeObject, code: str, decline_code: str | None, message: str
) -> None:
    error: dict[str, Any] = {
        "charge": charge["id"],
        "code": code,
        "doc_url": "https://stripe.com/docs/error-codes/" + code.replace("_", "-"),
        "message": message,
        "payment_method": dict(call.space.objects["payment_method"][charge["payment_method"]]),
        "type": "card_error" if charge["id"].startswith("ch_") else "invalid_request_error",
    }
    if decline_code is not None:
        error["decline_code"] = decline_code
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error)


def new_intent(
    call: Call, amount: int, currency: str, given: dict[str, Any], methods: list[str]
) -> StripeObject:
    """A PaymentIntent that waits for a payment method, announced with `payment_intent.created`."""
    id = new_id("pi_")
    intent = call.space.add(
        {
            "id": id,
            "object": "payment_intent",
            "allowed_payment_method_types": given.get("allowed_payment_method_types"),
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": given.get("application_fee_amount"),
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": given.get("capture_method") or "automatic_async",
            "client_secret": f"{id}_secret_{new_id('')}",
            "confirmation_method": given.get("confirmation_method") or "automatic",
            "created": call.state.now(),
            "currency": currency,
            "customer": given.get("customer"),
            "customer_account": None,
            "description": given.get("description"),
            "excluded_payment_method_types": given.get("excluded_payment_method_types"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "managed_payments": None,
            "metadata": dict(given.get("metadata") or {}),
            "next_action": None,
            "on_behalf_of": given.get("on_behalf_of"),
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": methods,
            "processing": None,
            "receipt_email": given.get("receipt_email"),
            "review": None,
            "setup_future_usage": given.get("setup_future_usage"),
            "shipping": given.get("shipping"),
            "source": None,
            "statement_descriptor": given.get("statement_descriptor"),
            "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": given.get("transfer_group"),
        }
    )
    emit(call, "payment_intent.created", intent)
    return intent
