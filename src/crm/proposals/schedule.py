"""When a price is paid: deposit, milestones and the final balance, which are always the whole. Pure.

`plan` divides an agreed total; `replan` divides it again when a change order has altered it, and touches only
what nobody has paid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from crm.kit.errors import Invalid
from crm.kit.money import format_money, payable_step, percent_of, round_half_up
from crm.proposals import pricing
from crm.proposals.pricing import DepositRule

MILESTONES_MAX = 10
DEPOSIT, FINAL = "deposit", "final"


class MilestoneRule(Protocol):
    """A percentage of the total or minor units; the other one is None."""

    @property
    def name(self) -> str: ...
    @property
    def percent(self) -> Decimal | None: ...
    @property
    def amount_minor(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Part:
    """One payment of the schedule, in minor units. `key` names it within its proposal: "deposit",
    "milestone:1", "final", "change:2". `settled`: paid or on its way, so that it is never altered."""

    key: str
    name: str
    amount_minor: int
    settled: bool = False


def plan(
    total_minor: int, currency: str, deposit_rule: DepositRule, milestones: Sequence[MilestoneRule]
) -> list[Part]:
    """The parts in the order in which they are paid; their sum is `pricing.payable_total`.

    The final balance is what the others leave; a rest too small to be charged goes to the part before it.
    Raises Invalid when deposit and milestones are more than the total. What fits one total fits every larger one.
    """
    _check_whole(total_minor, currency, [deposit_rule, *milestones])
    parts = [Part(DEPOSIT, "Deposit", pricing.deposit(total_minor, currency, deposit_rule))]
    rest = pricing.payable_total(total_minor, currency) - parts[0].amount_minor
    for position, rule in enumerate(milestones, start=1):
        # The rounding up of several parts may come to a cent too much: the last of them gets what is left.
        amount = min(_milestone(rule, total_minor, currency), rest)
        parts.append(Part(f"milestone:{position}", rule.name, amount))
        rest -= amount
    return _without_crumbs([*parts, Part(FINAL, "Final balance", rest)], currency)


def _check_whole(total_minor: int, currency: str, rules: Sequence[MilestoneRule | DepositRule]) -> None:
    """A deposit alone is cut to the total; several parts must fit. Raises Invalid."""
    if len(rules) < 2:
        return
    # By themselves too: of a total of nothing every percentage is nothing, until a customer ticks an extra.
    percent = sum((Decimal(rule.percent or 0) for rule in rules if rule.amount_minor is None), Decimal(0))
    wanted = sum((_exact(rule, total_minor) for rule in rules), Decimal(0))
    if wanted > total_minor:
        asked, whole = format_money(round_half_up(wanted), currency), format_money(total_minor, currency)
        problem = f"Deposit and milestones are {asked}, more than the total of {whole}."
    elif percent > 100:
        problem = (
            f"Deposit and milestones are {percent.normalize():f} % of the total, more than the whole of it."
        )
    else:
        return
    raise Invalid(problem, field="milestones", kind="schedule-over-total")


def _exact(rule: MilestoneRule | DepositRule, total_minor: int) -> Decimal:
    if rule.amount_minor is not None:
        return Decimal(rule.amount_minor)
    return Decimal(total_minor) * Decimal(rule.percent or 0) / 100


def _milestone(rule: MilestoneRule, total_minor: int, currency: str) -> int:
    if rule.amount_minor is not None:
        return round_half_up(Decimal(rule.amount_minor), payable_step(currency))
    return percent_of(total_minor, rule.percent or 0, currency)


def _without_crumbs(parts: list[Part], currency: str) -> list[Part]:
    """Nobody is asked for less than one whole unit: such a part is added to the one before it."""
    kept: list[Part] = []
    for part in parts:
        if kept and part.amount_minor < pricing.smallest_deposit(currency):
            kept[-1] = replace(kept[-1], amount_minor=kept[-1].amount_minor + part.amount_minor)
        else:
            kept.append(part)
    return [part for part in kept if part.amount_minor > 0]


@dataclass(frozen=True, slots=True)
class Replanned:
    """The parts after a change. `overpaid_minor`: what has been settled beyond the new total, to be given back."""

    parts: list[Part]
    overpaid_minor: int = 0


def replan(parts: Sequence[Part], total_minor: int, currency: str, added: Part) -> Replanned:
    """The same schedule for another total. Settled parts stay as they are.

    More: the last open part grows; when all are settled, `added` (its amount is ignored) becomes a new one.
    Less: the last open part shrinks, then the one before it; what is left at nothing falls away.
    """
    payable = pricing.payable_total(total_minor, currency)
    settled = sum(part.amount_minor for part in parts if part.settled)
    if payable < settled:
        return Replanned([part for part in parts if part.settled], settled - payable)
    now = list(parts)
    difference = payable - sum(part.amount_minor for part in parts)
    open_ = [index for index, part in enumerate(now) if not part.settled]
    if difference > 0 and not open_:
        return Replanned([*now, replace(added, amount_minor=difference, settled=False)])
    for index in reversed(open_):
        part = now[index]
        changed = max(part.amount_minor + difference, 0)
        difference -= changed - part.amount_minor
        now[index] = replace(part, amount_minor=changed)
        if difference >= 0:
            break
    return Replanned(_joined(now, currency))


def _joined(parts: list[Part], currency: str) -> list[Part]:
    """Open crumbs go to another open part, so that no settled one is altered; alone they stay what they are."""
    smallest = pricing.smallest_deposit(currency)
    now = [part for part in parts if part.settled or part.amount_minor > 0]
    crumb = next((p for p in now if not p.settled and p.amount_minor < smallest), None)
    other = next((p for p in reversed(now) if not p.settled and p is not crumb), None)
    if crumb is None or other is None:
        return now
    now[now.index(other)] = replace(other, amount_minor=other.amount_minor + crumb.amount_minor)
    now.remove(crumb)
    return now
