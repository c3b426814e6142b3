"""The month's report as text: what happened, what was found, and whether the books are right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tests.month.checks import Check, money
from tests.month.drive import Month
from tests.month.record import Fact


def report(month: Month, checks: Sequence[Check]) -> str:
    return "\n".join([*_head(month), *_lived(month), *_checked(checks)])


def _head(month: Month) -> Iterator[str]:
    first = month.plan.first
    yield f"{first:%B %Y}: {len(month.plan.jobs)} proposals of PeakPro Roofing, seed {month.plan.seed}"
    yield ""


def _lived(month: Month) -> Iterator[str]:
    yield "What happened"
    dollars = {job.number for job in month.plan.jobs if job.currency == "USD"} | {0}
    for fact in Fact:
        found = [one for one in month.people.record.of(fact) if fact is not Fact.POLICY]
        if found:
            total = sum(one.cents for one in found if one.job in dollars)
            yield f"  {fact:24} {len(found):>6} {money(total):>16}"
    yield ""
    yield "By life and policy"
    for (life, policy), count in sorted(Counter((job.life, job.policy) for job in month.plan.jobs).items()):
        yield f"  {life:50} {policy:10} {count:>5}"
    yield ""


def _checked(checks: Sequence[Check]) -> Iterator[str]:
    for check in checks:
        yield f"{'ok   ' if check.holds else 'WRONG'} {check.claim}"
        yield from (f"        {line}" for line in check.lines)
        yield from (f"    !!! {line}" for line in check.wrong)
        yield ""
    failed = sum(not check.holds for check in checks)
    yield f"{failed} of {len(checks)} claims do not hold." if failed else "The books are right to the cent."
