"""Random lives of a contract's money: never a cent created or lost, never more than the whole is asked.

Pricing and schedule are the product's own; who pays, clears, fails and gives back is modelled as `payments` stores
it. `make money-machine` runs 10,000 lives (MONEY_LIVES), the suite a few hundred.
"""

from __future__ import annotations

import os
from dataclasses import replace
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crm.kit.errors import Invalid
from crm.kit.money import payable_step
from crm.proposals import pricing, schedule
from crm.proposals.inputs import LineIn, MilestoneIn
from crm.proposals.pricing import DepositRule
from crm.proposals.schedule import Part

LIVES = int(os.environ.get("MONEY_LIVES", "150"))
PRICES = st.integers(0, 5_000_000)
RATES = st.sampled_from(["0", "8.31", "19", "7.7"])


@st.composite
def priced(draw: st.DrawFn, *, credit: bool = False) -> LineIn:
    """A line with tax and, unless it is a credit, a discount."""
    price = draw(PRICES)
    quantity = draw(st.decimals("0.001", "20", places=3))
    if credit and draw(st.booleans()):
        return LineIn(name="Credit", quantity=quantity, unit_price_minor=-price, tax_percent=draw(RATES))
    discount = draw(st.sampled_from(["0", "5", "33.333"]))
    return LineIn(
        name="Work", quantity=quantity, unit_price_minor=price, tax_percent=draw(RATES),
        discount_percent=discount,
    )  # fmt: skip


class MoneyLife(RuleBasedStateMachine):
    """One contract from its offer to its end. Amounts in minor units of `currency`."""

    parts: list[Part]

    @initialize(
        lines=st.lists(priced(), min_size=1, max_size=5),
        currency=st.sampled_from(["USD", "JPY", "KWD", "ISK"]),
        percent=st.integers(1, 100),
        milestones=st.lists(st.decimals("0.001", "50", places=3), max_size=4),
    )
    def approve(self, lines: list[LineIn], currency: str, percent: int, milestones: list[Decimal]) -> None:
        self.currency, self.changes, self.number = currency, 0, 0
        self.total = pricing.totals(lines, currency).total_minor
        self.under_way: set[str] = set()
        self.refunded: dict[str, int] = {}
        self.returned = 0  # of the refunds, what was paid beyond the total
        self.cancelled = False
        rules = [MilestoneIn(name="Stage", percent=one) for one in milestones]
        try:
            self.parts = schedule.plan(self.total, currency, DepositRule(percent), rules)
        except Invalid:  # more than 100 % is refused when the offer is sent
            self.parts = schedule.plan(self.total, currency, DepositRule(percent), [])

    def _agreed(self) -> int:
        return pricing.payable_total(self.total + self.changes, self.currency) + self.returned

    def _open(self) -> list[Part]:
        return [part for part in self.parts if not part.settled]

    def _paid(self) -> list[Part]:
        return [part for part in self.parts if part.settled and part.key not in self.under_way]

    def _overpaid(self) -> int:
        return max(sum(part.amount_minor for part in self.parts if part.settled) - self._agreed(), 0)

    def _replan(self) -> None:
        self.number += 1
        added = Part(f"change:{self.number}", "More", 0)
        done = schedule.replan(self.parts, self._agreed(), self.currency, added)
        assert done.overpaid_minor == self._overpaid()
        self.parts = done.parts

    @precondition(lambda self: not self.cancelled)
    @rule(lines=st.lists(priced(credit=True), min_size=1, max_size=3))
    def change_order(self, lines: list[LineIn]) -> None:
        settled = [part for part in self.parts if part.settled]
        try:
            change = pricing.change_totals(lines, self.total + self.changes, self.currency)
        except Invalid:
            return
        self.changes += change.total_minor
        self._replan()
        assert [part for part in self.parts if part.settled] == settled

    @precondition(lambda self: not self.cancelled and self._open())
    @rule(data=st.data(), by_bank=st.booleans(), late=st.booleans())
    def pay(self, data: st.DataObject, *, by_bank: bool, late: bool) -> None:
        """`late`: on a page of an older amount, which could not be closed in time."""
        part = data.draw(st.sampled_from(self._open()))
        step = payable_step(self.currency)
        amount = part.amount_minor + (step * data.draw(st.integers(0, 5_000)) if late else 0)
        self.parts[self.parts.index(part)] = replace(part, settled=True, amount_minor=amount)
        if by_bank:
            self.under_way.add(part.key)
        self._replan()

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), clears=st.booleans())
    def bank_answers(self, data: st.DataObject, *, clears: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.under_way)))
        self.under_way.remove(key)
        if not clears:
            self.parts = [replace(one, settled=False) if one.key == key else one for one in self.parts]
        if self.cancelled:
            self._give_everything_back()
        else:
            self._replan()

    @precondition(lambda self: self._paid())
    @rule(data=st.data(), wanted=st.integers(1, 5_000_000), for_overpaid=st.booleans())
    def refund(self, data: st.DataObject, wanted: int, *, for_overpaid: bool) -> None:
        part = data.draw(st.sampled_from(self._paid()))
        left = part.amount_minor - self.refunded.get(part.key, 0)
        most = min(left, self._overpaid()) if for_overpaid else left
        amount = min(wanted, most) // payable_step(self.currency) * payable_step(self.currency)
        self.refunded[part.key] = self.refunded.get(part.key, 0) + amount
        if for_overpaid and not self.cancelled:
            self.returned += amount
            self._replan()

    @rule()
    def cancel(self) -> None:
        """Again changes nothing."""
        self.cancelled = True
        self.parts = [part for part in self.parts if part.settled]
        self._give_everything_back()

    def _give_everything_back(self) -> None:
        self.parts = [part for part in self.parts if part.settled]
        for part in self._paid():
            self.refunded[part.key] = part.amount_minor

    @invariant()
    def parts_are_the_whole(self) -> None:
        if not self.cancelled:
            assert sum(part.amount_minor for part in self.parts) == self._agreed() + self._overpaid()
            asked = sum(part.amount_minor for part in self._open())
            assert asked == 0 or self._overpaid() == 0

    @invariant()
    def nothing_twice_nothing_too_small(self) -> None:
        assert len({part.key for part in self.parts}) == len(self.parts)
        assert all(part.amount_minor > 0 for part in self._open())
        assert all(part.amount_minor % payable_step(self.currency) == 0 for part in self.parts)

    @invariant()
    def refunds_are_within_what_was_paid(self) -> None:
        paid = {part.key: part.amount_minor for part in self._paid()}
        assert all(0 <= amount <= paid.get(key, 0) for key, amount in self.refunded.items())
        if self.cancelled:
            assert {key: self.refunded.get(key, 0) for key in paid} == paid


TestMoneyLife = MoneyLife.TestCase
TestMoneyLife.settings = settings(max_examples=LIVES, stateful_step_count=15, deadline=None)
