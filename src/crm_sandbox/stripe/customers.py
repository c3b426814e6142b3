"""Customers: create, read, change, list, delete."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.parameters import (
    ANYTHING,
    EXPAND,
    LISTING,
    METADATA,
    REFUSED,
    TEXT,
    Choice,
    merged_metadata,
)
from crm_sandbox.stripe.shapes import StripeObject, address

ADDRESS = {"city": TEXT, "country": TEXT, "line1": TEXT, "line2": TEXT, "postal_code": TEXT, "state": TEXT}
WRITE_CUSTOMER = {
    "address": ADDRESS,
    "business_name": TEXT,
    "description": TEXT,
    "email": TEXT,
    "individual_name": TEXT,
    "invoice_prefix": TEXT,
    "invoice_settings": ANYTHING,
    "metadata": METADATA,
    "name": TEXT,
    "phone": TEXT,
    "preferred_locales": [TEXT],
    "shipping": ANYTHING,
    "tax": ANYTHING,
    "tax_exempt": Choice(("exempt", "none", "reverse")),
    **dict.fromkeys(
        ("balance", "cash_balance", "coupon", "payment_method", "promotion_code", "source"), REFUSED
    ),
    **EXPAND,
}
CREATE_CUSTOMER = {**WRITE_CUSTOMER, "test_clock": TEXT}
LIST_CUSTOMERS = {**LISTING, "email": TEXT, "test_clock": TEXT}


def create_customer(call: Call) -> StripeObject:
    """POST /v1/customers."""
    call.referred("test_helpers.test_clock", "test_clock")
    return new_customer(call, call.params)


def retrieve_customer(call: Call) -> StripeObject:
    """GET /v1/customers/{customer}."""
    return call.named("customer", "customer")


def update_customer(call: Call) -> StripeObject:
    """POST /v1/customers/{customer}."""
    customer = call.named("customer", "customer")
    changes = {k: v for k, v in call.params.items() if k in customer and k != "metadata"}
    if "address" in changes:
        changes["address"] = address(changes["address"])
    previous = {k: customer[k] for k in changes if customer[k] != changes[k]}
    customer.update(changes)
    customer["metadata"] = merged_metadata(customer["metadata"], call.params.get("metadata"))
    emit(call, "customer.updated", customer, previous)
    return customer


def delete_customer(call: Call) -> StripeObject:
    """DELETE /v1/customers/{customer}."""
    customer = call.named("customer", "customer")
    del call.space.objects["customer"][customer["id"]]
    emit(call, "customer.deleted", customer)
    return {"id": customer["id"], "object": "customer", "deleted": True}


def list_customers(call: Call) -> StripeObject:
    """GET /v1/customers; `email` is compared exactly, as Stripe does."""
    return page_with(call, "customer", ("email", "test_clock"))


def new_customer(call: Call, given: dict[str, Any]) -> StripeObject:
    """A customer kept in the account, announced with `customer.created`."""
    id = new_id("cus_")
    customer = call.space.add(
        {
            "id": id,
            "object": "customer",
            "address": address(given["address"]) if given.get("address") else None,
            "balance": 0,
            "business_name": given.get("business_name"),
            "created": call.state.now(),
            "currency": None,
            "customer_account": None,
            "default_source": None,
            "delinquent": False,
            "description": given.get("description"),
            "discount": None,
            "email": given.get("email"),
            "individual_name": given.get("individual_name"),
            "invoice_prefix": given.get("invoice_prefix") or id[-8:].upper(),
            "invoice_settings": {
                "custom_fields": None,
                "default_payment_method": None,
                "footer": None,
                "rendering_options": None,
            },
            "livemode": False,
            "metadata": given.get("metadata") or {},
            "name": given.get("name"),
            "next_invoice_sequence": 1,
            "phone": given.get("phone"),
            "preferred_locales": given.get("preferred_locales") or [],
            "shipping": given.get("shipping"),
            "tax_exempt": given.get("tax_exempt", "none"),
            "test_clock": given.get("test_clock"),
        }
    )
    emit(call, "customer.created", customer)
    return customer
