"""Does things later by the simulated clock: retries of events, clearing of debits, expiry of sessions."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable, Iterable
from contextvars import Context
from typing import Any

from crm_sandbox.clock import Clock

MAX_TIMERS = 200_000
POLL_SECONDS = 0.02
"""How soon a jump of the clock is noticed; the clock cannot wake us."""

Act = Callable[..., None]
"""A function of a module (not a closure, so that it can be kept in a file), called with the owner first."""

Waiting = tuple[float, Act, tuple[Any, ...]]
"""When (seconds since 1970 by the simulated clock), what, and with which ids."""

log = logging.getLogger(__name__)


class Timers:
    """A heap of what is due when; `run_due` may also be called directly, it never runs anything twice.

    `owner` is the state that each act is given as its first argument.
    """

    def __init__(self, clock: Clock, owner: object) -> None:
        self.clock = clock
        self._owner = owner
        self._heap: list[tuple[float, int, Act, tuple[Any, ...]]] = []
        self._order = itertools.count()
        self._task: asyncio.Task[None] | None = None
        self.ran = 0
        """How many acts ran so far."""

    def now(self) -> float:
        """Seconds since 1970 by the simulated clock, which no fault makes wrong here."""
        return self.clock.unskewed().timestamp()

    def after(self, seconds: float, act: Act, *arguments: Any) -> None:
        """Calls `act(owner, *arguments)` once `seconds` have passed. Raises OverflowError beyond MAX_TIMERS.

        Every act is listed in crm_sandbox.stripe.kept, and its arguments are plain values.
        """
        self._at(self.now() + seconds, act, arguments)
        self._ensure_running()

    def run_due(self) -> None:
        """Runs what is due by now, in the order of its time."""
        now = self.now()
        while self._heap and self._heap[0][0] <= now:
            _, _, act, arguments = heapq.heappop(self._heap)
            self.ran += 1
            try:
                act(self._owner, *arguments)
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

    def snapshot(self) -> list[Waiting]:
        """All that is waiting, in the order in which it is due."""
        return [(due, act, arguments) for due, _, act, arguments in sorted(self._heap, key=_due_and_order)]

    def restore(self, waiting: Iterable[Waiting]) -> None:
        """Waits for what a snapshot waited for; what became due meanwhile runs soon. Needs a running loop."""
        self.clear()
        for due, act, arguments in waiting:
            self._at(due, act, arguments)
        self._ensure_running()

    def _at(self, due: float, act: Act, arguments: tuple[Any, ...]) -> None:
        if len(self._heap) >= MAX_TIMERS:
            raise OverflowError(f"more than {MAX_TIMERS} timers")
        heapq.heappush(self._heap, (due, next(self._order), act, arguments))

    def _ensure_running(self) -> None:
        if self._task is None or self._task.done():
            # In a context of its own: what falls due later is not dated by the request that waits for it now.
            self._task = asyncio.get_running_loop().create_task(self._watch(), context=Context())

    async def _watch(self) -> None:
        while self._heap:
            self.run_due()
            if self._heap:
                await asyncio.sleep(min(POLL_SECONDS, max(0.001, self._heap[0][0] - self.now())))


def _due_and_order(entry: tuple[float, int, Act, tuple[Any, ...]]) -> tuple[float, int]:
    return entry[:2]
