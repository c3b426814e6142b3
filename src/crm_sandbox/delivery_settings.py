"""Reads how webhooks shall be sent: held back, out of order, twice, late; the same words for both simulators."""

from typing import Any

MAX_DELAY_SECONDS = 86_400.0
MAX_EVERY = 1_000_000


def read_delivery_settings(given: dict[str, Any]) -> dict[str, Any]:
    """What was given, checked; ValueError names the field that is wrong and what it must be."""
    known = {
        "paused": (_is_switch, "true or false"),
        "shuffle": (_is_switch, "true or false"),
        "duplicate_every": (_is_count, f"a whole number from 0 (never) to {MAX_EVERY}"),
        "delay_seconds": (_is_delay, f"a number from 0 to {MAX_DELAY_SECONDS:g}"),
    }
    for name, value in given.items():
        if name not in known:
            raise ValueError(f"{name} is unknown; there are {', '.join(known)}")
        fits, wanted = known[name]
        if not fits(value):
            raise ValueError(f"{name} must be {wanted}; got {value!r}")
    return given


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_EVERY


def _is_delay(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_DELAY_SECONDS
