"""Pieces that many Stripe objects share: the object type, addresses, payer details, list envelopes."""

from __future__ import annotations

from typing import Any

API_VERSION = "2026-10-28.endive"
"""What events and answers are rendered in: the version that stripe-python 16.1 pins."""

StripeObject = dict[str, Any]
"""An API object in the shape that Stripe sends: plain JSON values, ids instead of expanded objects."""

ADDRESS_FIELDS = ("city", "country", "line1", "line2", "postal_code", "state")


def address(given: StripeObject | None = None) -> StripeObject:
    """An address with all its fields, null where nothing was given."""
    return {name: (given or {}).get(name) for name in ADDRESS_FIELDS}


def listed(data: list[StripeObject], url: str, *, has_more: bool = False) -> StripeObject:
    """The envelope of a collection."""
    return {"object": "list", "data": data, "has_more": has_more, "url": url}
