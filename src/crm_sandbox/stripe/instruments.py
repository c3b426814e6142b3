"""Stripe's test cards and test bank accounts: which ones pay, and how the others fail.

Numbers from https://docs.stripe.com/testing and https://docs.stripe.com/payments/ach-direct-debit/accept-a-payment.
The Italian IBAN is the one with which the official CLI makes a debit fail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

PAYS = "pays"
DECLINES = "declines"
NEEDS_AUTHENTICATION = "needs authentication"
CLEARS = "clears"
FAILS_LATER = "fails later"
ACH = "us_bank_account"
SEPA = "sepa_debit"
METHOD_TYPES = ("card", ACH, SEPA)
CURRENCY_OF_DEBIT = {ACH: "usd", SEPA: "eur"}
DELAYED_SECONDS = 180.0
"""https://docs.stripe.com/testing: some IBANs are answered "after at least three minutes"."""


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
    available_at_once: bool = False
    """Its money goes to the available balance, not to the pending one."""


@dataclass(frozen=True)
class BankAccount:
    """A test bank account and what becomes of a debit from it: ACH by number, SEPA by IBAN."""

    number: str
    type: str = ACH
    routing_number: str = "110000000"
    bank_name: str = "STRIPE TEST BANK"
    outcome: str = CLEARS
    failure_code: str | None = None
    failure_message: str | None = None
    dispute_reason: str | None = None
    answers_after_seconds: float | None = None
    """When the bank answers; None: when the settings say."""


Instrument = Card | BankAccount


def _declined(number: str, code: str, decline_code: str | None, message: str) -> Card:
    return Card(number, outcome=DECLINES, code=code, decline_code=decline_code, message=message)


def _sepa(
    iban: str, failure_code: str | None = None, *, delayed: bool = False, dispute_reason: str | None = None
) -> BankAccount:
    return BankAccount(
        iban,
        type=SEPA,
        outcome=FAILS_LATER if failure_code else CLEARS,
        failure_code=failure_code,
        failure_message=_SEPA_FAILURES[failure_code] if failure_code else None,
        dispute_reason=dispute_reason,
        answers_after_seconds=DELAYED_SECONDS if delayed else None,
    )


_SEPA_FAILURES = {
    "payment_method_provider_decline": "The customer's bank could not process this payment.",
    "insufficient_funds": "The customer's account has insufficient funds to cover this payment.",
}

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
        Card("4000000000000077", available_at_once=True),
        Card("4000003720000278", country="IE", available_at_once=True),
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
        _sepa("AT611904300234573201"),
        _sepa("AT321904300235473204", delayed=True),
        _sepa("AT861904300235473202", "payment_method_provider_decline"),
        _sepa("AT051904300235473205", "payment_method_provider_decline", delayed=True),
        _sepa("AT591904300235473203", dispute_reason="debit_not_authorized"),
        _sepa("AT981904300002222227", "insufficient_funds"),
        _sepa("DE89370400440532013000"),
        _sepa("DE62370400440532013001", "payment_method_provider_decline"),
        _sepa("DE35370400440532013002", dispute_reason="debit_not_authorized"),
        _sepa("IT60X0542811101000000123456", "payment_method_provider_decline"),
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
    "tok_bypassPending": "4000000000000077",
    "tok_bypassPendingInternational": "4000003720000278",
    "tok_authenticationRequired": "4000002760003184",
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
    """The part of a PaymentMethod that is named after its type."""
    if isinstance(instrument, Card):
        return {
            "brand": instrument.brand,
            "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
            "country": instrument.country,
            "display_brand": instrument.brand,
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": fingerprint(instrument),
            "funding": instrument.funding,
            "generated_from": None,
            "last4": instrument.number[-4:],
            "networks": {"available": [instrument.brand], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        }
    if instrument.type == SEPA:
        return {
            "bank_code": bank_code(instrument.number),
            "branch_code": None,
            "country": instrument.number[:2],
            "fingerprint": fingerprint(instrument),
            "generated_from": {"charge": None, "setup_attempt": None},
            "last4": instrument.number[-4:],
        }
    return {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": instrument.bank_name,
        "financial_connections_account": None,
        "fingerprint": fingerprint(instrument),
        "last4": instrument.number[-4:],
        "networks": {"preferred": "ach", "supported": ["ach"]},
        "routing_number": instrument.routing_number,
        "status_details": {},
    }


def method_type(instrument: Instrument) -> str:
    """The PaymentMethod's type."""
    return "card" if isinstance(instrument, Card) else instrument.type


def fingerprint(instrument: Instrument) -> str:
    """The same for each use of a number, as Stripe's is."""
    return f"sim{int(instrument.number, 36) % 62**8:015d}"


def bank_code(iban: str) -> str:
    """Where the bank stands in an IBAN of Austria or Germany; of others its first five characters."""
    return iban[4:12] if iban.startswith("DE") else iban[4:9]


def is_iban(text: str) -> bool:
    """Whether the two check digits of an IBAN are right (ISO 13616, modulo 97)."""
    if not (15 <= len(text) <= 34 and text.isalnum() and text.isascii() and text[:2].isalpha()):
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1


def _luhn(digits: str) -> bool:
    doubled = [int(d) * (1 + place % 2) for place, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0
