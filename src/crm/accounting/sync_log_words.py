"""What a request to QuickBooks was for, and what came of it, in a sentence: for every operation and every code."""

from __future__ import annotations

from typing import Any

# By operation: what it does, so that "… QuickBooks did." and "… failed:" both read well.
_DOING = {
    "apply_credit_memo": "Apply the credit memo to the invoice",
    "attach_contract": "Attach the signed contract to its invoice",
    "batch": "Send up to thirty writes at once",
    "cdc": "Ask what changed since the last look",
    "check_company": "Examine the company",
    "check_preferences": "Examine the company's preferences",
    "compare_linked": "Compare what we linked with what is there",
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
    "find_bank_accounts": "Look for the bank accounts",
    "find_customer": "Look for the customer",
    "find_income_account": "Look for an income account",
    "find_item": "Look for the deposit item",
    "find_vendor": "Look for a vendor of that name",
    "look_for_attachable": "Look whether the paper is attached already",
    "look_for_estimate": "Look whether the estimate is there already",
    "look_for_invoice": "Look whether the invoice is there already",
    "look_for_payment": "Look whether the payment is there already",
    "list_class": "Read the list of classes",
    "reactivate_customer": "Make the customer active again",
    "read_changed": "Read what was changed in QuickBooks",
    "read_company": "Read the company's name and country",
    "read_estimate": "Read the estimate again",
    "read_exchange_rate": "Read the exchange rate of the day",
    "read_invoice": "Read the invoice again",
    "read_to_restore": "Read the newest version before writing ours",
    "read_preferences": "Read the company's preferences",
    "refresh_token": "Renew the permission at Intuit",
    "revoke_token": "Give the permission back to Intuit",
    "update_estimate": "Bring the estimate up to date",
}


# Where an operation's name ends with a kind of object: "read_creditmemo", "list_item".
_BEGINS = {
    "check": "Examine the {}",
    "create": "Make the {}",
    "list": "Read the list of {}s",
    "look_for": "Look whether the {} is there already",
    "read": "Read the {} again",
    "restore": "Write the {} again as ours",
}
_KINDS = {
    "creditmemo": "credit memo",
    "department": "location",
    "journalentry": "journal entry",
    "purchase": "expense",
    "refundreceipt": "refund receipt",
    "salesreceipt": "sales receipt",
    "taxcode": "tax code",
    "taxrate": "tax rate",
    "term": "payment term",
}


def doing(operation: str) -> str:
    """The operation in words; one without words of its own by its name."""
    if operation in _DOING:
        return _DOING[operation]
    for begins, words in _BEGINS.items():
        kind = operation.removeprefix(f"{begins}_")
        if kind != operation:
            return words.format(_KINDS.get(kind, kind.replace("_", " ")))
    return operation.replace("_", " ").capitalize()


def sentence(call: Any) -> str:
    """What came of it. `call` has operation, outcome, sentence, status and metered."""
    if call.sentence:
        return str(call.sentence)
    if call.outcome == "ok" and call.operation == "batch":  # it may have refused some of them
        return "QuickBooks took the batch. Each write in it has an answer of its own."
    if call.outcome == "ok":
        return "QuickBooks answered." if call.metered else "QuickBooks accepted it."
    return f"QuickBooks answered with HTTP {call.status}." if call.status else "No answer came."
