"""One clock for the product and the simulators on which waiting for one's turn takes no time.

The limiter, the throttle and all rules are the real ones; only the sleep until the next turn is skipped, by moving the
clock of both forward to the moment that the earliest sleeper waits for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from crm.kit import clock
from crm_sandbox.clock import Clock

OTHERS_FIRST_SECONDS = 0.01  # real time in which what is awake goes on before the clock is moved


class StandingClock(Clock):
    """Time that passes only where somebody waits for it: work takes none, however slow the machine is."""

    def __init__(self) -> None:
        super().__init__()
        self._began = datetime.now(UTC)

    def unskewed(self) -> datetime:
        return self._began + self.offset


@contextmanager
def skipping(shared: Clock) -> Iterator[None]:
    """Inside, the product lives by the simulators' clock, and sleeping for a turn moves it."""
    wanted: list[datetime] = []

    async def sleep(seconds: float) -> None:
        until = shared.unskewed() + timedelta(seconds=seconds)
        wanted.append(until)
        try:
            while shared.unskewed() < until:
                await asyncio.sleep(OTHERS_FIRST_SECONDS)
                if until == min(wanted):
                    shared.advance(max(0.0, (until - shared.unskewed()).total_seconds()))
        finally:
            wanted.remove(until)

    with clock.follow(shared.unskewed, sleep):
        yield
