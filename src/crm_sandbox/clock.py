"""The sandbox's own time, which tests can move forward by hours or years, and which a fault can make wrong."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

MAX_AHEAD = timedelta(days=366 * 100)
"""How far the clock can be moved in all: beyond lie years that dates cannot hold."""

_skew: ContextVar[timedelta] = ContextVar("skew", default=timedelta())
"""How wrong the clock is for the request at hand; each request runs in a context of its own."""


class Clock:
    """Real time plus an offset that only grows; safe to advance from another thread."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._lock = threading.Lock()
        self.webhook_skew: Callable[[str], float] = lambda _simulator: 0.0
        """Seconds by which a webhook of "stripe" or "quickbooks" that is sent now is dated wrongly."""

    def now(self) -> datetime:
        """The time that the request at hand is told, aware, in UTC."""
        return self.unskewed() + _skew.get()

    def unskewed(self) -> datetime:
        """The time without a fault's skew: for what is measured, and for what waits for its time."""
        return datetime.now(UTC) + self._offset

    @contextlib.contextmanager
    def skewed(self, seconds: float) -> Iterator[None]:
        """Inside, and in what is started from there, `now` is wrong by `seconds`."""
        before = _skew.set(_skew.get() + timedelta(seconds=seconds))
        try:
            yield
        finally:
            _skew.reset(before)

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the real time."""
        return self._offset

    @offset.setter
    def offset(self, ahead: timedelta) -> None:
        with self._lock:
            self._offset = ahead

    def advance(self, seconds: float) -> datetime:
        """Moves time forward by `seconds` and returns the new time.

        ValueError for a negative number, OverflowError beyond MAX_AHEAD.
        """
        if not seconds >= 0:  # not a number is not either
            raise ValueError("time moves forward only")
        with self._lock:
            ahead = self._offset + timedelta(seconds=seconds)
            if ahead > MAX_AHEAD:
                raise OverflowError(f"the clock goes {MAX_AHEAD.days // 366} years ahead at most")
            self._offset = ahead
        return self.unskewed()
