"""Pays a Checkout Session: what the hosted page and the payment-page endpoints do with a payment method."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.checkout_sessions import expire_when_due
from crm_sandbox.stripe.errors import ApiError, missing_param
from crm_sandbox.stripe.instruments import Instrument
from crm_sandbox.stripe.intent_steps import attempt, new_intent
from crm_sandbox.stripe.parameters import ANYTHING, EXPAND, INTEGER, TEXT
from crm_sandbox.stripe.payment_methods import method_named, new_method
from crm_sandbox.stripe.session_steps import complete
from crm_sandbox.stripe.shapes import StripeObject

CONFIRM_PAGE = {
    "payment_method": TEXT,
    "expected_amount": INTEGER,
    "return_url": TEXT,
    "key": TEXT,
    "eid": TEXT,
    "expected_payment_method_type": TEXT,
    "consent": ANYTHING,
    **EXPAND,
}


def retrieve_page(call: Call) -> StripeObject:
    """GET /v1/payment_pages/{session}: undocumented; the official CLI's `trigger` reads it."""
    session = call.named("checkout.session", "session")
    return {**session, "session_id": session["id"]}


def confirm_page(call: Call) -> StripeObject:
    """POST /v1/payment_pages/{session}/confirm. Raises ApiError 402 when the payment is declined."""
    session = call.named("checkout.session", "session")
    expected = call.params.get("expected_amount")
    if expected is not None and expected != session["amount_total"]:
        raise ApiError(
            f"The expected amount {expected} does not match the session's {session['amount_total']}.",
            code="checkout_amount_mismatch",
            param="expected_amount",
        )
    if not call.params.get("payment_method"):
        raise missing_param("payment_method")
    pay_session(call, session, method_named(call, call.params["payment_method"]))
    return {**session, "session_id": session["id"]}


def pay_with(call: Call, session: StripeObject, instrument: Instrument, billing: dict[str, Any]) -> None:
    """Pays with a test card or account typed into the hosted page. Raises ApiError as `pay_session`."""
    check_open(call, session)
    pay_session(call, session, new_method(call, instrument, billing))


def pay_session(call: Call, session: StripeObject, method: StripeObject) -> None:
    """Submits the session. Raises ApiError: 402 when declined, 400 when it is not open."""
    check_open(call, session)
    if session["payment_status"] == "no_payment_required":
        complete(call, session, method["billing_details"])
        return
    if method["type"] not in session["payment_method_types"]:
        raise ApiError(f"This session does not take {method['type']}.", param="payment_method")
    attempt(call, intent_of(call, session), method)


def intent_of(call: Call, session: StripeObject) -> StripeObject:
    """The session's PaymentIntent, which exists only once the payer has submitted (since 2022-08-01)."""
    if session["payment_intent"]:
        return call.space.objects["payment_intent"][session["payment_intent"]]
    data = {**call.space.extras[session["id"]].payment_intent_data, "customer": session["customer"]}
    intent = new_intent(
        call, session["amount_total"], session["currency"], data, session["payment_method_types"]
    )
    session["payment_intent"] = intent["id"]
    call.space.session_of_intent[intent["id"]] = session["id"]
    return intent


def check_open(call: Call, session: StripeObject) -> None:
    """Raises ApiError unless the session can still be paid."""
    expire_when_due(call.state, call.space, session)
    if session["status"] != "open":
        raise ApiError(
            f"This Checkout Session is {session['status']} and can no longer be paid.",
            code="checkout_not_open",
        )
