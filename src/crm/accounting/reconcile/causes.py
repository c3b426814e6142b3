"""Why the three differ on a movement, and what is to be done: pure, so that any world can be tried on it.

A line says of one movement what Stripe, we and QuickBooks have, as it changes the balance: a payment is above zero,
a fee, a refund, a payout below. None: that side knows nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal["retry", "book", "fetch", "mapping", "open_period", "differences", "take_back", "by_hand"]


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one movement; amounts in minor units.

    `detail`: the state of the refund or payout it belongs to. `document`: of our document in QuickBooks, "live",
    "voided", "deleted" or "merged"; None when there is none. `later`: the document is dated behind the cut-off;
    `earlier`: Stripe's movement is.
    """

    kind: str
    stripe_minor: int | None
    ours_minor: int | None
    books_minor: int | None
    detail: str | None = None
    document: str | None = None
    edited: bool = False
    posting: str | None = None
    problem_code: str | None = None
    before: bool = False
    later: bool = False
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Cause:
    """`settles`: it is over by itself, nobody needs to do anything. `explained` is False where no reason is known."""

    name: str
    sentence: str
    action: Action | None = None
    settles: bool = False
    explained: bool = True


AGREES = Cause("agrees", "Stripe, PeakPro and QuickBooks agree.", settles=True)
CAUSES: dict[str, Cause] = {
    cause.name: cause
    for cause in (
        AGREES,
        Cause("in_transit", "The payout left Stripe and has not arrived at the bank yet; it is booked on the day it arrives.", settles=True),
        Cause("refund_under_way", "Stripe has taken the refund out of the balance, and the customer's bank has not confirmed it yet; it is booked then.", settles=True),
        Cause("dated_later", "The document in QuickBooks is dated after the last day of this period.", settles=True),
        Cause("dated_earlier", "The document in QuickBooks is dated in this period, the movement at Stripe after it.", settles=True),
        Cause("cancels_out", "It went out and came back before it was booked, so it is booked neither way.", settles=True),
        Cause("simulated", "A simulated payment of dev mode: it never was at Stripe.", settles=True),
        Cause("before", "It moved Stripe's balance before the first payment that was made here. Enter all of that in QuickBooks once, as the opening balance of Stripe Clearing, and match it here.", "by_hand"),
        Cause("waiting", "It waits for QuickBooks and is booked by itself.", "book", settles=True),
        Cause("fee_of_today", "Fees are booked once a day, when the day is over.", settles=True),
        Cause("needs_you", "QuickBooks refused it. Its posting says why; mend that, then retry.", "retry"),
        Cause("closed_period", "The books of that day are closed in QuickBooks. Open the period there or book it by hand with a later date, then retry.", "open_period"),
        Cause("bank_unknown", "It is not known which bank account Stripe pays out to. Choose it, then retry.", "mapping"),
        Cause(
            "left_out",
            "A person left it out of the books. Take it back, or link the document that stands for it.",
            "take_back",
        ),
        Cause("missing", "It stands in no book yet and nothing is on its way.", "book"),
        Cause("deleted", "Our document was deleted in QuickBooks.", "differences"),
        Cause("voided", "Our document was voided in QuickBooks.", "differences"),
        Cause("merged", "Our document was merged into another in QuickBooks.", "differences"),
        Cause("edited", "Somebody changed the amount of our document in QuickBooks.", "differences"),
        Cause("by_hand", "Somebody entered this on Stripe Clearing in QuickBooks; nothing at Stripe stands behind it yet. Say which movement it is; if none, delete it there.", "by_hand"),
        Cause("not_ours", "It moved Stripe's balance, and no payment made here stands behind it. Enter it by hand on Stripe Clearing, and match it here.", "by_hand"),
        Cause("not_heard", "Stripe moved this, and we have not been told yet.", "fetch"),
        Cause("not_at_stripe", "We know of this, and Stripe's list of movements does not have it yet.", "fetch"),
        Cause("amount_differs", "Stripe and PeakPro have different amounts, and no reason is known.", "fetch", explained=False),
        Cause("amount_in_books", "QuickBooks has another amount than was posted, and no change there is known.", "differences", explained=False),
        Cause("unexplained", "The balances differ by more than all movements say.", "fetch", explained=False),
    )
}  # fmt: skip
NOT_OURS = frozenset({"foreign_payment", "foreign_fee", "other"})
_CODES = {"6210": "closed_period", "6200": "closed_period", "bank-account-unknown": "bank_unknown"}


def cause_of(line: Line) -> Cause:
    """The first reason that fits; AGREES when there is nothing to explain."""
    return CAUSES[_name(line)]


def _name(line: Line) -> str:
    stripe, ours, books = line.stripe_minor, line.ours_minor, line.books_minor
    if stripe == ours == books:
        return "agrees"
    if line.kind == "by_hand":
        return "by_hand"
    if line.kind == "simulated":
        return "simulated" if books == ours else _in_books(line)
    if line.earlier:
        return "dated_earlier"
    if line.kind in NOT_OURS:
        if line.later:
            return "dated_later"
        return "before" if line.before else "not_ours"
    if stripe is None:
        return "not_at_stripe"
    if ours is None and line.before and line.kind in {"payout", "payout_return"}:
        return "before"
    if ours is None:
        return "refund_under_way" if line.detail in {"pending", "requires_action"} else "not_heard"
    if stripe != ours:
        return "amount_differs"
    return _in_books(line)


def _in_books(line: Line) -> str:
    """Stripe and we agree; why do the books not?"""
    if line.books_minor is None:
        return _not_in_books(line)
    if line.document in {"voided", "deleted", "merged"}:
        return str(line.document)
    return "edited" if line.edited else "amount_in_books"


def _not_in_books(line: Line) -> str:
    if line.later:
        return "in_transit" if line.kind == "payout" else "dated_later"
    if line.kind == "payout" and line.detail in {"pending", "in_transit"}:
        return "in_transit"
    if line.posting == "waiting":
        return "waiting"
    if line.posting == "skipped":
        return "left_out"
    if line.posting == "needs_you":
        return _CODES.get(line.problem_code or "", "needs_you")
    if line.detail in {"failed", "canceled"} and line.posting is None:
        return "cancels_out"
    if line.posting is None and line.before:
        return "before"
    if line.posting is None and line.kind == "fee" and line.detail == "ungrouped":
        return "fee_of_today"
    return "deleted" if line.document == "deleted" else "missing"


def difference_minor(line: Line) -> int:
    """How far the books are from Stripe on this movement."""
    return (line.books_minor or 0) - (line.stripe_minor or 0)
