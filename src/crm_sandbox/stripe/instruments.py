"""Stripe's test cards and test bank accounts: which ones pay, and how the others fail.

Numbers from https://docs.stripe.com/testing and https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAYS = "pays"
DECLINES = "declines"
NEEDS_AUTHENTICATION = "needs authentication"
CLEARS = "clears"
FAILS_LATER = "fails later"


@dataclass(frozen=True)
class Card:
    """A test card and what becomes of a payment with it."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    outcome: str = PAYS
    code: str = "card_declined"
    decline_code: str | None = None
    message: str = "Your card was declined."
    dispute_reason: str | None = None
    inquiry: bool = False
    refund_outcome: str = "succeeded"
    """How a refund goes: `succeeded` at once, `pending` and later succeeded, or `failed` after succeeding."""


@dataclass(frozen=True)
class BankAccount:
    """A test bank account and what becomes of a debit from it."""

    number: str
    routing_number: str = "110000000"
    bank_name: str = "STRIPE TEST BANK"
    outcome: str = CLEARS
    failure_code: str | None = None
    failure_message: str | None = None
    dispute_reason: str | None = None


Instrument = Card | BankAccount


def _declined(number: str, code: str, decline_code: str | None, message: str) -> Card:
    return Card(number, outcome=DECLINES, code=code, decline_code=decline_code, message=message)


CARDS = {
    card.number: card
    for card in (
        Card("4242424242424242"),
        Card("4000056655665556", funding="debit"),
        Card("5555555555554444", brand="mastercard"),
        Card("378282246310005", brand="amex"),
        Card("6011111111111117", brand="discover"),
        Card("4000008260000000", country="GB"),
        Card("4000002760000016", country="DE"),
        _declined("4000000000000002", "card_declined", "generic_decline", "Your card was declined."),
        _declined(
            "4000000000009995", "card_declined", "insufficient_funds", "Your card has insufficient funds."
        ),
        _declined("4000000000009987", "card_declined", "lost_card", "Your card was declined."),
        _declined("4000000000009979", "card_declined", "stolen_card", "Your card was declined."),
        _declined("4000000000000069", "expired_card", None, "Your card has expired."),
        _declined("4000000000000127", "incorrect_cvc", None, "Your card's security code is incorrect."),
        _declined(
            "4000000000000119",
            "processing_error",
            None,
            "An error occurred while processing your card. Try again in a little bit.",
        ),
        Card("4000002500003155", outcome=NEEDS_AUTHENTICATION),
        Card("4000002760003184", outcome=NEEDS_AUTHENTICATION, country="DE"),
        Card("4000000000003220", outcome=NEEDS_AUTHENTICATION),
        Card("4000000000000259", dispute_reason="fraudulent"),
        Card("4000000000002685", dispute_reason="product_not_received"),
        Card("4000000000001976", dispute_reason="fraudulent", inquiry=True),
        Card("4000000000007726", refund_outcome="pending"),
        Card("4000000000005126", refund_outcome="failed"),
    )
}
BANK_ACCOUNTS = {
    account.number: account
    for account in (
        BankAccount("000123456789"),
        BankAccount(
            "000111111113",
            outcome=FAILS_LATER,
            failure_code="account_closed",
            failure_message="The customer's bank account has been closed.",
        ),
        BankAccount(
            "000111111116",
            outcome=FAILS_LATER,
            failure_code="no_account",
            failure_message="The customer's bank account could not be located.",
        ),
        BankAccount(
            "000222222227",
            outcome=FAILS_LATER,
            failure_code="insufficient_funds",
            failure_message="The customer's account has insufficient funds to cover this payment.",
        ),
        BankAccount(
            "000333333335",
            outcome=FAILS_LATER,
            failure_code="debit_not_authorized",
            failure_message="The customer has notified their bank that this payment was unauthorized.",
        ),
        BankAccount("000555555559", dispute_reason="debit_not_authorized"),
    )
}
TOKENS = {
    "tok_visa": "4242424242424242",
    "tok_visa_debit": "4000056655665556",
    "tok_mastercard": "5555555555554444",
    "tok_amex": "378282246310005",
    "tok_chargeDeclined": "4000000000000002",
    "tok_visa_chargeDeclined": "4000000000000002",
    "tok_chargeDeclinedInsufficientFunds": "4000000000009995",
    "tok_visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "tok_threeDSecure2Required": "4000000000003220",
    "tok_createDispute": "4000000000000259",
    "tok_createDisputeProductNotReceived": "4000000000002685",
    "tok_createDisputeInquiry": "4000000000001976",
    "tok_refundPending": "4000000000007726",
    "tok_pendingRefund": "4000000000007726",
    "tok_refundFail": "4000000000005126",
}


def card_from_number(number: str) -> Card | None:
    """The card behind a number, or None when it is not a card number at all.

    A number that is none of the test cards is declined, as in Stripe's test mode.
    """
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isdigit() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        return None
    return CARDS.get(digits) or _declined(
        digits,
        "card_declined",
        "test_mode_live_card",
        "Your card was declined. Your request was in test mode, but used a non test card. "
        "For a list of valid test cards, visit: https://stripe.com/docs/testing.",
    )


def details(instrument: Instrument) -> dict[str, Any]:
    """The `card` or `us_bank_account` part of a PaymentMethod."""
    if isinstance(instrument, Card):
        return {
            "brand": instrument.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": instrument.country,
            "display_brand": instrument.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": _fingerprint(instrument.number),
            "funding": instrument.funding,
            "generated_from": None,
            "last4": instrument.number[-4:],
            "networks": {"available": [instrument.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": instrument.bank_name,
        "financial_connections_account": None,
        "fingerprint": _fingerprint(instrument.number),
        "last4": instrument.number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": instrument.routing_number,
        "status_details": {},
    }


def _fingerprint(number: str) -> str:
    return f"sim{int(number) % 62**8:013d}"


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
