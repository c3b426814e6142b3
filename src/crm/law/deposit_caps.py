"""How large a deposit may be, by the state in which the work is done, and what is wrong with one. Pure.

The data (`us_deposit_caps.json`) names the source of each rule and the day as of which it was looked up. It is a
guard-rail for the office, not legal advice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from importlib import resources
from typing import Any, Literal

from crm.kit.money import format_money, payable_step

Mode = Literal["warn", "block", "off"]
NOT_ADVICE = "This is a reminder from sourced data, not legal advice."
CAP_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class DepositRule:
    """What a state, or the company for it, asks. Without share and amount there is no cap, only a duty."""

    state: str
    name: str
    mode: Mode
    share: Fraction | None
    amount_minor: int | None
    duty: str | None
    scope: str
    source: str
    as_of: str
    own: bool = False

    def cap_minor(self, total_minor: int, currency: str) -> int | None:
        """The largest deposit in minor units, rounded down to what can be charged; None for no cap."""
        caps = []
        if self.share is not None:
            caps.append(int(total_minor * self.share))
        if self.amount_minor is not None and currency == CAP_CURRENCY:
            caps.append(self.amount_minor)
        return min(caps) // payable_step(currency) * payable_step(currency) if caps else None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a proposal that the law of the state may not allow: what, why, and what to do."""

    rule: Literal["deposit_cap", "deposit_duty"]
    mode: Literal["warn", "block"]
    state: str
    sentence: str
    fix: str
    source: str
    as_of: str
    deposit_minor: int
    cap_minor: int | None


def findings(rule: DepositRule | None, deposits: Iterable[tuple[int, int]], currency: str) -> list[Finding]:
    """What is wrong with a proposal of which these are the possible (deposit, total) in minor units."""
    if rule is None or rule.mode == "off":
        return []
    found = []
    asked = list(deposits)
    over = [
        (deposit - cap, deposit, cap, total)
        for deposit, total in asked
        if (cap := rule.cap_minor(total, currency)) is not None and deposit > cap
    ]
    if over:
        _, deposit, cap, total = max(over)
        found.append(
            Finding(
                rule="deposit_cap",
                mode=rule.mode,
                state=rule.state,
                sentence=f"A deposit of {format_money(deposit, currency)} on {format_money(total, currency)} is more "
                f"than the {format_money(cap, currency)} that {rule.name} allows.",
                fix=f"Ask for at most {format_money(cap, currency)} as deposit, and for the rest at milestones.",
                source=rule.source,
                as_of=rule.as_of,
                deposit_minor=deposit,
                cap_minor=cap,
            )
        )
    if rule.duty and (most := max((deposit for deposit, _ in asked), default=0)):
        found.append(
            Finding(
                rule="deposit_duty",
                mode="warn",
                state=rule.state,
                sentence=f"{rule.name}: {rule.duty}",
                fix="Make sure that this is done before you ask for the deposit.",
                source=rule.source,
                as_of=rule.as_of,
                deposit_minor=most,
                cap_minor=None,
            )
        )
    return found


@cache
def standard_rules() -> dict[str, DepositRule]:
    """The sourced rules by state. A cap blocks unless somebody gives a reason; a duty only warns."""
    data = json.loads(resources.files("crm.law").joinpath("us_deposit_caps.json").read_text("utf-8"))
    return {state: _rule(state, given, data["as_of"]) for state, given in data["states"].items()}


def _rule(state: str, given: dict[str, Any], as_of: str) -> DepositRule:
    share = Fraction(given["share"]) if "share" in given else None
    if "percent" in given:
        share = Fraction(given["percent"]) / 100
    return DepositRule(
        state=state,
        name=given["name"],
        mode="warn" if share is None else "block",
        share=share,
        amount_minor=given.get("amount_minor"),
        duty=given["duty"],
        scope=given["scope"],
        source=given["source"],
        as_of=as_of,
    )
