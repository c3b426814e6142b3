"""The time of day, always aware and in UTC, from one place: everything here that asks what time it is asks it.

So the whole product can live at another hour (`follow`), which is how a month passes in minutes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

Source = Callable[[], datetime]
Sleep = Callable[[float], Awaitable[None]]


def _machine() -> datetime:
    return datetime.now(UTC)


_sources: list[Source] = [_machine]
_sleeps: list[Sleep] = [asyncio.sleep]


def now() -> datetime:
    return _sources[-1]()


async def sleep(seconds: float) -> None:
    """For waits that belong to the time of day: a clock that is followed may let them pass in its own way."""
    await _sleeps[-1](seconds)


@contextmanager
def follow(source: Source, sleep: Sleep = asyncio.sleep) -> Iterator[None]:
    """Inside, this process lives by another clock, in all its threads (docs/decisions/a-month-on-one-clock.md)."""
    _sources.append(source)
    _sleeps.append(sleep)
    try:
        yield
    finally:
        _sources.remove(source)
        _sleeps.remove(sleep)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, as the contract's JSON shows times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
