"""Reads Intuit's webhooks: arrays of CloudEvents, and the older `eventNotifications` (facts/quickbooks.md 2.9)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from crm.kit.errors import BadRequest

EVENTS_MAX = 1000
TEXT_LENGTH_MAX = 255


@dataclass(frozen=True, slots=True)
class QuickBooksEvent:
    """One change in one company. `type` is Intuit's `qbo.<entity>.<operation>.v1` for both shapes."""

    key: str
    realm_id: str
    type: str
    body: bytes


def parse(body: bytes) -> list[QuickBooksEvent]:
    """Raises BadRequest when the body has neither of the two shapes.

    A body may name several companies (vadimages.com), so each event carries its own.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}", kind="webhook-malformed") from None
    if isinstance(found, list):
        events = [_cloud_event(item) for item in found]
    elif isinstance(found, dict) and isinstance(found.get("eventNotifications"), list):
        events = list(_notifications(found["eventNotifications"]))
    else:
        raise BadRequest(
            "Neither an array of CloudEvents nor `eventNotifications`.", kind="webhook-malformed"
        )
    if len(events) > EVENTS_MAX:
        raise BadRequest(f"More than {EVENTS_MAX} events in one body.", kind="webhook-malformed")
    return events


def _cloud_event(item: Any) -> QuickBooksEvent:
    event = _object(item)
    return QuickBooksEvent(
        key=_text(event, "id"),
        realm_id=_text(event, "intuitaccountid"),
        type=_text(event, "type"),
        body=orjson.dumps(event),
    )


def _notifications(items: list[Any]) -> Iterator[QuickBooksEvent]:
    """The older shape has no ids: what happened to what and when is what makes an event this one."""
    for item in items:
        notification = _object(item)
        realm_id = _text(notification, "realmId")
        change = _object(notification.get("dataChangeEvent"))
        entities = change.get("entities")
        for entity_ in entities if isinstance(entities, list) else []:
            entity = _object(entity_)
            name, operation = _text(entity, "name"), _text(entity, "operation")
            digest = hashlib.sha256(orjson.dumps([realm_id, entity], option=orjson.OPT_SORT_KEYS))
            yield QuickBooksEvent(
                key=digest.hexdigest(),
                realm_id=realm_id,
                type=f"qbo.{name.lower()}.{_OPERATIONS.get(operation.lower(), operation.lower())}.v1",
                body=orjson.dumps({"realmId": realm_id, **entity}),
            )


_OPERATIONS = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "merge": "merged",
    "void": "voided",
    "emailed": "emailed",
}


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadRequest("An event is not an object.", kind="webhook-malformed")
    return value


def _text(source: dict[str, Any], name: str) -> str:
    value = source.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LENGTH_MAX or "\0" in value:
        raise BadRequest(
            f"`{name}` must be a text of 1 to {TEXT_LENGTH_MAX} characters.", kind="webhook-malformed"
        )
    return value
