"""Every thing that can happen, by name. The first four are the seeds'; the rest are verbs in their style."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    APPROVE = "approve"
    CHECKOUT_CREATED = "checkout_created"
    PAYMENT_SUCCESS = "payment_success"
    INVOICE_CREATED = "invoice_created"

    LEAD_CREATED = "lead_created"
    LEAD_UPDATED = "lead_updated"
    LEAD_CONVERTED = "lead_converted"
    LEAD_MERGED = "lead_merged"
    LEAD_TOLD_APART = "lead_told_apart"
    LEAD_FORM_CHANGED = "lead_form_changed"
    CUSTOMER_CREATED = "customer_created"
    CUSTOMER_UPDATED = "customer_updated"
    IMPORT_DONE = "import_done"
    IMPORT_UNDONE = "import_undone"
    PROPOSAL_CREATED = "proposal_created"
    PROPOSAL_UPDATED = "proposal_updated"
    PROPOSAL_SENT = "proposal_sent"
    PROPOSAL_SUPERSEDED = "proposal_superseded"
    PROPOSAL_DISCARDED = "proposal_discarded"
    PROPOSAL_EXPIRED = "proposal_expired"
    PROPOSAL_CANCELLED = "proposal_cancelled"
    CHANGE_ORDER_SENT = "change_order_sent"
    CHANGE_ORDER_WITHDRAWN = "change_order_withdrawn"
    CHANGE_ORDER_APPROVED = "change_order_approved"
    CHANGE_ORDER_DECLINED = "change_order_declined"
    SCHEDULE_SET = "schedule_set"
    PAYMENT_REQUESTED = "payment_requested"
    PORTAL_LINK_CREATED = "portal_link_created"
    PORTAL_LINK_REVOKED = "portal_link_revoked"
    PRICE_ITEM_CREATED = "price_item_created"
    PRICE_ITEM_UPDATED = "price_item_updated"
    PRICE_ITEM_DELETED = "price_item_deleted"
    TEMPLATE_CREATED = "template_created"
    TEMPLATE_UPDATED = "template_updated"
    TEMPLATE_RESTORED = "template_restored"
    TEMPLATE_DELETED = "template_deleted"
    FILE_KEPT = "file_kept"
    PAPER_MADE = "paper_made"
    FILE_DELETED = "file_deleted"
    VIEWED = "viewed"
    DECLINE = "decline"
    QUESTION_ASKED = "question_asked"
    CHANGES_REQUESTED = "changes_requested"
    QUESTION_ANSWERED = "question_answered"
    NEW_LINK_ASKED = "new_link_asked"

    CHECKOUT_EXPIRED = "checkout_expired"
    PAYMENT_PROCESSING = "payment_processing"
    PAYMENT_FAILED = "payment_failed"
    PAYMENT_FEE_KNOWN = "payment_fee_known"
    REFUND_REQUESTED = "refund_requested"
    PAYMENT_REFUNDED = "payment_refunded"
    REFUND_FAILED = "refund_failed"
    REFUND_REFUSED = "refund_refused"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_CLOSED = "dispute_closed"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    STRIPE_DISCONNECTED = "stripe_disconnected"
    DIFFERENCE_FOUND = "difference_found"
    DIFFERENCE_RESOLVED = "difference_resolved"
    DIFFERENCE_REOPENED = "difference_reopened"

    QBO_CONNECTED = "qbo_connected"
    QBO_DISCONNECTED = "qbo_disconnected"
    CUSTOMER_LINKED = "customer_linked"
    CUSTOMER_CHOSEN = "customer_chosen"
    CUSTOMER_CHOICE_UNDONE = "customer_choice_undone"
    BOOKS_RELINKED = "books_relinked"
    INVOICE_PAID = "invoice_paid"
    REFUND_BOOKED = "refund_booked"
    REFUND_RETURN_BOOKED = "refund_return_booked"
    FEE_BOOKED = "fee_booked"
    PAYOUT_BOOKED = "payout_booked"
    PAYOUT_RETURN_BOOKED = "payout_return_booked"
    DISPUTE_BOOKED = "dispute_booked"
    DISPUTE_RETURN_BOOKED = "dispute_return_booked"
    DISPUTE_LOSS_BOOKED = "dispute_loss_booked"
    CREDIT_MEMO_BOOKED = "credit_memo_booked"
    ESTIMATE_MADE = "estimate_made"
    ESTIMATE_STATUS_SET = "estimate_status_set"
    CONTRACT_ATTACHED = "contract_attached"
    BOOKS_SWITCH_SET = "books_switch_set"
    BOOKS_POLICY_SET = "books_policy_set"
    BOOKS_MAPPING_SET = "books_mapping_set"
    JOB_DONE = "job_done"
    RECONCILED = "reconciled"
    CLEARING_MATCHED = "clearing_matched"
    CLEARING_UNMATCHED = "clearing_unmatched"
    POSTING_NEEDS_YOU = "posting_needs_you"
    POSTING_RETRIED = "posting_retried"
    QBO_READS_ALARM = "qbo_reads_alarm"
    QBO_BUDGET_SET = "qbo_budget_set"
    BACKFILL_STARTED = "backfill_started"
    BACKFILL_CANCELLED = "backfill_cancelled"
    POSTING_SKIPPED = "posting_skipped"
    POSTING_RESTORED = "posting_restored"
    POSTING_EDITED = "posting_edited"
    POSTING_LINKED = "posting_linked"

    MAIL_SENT = "mail_sent"
    MAIL_BOUNCED = "mail_bounced"

    USER_CREATED = "user_created"
    USER_UPDATED = "user_updated"
    LOGGED_IN = "logged_in"
    API_KEY_CREATED = "api_key_created"
    API_KEY_REVOKED = "api_key_revoked"
    ORG_UPDATED = "org_updated"
    LAW_RULE_SET = "law_rule_set"
    LAW_OVERRIDDEN = "law_overridden"
    WEBHOOK_ADDED = "webhook_added"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_REMOVED = "webhook_removed"
    WEBHOOK_SECRET_ROTATED = "webhook_secret_rotated"  # noqa: S105 - an event
    WEBHOOK_SWITCHED_OFF = "webhook_switched_off"


# The facts that somebody is written to about.
MAILED = frozenset(
    {
        Event.APPROVE,
        Event.CHANGE_ORDER_APPROVED,
        Event.CHANGE_ORDER_DECLINED,
        Event.CHANGE_ORDER_SENT,
        Event.CHANGES_REQUESTED,
        Event.DECLINE,
        Event.DISPUTE_OPENED,
        Event.LEAD_CREATED,
        Event.NEW_LINK_ASKED,
        Event.PAYMENT_FAILED,
        Event.PAYMENT_REFUNDED,
        Event.PAYMENT_REQUESTED,
        Event.PAYMENT_SUCCESS,
        Event.PROPOSAL_CANCELLED,
        Event.PROPOSAL_SENT,
        Event.QBO_DISCONNECTED,
        Event.QBO_READS_ALARM,
        Event.QUESTION_ANSWERED,
        Event.QUESTION_ASKED,
        Event.VIEWED,
    }
)

# The facts that something follows from: `record` stages a job for them, and `crm.pipeline` says what it does.
FOLLOWED = MAILED | {
    Event.PAYMENT_SUCCESS,
    Event.PAYMENT_PROCESSING,
    Event.PAYMENT_FAILED,
    Event.PAYMENT_REFUNDED,
    Event.INVOICE_CREATED,
    Event.REFUND_FAILED,
    Event.PAYOUT_PAID,
    Event.PAYOUT_FAILED,
    Event.DISPUTE_CLOSED,
    Event.QBO_CONNECTED,
    Event.JOB_DONE,
    Event.CHANGE_ORDER_APPROVED,
    Event.PROPOSAL_CANCELLED,
}
