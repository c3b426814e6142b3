"""Does things later by the simulated clock: retries of events, clearing of debits, expiry of sessions."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable

from crm_sandbox.clock import Clock

MAX_TIMERS = 200_000
POLL_SECONDS = 0.02
"""How soon a jump of the clock is noticed; the clock cannot wake us."""

log = logging.getLogger(__name__)


class Timers:
    """A heap of what is due when; `run_due` may also be called directly, it never runs anything twice."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._task: asyncio.Task[None] | None = None

    def now(self) -> float:
        """Seconds since 1970 by the simulated clock."""
        return self._clock.now().timestamp()

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Calls `act` once `seconds` have passed. Raises OverflowError beyond MAX_TIMERS."""
        if len(self._heap) >= MAX_TIMERS:
            raise OverflowError(f"more than {MAX_TIMERS} timers")
        heapq.heappush(self._heap, (self.now() + seconds, next(self._order), act))
        self._ensure_running()

    def run_due(self) -> None:
        """Runs what is due by now, in the order of its time."""
        now = self.now()
        while self._heap and self._heap[0][0] <= now:
            _, _, act = heapq.heappop(self._heap)
            try:
                act()
            except Exception:
                # One broken timer must not stop all others; the log names it.
                log.exception("a timer of the Stripe simulator failed")

    def clear(self) -> None:
        """Forgets all that is waiting."""
        self._heap.clear()

    def close(self) -> None:
        """Stops the task that watches the clock."""
        self.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def _watch(self) -> None:
        while self._heap:
            self.run_due()
            if self._heap:
                await asyncio.sleep(min(POLL_SECONDS, max(0.001, self._heap[0][0] - self.now())))
