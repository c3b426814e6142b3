"""A signed contract in a world of books: paid in parts, changed, cancelled, refunded, as people do it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from tests.integration.books_world import World

Json = dict[str, Any]
_numbers = itertools.count(1)


@dataclass
class Contract:
    world: World
    proposal_id: int
    portal: Any

    def payment_id(self, part: str) -> int:
        row = self.world.sql.execute(
            "SELECT id FROM payments WHERE proposal_id = %s AND part = %s", [self.proposal_id, part]
        ).fetchone()
        assert row is not None, part
        return int(row[0])

    def currency(self) -> str:
        """As Stripe writes it."""
        row = self.world.sql.execute(
            "SELECT lower(currency) FROM proposals WHERE id = %s", [self.proposal_id]
        ).fetchone()
        assert row is not None
        return str(row[0])

    def pay(self, part: str) -> int:
        """The part is asked for and paid on the simulated page."""
        payment_id, staff = self.payment_id(part), self.world.staff()
        staff.post(f"/payments/{payment_id}/request").raise_for_status()
        page = staff.post(
            "/payments/checkout_session", params={"proposal_id": self.proposal_id, "payment_id": payment_id}
        )
        assert page.status_code == 200, page.text
        session_id, amount = page.json()["session_id"], page.json()["deposit_cents"]
        said = {
            "id": f"evt_{session_id}_{payment_id}",
            "type": "checkout.session.completed",
            "data": {
                "object": {
                    "id": session_id, "amount_total": amount, "payment_status": "paid", "currency": self.currency(),
                    "payment_intent": f"pi_{self.proposal_id}_{payment_id}",
                    "metadata": {"org_id": "1", "proposal_id": str(self.proposal_id)},
                }
            },
        }  # fmt: skip
        assert self.world.app.client().post("/payments/webhook", json=said).status_code == 200
        row = self.world.sql.execute(
            "SELECT paid_at IS NOT NULL FROM payments WHERE id = %s", [payment_id]
        ).fetchone()
        assert row == (True,)
        return payment_id

    def refund(self, part: str, cents: int, status: str = "succeeded", refund_id: str | None = None) -> str:
        refund_id = refund_id or f"re_{self.proposal_id}_{next(_numbers)}"
        said = {
            "id": f"evt_{refund_id}_{status}",
            "type": "refund.failed" if status == "failed" else "refund.created",
            "data": {
                "object": {
                    "id": refund_id, "object": "refund", "amount": cents, "currency": self.currency(), "status": status,
                    "payment_intent": f"pi_{self.proposal_id}_{self.payment_id(part)}", "created": 1_795_309_000,
                }
            },
        }  # fmt: skip
        assert self.world.app.client().post("/payments/webhook", json=said).status_code == 200
        return refund_id

    def change(self, cents: int, tax_percent: str = "0") -> Json:
        """A change order, signed by the customer."""
        path = f"/proposals/{self.proposal_id}/change-orders"
        lines = [line("More", cents, tax_percent=tax_percent)]
        made = self.world.staff().post(path, json={"title": "More", "lines": lines})
        assert made.status_code == 201, made.text
        order = self.world.staff().post(f"{path}/{made.json()['id']}/send").json()
        body = {"signer_name": "Elena", "content_hash": order["content_hash"], "agree": True}
        done = self.portal.post(f"/portal/{self.proposal_id}/change-orders/{order['id']}/approve", json=body)
        assert done.status_code == 200, done.text
        answer: Json = done.json()
        return answer

    def done(self) -> Json:
        answer = self.world.staff().post(f"/books/contracts/{self.proposal_id}/done")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def cancel(self) -> None:
        answer = self.world.staff().post(
            f"/proposals/{self.proposal_id}/cancel", json={"reason": "Changed their mind"}
        )
        assert answer.status_code == 200, answer.text

    def postings(self) -> list[Json]:
        """Oldest first."""
        items = self.world.staff().get("/postings").json()["items"]
        return [item for item in reversed(items) if item["proposal_id"] == self.proposal_id]


def line(name: str, cents: int, **more: Any) -> Json:
    return {"name": name, "quantity": "1", "unit_price_minor": cents, **more}


def signed(world: World, lines: list[Json], *, deposit: int = 30, **more: Any) -> Contract:
    """A contract that was just signed."""
    offer = {"customer_id": 1, "title": "New roof", "deposit": {"percent": deposit}, "lines": lines, **more}
    draft = world.staff().post("/proposals", json=offer)
    assert draft.status_code == 201, draft.text
    proposal_id = int(draft.json()["id"])
    sent = world.staff().post(f"/proposals/{proposal_id}/send")
    assert sent.status_code == 200, sent.text
    token = sent.json()["portal_url"].partition("#t=")[2]
    portal = world.app.client(Authorization=f"Bearer {token}")
    body = {"signer_name": "Elena", "content_hash": sent.json()["proposal"]["content_hash"], "agree": True}
    done = portal.post(f"/portal/{proposal_id}/approve", json=body)
    assert done.status_code == 200, done.text
    return Contract(world, proposal_id, portal)


def trial_balance(world: World) -> dict[str, int]:
    """Accounts in cents, debit positive; the whole must be zero."""
    found = world.sandbox.call("GET", f"/_state/quickbooks/{world.realm_id}/trial_balance")
    assert found["sum_cents"] == 0
    return {one["name"]: one["balance_cents"] for one in found["accounts"] if one["balance_cents"]}


def map_tax_code(world: World, name: str = "California") -> None:
    """A person chooses the tax code of QuickBooks that our tax is sent with."""
    (code,) = [one for one in world.in_books("TaxCode") if one["Name"] == name]
    world.sql.execute(
        "INSERT INTO books_mapping (org_id, realm_id, slot, key, entity, qbo_id, name) "
        "VALUES (1, %s, 'tax_code', '', 'TaxCode', %s, %s)",
        [world.realm_id, code["Id"], name],
    )
