"""When a message that was not taken is sent again, and when we stop."""

from __future__ import annotations

from datetime import datetime, timedelta

# After each failure in turn: the schedule that Standard Webhooks suggests, three days altogether.
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
# An address that took nothing for this long, while it was tried, is switched off.
FAILING_MAX = timedelta(days=3)


def next_attempt_at(tries: int, now: datetime) -> datetime | None:
    """None: given up. `tries` counts those that have failed, from 1."""
    return now + WAITS[tries - 1] if tries <= len(WAITS) else None


def switched_off(failing_since: datetime | None, now: datetime) -> bool:
    return failing_since is not None and now - failing_since >= FAILING_MAX
