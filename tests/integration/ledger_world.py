"""Stripe's money and QuickBooks' books together: payments on the simulated page, and what the worker makes of them.

Stripe has no endpoint to deliver to: `hear` asks for its events, as the sweep does, so that a test says when.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from tests.integration.books_world import consent, end_pauses, intuit_at
from tests.integration.money_world import BANK, CARD, STRIPE_KEY, Money, money_on

from crm.payments import transactions
from crm.worker import Work
from crm_sandbox.testing import RunningSandbox, running_sandbox

ORG = 1


@dataclass
class Paid:
    """A deposit that was paid on Stripe's page."""

    proposal_id: int
    payment_id: int
    session_id: str


class Ledger:
    """Org 1 with its QuickBooks company, alone on our own Stripe account."""

    def __init__(self, money: Money, sandbox: RunningSandbox) -> None:
        self.money, self.sandbox = money, sandbox
        self.staff: httpx2.Client = money.app.as_user("admin@peakpro.io")
        self.realm_id = sandbox.realm_id

    def connect(self) -> None:
        consent(self.staff, self.realm_id)

    def pay(self, form: dict[str, str] = CARD, *, org_id: int = ORG, currency: str = "USD") -> Paid:
        """A proposal of its own, whose deposit is paid on the page; nothing of it is heard yet."""
        proposal_id = self.money.proposal(org_id, currency=currency)
        # The rest of the price is not asked for yet: a contract that is paid in full gets its invoice.
        self.money.sql.execute(
            "INSERT INTO payments (org_id, proposal_id, part, name, position, amount_minor, currency, state) "
            "VALUES (%s, %s, 'final', 'Final balance', 1, 1102500, %s, 'planned')",
            [org_id, proposal_id, currency],
        )
        answer = self.staff.post("/payments/checkout_session", params={"proposal_id": proposal_id})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert httpx2.post(page["checkout_url"], data=form).status_code < 400
        payment_id = self.money.one(
            "SELECT id FROM payments WHERE proposal_id = %s AND part = 'deposit'", proposal_id
        )
        return Paid(proposal_id, payment_id, page["session_id"])

    def pay_by_bank(self, *, clears: bool = True) -> Paid:
        paid = self.pay(BANK)
        self.stripe(f"ach/{paid.session_id}/{'clear' if clears else 'fail'}")
        return paid

    def stripe(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """What happens behind Stripe's back."""
        return self.sandbox.call("POST", f"/_state/stripe/{path}", body or {})

    def at_stripe_refund(self, intent: str, amount: int) -> None:
        """A refund made in Stripe's dashboard."""
        made = httpx2.post(
            f"{self.sandbox.base_url}/v1/refunds",
            data={"payment_intent": intent, "amount": str(amount)},
            headers={"authorization": f"Bearer {STRIPE_KEY}"},
        )
        assert made.status_code == 200, made.text

    def pull(self) -> int:
        """One pull of our own account's movements."""
        return int(self.work(lambda work: transactions.pull(work.db, work.stripe, "")))

    def work(self, act: Callable[[Work], Coroutine[Any, Any, Any]]) -> Any:
        """Does something as the worker process does it."""
        return self.money.app.worker.do(act)

    def hear(self) -> None:
        """Everything Stripe has to tell is heard, and everything that follows is done, books included."""
        self.work(lambda work: work.sweep_stripe())
        for _ in range(2):  # what is booked may let more be booked: a return waits behind its refund
            self.work(lambda work: work.sweep_postings())
            end_pauses(self.money.sql, ORG)
            self.money.run_jobs()
            self.work(lambda work: work.run_lane(ORG))

    def later(self, **days: float) -> None:
        """Time goes on at Stripe and QuickBooks."""
        self.sandbox.call("POST", "/_state/clock", {"advance_seconds": 86_400 * days["days"]})

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.money.sql.execute(query, values).fetchall()

    def kept(self) -> list[tuple[Any, ...]]:
        """Our copies of the movements of org 1, oldest first."""
        return self.rows(
            "SELECT type, amount_minor, fee_minor, net_minor FROM stripe_transactions WHERE org_id = 1 "
            "ORDER BY created_at, transaction_id"
        )

    def at_stripe(self) -> list[dict[str, Any]]:
        """The movements of our own account as Stripe's simulator has them, oldest first."""
        (own,) = [
            one
            for one in self.sandbox.call("GET", "/_state/stripe/balances")["accounts"]
            if not one["connected_to"]
        ]
        data: list[dict[str, Any]] = self.sandbox.call(
            "GET", f"/_state/stripe/balance_transactions?account={own['account']}"
        )["data"]
        return data

    def stripe_balance(self) -> int:
        """What the account holds, available and pending, by Stripe's own word."""
        (own,) = [
            one
            for one in self.sandbox.call("GET", "/_state/stripe/balances")["accounts"]
            if not one["connected_to"]
        ]
        balance = own["balance"]
        return sum(part["amount"] for kind in ("available", "pending") for part in balance[kind])

    def accounts(self) -> dict[str, int]:
        """The trial balance of the company in cents; it must be in balance."""
        found = self.sandbox.call("GET", f"/_state/quickbooks/{self.realm_id}/trial_balance")
        assert found["sum_cents"] == 0
        return {one["name"]: one["balance_cents"] for one in found["accounts"]}

    def manual_payout(self, amount: int) -> None:
        """A payout that the contractor asks for in Stripe's dashboard: it arrives in two days."""
        made = httpx2.post(
            f"{self.sandbox.base_url}/v1/payouts",
            data={"amount": str(amount), "currency": "usd"},
            headers={"authorization": f"Bearer {STRIPE_KEY}"},
        )
        assert made.status_code == 200, made.text

    def quickbooks(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """What somebody else does in QuickBooks: a POST with a grant of their own."""
        token = self.sandbox.connect_quickbooks(self.realm_id).access_token
        answer = httpx2.post(
            f"{self.sandbox.base_url}/v3/company/{self.realm_id}/{path}",
            json=body,
            headers={"authorization": f"Bearer {token}", "accept": "application/json"},
        )
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def in_books(self, entity: str) -> list[dict[str, Any]]:
        return self.sandbox.quickbooks.objects(self.realm_id, entity)


@contextlib.contextmanager
def open_ledger(postgres_url: str, template: str, **changes: Any) -> Iterator[Ledger]:
    """A server, a worker's functions and both simulators, for a whole file of tests."""
    with running_sandbox(qbo_rate_limits_on=False) as sandbox:
        sandbox.call("POST", "/_state/stripe/settings", {"fee_seconds": 0, "ach_clear_seconds": 3600})
        settings = {**intuit_at(sandbox.base_url), "stripe_api_base": sandbox.base_url, **changes}
        with money_on(postgres_url, template, **settings) as money:
            yield Ledger(money, sandbox)
