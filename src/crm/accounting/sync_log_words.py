"""What a request to QuickBooks was for, and what came of it, in a sentence: for every operation and every code."""

from __future__ import annotations

from typing import Any

# By operation: what it does, so that "… QuickBooks did." and "… failed:" both read well.
_DOING = {
    "attach_contract": "Attach the signed contract to its invoice",
    "create_account": "Make the account for Stripe's money",
    "create_customer": "Add the customer",
    "create_estimate": "Make the estimate",
    "create_invoice": "Make the invoice",
    "create_item": "Make the deposit item",
    "create_payment": "Apply the payment to the invoice",
    "create_refund_receipt": "Make the refund receipt",
    "create_sales_receipt": "Make the sales receipt",
    "exchange_code": "Finish connecting QuickBooks",
    "find_account": "Look for the account of Stripe's money",
    "find_customer": "Look for the customer",
    "find_income_account": "Look for an income account",
    "find_item": "Look for the deposit item",
    "look_for_attachable": "Look whether the paper is attached already",
    "look_for_estimate": "Look whether the estimate is there already",
    "look_for_invoice": "Look whether the invoice is there already",
    "look_for_payment": "Look whether the payment is there already",
    "reactivate_customer": "Make the customer active again",
    "read_company": "Read the company's name and country",
    "read_estimate": "Read the estimate again",
    "read_exchange_rate": "Read the exchange rate of the day",
    "read_invoice": "Read the invoice again",
    "read_preferences": "Read the company's preferences",
    "refresh_token": "Renew the permission at Intuit",
    "revoke_token": "Give the permission back to Intuit",
    "update_estimate": "Bring the estimate up to date",
}


def doing(operation: str) -> str:
    """The operation in words; one without words of its own by its name."""
    return _DOING.get(operation) or operation.replace("_", " ").capitalize()


def sentence(call: Any) -> str:
    """What came of it. `call` has operation, outcome, sentence, status and metered."""
    if call.sentence:
        return str(call.sentence)
    if call.outcome == "ok":
        return "QuickBooks answered." if call.metered else "QuickBooks accepted it."
    return f"QuickBooks answered with HTTP {call.status}." if call.status else "No answer came."
