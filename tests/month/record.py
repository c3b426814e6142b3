"""What happened in the month, as those who did it know it: the script's own record, and nothing of the product's.

Amounts are cents of the job's currency and above zero unless a change order took work away.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Fact(StrEnum):
    POLICY = "policy chosen"
    SIGNED = "signed"
    CHANGED = "changed"
    PAID_BY_CARD = "paid by card"
    PAID_BY_BANK = "paid by bank transfer"
    REFUNDED = "refunded"
    CAME_BACK = "refund came back"
    DISPUTED = "disputed"
    DISPUTE_WON = "dispute won"
    DISPUTE_LOST = "dispute lost"
    CANCELLED = "cancelled"
    DONE = "job done"
    EDITED = "edited by hand and agreed to"
    PAID_OUT = "paid out"
    PAYOUT_CAME_BACK = "payout came back"


PAID = frozenset({Fact.PAID_BY_CARD, Fact.PAID_BY_BANK})


@dataclass(frozen=True, slots=True)
class Happening:
    """A fact with its day; `part` names what was paid for, or the policy; `job` is 0 for the company as a whole."""

    day: int
    fact: Fact
    job: int
    cents: int
    part: str = ""


@dataclass
class Record:
    """Everything that happened, in the order in which it was done."""

    happenings: list[Happening] = field(default_factory=list)

    def add(self, day: int, fact: Fact, job: int, cents: int, part: str = "") -> None:
        self.happenings.append(Happening(day, fact, job, cents, part))

    def of(self, *facts: Fact) -> list[Happening]:
        return [one for one in self.happenings if one.fact in facts]

    def by_day(self) -> list[Happening]:
        """By day. What began on an earlier day (a bank transfer) comes first: it arrives before the office opens."""
        return sorted(self.happenings, key=lambda one: one.day)

    def until(self, day: int) -> Record:
        """What had happened by the end of a day."""
        return Record([one for one in self.happenings if one.day <= day])
