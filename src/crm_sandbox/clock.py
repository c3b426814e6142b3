"""The sandbox's own time, which tests can move forward by hours or years."""

import threading
from datetime import UTC, datetime, timedelta


class Clock:
    """Real time plus an offset that only grows; safe to advance from another thread."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The current time of the sandbox, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    @property
    def offset(self) -> timedelta:
        """How far this clock is ahead of the real time."""
        return self._offset

    @offset.setter
    def offset(self, ahead: timedelta) -> None:
        with self._lock:
            self._offset = ahead

    def advance(self, seconds: float) -> datetime:
        """Moves time forward by `seconds` and returns the new time; ValueError for a negative number."""
        if seconds < 0:
            raise ValueError("time moves forward only")
        with self._lock:
            self._offset += timedelta(seconds=seconds)
        return self.now()
