"""Checkout Sessions: create, read, list, expire. Paying one is in `paying.py`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.checkout_parameters import check_combination
from crm_sandbox.stripe.errors import ApiError, invalid_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import CURRENCY_OF_DEBIT, METHOD_TYPES, SEPA
from crm_sandbox.stripe.line_items import made_line_items
from crm_sandbox.stripe.lists import everything, page_of, page_with
from crm_sandbox.stripe.money import check_charge_amount
from crm_sandbox.stripe.parameters import merged_metadata
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import AccountSpace, SessionExtras, StripeState

MIN_OPEN_SECONDS = 30 * 60
MAX_OPEN_SECONDS = 24 * 3600
CLOCK_SLACK_SECONDS = 10
"""A client computes 30 minutes from its own `now`, which is a moment before ours."""


def create_session(call: Call) -> StripeObject:
    """POST /v1/checkout/sessions, mode=payment. Raises ApiError as Stripe refuses."""
    check_combination(call.params, call.version)
    given = call.params
    now = call.state.now()
    customer = call.referred("customer", "customer")
    expires_at = _expiry(given, now)
    for name in ("success_url", "cancel_url"):
        if given.get(name):
            _check_url(given[name], name)
    items = made_line_items(call, given["line_items"])
    currency = items[0]["currency"]
    total = sum(item["amount_total"] for item in items)
    if total:
        check_charge_amount(total, currency, "The Checkout Session's total amount due")
    methods = _methods(given, currency)
    id = new_id("cs_test_")
    session = _body(given, id, currency, total)
    session |= {
        "created": now,
        "expires_at": expires_at,
        "customer": customer["id"] if customer else None,
        "payment_method_types": methods,
        "payment_status": "unpaid" if total else "no_payment_required",
        "url": f"{call.state.config.base_url}/c/pay/{id}",
    }
    call.space.add(session)
    call.space.extras[id] = SessionExtras(items, given.get("payment_intent_data") or {})
    call.state.timers.after(expires_at - now, session_ended, id)
    return session


def retrieve_session(call: Call) -> StripeObject:
    """GET /v1/checkout/sessions/{session}."""
    return call.named("checkout.session", "session")


def update_session(call: Call) -> StripeObject:
    """POST /v1/checkout/sessions/{session}: metadata only."""
    session = call.named("checkout.session", "session")
    session["metadata"] = merged_metadata(session["metadata"], call.params.get("metadata"))
    return session


def list_sessions(call: Call) -> StripeObject:
    """GET /v1/checkout/sessions with its filters."""
    names = ("customer", "customer_account", "payment_intent", "payment_link", "status", "subscription")
    email = (call.params.get("customer_details") or {}).get("email")

    def chosen(session: StripeObject) -> bool:
        payer = session["customer_details"] or {}
        return not email or (payer.get("email") or "").lower() == email.lower()

    return page_with(call, "checkout.session", names, chosen)


def list_line_items(call: Call) -> StripeObject:
    """GET /v1/checkout/sessions/{session}/line_items, in the order they were given."""
    session = call.named("checkout.session", "session")
    items = call.space.extras[session["id"]].line_items
    return page_of(call, {item["id"]: item for item in reversed(items)}, "item", everything)


def expire_session(call: Call) -> StripeObject:
    """POST /v1/checkout/sessions/{session}/expire. Raises ApiError unless the session is open."""
    session = call.named("checkout.session", "session")
    if session["status"] != "open":
        raise ApiError(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of `{session['status']}`.",
            param="session",
        )
    _expire(call, session)
    return session


def session_ended(state: StripeState, session_id: str) -> None:
    """A session's time is over; a timer calls this."""
    found = state.locate(session_id)
    if found is not None:
        expire_when_due(state, *found)


def expire_when_due(state: StripeState, space: AccountSpace, session: StripeObject) -> None:
    """Expires a session that is still open when its time is over."""
    if session["status"] == "open" and session["expires_at"] <= state.timers.now():
        _expire(background(state, space), session)


def _expire(call: Call, session: StripeObject) -> None:
    session.update(status="expired", url=None)
    intent = call.space.objects["payment_intent"].get(session["payment_intent"] or "")
    if intent is not None and intent["status"] not in ("succeeded", "processing", "canceled"):
        intent.update(
            status="canceled", canceled_at=call.state.now(), cancellation_reason="automatic", next_action=None
        )
        emit(call, "payment_intent.canceled", intent)
    emit(call, "checkout.session.expired", session)


def _expiry(given: dict[str, Any], now: int) -> int:
    wanted = given.get("expires_at")
    if wanted is None:
        return now + MAX_OPEN_SECONDS
    if wanted < now + MIN_OPEN_SECONDS - CLOCK_SLACK_SECONDS:
        raise invalid_param(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.",
            "expires_at",
        )
    if wanted > now + MAX_OPEN_SECONDS + CLOCK_SLACK_SECONDS:
        raise invalid_param(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            "expires_at",
        )
    return int(wanted)


def _check_url(url: str, param: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise invalid_param("Not a valid URL", param, code="url_invalid")


def _methods(given: dict[str, Any], currency: str) -> list[str]:
    """Dynamic methods: cards always, bank debits in their currency, narrowed by what the request allows.

    SEPA is off in the account's settings, as it is in a new US account: it has to be asked for.
    """
    eligible = [m for m in METHOD_TYPES if CURRENCY_OF_DEBIT.get(m, currency) == currency]
    allowed = given.get("allowed_payment_method_types") or given.get("payment_method_types")
    excluded = given.get("excluded_payment_method_types") or ()
    methods = [m for m in eligible if (m in allowed if allowed else m != SEPA) and m not in excluded]
    if not methods:
        raise ApiError(
            "No valid payment method types for this Checkout Session. Please ensure that you have activated "
            "payment methods compatible with your chosen currency and that this simulator supports them "
            f"({', '.join(METHOD_TYPES)}).",
            stored=False,
        )
    return methods


def _body(given: dict[str, Any], id: str, currency: str, total: int) -> StripeObject:
    """The session as https://docs.stripe.com/api/checkout/sessions/object shows it, newly opened."""
    return {
        "id": id,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "allowed_payment_method_types": given.get("allowed_payment_method_types"),
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": given.get("billing_address_collection"),
        "branding_settings": None,
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "client_secret": None,
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": None,
        },
        "consent": None,
        "consent_collection": None,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer_account": None,
        "customer_creation": given.get("customer_creation", "if_required")
        if not given.get("customer")
        else None,
        "customer_details": None,
        "customer_email": given.get("customer_email"),
        "discounts": [],
        "excluded_payment_method_types": given.get("excluded_payment_method_types"),
        "integration_identifier": given.get("integration_identifier"),
        "invoice": None,
        "invoice_creation": {"enabled": False, "invoice_data": _NO_INVOICE},
        "livemode": False,
        "locale": given.get("locale"),
        "managed_payments": None,
        "metadata": given.get("metadata") or {},
        "mode": "payment",
        "name_collection": None,
        "optional_items": None,
        "origin_context": given.get("origin_context"),
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "permissions": None,
        "phone_number_collection": {"enabled": False},
        "presentment_details": None,
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": given.get("submit_type"),
        "subscription": None,
        "success_url": given["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "wallet_options": None,
    }


_NO_INVOICE: StripeObject = {
    "account_tax_ids": None,
    "custom_fields": None,
    "description": None,
    "footer": None,
    "issuer": None,
    "metadata": {},
    "rendering_options": None,
}
