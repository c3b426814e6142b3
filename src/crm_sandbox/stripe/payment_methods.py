"""PaymentMethods: made by the hosted page, by clients from numbers and tokens, or named `pm_card_...`."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError, card_error, invalid_param, missing_param, no_such
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import (
    BANK_ACCOUNTS,
    CARDS,
    TOKENS,
    Card,
    Instrument,
    card_from_number,
    details,
)
from crm_sandbox.stripe.parameters import ANYTHING, EXPAND, INTEGER, METADATA, TEXT, Choice
from crm_sandbox.stripe.shapes import StripeObject, address

CREATE_METHOD = {
    "type": Choice(("card", "us_bank_account")),
    "card": {"token": TEXT, "number": TEXT, "exp_month": INTEGER, "exp_year": INTEGER, "cvc": TEXT},
    "us_bank_account": {
        "account_number": TEXT,
        "routing_number": TEXT,
        "account_holder_type": TEXT,
        "account_type": TEXT,
    },
    "billing_details": {"address": ANYTHING, "email": TEXT, "name": TEXT, "phone": TEXT, "tax_id": TEXT},
    "allow_redisplay": TEXT,
    "customer": TEXT,
    "metadata": METADATA,
    **EXPAND,
}


def create_method(call: Call) -> StripeObject:
    """POST /v1/payment_methods."""
    type = call.params["type"]
    given = call.params.get(type)
    if not given:
        raise missing_param(type)
    instrument = _from_card(given) if type == "card" else _from_account(given)
    return new_method(call, instrument, call.params.get("billing_details"), call.params.get("metadata"))


def retrieve_method(call: Call) -> StripeObject:
    """GET /v1/payment_methods/{payment_method}."""
    return call.named("payment_method", "payment_method")


def method_named(call: Call, id: str, param: str = "payment_method") -> StripeObject:
    """The method with this id; `pm_card_visa` and its kin are made on the spot. Raises ApiError 400."""
    found = call.space.objects["payment_method"].get(id)
    if found is not None:
        return found
    token = id.replace("pm_card_", "tok_", 1)
    if id.startswith("pm_card_") and token in TOKENS:
        return new_method(call, CARDS[TOKENS[token]])
    if id == "pm_usBankAccount_success":
        return new_method(call, BANK_ACCOUNTS["000123456789"])
    raise no_such("PaymentMethod", id, param)


def new_method(
    call: Call,
    instrument: Instrument,
    billing: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> StripeObject:
    """A PaymentMethod for a test card or account."""
    billing = billing or {}
    type = "card" if isinstance(instrument, Card) else "us_bank_account"
    method = call.space.add(
        {
            "id": new_id("pm_"),
            "object": "payment_method",
            "allow_redisplay": "limited",
            "billing_details": {
                "address": address(billing.get("address")),
                "email": billing.get("email"),
                "name": billing.get("name"),
                "phone": billing.get("phone"),
                "tax_id": billing.get("tax_id"),
            },
            "created": call.state.now(),
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": metadata or {},
            "type": type,
            type: details(instrument),
        }
    )
    call.space.instruments[method["id"]] = instrument
    return method


def _from_card(given: dict[str, Any]) -> Card:
    if given.get("token"):
        number = TOKENS.get(given["token"])
        if number is None:
            raise no_such("token", given["token"], "card[token]")
        return CARDS[number]
    if not given.get("number"):
        raise missing_param("card[number]")
    card = card_from_number(given["number"])
    if card is None:
        raise card_error("Your card number is incorrect.", "incorrect_number", None, param="number")
    return card


def _from_account(given: dict[str, Any]) -> Instrument:
    if not given.get("account_number"):
        raise missing_param("us_bank_account[account_number]")
    if given["account_number"] not in BANK_ACCOUNTS:
        raise ApiError(
            "You cannot use a live bank account number when making transfers or debits in test mode",
            code="account_number_invalid",
            param="us_bank_account[account_number]",
        )
    if given.get("routing_number") not in (None, "110000000"):
        raise invalid_param(
            "Invalid routing number", "us_bank_account[routing_number]", code="routing_number_invalid"
        )
    return BANK_ACCOUNTS[given["account_number"]]
