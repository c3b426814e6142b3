"""Every entry of the log says something to a person, whatever stands in it."""

from __future__ import annotations

import re

import pytest

from crm.activity.events import FOLLOWED, Event
from crm.operations.sentences import sentence


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_a_sentence_of_its_own(event: Event):
    """Not just its name in other letters; also without any meta it can be said."""
    said = sentence(event.value, {})
    assert said
    assert said[0].isupper() or said[0] == "…"
    assert not re.search(r"[{}_]", said)


def test_no_two_events_sound_alike():
    """A person can tell them apart."""
    said = [sentence(event.value, {}) for event in Event]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize(
    ("event", "meta", "said"),
    [
        ("payment_success", {"amount_cents": 472_500}, "Deposit of $4,725.00 paid"),
        ("payment_success", {"amount_cents": 472_500, "currency": "JPY"}, "Deposit of ¥472,500 paid"),
        ("payment_refunded", {"amount_cents": 1_500, "currency": "KWD"}, "1.500 KWD refunded"),
        (
            "checkout_created",
            {"deposit_cents": 472_500, "currency": "JPY"},
            "Payment page opened for a deposit of ¥472,500",
        ),
        ("payment_fee_known", {"fee_cents": 1_395, "currency": "USD"}, "Stripe's fee is $13.95"),
        (
            "customer_chosen",
            {"way": "new", "qbo_id": None, "name": "Elena Hartley"},
            "Chosen for QuickBooks: Elena Hartley is a new customer there",
        ),
        (
            "customer_chosen",
            {"way": "link", "qbo_id": "58", "name": "Elena Hartley"},
            "Chosen for QuickBooks: Elena Hartley is customer 58 there",
        ),
        (
            "customer_chosen",
            {"way": "new", "qbo_id": None},
            "Chosen for QuickBooks: … is a new customer there",
        ),
        ("invoice_created", {"qbo_invoice_id": "142"}, "Invoice 142 created in QuickBooks"),
        ("decline", {"reason": ""}, "The customer declined"),
        ("proposal_cancelled", {"reason": ""}, "Contract cancelled"),
        ("decline", {"reason": "{signer_name} is {0} {x.__class__}"}, None),
        ("something_of_tomorrow", {"amount_cents": 1}, "Something of tomorrow"),
    ],
)
def test_money_and_names_are_written_out(event: str, meta: dict[str, object], said: str | None):
    """In the currency of the entry; what people typed is repeated, never filled in."""
    expected = said or f"The customer declined: {meta['reason']}"
    assert sentence(event, meta) == expected


@pytest.mark.parametrize("currency", ["", "x", "💥", 7, None, "usd", "DOLLARS"])
def test_an_odd_currency_is_no_reason_to_say_nothing(currency: object):
    """One strange entry must not hide all others on its page."""
    assert "1" in sentence("payment_refunded", {"amount_cents": 125, "currency": currency})


def test_what_is_followed_is_known():
    """The facts from which something follows are events."""
    assert set(Event) >= FOLLOWED
