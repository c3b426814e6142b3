"""Reads a Stripe event's envelope, or says why it is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from crm.kit.errors import BadRequest

KEY_LENGTH_MAX = 255  # Stripe's ids are below 255 characters
TYPE_LENGTH_MAX = 100


@dataclass(slots=True)
class StripeEvent:
    """One event. `org_id` is found by routing; 0 means nobody's. `key` identifies it within its account."""

    key: str
    account: str
    type: str
    object: dict[str, Any]
    created: datetime | None
    body: bytes
    org_id: int = 0
    inbox_id: int = 0
    state: str = "kept"
    note: str | None = None
    waits_for: str | None = None
    refs: tuple[str, ...] = field(default=())

    @property
    def object_id(self) -> str:
        return str(self.object.get("id") or "")


def parse(body: bytes, *, livemode: bool | None) -> StripeEvent:
    """Raises BadRequest when the body is not an event for us; the detail names what is wrong.

    `livemode` None means that the mode was checked when the event came.
    """
    try:
        event = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}", kind="webhook-malformed") from None
    if not isinstance(event, dict):
        raise BadRequest("The body is not an event: an object is expected.", kind="webhook-malformed")
    type_ = _text(event, "type", TYPE_LENGTH_MAX, required=True)
    data = event.get("data")
    object_ = data.get("object") if isinstance(data, dict) else None
    if not isinstance(object_, dict):
        raise BadRequest("data.object is missing: not a snapshot event.", kind="webhook-malformed")
    object_id = _text(object_, "id", KEY_LENGTH_MAX, required=False)
    key = _text(event, "id", KEY_LENGTH_MAX, required=False)
    if not key:
        if not object_id:
            raise BadRequest("Neither the event nor its object has an id.", kind="webhook-malformed")
        key = f"{type_}:{object_id}"  # contract: without an id, by type and object id
    mode = event.get("livemode", livemode)
    if livemode is not None and mode is not livemode:
        raise BadRequest(
            f"This is a {'live' if mode else 'test'} event, but this service runs with a "
            f"{'live' if livemode else 'test'} key.",
            kind="webhook-wrong-livemode",
        )
    created = event.get("created")
    moment = None
    if isinstance(created, int) and 0 < created < 2**32:
        moment = datetime.fromtimestamp(created, UTC)
    account = _text(event, "account", KEY_LENGTH_MAX, required=False)
    return StripeEvent(key, account, type_, object_, moment, body, refs=_refs(object_, object_id))


def _refs(object_: dict[str, Any], object_id: str) -> tuple[str, ...]:
    """The ids by which this event may be one of our payments'."""
    related = (object_id, _id_of(object_.get("payment_intent")), _id_of(object_.get("charge")))
    return tuple(ref for ref in related if ref)


def _id_of(value: Any) -> str:
    """An id, whether Stripe sent the id or the expanded object."""
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) and len(found) <= KEY_LENGTH_MAX and "\0" not in found else ""


def _text(source: dict[str, Any], name: str, longest: int, *, required: bool) -> str:
    value = source.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not value or len(value) > longest or "\0" in value:
        raise BadRequest(f"`{name}` must be a text of 1 to {longest} characters.", kind="webhook-malformed")
    return value
