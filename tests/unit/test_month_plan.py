"""The plan of a month: the same for a seed, with one of everything, and money that adds up."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.month.plan import DAYS, TOUCHED, Life, Policy, Touch, What, make_plan

FIRST = date(2027, 3, 1)
SEEDS = st.integers(0, 10**6)
COUNTS = st.sampled_from([20, 21, 30, 60, 72, 300])


@given(SEEDS, COUNTS)
def test_a_seed_makes_the_same_month(seed: int, count: int):
    """So that what went wrong once can be looked at again."""
    assert make_plan(seed, count, FIRST) == make_plan(seed, count, FIRST)


@given(SEEDS, COUNTS)
def test_everything_happens_at_least_once(seed: int, count: int):
    """Every life, every policy, every touch and every kind of step; with 60 contracts every life under every policy."""
    plan = make_plan(seed, count, FIRST)
    assert {job.life for job in plan.jobs} == set(Life)
    assert {job.policy for job in plan.jobs} == set(Policy)
    assert {step.touch for step in plan.steps if step.what is What.TOUCH} == set(Touch)
    assert {step.what for step in plan.steps} == set(What)
    if count >= 60:
        assert {(job.life, job.policy) for job in plan.jobs} == {(life, p) for life in Life for p in Policy}


@given(SEEDS, COUNTS)
def test_each_contract_is_paid_to_the_cent_and_within_the_month(seed: int, count: int):
    """What is paid for a contract that is finished is what was agreed, less what a credit gave back later."""
    plan = make_plan(seed, count, FIRST)
    assert all(0 <= step.day < DAYS for step in plan.steps)
    for job in plan.jobs:
        steps = [step for step in plan.steps if step.job == job.number]
        days = [step.day for step in steps]
        assert min(days) == job.begins
        paid = {step.part: step.cents for step in steps if step.what is What.PAY}
        assert all(cents >= 100 for cents in paid.values()), job
        if "final" in paid:
            agreed = job.price_cents + (0 if job.life is Life.OVERPAID else job.change_cents)
            assert sum(paid.values()) == agreed
        back = [step.cents for step in steps if step.what is What.REFUND]
        assert sum(back) <= sum(paid.values())


@given(SEEDS)
def test_what_is_touched_is_mended_the_next_morning(seed: int):
    """And only deposits that stand in the books by then are touched."""
    plan = make_plan(seed, 72, FIRST)
    touched = {(s.job, s.touch): s.day for s in plan.steps if s.what is What.TOUCH and s.touch}
    mended = {(s.job, s.touch): s.day for s in plan.steps if s.what is What.MEND and s.touch}
    assert mended == {key: day + 1 for key, day in touched.items()}
    for (number, touch), day in touched.items():
        if number:
            assert plan.job(number).life is TOUCHED[touch]
            assert day > plan.job(number).begins
        assert not 8 <= day <= 11, "QuickBooks is disconnected or closed then"


@pytest.mark.parametrize("count", [0, 19, 2_001])
def test_a_month_has_a_sensible_size(count: int):
    """Too few hold not one of everything; too many are no month of one contractor."""
    with pytest.raises(ValueError, match="proposals"):
        make_plan(1, count, FIRST)
