"""Charges: one attempt to take money with a PaymentMethod, and what the account gets of it."""

from __future__ import annotations

from crm_sandbox.stripe.balance import AVAILABLE_AFTER_SECONDS, add_transaction, fee_detail
from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.instruments import SEPA, BankAccount, Card, Instrument, bank_code, fingerprint
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.money import bank_debit_fee, card_fee, sepa_debit_fee
from crm_sandbox.stripe.parameters import ANYTHING, EXPAND, LISTING, METADATA, TEXT, merged_metadata
from crm_sandbox.stripe.shapes import StripeObject, address, listed
from crm_sandbox.stripe.state import StripeState

UPDATE_CHARGE = {
    "customer": TEXT,
    "description": TEXT,
    "fraud_details": ANYTHING,
    "metadata": METADATA,
    "receipt_email": TEXT,
    "shipping": ANYTHING,
    "transfer_group": TEXT,
    **EXPAND,
}
LIST_CHARGES = {**LISTING, "customer": TEXT, "payment_intent": TEXT, "transfer_group": TEXT}


def retrieve_charge(call: Call) -> StripeObject:
    """GET /v1/charges/{charge}."""
    return call.named("charge", "charge")


def list_charges(call: Call) -> StripeObject:
    """GET /v1/charges."""
    return page_with(call, "charge", ("customer", "payment_intent", "transfer_group"))


def update_charge(call: Call) -> StripeObject:
    """POST /v1/charges/{charge}: description, receipt address and metadata."""
    charge = call.named("charge", "charge")
    for name in ("description", "receipt_email"):
        if name in call.params:
            charge[name] = call.params[name]
    charge["metadata"] = merged_metadata(charge["metadata"], call.params.get("metadata"))
    emit(call, "charge.updated", charge, {})
    return charge


def settle_charge_soon(call: Call, charge: StripeObject) -> None:
    """Fills in the balance transaction a moment after the payment and says so with `charge.updated`.

    In recent API versions it is null at `charge.succeeded`
    (https://docs.stripe.com/payments/payment-intents/asynchronous-capture). A card whose money is available
    at once has it at once: the official CLI pays such a charge out with its next request.
    """
    instrument = call.space.instruments[charge["payment_method"]]
    if isinstance(instrument, Card) and instrument.available_at_once:
        charge["balance_transaction"] = _transaction(call, charge)["id"]
        emit(call, "charge.updated", charge, {"balance_transaction": None})
    else:
        call.state.timers.after(call.state.settings.fee_seconds, charge_settled, charge["id"])


def charge_settled(state: StripeState, charge_id: str) -> None:
    """A charge's money and fee are known; a timer calls this."""
    found = state.locate(charge_id)
    if found is None:
        return
    call, charge = background(state, found[0]), found[1]
    charge["balance_transaction"] = _transaction(call, charge)["id"]
    emit(call, "charge.updated", charge, {"balance_transaction": None})


def new_charge(call: Call, intent: StripeObject, method: StripeObject, status: str) -> StripeObject:
    """A charge for an intent; `status` is succeeded, pending or failed. Bank debits have ids `py_`."""
    instrument = call.space.instruments[method["id"]]
    is_card = isinstance(instrument, Card)
    id = new_id("ch_" if is_card else "py_")
    base_url = call.state.config.base_url
    succeeded = status == "succeeded"
    return call.space.add(
        {
            "id": id,
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0 if status == "failed" else intent["amount"],
            "amount_refunded": 0,
            "application": None,
            "application_fee": None,
            "application_fee_amount": intent["application_fee_amount"],
            "balance_transaction": None,
            "billing_details": {
                **method["billing_details"],
                "address": address(method["billing_details"]["address"]),
            },
            "calculated_statement_descriptor": intent["statement_descriptor"] or "STRIPE SIMULATOR",
            "captured": status != "failed",
            "created": call.state.now(),
            "currency": intent["currency"],
            "customer": intent["customer"],
            "description": intent["description"],
            "destination": None,
            "dispute": None,
            "disputed": False,
            "failure_balance_transaction": None,
            "failure_code": None,
            "failure_message": None,
            "fraud_details": {},
            "livemode": False,
            "metadata": dict(intent["metadata"]),
            "on_behalf_of": intent["on_behalf_of"],
            "order": None,
            "outcome": _outcome(instrument, status),
            "paid": succeeded,
            "payment_intent": intent["id"],
            "payment_method": method["id"],
            "payment_method_details": _method_details(instrument, intent["amount"]),
            "radar_options": {},
            "receipt_email": intent["receipt_email"],
            "receipt_number": None,
            "receipt_url": f"{base_url}/c/receipts/{id}" if succeeded else None,
            "refunded": False,
            "review": None,
            "shipping": intent["shipping"],
            "source": None,
            "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": status,
            "transfer_data": None,
            "transfer_group": intent["transfer_group"],
        }
    )


def _transaction(call: Call, charge: StripeObject) -> StripeObject:
    instrument = call.space.instruments[charge["payment_method"]]
    amount, currency = charge["amount_captured"], charge["currency"]
    available_after = AVAILABLE_AFTER_SECONDS
    if isinstance(instrument, BankAccount):
        fee = sepa_debit_fee(amount) if instrument.type == SEPA else bank_debit_fee(amount)
    else:
        fee = card_fee(amount, currency, instrument.country)
        available_after = 0 if instrument.available_at_once else AVAILABLE_AFTER_SECONDS
    fees = [fee_detail(fee, currency, "Stripe processing fees")]
    if charge["application_fee_amount"]:
        fees.append(
            fee_detail(charge["application_fee_amount"], currency, "Application fee", "application_fee")
        )
    type = "charge" if isinstance(instrument, Card) else "payment"
    transaction = add_transaction(
        call,
        type,
        amount,
        currency,
        charge["id"],
        fees=fees,
        description=charge["description"],
        available_after_seconds=available_after,
    )
    if charge["application_fee_amount"] and call.space.platform is not None:
        charge["application_fee"] = _application_fee(call, charge, transaction)["id"]
    return transaction


def _application_fee(call: Call, charge: StripeObject, transaction: StripeObject) -> StripeObject:
    """The platform's share of a direct charge, kept in the platform's account."""
    platform = call.platform
    id = new_id("fee_")
    fee: StripeObject = {
        "id": id,
        "object": "application_fee",
        "account": call.space.id,
        "amount": charge["application_fee_amount"],
        "amount_refunded": 0,
        "application": platform.client_id,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.state.now(),
        "currency": charge["currency"],
        "fee_source": {"charge": charge["id"], "type": "charge"},
        "livemode": False,
        "originating_transaction": None,
        "refunded": False,
        "refunds": listed([], f"/v1/application_fees/{id}/refunds"),
    }
    on_platform = background(call.state, platform)
    fee["balance_transaction"] = add_transaction(
        on_platform, "application_fee", fee["amount"], fee["currency"], fee["id"]
    )["id"]
    platform.add(fee)
    emit(on_platform, "application_fee.created", fee)
    return fee


def _outcome(instrument: Instrument, status: str) -> StripeObject:
    failed = status == "failed"
    reason = instrument.decline_code or instrument.code if failed and isinstance(instrument, Card) else None
    is_card = isinstance(instrument, Card)
    return {
        "advice_code": "do_not_try_again" if reason in ("lost_card", "stolen_card") else None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "declined_by_network" if failed else "approved_by_network",
        "reason": reason,
        "risk_level": "normal" if is_card else "not_assessed",
        "risk_score": 12 if is_card else None,
        "seller_message": "The bank did not return any further details with this decline."
        if failed
        else "Payment complete.",
        "type": "issuer_declined" if failed else "authorized",
    }


def _method_details(instrument: Instrument, amount: int) -> StripeObject:
    if isinstance(instrument, BankAccount) and instrument.type == SEPA:
        return {
            "type": SEPA,
            SEPA: {
                "bank_code": bank_code(instrument.number),
                "branch_code": None,
                "country": instrument.number[:2],
                "expected_debit_date": None,
                "fingerprint": fingerprint(instrument),
                "last4": instrument.number[-4:],
                "mandate": None,
            },
        }
    if isinstance(instrument, BankAccount):
        return {
            "type": "us_bank_account",
            "us_bank_account": {
                "account_holder_type": "individual",
                "account_type": "checking",
                "bank_name": instrument.bank_name,
                "expected_debit_date": None,
                "fingerprint": fingerprint(instrument),
                "last4": instrument.number[-4:],
                "mandate": None,
                "payment_reference": None,
                "routing_number": instrument.routing_number,
            },
        }
    return {
        "type": "card",
        "card": {
            "amount_authorized": amount,
            "authorization_code": "420987",
            "brand": instrument.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": instrument.country,
            "exp_month": 12,
            "exp_year": 2034,
            "extended_authorization": {"status": "disabled"},
            "fingerprint": fingerprint(instrument),
            "funding": instrument.funding,
            "incremental_authorization": {"status": "unavailable"},
            "installments": None,
            "last4": instrument.number[-4:],
            "mandate": None,
            "multicapture": {"status": "unavailable"},
            "network": instrument.brand,
            "network_token": {"used": False},
            "network_transaction_id": "104102978678771",
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated",
            "three_d_secure": None,
            "transaction_link_id": None,
            "wallet": None,
        },
    }
