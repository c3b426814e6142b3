"""The time of day, always aware and in UTC, from one place: everything here that asks what time it is asks it.

So the whole product can live at another hour (`follow`), which is how a month passes in minutes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Source = Callable[[], datetime]


def _machine() -> datetime:
    return datetime.now(UTC)


_sources: list[Source] = [_machine]


def now() -> datetime:
    return _sources[-1]()


@contextmanager
def follow(source: Source) -> Iterator[None]:
    """Inside, this process lives by another clock, in all its threads (docs/decisions/a-month-on-one-clock.md)."""
    _sources.append(source)
    try:
        yield
    finally:
        _sources.remove(source)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, as the contract's JSON shows times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
