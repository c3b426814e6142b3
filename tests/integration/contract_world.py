"""Approved contracts with the Stripe simulator: what the tests of change orders, refunds and cancellation share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from tests.integration.money_world import BANK, CARD, Money, money_on

from crm_sandbox.testing import RunningSandbox, running_sandbox

Json = dict[str, Any]
NEVER_SECONDS = 1e9


def line(name: str, cents: int, **more: Any) -> Json:
    return {"name": name, "quantity": "1", "unit_price_minor": cents, **more}


OFFER: Json = {
    "customer_id": 1,
    "title": "Roof",
    "deposit": {"percent": 30},
    "milestones": [{"name": "Dried in", "percent": "40"}],
    "lines": [line("Roof", 1_000_000)],
}


@dataclass
class Contracts:
    """One server with a Stripe key, the simulator, and the owner of org 1."""

    money: Money
    stripe: RunningSandbox
    staff: httpx2.Client
    _delivered: set[str] = field(default_factory=set)

    def approved(self, offer: Json = OFFER) -> tuple[int, httpx2.Client]:
        """A contract that was just signed; its id and the customer."""
        draft = self.staff.post("/proposals", json=offer)
        assert draft.status_code == 201, draft.text
        proposal_id = int(draft.json()["id"])
        sent = self.staff.post(f"/proposals/{proposal_id}/send")
        assert sent.status_code == 200, sent.text
        token = sent.json()["portal_url"].partition("#t=")[2]
        customer = self.money.app.client(Authorization=f"Bearer {token}")
        body = self.signature(sent.json()["proposal"]["content_hash"])
        done = customer.post(f"/portal/{proposal_id}/approve", json=body)
        assert done.status_code == 200, done.text
        return proposal_id, customer

    @staticmethod
    def signature(content_hash: str) -> Json:
        return {"signer_name": "Elena Hartley", "content_hash": content_hash, "agree": True}

    def parts(self, proposal_id: int) -> list[tuple[str, str, int]]:
        """The schedule without what fell away: key, state, amount."""
        rows = self.money.sql.execute(
            "SELECT part, state, amount_minor FROM payments WHERE proposal_id = %s AND state <> 'void' "
            "ORDER BY position, id",
            [proposal_id],
        )
        return list(rows.fetchall())

    def payment_id(self, proposal_id: int, part: str = "deposit") -> int:
        return int(
            self.money.one("SELECT id FROM payments WHERE proposal_id = %s AND part = %s", proposal_id, part)
        )

    def page(self, customer: httpx2.Client, proposal_id: int, part: str = "deposit") -> Json:
        """The page on which a part is paid; asked for by staff first."""
        payment_id = self.payment_id(proposal_id, part)
        self.staff.post(f"/payments/{payment_id}/request").raise_for_status()
        params = {"proposal_id": proposal_id, "payment_id": payment_id}
        opened = customer.post("/payments/checkout_session", params=params)
        assert opened.status_code == 200, opened.text
        page: Json = opened.json()
        return page

    def pay(self, customer: httpx2.Client, proposal_id: int, part: str = "deposit", **form: Any) -> Json:
        """Pays a part with a card, and lets everything that follows happen."""
        page = self.page(customer, proposal_id, part)
        assert httpx2.post(page["checkout_url"], data=form or CARD).status_code < 400
        self.settle()
        return page

    def pay_by_bank(self, customer: httpx2.Client, proposal_id: int) -> Json:
        """A bank transfer of the deposit, under way."""
        return self.pay(customer, proposal_id, **BANK)

    def deliver(self) -> int:
        """Brings what Stripe has said since; how many events."""
        events = self.stripe.call("GET", "/_state/stripe/events")["data"]
        fresh = [event for event in events if event["id"] not in self._delivered]
        for event in sorted(fresh, key=lambda one: (one["created"], one["id"])):
            self._delivered.add(event["id"])
            self.money.deliver(event)
        return len(fresh)

    def settle(self) -> None:
        """Events and jobs until neither is left."""
        for _ in range(8):
            self.money.run_jobs()
            delivered = self.deliver()
            if (
                delivered == 0
                and self.money.one("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'") == 0
            ):
                return
        raise AssertionError("it never comes to rest")

    def refund(self, payment_id: int, **body: Any) -> httpx2.Response:
        return self.staff.post(f"/payments/{payment_id}/refunds", json=body)

    def change(self, proposal_id: int, *lines: Json, title: str = "More work") -> Json:
        """A change order, sent."""
        made = self.staff.post(
            f"/proposals/{proposal_id}/change-orders", json={"title": title, "lines": list(lines)}
        )
        assert made.status_code == 201, made.text
        sent = self.staff.post(f"/proposals/{proposal_id}/change-orders/{made.json()['id']}/send")
        assert sent.status_code == 200, sent.text
        order: Json = sent.json()
        return order

    def sign(self, customer: httpx2.Client, order: Json) -> httpx2.Response:
        return customer.post(
            f"/portal/{order['proposal_id']}/change-orders/{order['id']}/approve",
            json=self.signature(order["content_hash"]),
        )

    def at_stripe(self, kind: str) -> list[Json]:
        found: list[Json] = self.stripe.call("GET", f"/_state/stripe/{kind}?limit=1000")["data"]
        return found

    def refunds_at_stripe(self, page: Json) -> list[Json]:
        """The refunds of what was paid on a page."""
        sessions = {one["id"]: one["payment_intent"] for one in self.at_stripe("sessions")}
        intent = sessions[page["session_id"]]
        return [one for one in self.at_stripe("refunds") if one["payment_intent"] == intent]


@contextmanager
def contracts_on(postgres_url: str, template: str, **changes: Any) -> Iterator[Contracts]:
    """A server and a Stripe simulator for a whole file of tests."""
    with (
        running_sandbox() as stripe,
        money_on(postgres_url, template, stripe_api_base=stripe.base_url, **changes) as money,
    ):
        # A bank answers when the test says so: on a busy machine five seconds pass between two lines.
        stripe.call("POST", "/_state/stripe/settings", {"ach_clear_seconds": NEVER_SECONDS})
        yield Contracts(money, stripe, money.app.as_user("admin@peakpro.io"))
