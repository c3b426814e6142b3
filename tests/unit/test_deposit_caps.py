"""Deposit caps: every sourced rule is complete, and no deposit beyond a cap goes unseen."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.money import AMOUNT_MINOR_MAX
from crm.law.deposit_caps import findings, standard_rules
from crm.law.states import STATES

amounts = st.integers(1, AMOUNT_MINOR_MAX)


@pytest.mark.parametrize("state", sorted(standard_rules()))
def test_every_rule_has_a_source(state: str):
    """Each names a state, its scope, a citation and the day it was looked up; it caps or names a duty."""
    rule = standard_rules()[state]
    assert STATES.names[state] == rule.name
    assert "§" in rule.source
    assert rule.scope.endswith(".")
    assert date.fromisoformat(rule.as_of) <= date(2026, 12, 31)
    assert rule.share is not None or rule.duty


@given(total=amounts, deposit=amounts, state=st.sampled_from(["CA", "MA", "MD", "ME", "PA"]))
def test_a_deposit_is_found_exactly_when_it_is_over(total: int, deposit: int, state: str):
    """Over the state's share of the total, or in California over $1,000: found; at the cap or below: not."""
    share = Fraction(1, 10) if state == "CA" else Fraction(1, 3)
    over = Fraction(deposit) > share * total or (state == "CA" and deposit > 100_000)
    assert bool(findings(standard_rules()[state], [(deposit, total)], "USD")) is over


def test_the_worst_choice_is_named():
    """Of several options the one that is furthest over is said, with the largest deposit that would do."""
    (found,) = findings(standard_rules()["CA"], [(90_000, 1_000_000), (472_500, 1_575_000)], "USD")
    assert found.sentence == (
        "A deposit of $4,725.00 on $15,750.00 is more than the $1,000.00 that California allows."
    )
    assert (found.mode, found.cap_minor) == ("block", 100_000)


def test_a_duty_warns_when_something_is_asked_for():
    """New York has no cap; a deposit there is reminded of the escrow account, no deposit of nothing."""
    (found,) = findings(standard_rules()["NY"], [(1, 100)], "USD")
    assert (found.rule, found.mode) == ("deposit_duty", "warn")
    assert findings(standard_rules()["NY"], [(0, 100)], "USD") == []


@pytest.mark.parametrize(
    ("written", "code"),
    [("CA", "CA"), (" ca ", "CA"), ("California", "CA"), ("new york", "NY"), ("Calif", None), ("", None)],
)
def test_states_as_people_write_them(written: str, code: str | None):
    """The code or the full name, in any case; anything else is not guessed at."""
    assert STATES.code(written) == code
