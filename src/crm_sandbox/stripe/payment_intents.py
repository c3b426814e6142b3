"""PaymentIntents made directly by the API; those of a Checkout Session come from the hosted page."""

from __future__ import annotations

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.checkout_parameters import refuse_method_types
from crm_sandbox.stripe.errors import ApiError, invalid_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.intent_steps import attempt, new_intent
from crm_sandbox.stripe.lists import page
from crm_sandbox.stripe.money import check_charge_amount, check_currency
from crm_sandbox.stripe.parameters import (
    ANYTHING,
    BOOLEAN,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    TEXT,
    Choice,
    merged_metadata,
)
from crm_sandbox.stripe.payment_methods import method_named
from crm_sandbox.stripe.shapes import StripeObject

_DESCRIPTION = {
    "description": TEXT,
    "metadata": METADATA,
    "receipt_email": TEXT,
    "shipping": ANYTHING,
    "statement_descriptor": TEXT,
    "statement_descriptor_suffix": TEXT,
    "transfer_group": TEXT,
}
CREATE_INTENT = {
    **_DESCRIPTION,
    "allowed_payment_method_types": [TEXT],
    "amount": INTEGER,
    "application_fee_amount": INTEGER,
    "automatic_payment_methods": {"enabled": BOOLEAN, "allow_redirects": TEXT},
    "capture_method": Choice(("automatic", "automatic_async")),
    "confirm": BOOLEAN,
    "currency": TEXT,
    "customer": TEXT,
    "excluded_payment_method_types": [TEXT],
    "off_session": BOOLEAN,
    "on_behalf_of": TEXT,
    "payment_method": TEXT,
    "payment_method_options": ANYTHING,
    "payment_method_types": [TEXT],
    "return_url": TEXT,
    "setup_future_usage": Choice(("off_session", "on_session")),
    **EXPAND,
}
UPDATE_INTENT = {**_DESCRIPTION, "amount": INTEGER, **EXPAND}
CONFIRM_INTENT = {
    "payment_method": TEXT,
    "return_url": TEXT,
    "off_session": BOOLEAN,
    "receipt_email": TEXT,
    "mandate_data": ANYTHING,
    **EXPAND,
}
CANCEL_INTENT = {
    "cancellation_reason": Choice(("abandoned", "duplicate", "fraudulent", "requested_by_customer")),
    **EXPAND,
}
LIST_INTENTS = {**LISTING, "customer": TEXT}
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents."""
    refuse_method_types(call.params, call.version)
    currency = check_currency(call.params["currency"], "currency")
    check_charge_amount(call.params["amount"], currency, "Amount", "amount")
    call.referred("customer", "customer")
    methods = (
        call.params.get("allowed_payment_method_types")
        or call.params.get("payment_method_types")
        or ["card", "us_bank_account"]
    )
    method = method_named(call, call.params["payment_method"]) if call.params.get("payment_method") else None
    intent = new_intent(call, call.params["amount"], currency, call.params, methods)
    if method is not None:
        intent.update(payment_method=method["id"], status="requires_confirmation")
    if call.params.get("confirm"):
        if method is None:
            raise _needs_method(intent)
        attempt(call, intent, method)
    return intent


def retrieve_intent(call: Call) -> StripeObject:
    """GET /v1/payment_intents/{intent}."""
    return call.named("payment_intent", "intent")


def list_intents(call: Call) -> StripeObject:
    """GET /v1/payment_intents."""
    customer = call.params.get("customer")
    return page(call, "payment_intent", lambda intent: customer in (None, intent["customer"]))


def update_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}."""
    intent = call.named("payment_intent", "intent")
    if "amount" in call.params:
        if intent["status"] not in OPEN:
            raise _wrong_state(intent, "update the amount of")
        check_charge_amount(call.params["amount"], intent["currency"], "Amount", "amount")
    intent.update({k: v for k, v in call.params.items() if k != "metadata"})
    intent["metadata"] = merged_metadata(intent["metadata"], call.params.get("metadata"))
    return intent


def confirm_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}/confirm. Raises ApiError 402 when declined."""
    intent = call.named("payment_intent", "intent")
    if intent["status"] not in OPEN:
        raise _wrong_state(intent, "confirm")
    id = call.params.get("payment_method") or intent["payment_method"]
    if id is None:
        raise _needs_method(intent)
    attempt(call, intent, method_named(call, id))
    return intent


def cancel_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}/cancel."""
    intent = call.named("payment_intent", "intent")
    if intent["id"] in call.space.session_of_intent:
        raise ApiError(
            "You cannot cancel the PaymentIntent for a Checkout Session. Expire the Checkout Session instead."
        )
    if intent["status"] not in OPEN:
        raise _wrong_state(intent, "cancel")
    intent.update(
        status="canceled",
        canceled_at=call.state.now(),
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    emit(call, "payment_intent.canceled", intent)
    return intent


def _needs_method(intent: StripeObject) -> ApiError:
    return invalid_param(
        "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update "
        f"the PaymentIntent ({intent['id']}) with a payment method and then confirm it again, or confirm it "
        "again directly with a payment method.",
        "payment_method",
        code="payment_intent_unexpected_state",
    )


def _wrong_state(intent: StripeObject, what: str) -> ApiError:
    return ApiError(
        f"You cannot {what} this PaymentIntent because it has a status of {intent['status']}.",
        code="payment_intent_unexpected_state",
        payment_intent=dict(intent),
    )
