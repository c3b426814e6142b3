"""Intuit's limits: ten requests a second and five hundred a minute for each company.

Source: https://developer.intuit.com/app/developer/qbo/docs/learn/limits-and-throttles
"""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig

BATCHES_PER_MINUTE = 40


class Throttle:
    """Counts requests in sliding windows of the sandbox's time."""

    def __init__(self, clock: Clock, config: SandboxConfig) -> None:
        self._clock = clock
        self._on = config.qbo_rate_limits_on
        self._limits = ((1, config.qbo_rate_per_second), (60, config.qbo_rate_per_minute))
        self._seen: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._batches: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self.refused = 0

    def allows(self, realm_id: str, *, batch: bool = False) -> bool:
        """Whether one more request is within the limits; counts it if so, and the refusal if not."""
        if not self._on:
            return True
        now = self._clock.unskewed()
        seen, batches = self._seen[realm_id], self._batches[realm_id]
        for window in (seen, batches):
            while window and now - window[0] >= timedelta(seconds=60):
                window.popleft()
        over = any(_within(seen, now, seconds) >= maximum for seconds, maximum in self._limits)
        if over or (batch and len(batches) >= BATCHES_PER_MINUTE):
            self.refused += 1
            return False
        seen.append(now)
        if batch:
            batches.append(now)
        return True


def _within(seen: deque[datetime], now: datetime, seconds: int) -> int:
    since, count = now - timedelta(seconds=seconds), 0
    for moment in reversed(seen):
        if moment <= since:
            break
        count += 1
    return count
