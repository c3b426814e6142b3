"""The ladders that states climb: an event lifts a row or leaves it, so order and repetition do not matter.

Sources: facts/stripe.md section 2 (ACH sequence, refunds that fail weeks later, payouts that fail after
`paid`, dispute statuses).
"""

from __future__ import annotations

SESSION = ("creating", "open", "expired", "processing", "failed", "paid")
# `failed` stands above `succeeded`: a refund may fail weeks after it succeeded, never the other way round.
REFUND = ("pending", "requires_action", "succeeded", "canceled", "failed")
PAYOUT = ("pending", "in_transit", "paid", "canceled", "failed")
DISPUTE = (
    "warning_needs_response",
    "warning_under_review",
    "needs_response",
    "under_review",
    "appeal_needs_response",
    "appeal_under_review",
    "warning_closed",
    "prevented",
    "lost",
    "won",
)
DISPUTE_OVER = frozenset({"warning_closed", "prevented", "lost", "won"})
# Inquiries move no money (facts/stripe.md, disputes).
DISPUTE_INQUIRY = frozenset({"warning_needs_response", "warning_under_review", "warning_closed"})
# Disputes that take no money, or no longer do.
DISPUTE_HARMLESS = frozenset({"won", "prevented", *DISPUTE_INQUIRY})

REFUND_GONE = frozenset({"failed", "canceled"})
"""Refunds that gave nothing back in the end."""

SETTLED = frozenset({"processing", "paid"})
"""Payments whose money came or is on its way: such a part of a schedule is never altered."""


def climb(ladder: tuple[str, ...], old: str | None, new: str) -> str:
    """The higher of the two. A word Stripe invents later counts as the lowest, so it never hides a known one."""
    if old is None:
        return new
    rank = {word: number for number, word in enumerate(ladder)}
    return new if rank.get(new, -1) > rank.get(old, -1) else old


def session_state(event_type: str, payment_status: str | None) -> str | None:
    """What a Checkout event says of its session; None when it says nothing about money.

    `complete` does not mean paid: only `payment_status` tells (docs.stripe.com/checkout/fulfillment).
    """
    match event_type:
        case "checkout.session.completed":
            return "paid" if payment_status in {"paid", "no_payment_required"} else "processing"
        case "checkout.session.async_payment_succeeded":
            return "paid"
        case "checkout.session.async_payment_failed":
            return "failed"
        case "checkout.session.expired":
            return "expired"
    return None


def payment_state(current: str, session: str) -> str:
    """The payment's state after one of its sessions reached `session`. Paid stays paid."""
    if current == "paid" or session == "paid":
        return "paid"
    if session in {"processing", "failed"}:
        return session
    return current


def shown_state(state: str, amount_minor: int, refunded_minor: int, *, disputed: bool) -> str:
    """The word people see (look.md): due, processing, paid, failed, refunded, partly_refunded, disputed."""
    if state != "paid":
        return state
    if disputed:
        return "disputed"
    if refunded_minor >= amount_minor:
        return "refunded"
    return "partly_refunded" if refunded_minor else "paid"
