"""What each entry of the activity log says to a person."""

from __future__ import annotations

from typing import Any

from crm.activity.events import Event
from crm.kit.money import format_money

_PLAIN: dict[Event, str] = {
    Event.APPROVE: "{signer_name} approved the proposal",
    Event.CHECKOUT_CREATED: "Payment page opened for a deposit of {deposit}",
    Event.PAYMENT_SUCCESS: "Deposit of {amount} paid",
    Event.INVOICE_CREATED: "Invoice {qbo_invoice_id} created in QuickBooks",
    Event.INVOICE_PAID: "Payment {qbo_payment_id} applied to invoice {qbo_invoice_id} in QuickBooks",
    Event.PAYMENT_PROCESSING: "Bank transfer of {amount} under way",
    Event.PAYMENT_FAILED: "Payment failed: {reason}",
    Event.PAYMENT_FEE_KNOWN: "Stripe's fee is {fee}",
    Event.PAYMENT_REFUNDED: "{amount} refunded",
    Event.REFUND_REQUESTED: "Refund of {amount} requested",
    Event.REFUND_FAILED: "Refund of {amount} failed",
    Event.REFUND_REFUSED: "Refund of {amount} refused: {sentence}",
    Event.REFUND_BOOKED: "Refund of {amount} booked in QuickBooks (refund receipt {qbo_id})",
    Event.REFUND_RETURN_BOOKED: "Refund of {amount} that came back booked in QuickBooks (sales receipt {qbo_id})",
    Event.FEE_BOOKED: "{said} ({amount}) booked in QuickBooks (document {qbo_id})",
    Event.PAYOUT_BOOKED: "Payout of {amount} booked in QuickBooks (transfer {qbo_id})",
    Event.PAYOUT_RETURN_BOOKED: "Payout of {amount} that came back booked in QuickBooks (transfer {qbo_id})",
    Event.DISPUTE_BOOKED: "Disputed {amount} booked in QuickBooks (journal entry {qbo_id})",
    Event.DISPUTE_RETURN_BOOKED: "Dispute over {amount} won, booked in QuickBooks (journal entry {qbo_id})",
    Event.DISPUTE_LOSS_BOOKED: "Dispute over {amount} lost, booked in QuickBooks (journal entry {qbo_id})",
    Event.DISPUTE_OPENED: "The customer's bank disputes {amount}",
    Event.DISPUTE_CLOSED: "Dispute over {amount} closed: {status}",
    Event.PAYOUT_PAID: "Stripe paid out {amount}",
    Event.PAYOUT_FAILED: "Payout of {amount} failed",
    Event.CHECKOUT_EXPIRED: "Payment page expired unpaid",
    Event.STRIPE_DISCONNECTED: "Stripe account disconnected",
    Event.DIFFERENCE_FOUND: "{sentence}",
    Event.DIFFERENCE_RESOLVED: "Difference resolved: {note}",
    Event.DIFFERENCE_REOPENED: "Difference open again: {sentence}",
    Event.QBO_CONNECTED: "QuickBooks connected (company {realm_id})",
    Event.QBO_DISCONNECTED: "QuickBooks disconnected: {why}",
    Event.CUSTOMER_LINKED: "Customer {name} linked in QuickBooks (found by: {by})",
    Event.CUSTOMER_CHOSEN: "Chosen for QuickBooks: {name} is customer {qbo_id} there",
    Event.CUSTOMER_CHOICE_UNDONE: "The choice of a customer in QuickBooks was taken back",
    Event.BOOKS_RELINKED: "{entity} {name} stands for another object in QuickBooks now ({to_id}): {why}",
    Event.ESTIMATE_MADE: "Estimate of {amount} made in QuickBooks (Id {qbo_id})",
    Event.ESTIMATE_STATUS_SET: "Estimate {qbo_id} is {status} in QuickBooks",
    Event.CONTRACT_ATTACHED: "{name} attached to invoice {qbo_invoice_id} in QuickBooks",
    Event.BOOKS_SWITCH_SET: "{said}: switched {state}",
    Event.CREDIT_MEMO_BOOKED: "Credit memo of {amount} booked in QuickBooks (Id {qbo_id})",
    Event.BOOKS_POLICY_SET: "Deposits are booked as: {policy}",
    Event.BOOKS_MAPPING_SET: "Mapping changed: {slot} is {name} in QuickBooks",
    Event.JOB_DONE: "The job is done",
    Event.RECONCILED: "Stripe and QuickBooks compared, {from_day} to {to_day}: {differences} differences, {unexplained} unexplained",
    Event.CLEARING_MATCHED: "{document} in QuickBooks, entered by hand, stands for {movements} of Stripe's movements, {amount}",
    Event.CLEARING_UNMATCHED: "{document} in QuickBooks, entered by hand, stands for nothing at Stripe any more",
    Event.POSTING_NEEDS_YOU: "QuickBooks needs a person: {sentence}",
    Event.POSTING_RETRIED: "Booking tried again",
    Event.QBO_READS_ALARM: "{percent} % of this month's reads from QuickBooks are used ({used} of {budget})",
    Event.QBO_BUDGET_SET: "Reads from QuickBooks set to {reads} a month",
    Event.BACKFILL_STARTED: "Payments {days} are taken into the books; left out of those that waited: {left_out}",
    Event.BACKFILL_CANCELLED: "Taking in the payments that waited was stopped; left out of them: {left_out}",
    Event.POSTING_SKIPPED: "Left out of the books: {reason}",
    Event.POSTING_RESTORED: "Taken back into the books",
    Event.POSTING_EDITED: "Changed and sent again: {changes}",
    Event.POSTING_LINKED: "{entity} {qbo_id} in QuickBooks linked by hand",
    Event.LEAD_CREATED: "Lead added",
    Event.LEAD_UPDATED: "Lead changed",
    Event.LEAD_CONVERTED: "Lead became a customer",
    Event.LEAD_MERGED: "Lead joined with lead {other_id}: the same person",
    Event.LEAD_TOLD_APART: "Lead told apart from {kind} {other_id}: not the same person",
    Event.LEAD_FORM_CHANGED: "The website's form changed",
    Event.CUSTOMER_CREATED: "Customer added",
    Event.CUSTOMER_UPDATED: "Customer changed",
    Event.IMPORT_DONE: "Import of {kind}: {created} added, {skipped} there already, {failed} not taken",
    Event.IMPORT_UNDONE: "Import of {kind} undone: {deleted} taken back, {kept} kept",
    Event.PROPOSAL_CREATED: "Proposal written",
    Event.PROPOSAL_UPDATED: "Proposal changed",
    Event.PROPOSAL_SENT: "Proposal sent",
    Event.PROPOSAL_SUPERSEDED: "Proposal replaced by a newer version",
    Event.PROPOSAL_DISCARDED: "Draft of version {version} discarded",
    Event.PROPOSAL_EXPIRED: "Proposal expired",
    Event.PROPOSAL_CANCELLED: "Contract cancelled: {reason}",
    Event.CHANGE_ORDER_SENT: "Change order {position} sent: {title}",
    Event.CHANGE_ORDER_WITHDRAWN: "Change order {position} withdrawn",
    Event.CHANGE_ORDER_APPROVED: "{signer_name} approved change order {position}",
    Event.CHANGE_ORDER_DECLINED: "Change order {position} declined: {reason}",
    Event.SCHEDULE_SET: "Payments planned: {parts}",
    Event.PAYMENT_REQUESTED: "{name} of {amount} asked for",
    Event.PORTAL_LINK_CREATED: "Portal link made",
    Event.PORTAL_LINK_REVOKED: "Portal link withdrawn",
    Event.PRICE_ITEM_CREATED: "{name} added to the price book",
    Event.PRICE_ITEM_UPDATED: "{name} changed in the price book",
    Event.PRICE_ITEM_DELETED: "{name} taken out of the price book",
    Event.TEMPLATE_CREATED: "Template {name} written",
    Event.TEMPLATE_UPDATED: "Template {name} changed",
    Event.TEMPLATE_RESTORED: "Template {name} is again as revision {revision} was",
    Event.TEMPLATE_DELETED: "Template {name} deleted",
    Event.FILE_KEPT: "File “{name}” added",
    Event.PAPER_MADE: "Paper “{name}” made",
    Event.FILE_DELETED: "File “{name}” deleted",
    Event.VIEWED: "The customer opened the proposal",
    Event.DECLINE: "The customer declined: {reason}",
    Event.QUESTION_ASKED: "The customer asks: {text}",
    Event.CHANGES_REQUESTED: "The customer asks for changes: {text}",
    Event.QUESTION_ANSWERED: "Answered the customer: {text}",
    Event.NEW_LINK_ASKED: "The customer asks for a new link",
    Event.MAIL_SENT: "Mail sent to {recipient}: {subject}",
    Event.MAIL_BOUNCED: "Mail to {recipient} came back: {reason}",
    Event.USER_CREATED: "User added",
    Event.USER_UPDATED: "User changed",
    Event.LOGGED_IN: "Signed in",
    Event.API_KEY_CREATED: "API key made",
    Event.API_KEY_REVOKED: "API key revoked",
    Event.ORG_UPDATED: "Company settings changed",
    Event.LAW_RULE_SET: "Rule on deposits in {state} changed",
    Event.LAW_OVERRIDDEN: "Sent against a rule on deposits: {reason}",
    Event.WEBHOOK_ADDED: "Webhook to {url} added",
    Event.WEBHOOK_CHANGED: "Webhook to {url} changed",
    Event.WEBHOOK_REMOVED: "Webhook to {url} removed",
    Event.WEBHOOK_SECRET_ROTATED: "New signing secret made for the webhook to {url}",
    Event.WEBHOOK_SWITCHED_OFF: "Webhook to {url} switched off: {reason}",
}


class _Blank(dict[str, Any]):
    """Says … where an entry has no such value, rather than failing to say anything."""

    def __missing__(self, key: str) -> str:
        return "…"


def sentence(event: str, meta: dict[str, Any]) -> str:
    """The sentence; an event of a later version is said by its name."""
    try:
        template = _PLAIN[Event(event)]
    except ValueError:
        return event.replace("_", " ").capitalize()
    if event == Event.CUSTOMER_CHOSEN and meta.get("qbo_id") is None and meta.get("way") == "new":
        template = "Chosen for QuickBooks: {name} is a new customer there"
    currency = str(meta.get("currency") or "USD").upper()
    values = _Blank(meta)
    for name, cents in (
        ("amount", "amount_cents"),
        ("deposit", "deposit_cents"),
        ("fee", "fee_cents"),
        ("unexplained", "unexplained_cents"),
    ):
        if isinstance(meta.get(cents), int):
            values[name] = _money(meta[cents], currency)
    # Without the reason that nobody had to give, the sentence ends before its colon.
    return template.format_map(values).rstrip().removesuffix(":")


def _money(minor: int, currency: str) -> str:
    """Also for a code that is none: one strange entry must not hide all others on its page."""
    try:
        return format_money(minor, currency)
    except ValueError:
        return f"{minor} {currency[:10]}"
