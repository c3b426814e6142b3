"""PaymentMethods: made by the hosted page, by clients from numbers and tokens, or named `pm_card_...`."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError, card_error, invalid_param, missing_param, no_such
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import (
    ACH,
    BANK_ACCOUNTS,
    CARDS,
    METHOD_TYPES,
    SEPA,
    TOKENS,
    Card,
    Instrument,
    card_from_number,
    details,
    is_iban,
    method_type,
)
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.parameters import (
    ANYTHING,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    REFUSED,
    TEXT,
    Choice,
    merged_metadata,
)
from crm_sandbox.stripe.shapes import StripeObject, address

CREATE_METHOD = {
    "type": Choice(METHOD_TYPES),
    "card": {"token": TEXT, "number": TEXT, "exp_month": INTEGER, "exp_year": INTEGER, "cvc": TEXT},
    "sepa_debit": {"iban": TEXT},
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

UPDATE_METHOD = {
    "allow_redisplay": TEXT,
    "billing_details": CREATE_METHOD["billing_details"],
    "card": REFUSED,
    "metadata": METADATA,
    "us_bank_account": REFUSED,
    **EXPAND,
}
ATTACH_METHOD = {"customer": TEXT, "customer_account": REFUSED, **EXPAND}
LIST_METHODS = {
    **{name: kind for name, kind in LISTING.items() if name != "created"},
    "allow_redisplay": TEXT,
    "customer": TEXT,
    "customer_account": REFUSED,
    "type": TEXT,
}


def create_method(call: Call) -> StripeObject:
    """POST /v1/payment_methods."""
    type = call.params["type"]
    given = call.params.get(type)
    if not given:
        raise missing_param(type)
    instrument = {"card": _from_card, ACH: _from_account, SEPA: _from_iban}[type](given)
    billing = call.params.get("billing_details") or {}
    if type == SEPA:
        for name in ("name", "email"):  # https://docs.stripe.com/payments/sepa-debit: the mandate needs both
            if not billing.get(name):
                raise missing_param(f"billing_details[{name}]")
    return new_method(call, instrument, billing, call.params.get("metadata"))


def retrieve_method(call: Call) -> StripeObject:
    """GET /v1/payment_methods/{payment_method}."""
    return call.named("payment_method", "payment_method")


def list_methods(call: Call) -> StripeObject:
    """GET /v1/payment_methods, and GET /v1/customers/{customer}/payment_methods for one customer's."""
    customer = (
        call.named("customer", "customer")
        if "customer" in call.path
        else call.referred("customer", "customer")
    )

    def chosen(method: StripeObject) -> bool:
        return customer is None or method["customer"] == customer["id"]

    return page_with(call, "payment_method", ("type", "allow_redisplay"), chosen)


def update_method(call: Call) -> StripeObject:
    """POST /v1/payment_methods/{payment_method}. Raises ApiError unless a customer has it."""
    method = call.named("payment_method", "payment_method")
    if method["customer"] is None:
        raise invalid_param(
            "You must save this PaymentMethod to a customer before you can update it.", "payment_method"
        )
    billing = call.params.get("billing_details") or {}
    if "address" in billing:
        billing = {**billing, "address": address(billing["address"] or None)}
    method["billing_details"].update(billing)
    if "allow_redisplay" in call.params:
        method["allow_redisplay"] = call.params["allow_redisplay"]
    method["metadata"] = merged_metadata(method["metadata"], call.params.get("metadata"))
    emit(call, "payment_method.updated", method, {})
    return method


def attach_method(call: Call) -> StripeObject:
    """POST /v1/payment_methods/{payment_method}/attach. Raises ApiError when another customer has it."""
    method = method_named(call, call.path["payment_method"], status=404)
    customer = call.referred("customer", "customer")
    if customer is None:
        raise missing_param("customer")
    if method["customer"] is not None:
        raise ApiError("The payment method you provided has already been attached to a customer.")
    method["customer"] = customer["id"]
    emit(call, "payment_method.attached", method)
    return method


def detach_method(call: Call) -> StripeObject:
    """POST /v1/payment_methods/{payment_method}/detach. Raises ApiError when no customer has it."""
    method = call.named("payment_method", "payment_method")
    if method["customer"] is None:
        raise ApiError(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    previous = {"customer": method["customer"]}
    method["customer"] = None
    emit(call, "payment_method.detached", method, previous)
    return method


def method_named(call: Call, id: str, param: str = "payment_method", status: int = 400) -> StripeObject:
    """The method with this id; `pm_card_visa` and its kin are made on the spot. Raises ApiError `status`."""
    found = call.space.objects["payment_method"].get(id)
    if found is not None:
        return found
    token = id.replace("pm_card_", "tok_", 1)
    if id.startswith("pm_card_") and token in TOKENS:
        return new_method(call, CARDS[TOKENS[token]])
    if id == "pm_usBankAccount_success":
        return new_method(call, BANK_ACCOUNTS["000123456789"])
    raise no_such("PaymentMethod", id, param, status)


def new_method(
    call: Call,
    instrument: Instrument,
    billing: dict[str, Any] | None = None,
    metadata: dict[str, str] | None = None,
) -> StripeObject:
    """A PaymentMethod for a test card or account."""
    billing = billing or {}
    type = method_type(instrument)
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


def _from_iban(given: dict[str, Any]) -> Instrument:
    iban = (given.get("iban") or "").replace(" ", "").upper()
    if not iban:
        raise missing_param("sepa_debit[iban]")
    if not is_iban(iban):
        raise invalid_param("The IBAN you provided is invalid.", "sepa_debit[iban]")
    if iban not in BANK_ACCOUNTS:
        raise ApiError(
            "You cannot use a live IBAN in test mode; this simulator knows "
            f"{', '.join(number for number, account in BANK_ACCOUNTS.items() if account.type == SEPA)}.",
            code="account_number_invalid",
            param="sepa_debit[iban]",
        )
    return BANK_ACCOUNTS[iban]


def _from_account(given: dict[str, Any]) -> Instrument:
    if not given.get("account_number"):
        raise missing_param("us_bank_account[account_number]")
    account = BANK_ACCOUNTS.get(given["account_number"])
    if account is None or account.type != ACH:
        raise ApiError(
            "You cannot use a live bank account number when making transfers or debits in test mode",
            code="account_number_invalid",
            param="us_bank_account[account_number]",
        )
    if given.get("routing_number") not in (None, "110000000"):
        raise invalid_param(
            "Invalid routing number", "us_bank_account[routing_number]", code="routing_number_invalid"
        )
    return account
