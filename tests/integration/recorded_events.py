"""Stripe's events as others published them, what each must come to, and how they are tied to our own payments.

The files stay where they are (`../shared/data/stripe`). A story is one deposit with the files that speak of it:
the product makes its page, the simulated Stripe takes the money, and the ids in the files become those of that
payment. Amounts, currencies, statuses and everything else stay as published: the deposit is made to fit them.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

DATA = Path(__file__).parents[3] / "shared" / "data" / "stripe"
PUBLISHED, DERIVED = DATA / "events", DATA / "derived-events"
Json = dict[str, Any]


@dataclass(frozen=True)
class End:
    """Where a deposit stands when all is said. Amounts in minor units; `facts` are said exactly once each.

    `on_the_way` may be said once or not at all: a step that an order skips is not told afterwards, since by then
    it is not so any more.
    """

    payment: str
    page: str
    facts: tuple[str, ...] = ()
    on_the_way: tuple[str, ...] = ()
    booked: bool = False
    fee_known: bool = False
    refunded: int = 0
    disputed: bool = False
    refunds: Mapping[str, tuple[str, int]] = field(default_factory=dict)  # id -> status, amount
    disputes: Mapping[str, tuple[str, int, int]] = field(default_factory=dict)  # id -> status, fee, net
    differences: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """One deposit of `amount`. `files`: what the inbox says of each in the end.

    `pays`: how the customer pays at Stripe. `opening`: files of other stories lent to this one, for events that
    nobody published together with their payment. `refunds`: given back at Stripe; the first one fails later.
    """

    name: str
    amount: int
    pays: Literal["card", "bank", "nobody"]
    files: Mapping[str, str]
    end: End
    opening: tuple[str, ...] = ()
    refunds: tuple[int, ...] = ()
    org_id: int = 1


BOOKED = ("payment_success", "invoice_created", "invoice_paid")
PAID, CHARGED = "checkout.session.completed.paid_card.json", "charge.succeeded.deposit.json"

STORIES = (
    # Refunds may fail weeks after they succeeded; of the second one only the charge's sum tells, so Stripe is asked.
    Story(
        "card, refunded twice, disputed and won", 500_000, "card",
        {
            PAID: "done",
            CHARGED: "done",
            "charge.refunded.partial.json": "done",
            "charge.refunded.full.json": "done",
            "refund.created.partial.json": "done",
            "refund.updated.arn_available.json": "done",
            "refund.failed.later_failed.json": "done",
            "charge.dispute.created.deposit.json": "done",
            "charge.dispute.funds_withdrawn.deposit.json": "done",
            "charge.dispute.closed.won.json": "done",
        },
        End(
            "paid", "paid",
            (*BOOKED, "payment_fee_known", "payment_refunded re_2", "refund_failed re", "dispute_opened",
             "dispute_closed", "difference_found"),
            on_the_way=("payment_refunded re",),
            booked=True, fee_known=True, refunded=375_000,
            refunds={"re": ("failed", 125_000), "re_2": ("succeeded", 375_000)},
            disputes={"du": ("won", 1_500, -3_700)}, differences=("refund_failed re",),
        ),
        refunds=(125_000, 375_000),
    ),
    # `complete` is not `paid`: a bank transfer is money only when it has cleared.
    Story(
        "bank transfer that clears", 500_000, "bank",
        {
            "checkout.session.completed.unpaid_ach.json": "done",
            "checkout.session.async_payment_succeeded.ach.json": "done",
            "payment_intent.processing.ach.json": "kept",
            "payment_intent.succeeded.ach.json": "kept",
        },
        End("paid", "paid", BOOKED, on_the_way=("payment_processing",), booked=True),
    ),
    Story(
        "bank transfer that bounces", 500_000, "bank",
        {
            "checkout.session.async_payment_failed.ach.json": "done",
            "payment_intent.payment_failed.ach.json": "kept",
        },
        End("failed", "failed", ("payment_failed",)),
    ),
    Story(
        "page left alone", 500_000, "nobody",
        {"checkout.session.expired.abandoned.json": "done"},
        End("due", "expired", ("checkout_expired",)),
    ),
    # Nothing was paid, whatever reduced the price: a person must look.
    Story(
        "nothing to pay", 500_000, "nobody",
        {"checkout.session.completed.no_payment_required.json": "difference"},
        End("due", "open", ("difference_found",), differences=("amount_mismatch cs",)),
    ),
    Story(
        "setup mode", 5_000, "nobody",
        {"stripe-ruby-mock__checkout.session.completed.setup_mode.json": "difference"},
        End("due", "open", ("difference_found",), differences=("amount_mismatch cs",)),
    ),
    # The event names the connected account; its org has not connected QuickBooks, so the payment waits there.
    Story(
        "connected account", 500_000, "card",
        {
            "checkout.session.completed.connect_account.json": "done",
            "pay__account.updated.json": "done",
        },
        End("paid", "paid", ("payment_success",)),
        org_id=2,
    ),
    # Booked in our currency; what the customer saw (EUR 4,623.00) is not money of ours.
    Story(
        "adaptive pricing", 500_000, "card",
        {"checkout.session.completed.adaptive_pricing_eur_presentment.json": "done"},
        End("paid", "paid", BOOKED, booked=True),
    ),
    # An event of 2020: complete is not even said, `payment_status` is unpaid; its charge is a bank debit under way.
    Story(
        "event of API 2020", 1_500, "bank",
        {
            "djstripe__FAKE_EVENT_SESSION_COMPLETED.json": "done",
            "djstripe__FAKE_EVENT_CHARGE_SUCCEEDED.json": "done",
        },
        End("processing", "processing", ("payment_processing",)),
    ),
    Story(
        "paid page of a subscription", 1_900, "card",
        {"pay__checkout.session.completed.json": "done"},
        End("paid", "paid", BOOKED, booked=True),
    ),
    # Up to API 2022-08-01 the charge carries its refunds.
    Story(
        "refund inside the charge", 1_500, "card",
        {"pay__charge.succeeded.json": "done", "pay__charge.refunded.json": "done"},
        End(
            "paid", "paid", (*BOOKED, "payment_fee_known", "payment_refunded re"),
            booked=True, fee_known=True, refunded=500, refunds={"re": ("succeeded", 500)},
        ),
        opening=(PAID,),
    ),
    Story(
        "fee that comes late", 24_900, "card",
        {"pay__charge.updated.json": "done"},
        End("paid", "paid", (*BOOKED, "payment_fee_known"), booked=True, fee_known=True),
        opening=(PAID,),
    ),
    # An inquiry (`warning_`) moves no money, so nothing counts as disputed.
    Story(
        "refunded in full, then an inquiry", 100, "card",
        {
            "stripe-ruby-mock__charge.captured.json": "kept",
            "stripe-ruby-mock__charge.refunded.json": "done",
            "stripe-ruby-mock__charge.refund.updated.json": "done",
            "stripe-ruby-mock__charge.dispute.created.json": "done",
        },
        End(
            "paid", "paid", (*BOOKED, "payment_refunded re", "dispute_opened"),
            booked=True, refunded=100, refunds={"re": ("succeeded", 100)},
            disputes={"du": ("warning_needs_response", 0, 0)},
        ),
        opening=(PAID,),
    ),
    # All the steps of an intent and a card that was declined first: none of them is the payment.
    Story(
        "second card, each step told", 2_000, "card",
        {
            "stripe-ruby-mock__charge.failed.json": "kept",
            "stripe-ruby-mock__charge.succeeded.json": "done",
            "stripe-ruby-mock__payment_intent.amount_capturable_updated.json": "kept",
            "stripe-ruby-mock__payment_intent.canceled.json": "kept",
            "stripe-ruby-mock__payment_intent.created.json": "kept",
            "stripe-ruby-mock__payment_intent.payment_failed.json": "kept",
            "stripe-ruby-mock__payment_intent.processing.json": "kept",
            "stripe-ruby-mock__payment_intent.requires_action.json": "kept",
            "stripe-ruby-mock__payment_intent.succeeded.json": "kept",
        },
        End("paid", "paid", (*BOOKED, "payment_fee_known"), booked=True, fee_known=True),
        opening=(PAID,),
    ),
    Story(
        "plain card payment", 3_000, "card",
        {"stripe-ruby-mock__checkout.session.completed.json": "done"},
        End("paid", "paid", BOOKED, booked=True),
    ),
    # The fee (1500) comes on top of the disputed amount (25000).
    Story(
        "disputed, not decided", 25_000, "card",
        {
            "stripe-ruby-mock__checkout.session.completed.payment_mode.json": "done",
            "stripe-ruby-mock__charge.dispute.funds_withdrawn.json": "done",
            "stripe-ruby-mock__charge.dispute.funds_reinstated.json": "done",
        },
        End(
            "paid", "paid", (*BOOKED, "payment_fee_known", "dispute_opened"),
            booked=True, fee_known=True, disputed=True,
            disputes={"du": ("needs_response", 1_500, -26_500)},
        ),
        opening=(CHARGED,),
    ),
    # Before disputes had ids there was one per charge, so the charge's id names it.
    Story(
        "dispute without an id", 1_000, "card",
        {
            "stripe-ruby-mock__charge.updated.json": "done",
            "stripe-ruby-mock__charge.dispute.updated.json": "done",
            "stripe-ruby-mock__charge.dispute.closed.json": "done",
        },
        End(
            "paid", "paid", (*BOOKED, "payment_fee_known", "dispute_opened", "dispute_closed"),
            booked=True, fee_known=True, disputes={"ch": ("won", 0, 0)},
        ),
        opening=(PAID,),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class PaidOut:
    """One payout to the bank, of the platform's own account. `end`: status, automatic, reconciliation, failure."""

    name: str
    files: Mapping[str, str]
    end: tuple[str, bool, str | None, str | None]
    facts: tuple[str, ...]
    on_the_way: tuple[str, ...] = ()


PAYOUTS = (
    # May say `paid` and come back days later; the itemised list stays complete.
    PaidOut(
        "payout that came back",
        {
            "payout.paid.auto.json": "done",
            "payout.reconciliation_completed.auto.json": "done",
            "payout.failed.returned_by_bank.json": "done",
        },
        ("failed", True, "completed", "The bank account has been closed."),
        ("payout_failed",),
        ("payout_paid",),
    ),
    PaidOut(
        "manual payout",
        {
            "stripe-ruby-mock__payout.created.json": "done",
            "stripe-ruby-mock__payout.paid.json": "done",
            "stripe-ruby-mock__payout.updated.json": "done",
        },
        ("paid", False, None, None),
        ("payout_paid",),
    ),
)


def published() -> list[Path]:
    """Every file there is."""
    return sorted([*PUBLISHED.glob("*.json"), *DERIVED.glob("*.json")])


def load(file: str) -> Json:
    """The event in the file. Those of pay-rails/pay that hold only the content of `data` get an envelope:
    the type from the file's name, an id of its own, and the mode that the object names."""
    folder = PUBLISHED if "__" in file else DERIVED
    found: Json = json.loads((folder / file).read_text())
    if "type" in found:
        return found
    return {
        "id": f"evt_{file.removesuffix('.json').replace('.', '_')}",
        "object": "event",
        "type": file.removeprefix("pay__").removesuffix(".json"),
        "created": found["object"].get("created", 1_795_300_000),
        "livemode": found["object"].get("livemode", False),
        "data": found,
    }


@dataclass(frozen=True)
class Names:
    """What the objects of one story are called at our Stripe, under the labels that the tables above use."""

    cs: str = ""
    pi: str = ""
    ch: str = ""
    re: str = ""
    re_2: str = ""
    du: str = ""
    po: str = ""
    account: str = ""


def tied(file: str, story: str, names: Names, amount: int) -> Json:
    """The event in the file, about this payment: ids that it has become ours, in test mode, nothing else changed.

    The lent page (`Story.opening`) also takes the story's amount. A charge without an intent gets ours, for nothing
    else would tie it; refunds and disputes that name only a charge stay so.
    """
    event = copy.deepcopy(load(file))
    event["id"] = f"evt_{story} {file}".replace(" ", "_").replace(",", "")
    event["livemode"] = False
    object_: Json = event["data"]["object"]
    if names.account:
        event["account"] = names.account
    kind = event["type"].rpartition(".")[0]
    ids = {
        "checkout.session": names.cs, "charge.dispute": names.du, "charge.refund": names.re, "refund": names.re,
        "charge": names.ch, "payment_intent": names.pi, "payout": names.po, "account": names.account,
    }  # fmt: skip
    if "id" in object_:
        object_["id"] = ids[kind]
    for key, name in (("charge", names.ch), ("latest_charge", names.ch), ("payment_intent", names.pi)):
        if object_.get(key) is not None or (kind, key) == ("charge", "payment_intent"):
            object_[key] = name
    embedded = object_.get("refunds") or {}
    for refund in embedded.get("data", []):
        refund.update({"id": names.re, "charge": names.ch, "payment_intent": names.pi})
    if file == PAID:
        object_["amount_total"] = object_["amount_subtotal"] = amount
    return event
