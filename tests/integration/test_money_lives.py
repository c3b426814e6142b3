"""Random lives of a contract through the real API, database, queue and Stripe simulator: to the cent after each step.

The model (`tests/unit/test_money_machine.py`) shows that the arithmetic is right; this shows that what is stored, asked
for, paid and given back is that arithmetic. `make money-machine` runs its long form (MONEY_API_LIVES).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.integration.contract_world import Contracts, Json, contracts_on
from tests.integration.money_world import BANK, CARD

from crm.proposals import pricing
from crm.proposals.inputs import LineIn

LIVES = int(os.environ.get("MONEY_API_LIVES", "8"))
STEPS = 6
ARRIVES_SECONDS_MAX = 60.0
LEAST_AT_STRIPE = 50  # cents (facts/stripe.md); the simulator refuses less

prices = st.integers(1, 2_000_000)


@st.composite
def lines_of(draw: st.DrawFn, *, credit: bool = False, optional: bool = False) -> Json:
    price = draw(prices)
    made: Json = {
        "name": "Work",
        "quantity": str(draw(st.decimals("0.001", "20", places=3))),
        "unit_price_minor": -price if credit and draw(st.booleans()) else price,
        "tax_percent": draw(st.sampled_from(["0", "8.81", "19"])),
    }
    if made["unit_price_minor"] > 0:
        made["discount_percent"] = draw(st.sampled_from(["0", "5", "33.333"]))
    if optional:
        made["optional"] = draw(st.booleans())
    return made


offers = st.fixed_dictionaries(
    {
        "customer_id": st.just(1),
        "title": st.just("A life"),
        "lines": st.lists(lines_of(optional=True), min_size=1, max_size=4),
        "options": st.lists(
            st.fixed_dictionaries(
                {"name": st.sampled_from(["Good", "Better"]), "lines": st.lists(lines_of(), max_size=2)}
            ),
            max_size=2,
            unique_by=lambda option: option["name"],
        ),
        "deposit": st.one_of(
            st.fixed_dictionaries({"percent": st.integers(1, 60)}),
            st.fixed_dictionaries({"amount_minor": st.integers(100, 100_000)}),
        ),
        "milestones": st.lists(
            st.fixed_dictionaries(
                {"name": st.just("Stage"), "percent": st.sampled_from(["5", "12.5", "33.333"])}
            ),
            max_size=2,
        ),
    }
)
SIMPLE: Json = {
    "customer_id": 1,
    "title": "A life",
    "lines": [{"name": "Work", "quantity": "1", "unit_price_minor": 333_333}],
}


def total_of(lines: list[Json]) -> int:
    """What these lines cost together, by the pure rules."""
    return pricing.totals([LineIn.model_validate(line) for line in lines], "USD").total_minor


class MoneyLives(RuleBasedStateMachine):
    """One contract from its first draft to its end. Amounts in cents."""

    world: Contracts

    @initialize(
        first=offers, edit=offers, choice=st.integers(0, 5), ticked=st.booleans(), replaced=st.booleans()
    )
    def approve(self, first: Json, edit: Json, choice: int, *, ticked: bool, replaced: bool) -> None:
        """Written, edited, perhaps sent and replaced by a new version, then signed with an option and extras."""
        staff = self.world.staff
        made = staff.post("/proposals", json=first)
        self.offer = first if made.status_code == 201 else SIMPLE
        if made.status_code != 201:
            assert made.status_code == 422, made.text
            made = staff.post("/proposals", json=SIMPLE)
        self.id = int(made.json()["id"])
        self._edit(edit)
        if replaced and staff.post(f"/proposals/{self.id}/send").status_code == 200:
            self.id = int(staff.post(f"/proposals/{self.id}/supersede").json()["id"])
            self._edit(first)
        sent = staff.post(f"/proposals/{self.id}/send")
        if sent.status_code != 200:  # a total of nothing, or parts over 100 %, are refused
            assert sent.status_code in {409, 422}, sent.text
            self.offer = SIMPLE | {"options": [], "milestones": [], "deposit": {"percent": 30}}
            change = {name: value for name, value in self.offer.items() if name != "customer_id"}
            assert staff.patch(f"/proposals/{self.id}", json=change).status_code == 200
            sent = staff.post(f"/proposals/{self.id}/send")
        assert sent.status_code == 200, sent.text
        self._sign(sent.json(), choice, ticked=ticked)
        self.signed_minor = self._one("SELECT total_minor FROM proposals WHERE id = %s")
        assert self.signed_minor == self.expected
        self.changes_minor, self.pages, self.cancelled = 0, dict[int, Json](), False
        self.overpaid_back = 0
        self.taken: dict[int, int] = {}

    def _edit(self, offer: Json) -> None:
        change = {name: value for name, value in offer.items() if name != "customer_id"}
        answer = self.world.staff.patch(f"/proposals/{self.id}", json=change)
        if answer.status_code == 200:
            self.offer = offer
        else:
            assert answer.status_code == 422, answer.text

    def _sign(self, sent: Json, choice: int, *, ticked: bool) -> None:
        proposal, offer = sent["proposal"], self.offer
        token = sent["portal_url"].partition("#t=")[2]
        self.customer: httpx2.Client = self.world.money.app.client(Authorization=f"Bearer {token}")
        chosen = [line for line in offer["lines"] if ticked or not line.get("optional")]
        extras = [line["id"] for line in proposal["lines"] if line["optional"] and ticked]
        body = self.world.signature(proposal["content_hash"]) | {"line_ids": extras}
        if options := offer.get("options"):
            place = choice % len(options)
            chosen += options[place]["lines"]
            body["option_id"] = proposal["options"][place]["id"]
        signed = self.customer.post(f"/portal/{self.id}/approve", json=body)
        if signed.status_code != 200:  # nothing is left to pay without the extras: take them
            assert signed.status_code in {409, 422}, signed.text
            chosen = offer["lines"] + (options[place]["lines"] if options else [])
            body["line_ids"] = [line["id"] for line in proposal["lines"] if line["optional"]]
            signed = self.customer.post(f"/portal/{self.id}/approve", json=body)
        assert signed.status_code == 200, signed.text
        self.expected = total_of(chosen)

    def _one(self, query: str) -> Any:
        return self.world.money.one(query, self.id)

    def _parts(self, *states: str) -> list[tuple[int, str, str, int]]:
        rows = self.world.money.sql.execute(
            "SELECT id, part, state, amount_minor FROM payments WHERE proposal_id = %s AND state = ANY (%s) ORDER BY id",
            [self.id, list(states)],
        )
        return list(rows.fetchall())

    def _open(self) -> list[tuple[int, str, str, int]]:
        return self._parts("planned", "due", "failed")

    @precondition(lambda self: not self.cancelled)
    @rule(lines=st.lists(lines_of(credit=True), min_size=1, max_size=2), signs=st.booleans())
    def change_order(self, lines: list[Json], *, signs: bool) -> None:
        staff = self.world.staff
        made = staff.post(f"/proposals/{self.id}/change-orders", json={"title": "More", "lines": lines})
        if made.status_code != 201:  # below nothing, or nothing at all
            assert made.status_code == 422, made.text
            return
        sent = staff.post(f"/proposals/{self.id}/change-orders/{made.json()['id']}/send")
        assert sent.status_code == 200, sent.text
        if not signs:
            path = f"/portal/{self.id}/change-orders/{made.json()['id']}/decline"
            assert self.customer.post(path, json={"reason": "No"}).status_code == 200
            return
        signed = self.world.sign(self.customer, sent.json())
        assert signed.status_code == 200, signed.text
        self.changes_minor += made.json()["total_minor"]
        self.world.settle()

    @precondition(lambda self: not self.cancelled and self._open())
    @rule(data=st.data(), how=st.sampled_from(["card", "declined", "bank"]))
    def pay(self, data: st.DataObject, how: str) -> None:
        payment_id, part, _, amount = data.draw(st.sampled_from(self._open()))
        if amount < LEAST_AT_STRIPE:
            self._cannot_be_paid(payment_id)
            return
        page = self.world.page(self.customer, self.id, part)
        form = {"card": CARD, "declined": CARD | {"card_number": "4000 0000 0000 0002"}, "bank": BANK}[how]
        answer = httpx2.post(page["checkout_url"], data=form)
        if how == "declined":
            assert "declined" in answer.text
            assert httpx2.post(page["checkout_url"], data=CARD).status_code < 400
        self.world.settle()
        if how == "bank":
            self.pages[payment_id] = page | {"amount": amount}
        else:
            self.taken[payment_id] = amount

    def _money_back_arrives(self) -> None:
        """A refund of a bank transfer is pending for a moment: what happens until then is not what is looked at here."""
        self.world.settle()
        until = time.monotonic() + ARRIVES_SECONDS_MAX
        while any(one["status"] == "pending" for one in self.world.at_stripe("refunds")):
            assert time.monotonic() < until, "a refund stays pending"
            time.sleep(0.05)
        self.world.settle()

    def _cannot_be_paid(self, payment_id: int) -> None:
        self.world.staff.post(f"/payments/{payment_id}/request").raise_for_status()
        params = {"proposal_id": self.id, "payment_id": payment_id}
        answer = self.customer.post("/payments/checkout_session", params=params)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "too-small-to-pay")

    @precondition(lambda self: self.pages)
    @rule(data=st.data(), clears=st.booleans())
    def bank_answers(self, data: st.DataObject, *, clears: bool) -> None:
        payment_id = data.draw(st.sampled_from(sorted(self.pages)))
        page = self.pages.pop(payment_id)
        word = "clear" if clears else "fail"
        self.world.stripe.call("POST", f"/_state/stripe/ach/{page['session_id']}/{word}")
        self._money_back_arrives()  # of a contract that was cancelled meanwhile
        if clears:
            self.taken[payment_id] = page["amount"]

    @precondition(lambda self: self._parts("paid"))
    @rule(data=st.data(), share=st.integers(1, 100), overpaid=st.booleans())
    def refund(self, data: st.DataObject, share: int, *, overpaid: bool) -> None:
        payment_id, *_ = data.draw(st.sampled_from(self._parts("paid")))
        left = self.world.staff.get(f"/payments/{payment_id}").json()["refundable_minor"]
        most = min(left, max(self._overpaid(), 0)) if overpaid else left
        amount = max(most * share // 100, 1)
        body = {"amount_minor": amount} | ({"reason": "overpaid"} if overpaid else {})
        answer = self.world.refund(payment_id, **body)
        fits = 0 < amount <= most and not (overpaid and self.cancelled)
        assert (answer.status_code == 201) == fits, f"{answer.text}: {amount} of {most} (left {left})"
        if fits and overpaid:
            self.overpaid_back += amount
        self._money_back_arrives()

    @precondition(lambda self: not self.cancelled)
    @rule()
    def cancel(self) -> None:
        answer = self.world.staff.post(f"/proposals/{self.id}/cancel", json={"reason": "Changed plans"})
        assert answer.status_code == 200, answer.text
        self.cancelled = True
        self._money_back_arrives()

    @rule()
    def look(self) -> None:
        """Office and customer read the same price, whatever became of it."""
        told = self.world.staff.get(f"/proposals/{self.id}").json()
        assert told["total_minor"] == self.signed_minor
        seen = self.customer.get(f"/portal/{self.id}")
        assert seen.status_code == 200, seen.text

    def _agreed(self) -> int:
        return int(pricing.payable_total(self.signed_minor + self.changes_minor, "USD")) + self.overpaid_back

    def _settled(self) -> int:
        return sum(amount for *_, amount in self._parts("paid", "processing"))

    def _overpaid(self) -> int:
        return self._settled() - self._agreed()

    @invariant()
    def what_is_asked_and_settled_is_what_was_agreed(self) -> None:
        asked = sum(amount for *_, amount in self._open())
        assert self._one("SELECT changes_minor FROM proposals WHERE id = %s") == self.changes_minor
        if self.cancelled:
            assert asked == 0
        else:
            assert asked == max(self._agreed() - self._settled(), 0)

    @invariant()
    def what_is_stored_is_what_stripe_took_and_gave_back(self) -> None:
        assert {row[0]: row[3] for row in self._parts("paid")} == self.taken
        intents = dict(
            self.world.money.sql.execute(
                "SELECT stripe_payment_intent, refunded_minor FROM payments WHERE proposal_id = %s AND state = 'paid'",
                [self.id],
            ).fetchall()
        )
        charged = {
            one["payment_intent"]: one["amount"]
            for one in self.world.at_stripe("charges")
            if one["status"] == "succeeded" and one["payment_intent"] in intents
        }
        assert sorted(charged.values()) == sorted(self.taken.values())
        back = dict.fromkeys(intents, 0)
        for one in self.world.at_stripe("refunds"):
            if one["payment_intent"] in back and one["status"] in {"pending", "succeeded"}:
                back[one["payment_intent"]] += one["amount"]
        assert back == intents
        assert all(back[intent] <= charged[intent] for intent in back)
        if self.cancelled:
            assert back == charged

    @invariant()
    def no_part_is_paid_twice(self) -> None:
        twice = self.world.money.sql.execute(
            "SELECT s.payment_id FROM checkout_sessions s JOIN payments p ON p.org_id = s.org_id AND p.id = s.payment_id "
            "WHERE p.proposal_id = %s AND s.state = 'paid' GROUP BY 1 HAVING count(*) > 1",
            [self.id],
        )
        assert twice.fetchall() == []


@pytest.fixture
def world(postgres_url: str, demo_template: str) -> Iterator[Contracts]:
    with contracts_on(postgres_url, demo_template) as contracts:
        yield contracts


@pytest.mark.timeout(36_000 if LIVES > 50 else 300)
def test_money_is_right_after_every_step(world: Contracts) -> None:
    """Edits, options, discounts, taxes, schedules, change orders, payments and refunds in any order: stored, asked,
    paid at Stripe and given back agree to the cent, and the log is whole at the end."""

    class Lives(MoneyLives):
        pass

    Lives.world = world
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=LIVES,
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate],  # shrinking would live each failing life a hundred times again
            database=None,
            derandomize=LIVES <= 50,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert world.staff.get("/activity/verify").json()["intact"]
