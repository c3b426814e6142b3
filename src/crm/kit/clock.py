"""The time of day, always aware and in UTC, from one place."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC with a Z, as the contract's JSON shows times."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
