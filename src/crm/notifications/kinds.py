"""The kinds of mail: who gets each, after which fact, and the words that may stand in its text in braces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from crm.activity.events import Event

Audience = Literal["customer", "staff"]


class Kind(StrEnum):
    PROPOSAL_SENT = "proposal_sent"
    REMINDER = "reminder"
    THANK_YOU = "thank_you"
    RECEIPT = "receipt"
    PAYMENT_ASKED = "payment_asked"
    PAYMENT_FAILED = "payment_failed"
    REFUND_MADE = "refund_made"
    CHANGE_ORDER_SENT = "change_order_sent"
    CHANGE_ORDER_SIGNED = "change_order_signed"
    CANCELLED = "cancelled"
    ANSWERED = "answered"
    STAFF_LEAD = "staff_lead"
    STAFF_VIEWED = "staff_viewed"
    STAFF_APPROVED = "staff_approved"
    STAFF_DECLINED = "staff_declined"
    STAFF_PAID = "staff_paid"
    STAFF_PAYMENT_FAILED = "staff_payment_failed"
    STAFF_ASKED = "staff_asked"
    STAFF_LINK_ASKED = "staff_link_asked"
    STAFF_CHANGE_ORDER = "staff_change_order"
    STAFF_DISPUTE = "staff_dispute"
    STAFF_RECONNECT = "staff_reconnect"
    STAFF_READS = "staff_reads"


@dataclass(frozen=True, slots=True)
class KindOf:
    """What is fixed about a kind; `words` are its placeholders beside COMMON."""

    audience: Audience
    words: tuple[str, ...] = ()


COMMON = ("company", "company_phone", "company_email", "customer", "title", "number", "total")

KINDS: dict[Kind, KindOf] = {
    Kind.PROPOSAL_SENT: KindOf("customer", ("message", "valid_until", "deposit")),
    Kind.REMINDER: KindOf("customer", ("valid_until", "deposit")),
    Kind.THANK_YOU: KindOf("customer", ("signer", "deposit")),
    Kind.RECEIPT: KindOf("customer", ("amount", "part", "paid_on", "remaining")),
    Kind.PAYMENT_ASKED: KindOf("customer", ("amount", "part")),
    Kind.PAYMENT_FAILED: KindOf("customer", ("amount", "part")),
    Kind.REFUND_MADE: KindOf("customer", ("amount",)),
    Kind.CHANGE_ORDER_SENT: KindOf("customer", ("change", "amount")),
    Kind.CHANGE_ORDER_SIGNED: KindOf("customer", ("signer", "change", "amount")),
    Kind.CANCELLED: KindOf("customer", ("cancelled_on",)),
    Kind.ANSWERED: KindOf("customer", ("message",)),
    Kind.STAFF_LEAD: KindOf("staff", ("contact", "message")),
    Kind.STAFF_VIEWED: KindOf("staff"),
    Kind.STAFF_APPROVED: KindOf("staff", ("signer",)),
    Kind.STAFF_DECLINED: KindOf("staff", ("reason",)),
    Kind.STAFF_PAID: KindOf("staff", ("amount", "part", "remaining")),
    Kind.STAFF_PAYMENT_FAILED: KindOf("staff", ("amount", "part", "reason")),
    Kind.STAFF_ASKED: KindOf("staff", ("message",)),
    Kind.STAFF_LINK_ASKED: KindOf("staff"),
    Kind.STAFF_CHANGE_ORDER: KindOf("staff", ("change", "amount", "answer")),
    Kind.STAFF_DISPUTE: KindOf("staff", ("amount",)),
    Kind.STAFF_RECONNECT: KindOf("staff", ("reason",)),
    Kind.STAFF_READS: KindOf("staff", ("percent", "used", "budget", "forecast")),
}

AFTER: dict[Event, tuple[Kind, ...]] = {
    Event.PROPOSAL_SENT: (Kind.PROPOSAL_SENT,),
    Event.LEAD_CREATED: (Kind.STAFF_LEAD,),
    Event.VIEWED: (Kind.STAFF_VIEWED,),
    Event.APPROVE: (Kind.THANK_YOU, Kind.STAFF_APPROVED),
    Event.DECLINE: (Kind.STAFF_DECLINED,),
    Event.PAYMENT_SUCCESS: (Kind.RECEIPT, Kind.STAFF_PAID),
    Event.PAYMENT_FAILED: (Kind.PAYMENT_FAILED, Kind.STAFF_PAYMENT_FAILED),
    Event.PAYMENT_REQUESTED: (Kind.PAYMENT_ASKED,),
    Event.PAYMENT_REFUNDED: (Kind.REFUND_MADE,),
    Event.CHANGE_ORDER_SENT: (Kind.CHANGE_ORDER_SENT,),
    Event.CHANGE_ORDER_APPROVED: (Kind.CHANGE_ORDER_SIGNED, Kind.STAFF_CHANGE_ORDER),
    Event.CHANGE_ORDER_DECLINED: (Kind.STAFF_CHANGE_ORDER,),
    Event.PROPOSAL_CANCELLED: (Kind.CANCELLED,),
    Event.QUESTION_ANSWERED: (Kind.ANSWERED,),
    Event.QUESTION_ASKED: (Kind.STAFF_ASKED,),
    Event.CHANGES_REQUESTED: (Kind.STAFF_ASKED,),
    Event.NEW_LINK_ASKED: (Kind.STAFF_LINK_ASKED,),
    Event.DISPUTE_OPENED: (Kind.STAFF_DISPUTE,),
    Event.QBO_DISCONNECTED: (Kind.STAFF_RECONNECT,),
    Event.QBO_READS_ALARM: (Kind.STAFF_READS,),
}


def words_of(kind: Kind) -> tuple[str, ...]:
    """All placeholders that a text of this kind may hold."""
    return COMMON + KINDS[kind].words
