"""What a snapshot of the Stripe simulator may hold besides plain data: small records, and what timers call."""

from __future__ import annotations

from crm_sandbox.stripe.captures import hold_ended
from crm_sandbox.stripe.charges import charge_settled
from crm_sandbox.stripe.checkout_sessions import session_ended
from crm_sandbox.stripe.delivery import Sending, Target, send_now
from crm_sandbox.stripe.disputes import dispute_came, dispute_decided
from crm_sandbox.stripe.idempotency import Answer
from crm_sandbox.stripe.instruments import BankAccount, Card
from crm_sandbox.stripe.intent_steps import debit_cleared, debit_failed
from crm_sandbox.stripe.payouts import payout_arrived
from crm_sandbox.stripe.refunds import refund_arrived, refund_came_back
from crm_sandbox.stripe.state import Settings
from crm_sandbox.stripe.test_clocks import clock_arrived

RECORDS = (Answer, BankAccount, Card, Sending, Settings, Target)
ACTS = (
    charge_settled,
    debit_cleared,
    debit_failed,
    dispute_came,
    dispute_decided,
    hold_ended,
    payout_arrived,
    refund_arrived,
    refund_came_back,
    clock_arrived,
    send_now,
    session_ended,
)
