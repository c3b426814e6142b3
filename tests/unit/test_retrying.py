"""When a failed job runs again: by the kind of error alone, sooner at first, never for ever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.gateways.quickbooks_faults import TokenExpired
from crm.jobs.retrying import DEFECT_ATTEMPTS_MAX, SECONDS_MAX, UNAVAILABLE_ATTEMPTS_MAX, next_run_at
from crm.kit.errors import Disconnected, NotConfigured, Refused, Unavailable

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize("kind", [Refused, Disconnected, NotConfigured])
@given(attempts=st.integers(0, 1_000))
def test_what_needs_a_person_is_not_tried_again(kind: type[Refused], attempts: int):
    """Refused, disconnected, not set up: another try would end the same."""
    assert next_run_at(kind("no"), attempts, NOW) is None


@given(st.integers(0, UNAVAILABLE_ATTEMPTS_MAX - 1))
def test_what_is_away_is_asked_again_ever_later(attempts: int):
    """Doubling from 2 s to an hour at most; never in the past, never earlier than the try before."""
    moment = next_run_at(Unavailable("away"), attempts, NOW)
    before = next_run_at(Unavailable("away"), max(attempts - 1, 0), NOW)
    assert moment is not None
    assert before is not None
    assert timedelta(seconds=2) <= moment - NOW <= timedelta(seconds=SECONDS_MAX)
    assert moment >= before


def test_the_other_side_may_say_when():
    """`retry_after_seconds` is kept to the second."""
    error = Unavailable("slow down", retry_after_seconds=60)
    assert next_run_at(error, 0, NOW) == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("error", "most"),
    [
        (Unavailable("away"), UNAVAILABLE_ATTEMPTS_MAX),
        (Unavailable("slow down", retry_after_seconds=1), UNAVAILABLE_ATTEMPTS_MAX),
        (ZeroDivisionError(), DEFECT_ATTEMPTS_MAX),
        (TokenExpired("old"), DEFECT_ATTEMPTS_MAX),
    ],
)
def test_tries_end(error: Exception, most: int):
    """After the named number the job is left for a person; a fault of ours sooner than one of others."""
    assert next_run_at(error, most - 1, NOW) is not None
    assert next_run_at(error, most, NOW) is None
    assert next_run_at(error, most + 1_000, NOW) is None


def test_an_outage_of_two_days_is_survived():
    """All tries together reach further than a weekend's outage."""
    moment = NOW
    for attempts in range(UNAVAILABLE_ATTEMPTS_MAX):
        found = next_run_at(Unavailable("away"), attempts, moment)
        assert found is not None
        moment = found
    assert moment - NOW > timedelta(days=2)
