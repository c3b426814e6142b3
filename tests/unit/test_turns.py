"""The turns of one company at QuickBooks, for every way in which calls and batches may come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.accounting.turns import WAIT_SECONDS_MAX, Turns, reserve

START = datetime(2026, 11, 28, tzinfo=UTC)
ASKS = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 20, 90, 126, 400, 1_000, 3_000, 30_000]), st.booleans()),
    min_size=1,
    max_size=1_200,
)


def most_within(moments: list[datetime], window: timedelta) -> int:
    """The most of them that any window of that length holds, its end not counted."""
    ordered, first, most = sorted(moments), 0, 0
    for last, moment in enumerate(ordered):
        while moment - ordered[first] >= window:
            first += 1
        most = max(most, last - first + 1)
    return most


def turns_given(asks: list[tuple[int, bool]]) -> tuple[list[datetime], list[datetime]]:
    """All turns and those of batches, when each ask comes so many milliseconds after the one before."""
    turns, now = Turns(START, START), START
    calls, batches = [], []
    for milliseconds, batch in asks:
        now += timedelta(milliseconds=milliseconds)
        turn, left = reserve(turns, now, batch=batch)
        assert turn >= now
        if (turn - now).total_seconds() > WAIT_SECONDS_MAX:
            continue  # refused as crowded, and nothing is reserved
        turns = left
        calls.append(turn)
        if batch:
            batches.append(turn)
    return calls, batches


@given(ASKS)
def test_no_window_holds_more_than_quickbooks_allows(asks: list[tuple[int, bool]]) -> None:
    """However calls and batches come: no second has more than 10, no minute more than 500, and 40 of them batches."""
    calls, batches = turns_given(asks)
    assert most_within(calls, timedelta(seconds=1)) <= 10
    assert most_within(calls, timedelta(seconds=60)) <= 500
    assert most_within(batches, timedelta(seconds=60)) <= 40


def test_a_flood_uses_nearly_all_that_is_allowed() -> None:
    """Where more is asked for than allowed: 95 % of the calls of a minute and 95 % of its batches are given."""
    steady = [(100, False)] * 6_000
    calls, _ = turns_given(steady)
    assert most_within(calls, timedelta(seconds=60)) >= 475
    _, batches = turns_given([(1_000, True)] * 600)
    assert most_within(batches, timedelta(seconds=60)) >= 38


def test_calls_do_not_wait_for_batches() -> None:
    """A batch whose turn is far away does not hold up the calls that come after it."""
    turns, now = Turns(START, START), START
    for _ in range(8):
        _, turns = reserve(turns, now, batch=True)
    turn, _ = reserve(turns, now + timedelta(seconds=2), batch=False)
    assert turn - now <= timedelta(seconds=2)
