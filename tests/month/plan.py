"""A month of one contractor, planned: which jobs, who pays how and when, what goes wrong. Pure, by a seed.

Amounts are cents, days count from 0, the first of the month. Nothing here knows the product.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

DAYS = 28
SEGMENT_DAYS = 7  # a policy holds for new contracts so long, the last one to the end
JOBS_MIN, JOBS_MAX = 20, 2_000  # one of every life, and what a contractor has
AUTOMATED_TAX_ON, PAYOUT_FAILS_ON = 5, 17
_BEGINS = (2, 0, 4, 1, 3)  # days of a segment on which contracts are signed, in turn


class Policy(StrEnum):
    """How deposits are booked; each holds for the contracts that are signed in its days."""

    LIABILITY = "liability"
    INCOME = "income"
    ONE_INVOICE = "whole"


class Life(StrEnum):
    """What becomes of a contract, as the report says it."""

    PLAIN = "pays by card"
    BANK = "pays the deposit by bank transfer"
    DECLINED = "first card is declined"
    BANK_FAILS = "bank transfer comes back, then card"
    PAGE_EXPIRES = "payment page expires, then card"
    MILESTONES = "pays a milestone, final balance by bank transfer"
    CHANGE_MORE = "change order adds work"
    CHANGE_LESS = "change order takes work away"
    OVERPAID = "credit after all was paid, given back"
    BELOW_PAID = "change order below what was paid, given back, then done"
    JOB_DONE = "job is done before all is paid, change order after it"
    OPTION = "chooses an option and an extra"
    TAXED = "with sales tax, part given back"
    PART_BACK = "part of the deposit is given back"
    BACK_FAILS = "a refund comes back weeks later"
    DISPUTE_WON = "disputed and won"
    DISPUTE_LOST = "disputed and lost"
    CANCELLED = "cancelled within three days"
    EURO = "agreed in euros"
    NEVER_PAYS = "signed, never paid"


COMMON = (Life.PLAIN, Life.PLAIN, Life.PLAIN, Life.BANK, Life.MILESTONES, Life.CHANGE_MORE, Life.DECLINED)


CHANGED_BEFORE_THE_END = frozenset({Life.CHANGE_MORE, Life.CHANGE_LESS, Life.JOB_DONE})
TAX_PERCENT = 8


class Touch(StrEnum):
    """What somebody does in QuickBooks to what we booked."""

    INVOICE_EDITED = "invoice edited"
    INVOICE_VOIDED = "invoice voided"
    INVOICE_DELETED = "invoice deleted"
    INVOICE_ACCEPTED = "invoice edited and agreed to"
    INVOICE_UNLINKED = "invoice edited and followed no more"
    PAYMENT_VOIDED = "payment voided"
    PAYMENT_DELETED = "payment deleted"
    CUSTOMERS_MERGED = "customers merged"
    FEE_EDITED = "expense of a fee edited"
    PAYOUT_DELETED = "transfer of a payout deleted"


TOUCHED = {
    Touch.INVOICE_EDITED: Life.PLAIN,
    Touch.INVOICE_VOIDED: Life.DECLINED,
    Touch.INVOICE_DELETED: Life.CHANGE_LESS,
    Touch.INVOICE_ACCEPTED: Life.OPTION,
    Touch.INVOICE_UNLINKED: Life.OVERPAID,
    Touch.PAYMENT_VOIDED: Life.CHANGE_MORE,
    Touch.PAYMENT_DELETED: Life.MILESTONES,
    Touch.CUSTOMERS_MERGED: Life.PART_BACK,
}


class What(StrEnum):
    POLICY = "policy"
    SIGN = "sign"
    PAY = "pay"
    OPEN_PAGE = "open page"
    CHANGE = "change"
    REFUND = "refund"
    REFUND_FAILS = "refund fails"
    DISPUTE = "dispute"
    DISPUTE_WON = "dispute won"
    DISPUTE_LOST = "dispute lost"
    CANCEL = "cancel"
    DONE = "job done"
    PAYOUT = "payout"
    PAYOUT_FAILS = "payout fails"
    TAX_CODE = "tax code"
    AUTOMATED_TAX = "automated sales tax"
    TOUCH = "touch"
    MEND = "mend"
    DISCONNECT = "disconnect"
    RECONNECT = "reconnect"
    CLOSE_BOOKS = "close books"
    OPEN_BOOKS = "open books"


class How(StrEnum):
    CARD = "card"
    BANK = "bank transfer"
    BAD_CARD = "declined card"
    BAD_BANK = "bank transfer that fails"


@dataclass(frozen=True, slots=True)
class Job:
    """A contract. Percentages are of the price agreed first, which holds the tax; `change_cents` may be below zero."""

    number: int
    policy: Policy
    life: Life
    begins: int
    price_cents: int
    deposit_percent: int
    milestone_percent: int = 0
    change_cents: int = 0
    refund_cents: int = 0
    touch: Touch | None = None
    tax_cents: int = 0
    option_cents: int = 0  # of the price, what the option and the extra that were chosen come to

    @property
    def currency(self) -> str:
        return "EUR" if self.life is Life.EURO else "USD"

    @property
    def deposit_cents(self) -> int:
        return _percent(self.price_cents, self.deposit_percent)

    @property
    def milestone_cents(self) -> int:
        return _percent(self.price_cents, self.milestone_percent)

    def final_cents(self) -> int:
        """What the last part comes to; a credit after everything was paid does not lower it."""
        changed = self.change_cents if self.life in CHANGED_BEFORE_THE_END else 0
        return self.price_cents + changed - self.deposit_cents - self.milestone_cents


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """Something that somebody does on a day; `order` within it."""

    day: int
    order: int
    what: What = field(compare=False)
    job: int = field(default=0, compare=False)
    part: str = field(default="", compare=False)
    cents: int = field(default=0, compare=False)
    how: How = field(default=How.CARD, compare=False)
    policy: Policy | None = field(default=None, compare=False)
    touch: Touch | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Plan:
    seed: int
    first: date
    jobs: tuple[Job, ...]
    steps: tuple[Step, ...]

    def job(self, number: int) -> Job:
        return self.jobs[number - 1]

    def on(self, day: int) -> list[Step]:
        return [step for step in self.steps if step.day == day]


def make_plan(seed: int, count: int, first: date) -> Plan:
    """`count` contracts in the month that begins on `first`. The same seed makes the same month."""
    if not JOBS_MIN <= count <= JOBS_MAX:
        raise ValueError(f"a month has from {JOBS_MIN} to {JOBS_MAX} proposals")
    dice = random.Random(seed)
    jobs = tuple(_jobs(dice, count))
    steps = [step for job in jobs for step in _steps(job)]
    steps += _touches(jobs)
    steps += _office(first)
    return Plan(seed, first, jobs, tuple(sorted(steps)))


def _jobs(dice: random.Random, count: int) -> Iterator[Job]:
    """One of every life first, under each policy when there is room, then what is usual."""
    policies = list(Policy)
    lives = [(life, policies[index % 3]) for index, life in enumerate(Life)]
    lives += [(life, policies[(index + turn) % 3]) for turn in (1, 2) for index, life in enumerate(Life)]
    while len(lives) < count:
        lives.append((dice.choice(COMMON), policies[len(lives) % 3]))
    begun = dict.fromkeys(policies, 0)
    waiting = {touch: life for touch, life in TOUCHED.items() if touch is not Touch.CUSTOMERS_MERGED}
    for number, (life, policy) in enumerate(lives[:count], start=1):
        begins = SEGMENT_DAYS * policies.index(policy) + _BEGINS[begun[policy] % len(_BEGINS)]
        if life in {Life.BANK, Life.BANK_FAILS}:
            begins -= (
                begins % SEGMENT_DAYS // 2
            )  # so that it is paid, and booked, under the policy of its days
        begun[policy] += 1
        touch = next((t for t, wanted in waiting.items() if wanted is life), None)
        if touch is not None:
            del waiting[touch]
        price = dice.randrange(400_000, 3_000_000)
        job = Job(
            number=number,
            policy=policy,
            life=life,
            begins=begins,
            price_cents=price,
            deposit_percent=dice.randrange(10, 34),
            milestone_percent=dice.randrange(20, 50) if life is Life.MILESTONES else 0,
            touch=touch,
        )
        yield _with_amounts(job, dice)


def _with_amounts(job: Job, dice: random.Random) -> Job:
    rest = job.price_cents - job.deposit_cents
    change = {
        Life.CHANGE_MORE: dice.randrange(20_000, 200_000),
        Life.JOB_DONE: dice.randrange(20_000, 200_000),
        Life.BELOW_PAID: -rest - dice.randrange(5_000, job.deposit_cents // 2),
        Life.CHANGE_LESS: -dice.randrange(20_000, rest // 2),
        Life.OVERPAID: -dice.randrange(20_000, rest // 2),
    }.get(job.life, 0)
    back = 0
    if job.life in {Life.PART_BACK, Life.BACK_FAILS}:
        back = dice.randrange(5_000, job.deposit_cents // 2)
    if job.life is Life.OVERPAID:
        back = -change
    if job.life is Life.BELOW_PAID:
        back = -change - rest
    more = {"change_cents": change, "refund_cents": back}
    if job.life is Life.OPTION:
        more["option_cents"] = job.price_cents // 3
    if job.life is Life.TAXED:  # in whole dollars before the tax, so that each share of it is whole cents
        dollars = job.price_cents // 100
        more |= {"price_cents": dollars * (100 + TAX_PERCENT), "tax_cents": dollars * TAX_PERCENT}
        more["refund_cents"] = dice.randrange(50, 300) * (100 + TAX_PERCENT)
    return Job(**{name: getattr(job, name) for name in Job.__slots__} | more)


def _steps(job: Job) -> Iterator[Step]:
    """What happens to a contract, day by day from its signature."""

    def at(days: int, what: What, **more: object) -> Step:
        return Step(job.begins + days, 10, what, job.number, **more)  # type: ignore[arg-type]

    def pays(days: int, part: str, how: How = How.CARD) -> Step:
        cents = {"deposit": job.deposit_cents, "milestone:1": job.milestone_cents}.get(
            part, job.final_cents()
        )
        return at(days, What.PAY, part=part, cents=cents, how=how)

    yield at(0, What.SIGN)
    if job.life is Life.NEVER_PAYS:
        return
    if job.life is Life.PAGE_EXPIRES:
        yield at(0, What.OPEN_PAGE, part="deposit", cents=job.deposit_cents)
        yield pays(2, "deposit")
    elif job.life is Life.BANK_FAILS:
        yield pays(0, "deposit", How.BAD_BANK)
        yield pays(5, "deposit")
    elif job.life is Life.BANK:
        yield pays(0, "deposit", How.BANK)
    else:
        if job.life is Life.DECLINED:
            yield pays(0, "deposit", How.BAD_CARD)
        yield pays(0, "deposit")
    match job.life:
        case Life.EURO:
            return
        case Life.CANCELLED:
            yield at(1, What.CANCEL, part="deposit", cents=job.deposit_cents)
            return
        case Life.BANK | Life.BANK_FAILS:
            yield pays(7, "final")
        case Life.MILESTONES:
            yield pays(3, "milestone:1")
            yield pays(5, "final", How.BANK)
        case Life.CHANGE_MORE | Life.CHANGE_LESS:
            yield at(3, What.CHANGE, cents=job.change_cents)
            yield pays(5, "final")
        case Life.OVERPAID:
            yield pays(2, "final")
            yield at(3, What.CHANGE, cents=job.change_cents)
            yield at(4, What.REFUND, part="final", cents=job.refund_cents)
        case Life.BELOW_PAID:
            yield at(2, What.CHANGE, cents=job.change_cents)
            yield at(3, What.REFUND, part="deposit", cents=job.refund_cents)
            yield at(4, What.DONE)
        case Life.JOB_DONE:
            yield at(2, What.DONE)
            yield at(3, What.CHANGE, cents=job.change_cents)
            yield pays(6, "final")
        case Life.TAXED:
            yield pays(4, "final")
            yield at(6, What.REFUND, part="final", cents=job.refund_cents)
        case Life.PART_BACK:
            yield pays(3, "final")
            yield at(5, What.REFUND, part="deposit", cents=job.refund_cents)
        case Life.BACK_FAILS:
            yield at(1, What.REFUND, part="deposit", cents=job.refund_cents)
            yield pays(4, "final")
            yield Step(DAYS - 3, 10, What.REFUND_FAILS, job.number, part="deposit", cents=job.refund_cents)
        case Life.DISPUTE_WON | Life.DISPUTE_LOST:
            yield pays(2, "final")
            yield at(3, What.DISPUTE, part="deposit", cents=job.deposit_cents)
            over = What.DISPUTE_WON if job.life is Life.DISPUTE_WON else What.DISPUTE_LOST
            yield at(9, over, part="deposit", cents=job.deposit_cents)
        case _ if job.begins >= 2 * SEGMENT_DAYS:
            yield pays(
                DAYS - 2 - job.begins, "final"
            )  # so late that Stripe still holds it when the month ends
        case _:
            yield pays(5, "final")


def _touches(jobs: tuple[Job, ...]) -> Iterator[Step]:
    """Somebody touches what was booked for a deposit; next morning the bookkeeper mends it, and the work goes on."""
    for job in jobs:
        if job.touch is None:
            continue
        yield Step(job.begins + 1, 20, What.TOUCH, job.number, part="deposit", touch=job.touch)
        yield Step(job.begins + 2, 5, What.MEND, job.number, part="deposit", touch=job.touch)
    two = [job for job in jobs if job.life in {Life.PART_BACK, Life.DISPUTE_WON}][:2]
    number = max(job.begins for job in two) + 4
    for job in two[:1]:
        yield Step(number, 20, What.TOUCH, job.number, cents=two[1].number, touch=Touch.CUSTOMERS_MERGED)
        yield Step(number + 1, 5, What.MEND, job.number, touch=Touch.CUSTOMERS_MERGED)
    for day, touch in ((21, Touch.FEE_EDITED), (23, Touch.PAYOUT_DELETED)):
        yield Step(day, 20, What.TOUCH, touch=touch)
        yield Step(day + 1, 5, What.MEND, touch=touch)


def _office(first: date) -> Iterator[Step]:
    """What happens to the company as a whole: a disconnect of two days, books that are closed meanwhile, a payout that
    comes back, and sales tax that QuickBooks works out itself from one day on."""
    for index, policy in enumerate(Policy):
        yield Step(index * SEGMENT_DAYS, 0, What.POLICY, policy=policy)
    yield Step(8, 30, What.DISCONNECT)
    yield Step(10, 30, What.CLOSE_BOOKS)
    yield Step(10, 31, What.RECONNECT)
    yield Step(11, 30, What.OPEN_BOOKS)
    yield Step(0, 1, What.TAX_CODE)
    yield Step(AUTOMATED_TAX_ON, 1, What.AUTOMATED_TAX)
    yield Step(PAYOUT_FAILS_ON, 20, What.PAYOUT_FAILS)
    for day in range(DAYS):
        if (first + timedelta(days=day)).weekday() < 5:
            yield Step(day, 1, What.PAYOUT)


def _percent(cents: int, percent: int) -> int:
    """Half a cent goes up."""
    return (cents * percent + 50) // 100
