"""Lets the month pass: each day's steps in their order, then what the worker's schedule does by itself."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from tests.month.outside import Outside
from tests.month.people import People
from tests.month.plan import DAYS, Plan, Step
from tests.month.world import World


class Month:
    """A plan that is being lived through."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        self.people = People(world, plan)
        self.outside = Outside(world, self.people)
        self.reconciliation: dict[str, Any] = {}

    def live(self) -> None:
        for day in range(DAYS):
            self.day(day)
        self.close()

    def day(self, day: int) -> None:
        """Morning to night; what one group of steps sets off is over before the next begins."""
        for order, steps in groupby(self.plan.on(day), key=lambda step: step.order):
            self.world.at(day, 9 + order / 4)
            for step in steps:
                self.do(step)
        self.world.at(day, 20)
        self.world.evening()

    def close(self) -> None:
        """The bookkeeper lets the product compare the whole month: Stripe, itself and QuickBooks."""
        days = {"from_day": str(self.world.date_of(0)), "to_day": str(self.world.date_of(DAYS - 1))}
        begun = self.world.office("POST", "/reconciliations", days)
        self.world.settle()
        self.reconciliation = self.world.office("GET", f"/reconciliations/{begun['id']}")

    def do(self, step: Step) -> None:
        (self.people.does | self.outside.does)[step.what](step)
