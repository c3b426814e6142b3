"""PaymentIntents made directly by the API; those of a Checkout Session come from the hosted page."""

from __future__ import annotations

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.captures import release
from crm_sandbox.stripe.errors import ApiError, invalid_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.instruments import CURRENCY_OF_DEBIT, METHOD_TYPES
from crm_sandbox.stripe.intent_steps import attempt, new_intent
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.money import check_charge_amount, check_currency
from crm_sandbox.stripe.parameters import (
    ANYTHING,
    BOOLEAN,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    REFUSED,
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
    "capture_method": Choice(("automatic", "automatic_async", "manual")),
    "confirm": BOOLEAN,
    "confirmation_method": Choice(("automatic", "manual")),
    "currency": TEXT,
    "customer": TEXT,
    "excluded_payment_method_types": [TEXT],
    "mandate_data": ANYTHING,
    "off_session": BOOLEAN,
    "on_behalf_of": TEXT,
    "payment_method": TEXT,
    "payment_method_data": REFUSED,
    "payment_method_options": ANYTHING,
    "payment_method_types": [TEXT],
    "return_url": TEXT,
    "setup_future_usage": Choice(("off_session", "on_session")),
    **EXPAND,
}
UPDATE_INTENT = {
    **_DESCRIPTION,
    "amount": INTEGER,
    "customer": TEXT,
    "payment_method": TEXT,
    "payment_method_types": [TEXT],
    **EXPAND,
}
CONFIRM_INTENT = {
    "payment_method": TEXT,
    "payment_method_data": REFUSED,
    "payment_method_types": [TEXT],
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
    currency = check_currency(call.params["currency"], "currency")
    check_charge_amount(call.params["amount"], currency, "Amount", "amount")
    call.referred("customer", "customer")
    methods = _types(call, currency) or ["card", *(t for t, c in CURRENCY_OF_DEBIT.items() if c == currency)]
    method = method_named(call, call.params["payment_method"]) if call.params.get("payment_method") else None
    if method is not None:
        _check_method(method, methods)
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
    return page_with(call, "payment_intent", ("customer",))


def update_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}."""
    intent = call.named("payment_intent", "intent")
    if "amount" in call.params:
        if intent["status"] not in OPEN:
            raise _wrong_state(intent, "update the amount of")
        check_charge_amount(call.params["amount"], intent["currency"], "Amount", "amount")
    call.referred("customer", "customer")
    methods = _types(call, intent["currency"]) or intent["payment_method_types"]
    changes = {k: v for k, v in call.params.items() if k != "metadata"} | {"payment_method_types": methods}
    if call.params.get("payment_method"):
        if intent["status"] not in OPEN:
            raise _wrong_state(intent, "update the payment method of")
        method = method_named(call, call.params["payment_method"])
        _check_method(method, methods)
        changes |= {"payment_method": method["id"], "status": "requires_confirmation"}
    intent.update(changes)
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
    method = method_named(call, id)
    methods = _types(call, intent["currency"]) or intent["payment_method_types"]
    _check_method(method, methods)
    intent["payment_method_types"] = methods
    attempt(call, intent, method)
    return intent


def cancel_intent(call: Call) -> StripeObject:
    """POST /v1/payment_intents/{intent}/cancel."""
    intent = call.named("payment_intent", "intent")
    if intent["id"] in call.space.session_of_intent:
        raise ApiError(
            "You cannot cancel the PaymentIntent for a Checkout Session. Expire the Checkout Session instead."
        )
    if intent["status"] not in (*OPEN, "requires_capture"):
        raise _wrong_state(intent, "cancel")
    if intent["status"] == "requires_capture":
        release(call, intent)
    intent.update(
        status="canceled",
        canceled_at=call.state.now(),
        cancellation_reason=call.params.get("cancellation_reason"),
        next_action=None,
    )
    emit(call, "payment_intent.canceled", intent)
    return intent


def _types(call: Call, currency: str) -> list[str] | None:
    """The types that the request names, if any. Raises ApiError for one that cannot take the currency."""
    param = (
        "payment_method_types" if call.params.get("payment_method_types") else "allowed_payment_method_types"
    )
    types: list[str] | None = call.params.get(param)
    for type in types or ():
        if type not in METHOD_TYPES:
            raise invalid_param(
                f"The payment method type provided: {type} is invalid, or this simulator does not have it; "
                f"it has {', '.join(METHOD_TYPES)}.",
                param,
            )
        if CURRENCY_OF_DEBIT.get(type, currency) != currency:
            raise invalid_param(
                f"The currency provided ({currency}) is invalid for one or more of the payment method types "
                f"provided: {type} takes {CURRENCY_OF_DEBIT[type]}.",
                param,
            )
    return types


def _check_method(method: StripeObject, types: list[str]) -> None:
    if method["type"] not in types:
        raise invalid_param(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this PaymentIntent. It takes "
            f"{', '.join(types)}.",
            "payment_method",
            code="payment_intent_incompatible_payment_method",
        )


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
