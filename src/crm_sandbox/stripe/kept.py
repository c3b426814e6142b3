"""What a snapshot of the Stripe simulator may hold besides plain data: small records, and what timers call."""

from __future__ import annotations

from crm_sandbox.stripe.charges import charge_settled
from crm_sandbox.stripe.checkout_sessions import session_ended
from crm_sandbox.stripe.delivery import Sending, Target, send_now
from crm_sandbox.stripe.disputes import dispute_came, inquiry_came
from crm_sandbox.stripe.idempotency import Answer
from crm_sandbox.stripe.instruments import BankAccount, Card
from crm_sandbox.stripe.intent_steps import debit_cleared, debit_failed
from crm_sandbox.stripe.refunds import refund_arrived, refund_came_back
from crm_sandbox.stripe.state import SessionExtras, Settings

RECORDS = (Answer, BankAccount, Card, Sending, SessionExtras, Settings, Target)
ACTS = (
    charge_settled,
    debit_cleared,
    debit_failed,
    dispute_came,
    inquiry_came,
    refund_arrived,
    refund_came_back,
    send_now,
    session_ended,
)
