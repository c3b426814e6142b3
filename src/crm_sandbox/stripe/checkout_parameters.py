"""What POST /v1/checkout/sessions accepts in API 2026-10-28.endive, and which combinations it refuses."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.catalogue import PRODUCT_DATA
from crm_sandbox.stripe.errors import ApiError, invalid_param, missing_param, not_simulated
from crm_sandbox.stripe.parameters import (
    ANYTHING,
    BOOLEAN,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    TEXT,
    Choice,
)
from crm_sandbox.stripe.versions import ui_mode_of

MAX_CLIENT_REFERENCE_LENGTH = 200

PRICE_DATA = {
    "currency": TEXT,
    "product": TEXT,
    "product_data": PRODUCT_DATA,
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    "unit_amount": INTEGER,
    "unit_amount_decimal": TEXT,
}
LINE_ITEM = {
    "adjustable_quantity": ANYTHING,
    "metadata": METADATA,
    "price": TEXT,
    "price_data": PRICE_DATA,
    "quantity": INTEGER,
}
PAYMENT_INTENT_DATA = {
    "application_fee_amount": INTEGER,
    "capture_method": Choice(("automatic", "automatic_async", "manual")),
    "description": TEXT,
    "metadata": METADATA,
    "on_behalf_of": TEXT,
    "receipt_email": TEXT,
    "setup_future_usage": Choice(("off_session", "on_session")),
    "shipping": ANYTHING,
    "statement_descriptor": TEXT,
    "statement_descriptor_suffix": TEXT,
    "transfer_group": TEXT,
}
CREATE_SESSION = {
    "adaptive_pricing": {"enabled": BOOLEAN},
    "after_expiration": {"recovery": {"allow_promotion_codes": BOOLEAN, "enabled": BOOLEAN}},
    "allow_promotion_codes": BOOLEAN,
    "allowed_payment_method_types": [TEXT],
    "automatic_tax": {"enabled": BOOLEAN, "liability": ANYTHING},
    "billing_address_collection": Choice(("auto", "required")),
    "branding_settings": ANYTHING,
    "cancel_url": TEXT,
    "client_reference_id": TEXT,
    "consent_collection": ANYTHING,
    "currency": TEXT,
    "custom_fields": ANYTHING,
    "custom_text": ANYTHING,
    "customer": TEXT,
    "customer_account": TEXT,
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": TEXT,
    "customer_update": ANYTHING,
    "discounts": ANYTHING,
    "excluded_payment_method_types": [TEXT],
    "expires_at": INTEGER,
    "integration_identifier": TEXT,
    "invoice_creation": {"enabled": BOOLEAN, "invoice_data": ANYTHING},
    "line_items": [LINE_ITEM],
    "locale": TEXT,
    "managed_payments": ANYTHING,
    "metadata": METADATA,
    "mode": Choice(("payment", "setup", "subscription")),
    "name_collection": ANYTHING,
    "optional_items": ANYTHING,
    "origin_context": Choice(("mobile_app", "web")),
    "payment_intent_data": PAYMENT_INTENT_DATA,
    "payment_method_collection": Choice(("always", "if_required")),
    "payment_method_configuration": TEXT,
    "payment_method_data": ANYTHING,
    "payment_method_options": ANYTHING,
    "payment_method_types": [TEXT],
    "permissions": ANYTHING,
    "phone_number_collection": ANYTHING,
    "redirect_on_completion": Choice(("always", "if_required", "never")),
    "return_url": TEXT,
    "saved_payment_method_options": ANYTHING,
    "setup_intent_data": ANYTHING,
    "shipping_address_collection": ANYTHING,
    "shipping_options": ANYTHING,
    "submit_type": Choice(("auto", "book", "donate", "pay", "subscribe")),
    "subscription_data": ANYTHING,
    "success_url": TEXT,
    "tax_id_collection": ANYTHING,
    "ui_mode": TEXT,
    "wallet_options": ANYTHING,
    **EXPAND,
}
LIST_SESSIONS = {
    **LISTING,
    "customer": TEXT,
    "customer_account": TEXT,
    "customer_details": {"email": TEXT},
    "payment_intent": TEXT,
    "payment_link": TEXT,
    "status": Choice(("complete", "expired", "open")),
    "subscription": TEXT,
}
NOT_SIMULATED = (
    "shipping_options", "discounts", "optional_items", "custom_fields", "subscription_data",
    "setup_intent_data", "customer_account",
)  # fmt: skip
"""Would change the amount or the flow: refused in words, rather than accepted and ignored."""


def check_combination(given: dict[str, Any], version: str) -> None:
    """Raises ApiError for parameters that exclude or need one another, or that are not simulated."""
    ui_mode = ui_mode_of(given.get("ui_mode"), version)
    for name in ("mode", "line_items"):
        if not given.get(name):
            raise missing_param(name)
    if given["mode"] != "payment":
        raise not_simulated(f"mode={given['mode']}", "mode")
    if ui_mode != "hosted_page":
        raise not_simulated(f"ui_mode={given['ui_mode']}", "ui_mode")
    for name in NOT_SIMULATED:
        if given.get(name):
            raise not_simulated(name, name)
    for name in ("automatic_tax", "adaptive_pricing", "invoice_creation"):
        if (given.get(name) or {}).get("enabled"):
            raise not_simulated(name, name)
    if (given.get("payment_intent_data") or {}).get("capture_method") == "manual":
        raise not_simulated("capture_method=manual", "payment_intent_data[capture_method]")
    if not given.get("success_url"):
        raise missing_param("success_url")
    if given.get("customer") and given.get("customer_email"):
        raise ApiError(
            "You may only specify one of these parameters: customer, customer_email.",
            param="customer",
            stored=False,
        )
    if given.get("customer") and given.get("customer_creation"):
        raise ApiError(
            "You may only specify one of these parameters: customer, customer_creation.",
            param="customer_creation",
            stored=False,
        )
    if given.get("allowed_payment_method_types") and given.get("payment_method_types"):
        raise invalid_param(
            "You may only specify one of these parameters: allowed_payment_method_types, "
            "payment_method_types.",
            "allowed_payment_method_types",
        )
    if len(given.get("client_reference_id") or "") > MAX_CLIENT_REFERENCE_LENGTH:
        raise invalid_param(
            f"Invalid string: client_reference_id; must be at most {MAX_CLIENT_REFERENCE_LENGTH} characters",
            "client_reference_id",
            code="string_too_long",
        )
    email = given.get("customer_email")
    if email and ("@" not in email.strip("@") or " " in email):
        raise invalid_param(f"Invalid email address: {email}", "customer_email", code="email_invalid")
