"""How a Checkout Session follows its PaymentIntent: completed, and for bank debits settled days later."""

from __future__ import annotations

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.customers import new_customer
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.shapes import StripeObject, address


def session_completed(call: Call, intent: StripeObject, method: StripeObject) -> None:
    """The payer is done: `checkout.session.completed`, paid for a card and unpaid for a bank debit."""
    session = session_of(call, intent)
    if session is None:
        return
    session["payment_status"] = "paid" if intent["status"] == "succeeded" else "unpaid"
    complete(call, session, method["billing_details"])
    # The intent of a session that made a customer belongs to that customer too.
    intent["customer"] = session["customer"]


def session_settled(call: Call, intent: StripeObject, *, paid: bool) -> None:
    """The bank answered: `checkout.session.async_payment_succeeded` or `..._failed`."""
    session = session_of(call, intent)
    if session is None:
        return
    session["payment_status"] = "paid" if paid else "unpaid"
    emit(call, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", session)


def complete(call: Call, session: StripeObject, billing: StripeObject) -> None:
    """Closes a session whose payer has finished and writes down who it was."""
    customer = call.space.objects["customer"].get(session["customer"] or "") or {}
    email = billing.get("email") or session["customer_email"] or customer.get("email")
    if session["customer_creation"] == "always" and not session["customer"]:
        session["customer"] = new_customer(call, {"email": email, "name": billing.get("name")})["id"]
    session.update(
        status="complete",
        url=None,
        customer_details={
            "address": address(billing.get("address")),
            "business_name": None,
            "email": email,
            "individual_name": None,
            "name": billing.get("name"),
            "phone": billing.get("phone"),
            "tax_exempt": "none",
            "tax_ids": [],
        },
    )
    emit(call, "checkout.session.completed", session)


def session_of(call: Call, intent: StripeObject) -> StripeObject | None:
    """The session that an intent belongs to, or None for one made directly by the API."""
    id = call.space.session_of_intent.get(intent["id"])
    return call.space.objects["checkout.session"].get(id) if id else None
