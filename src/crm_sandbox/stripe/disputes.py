"""Disputes: opened by special cards or a test hook, answered by the account, won or lost."""

from __future__ import annotations

from crm_sandbox.stripe.balance import add_transaction, fee_detail
from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.errors import ApiError, invalid_param, no_such
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.money import DISPUTE_FEE
from crm_sandbox.stripe.parameters import ANYTHING, BOOLEAN, EXPAND, LISTING, METADATA, TEXT, merged_metadata
from crm_sandbox.stripe.shapes import StripeObject
from crm_sandbox.stripe.state import StripeState

OPENED_AFTER_SECONDS = 0.5
DECIDED_AFTER_SECONDS = 0.5
DECIDED_BY_EVIDENCE = {"winning_evidence": "won", "losing_evidence": "lost"}
"""As `uncategorized_text` they decide a test dispute (https://docs.stripe.com/testing#disputes)."""
DAYS_TO_ANSWER = 9
CLOSED = ("won", "lost", "warning_closed", "prevented")
UPDATE_DISPUTE = {
    "evidence": ANYTHING,
    "intended_submission_method": TEXT,
    "metadata": METADATA,
    "submit": BOOLEAN,
    **EXPAND,
}
LIST_DISPUTES = {**LISTING, "charge": TEXT, "payment_intent": TEXT}

EVIDENCE_FIELDS = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
FILE_FIELDS = frozenset((
    "cancellation_policy", "customer_communication", "customer_signature", "duplicate_charge_documentation",
    "receipt", "refund_policy", "service_documentation", "shipping_documentation", "uncategorized_file",
))  # fmt: skip
"""Evidence that is the id of a file."""


def open_dispute(
    call: Call, charge: StripeObject, reason: str, *, inquiry: bool = False, amount: int | None = None
) -> StripeObject:
    """The payer's bank takes the money back; the fee comes on top. An inquiry moves no money yet.

    Raises ApiError when the charge cannot be disputed (not paid, or disputed already).
    """
    if not charge["paid"] or charge["disputed"]:
        raise ApiError(f"Charge {charge['id']} cannot be disputed.")
    is_card = charge["id"].startswith("ch_")
    amount = charge["amount"] if amount is None else amount
    if not 0 < amount <= charge["amount"]:
        raise ApiError(f"A dispute cannot be over {amount} of a charge of {charge['amount']}.")
    due_by = call.state.now() + DAYS_TO_ANSWER * 24 * 3600
    dispute = call.space.add(
        {
            "id": new_id("du_" if is_card else "dp_"),
            "object": "dispute",
            "amount": amount,
            "balance_transaction": None,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": call.state.now(),
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {**dict.fromkeys(EVIDENCE_FIELDS), "enhanced_evidence": {}},
            "evidence_details": {
                "due_by": due_by,
                "enhanced_eligibility": {},
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": reason,
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
    )
    if is_card:
        dispute["payment_method_details"] = {
            "type": "card",
            "card": {
                "brand": charge["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": charge["payment_method_details"]["card"]["network"],
                "network_reason_code": "10.4" if reason == "fraudulent" else "13.1",
            },
        }
    charge.update(disputed=True, dispute=dispute["id"])
    if not inquiry:
        _move(call, dispute, -amount, DISPUTE_FEE)
    emit(call, "charge.dispute.created", dispute)
    if not inquiry:
        emit(call, "charge.dispute.funds_withdrawn", dispute)
    return dispute


def open_dispute_later(state: StripeState, charge: StripeObject, reason: str) -> None:
    """Opens a dispute a moment after a bank debit cleared, as the special test accounts do."""
    state.timers.after(OPENED_AFTER_SECONDS, dispute_came, charge["id"], reason)


def dispute_came(state: StripeState, charge_id: str, reason: str) -> None:
    """The payer's bank disputes a charge, unless it did before; a timer calls this."""
    found = state.locate(charge_id)
    if found is not None and not found[1]["disputed"]:
        open_dispute(background(state, found[0]), found[1], reason)


def close_dispute(call: Call, dispute: StripeObject, status: str) -> StripeObject:
    """Ends a dispute as won, lost or (an inquiry) warning_closed; when won the money comes back.

    Raises ApiError when it is closed already.
    """
    previous = dispute["status"]
    if previous in CLOSED:
        raise ApiError(f"This dispute is already closed ({previous}).")
    if previous.startswith("warning_"):
        status = "warning_closed"
    dispute["status"] = status
    dispute["is_charge_refundable"] = status == "warning_closed"
    emit(call, "charge.dispute.closed", dispute, {"status": previous})
    if status == "won":
        _move(call, dispute, dispute["amount"], 0)
        emit(call, "charge.dispute.funds_reinstated", dispute)
    return dispute


def retrieve_dispute(call: Call) -> StripeObject:
    """GET /v1/disputes/{dispute}."""
    return call.named("dispute", "dispute")


def list_disputes(call: Call) -> StripeObject:
    """GET /v1/disputes."""
    return page_with(call, "dispute", ("charge", "payment_intent"))


def update_dispute(call: Call) -> StripeObject:
    """POST /v1/disputes/{dispute}: evidence, submitted at once unless `submit=false` only keeps it for later."""
    dispute = call.named("dispute", "dispute")
    if dispute["status"] in CLOSED:
        raise ApiError("This dispute is already closed.")
    previous = {"status": dispute["status"]}
    evidence = call.params.get("evidence") or {}
    for name in evidence:
        if name not in EVIDENCE_FIELDS:
            raise ApiError(
                f"Received unknown parameter: evidence[{name}]",
                code="parameter_unknown",
                param=f"evidence[{name}]",
                stored=False,
            )
    for name in FILE_FIELDS & set(evidence):
        if evidence[name]:
            _check_file(call, evidence[name], f"evidence[{name}]")
    dispute["evidence"].update({name: text or None for name, text in evidence.items()})
    dispute["metadata"] = merged_metadata(dispute["metadata"], call.params.get("metadata"))
    if evidence:
        dispute["evidence_details"]["has_evidence"] = True
    submits = call.params.get("submit", bool(evidence))
    if submits and dispute["evidence_details"]["has_evidence"]:
        dispute["evidence_details"]["submission_count"] += 1
        dispute["evidence_details"]["submission_method"] = "manual"
        inquiry = dispute["status"].startswith("warning_")
        dispute["status"] = "warning_under_review" if inquiry else "under_review"
        decided = DECIDED_BY_EVIDENCE.get(dispute["evidence"]["uncategorized_text"] or "")
        if decided:
            call.state.timers.after(DECIDED_AFTER_SECONDS, dispute_decided, dispute["id"], decided)
    emit(call, "charge.dispute.updated", dispute, previous)
    return dispute


def dispute_decided(state: StripeState, dispute_id: str, status: str) -> None:
    """The bank has looked at the evidence, unless the dispute was closed before; a timer calls this."""
    found = state.locate(dispute_id)
    if found is not None and found[1]["status"] not in CLOSED:
        close_dispute(background(state, found[0]), found[1], status)


def _check_file(call: Call, id: str, param: str) -> None:
    file = call.space.objects["file"].get(id)
    if file is None:
        raise no_such("file", id, param)
    if file["purpose"] != "dispute_evidence":
        raise invalid_param(f"File {id} must have the purpose dispute_evidence.", param)


def accept_dispute(call: Call) -> StripeObject:
    """POST /v1/disputes/{dispute}/close: the account gives in, the dispute is lost."""
    return close_dispute(call, call.named("dispute", "dispute"), "lost")


def _move(call: Call, dispute: StripeObject, amount: int, fee: int) -> None:
    back = amount > 0
    transaction = add_transaction(
        call,
        "adjustment",
        amount,
        dispute["currency"],
        dispute["id"],
        fees=[fee_detail(fee, dispute["currency"], "Dispute fee")] if fee else [],
        reporting_category="dispute_reversal" if back else "dispute",
        description=f"Chargeback {'reversal' if back else 'withdrawal'} for {dispute['charge']}",
    )
    dispute["balance_transactions"].append(dict(transaction))
    if not back:
        dispute["balance_transaction"] = transaction["id"]
