"""Deposits to be paid, as they stand in the database after checkout, and the signed events that say they are."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

AMOUNT_MINOR = 472_500
WEBHOOK_SECRET = "whsec_only_for_measurements"
STRIPE_KEY = "sk_test_onlyForMeasurementsOnThisMachine"


@dataclass(frozen=True)
class Deposit:
    """One payment that waits for its money; `session_id` is the open checkout session."""

    org_id: int
    proposal_id: int
    session_id: str


def add_org(owner: psycopg.Connection[Any], org_id: int) -> None:
    """An org with one customer, of the same number."""
    owner.execute("INSERT INTO orgs (id, name) VALUES (%s, %s)", [org_id, f"Measured Roofing {org_id}"])
    owner.execute(
        "INSERT INTO customers (org_id, id, name, email) VALUES (%s, %s, %s, %s)",
        [org_id, org_id, f"Dana Measured {org_id}", f"dana{org_id}@example.com"],
    )


def add_deposits(owner: psycopg.Connection[Any], org_id: int, count: int) -> list[Deposit]:
    """Approved proposals, each with a due payment and its open session, written as checkout leaves them."""
    rows = owner.execute(
        """
        WITH made AS (
          INSERT INTO proposals (org_id, customer_id, title, status, currency, total_minor, approved_at)
          SELECT %(org)s, %(org)s, 'New roof', 'approved', 'USD', 1575000, now() FROM generate_series(1, %(n)s)
          RETURNING org_id, id
        ), due AS (
          INSERT INTO payments (org_id, proposal_id, amount_minor, currency)
          SELECT org_id, id, %(amount)s, 'USD' FROM made RETURNING org_id, id, proposal_id
        )
        INSERT INTO checkout_sessions
          (org_id, payment_id, attempt, session_id, state, amount_minor, currency, expires_at)
        SELECT org_id, id, 1, 'cs_test_' || md5('session ' || org_id || ' ' || id) || id, 'open', %(amount)s,
          'USD', now() + interval '1 day'
        FROM due
        RETURNING org_id, (SELECT proposal_id FROM due WHERE due.id = payment_id), session_id
        """,
        {"org": org_id, "n": count, "amount": AMOUNT_MINOR},
    ).fetchall()
    return [Deposit(*row) for row in rows]


def signed_requests(path: str, deposits: Sequence[Deposit], secret: str = WEBHOOK_SECRET) -> list[bytes]:
    """A whole HTTP request per deposit, signed now (signatures hold 300 s)."""
    moment = str(int(time.time()))
    requests = []
    for deposit in deposits:
        body = completed_event(deposit)
        digest = hmac.digest(secret.encode(), moment.encode() + b"." + body, "sha256").hex()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"User-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*\r\n"
            f"Stripe-Signature: t={moment},v1={digest}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests


def completed_event(deposit: Deposit) -> bytes:
    """`checkout.session.completed`, paid by card, indented as Stripe sends it."""
    text = _EVENT.replace("@session", deposit.session_id).replace("@key", deposit.session_id[8:])
    return text.replace("@org", str(deposit.org_id)).replace("@proposal", str(deposit.proposal_id)).encode()


def checkout_session(session_id: str) -> dict[str, Any]:
    """The session as Stripe's API shows it after payment (fields: API version 2026-10-28.endive)."""
    return {**_SESSION, "id": session_id, "payment_intent": f"pi_{session_id[8:]}"}


_SESSION: dict[str, Any] = {
    "id": "@session",
    "object": "checkout.session",
    "adaptive_pricing": {"enabled": True},
    "after_expiration": None,
    "allow_promotion_codes": None,
    "amount_subtotal": AMOUNT_MINOR,
    "amount_total": AMOUNT_MINOR,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "billing_address_collection": None,
    "cancel_url": "http://localhost:5173/proposal/@proposal",
    "client_reference_id": "proposal_@proposal",
    "client_secret": None,
    "collected_information": {"shipping_details": None},
    "consent": None,
    "consent_collection": None,
    "created": 1795300000,
    "currency": "usd",
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "customer": None,
    "customer_creation": "if_required",
    "customer_details": {
        "address": {
            "city": "Denver",
            "country": "US",
            "line1": "1420 Larimer St",
            "line2": None,
            "postal_code": "80202",
            "state": "CO",
        },
        "email": "dana@example.com",
        "name": "Dana Measured",
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    },
    "customer_email": "dana@example.com",
    "discounts": [],
    "expires_at": 1795386400,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "locale": None,
    "metadata": {"org_id": "@org", "proposal_id": "@proposal"},
    "mode": "payment",
    "payment_intent": "pi_@key",
    "payment_link": None,
    "payment_method_collection": "if_required",
    "payment_method_options": {},
    "payment_method_types": ["card", "us_bank_account"],
    "payment_status": "paid",
    "phone_number_collection": {"enabled": False},
    "recovered_from": None,
    "setup_intent": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "complete",
    "submit_type": None,
    "subscription": None,
    "success_url": "http://localhost:5173/proposal/@proposal?session_id={CHECKOUT_SESSION_ID}",
    "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    "ui_mode": "hosted_page",
    "url": None,
}

_EVENT = json.dumps(
    {
        "id": "evt_@key",
        "object": "event",
        "api_version": "2026-10-28.endive",
        "created": 1795300060,
        "data": {"object": _SESSION},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None},
        "type": "checkout.session.completed",
    },
    indent=2,
)
