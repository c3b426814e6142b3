"""What a webhook says: CloudEvents as Intuit sends them since 2026, or the body that it sent before.

Sources: Intuit's page of webhook data objects, and the sample bodies of both in the recordings.
"""

import json
from datetime import datetime
from typing import Any
from uuid import uuid4

from crm_sandbox.quickbooks.company import Change

SHAPES = ("cloudevents", "legacy")
SOURCE = "intuit.dsnBgbseACLLRZNxo2dfc4evmEJdxde58xeeYcZliOU="
_NAMES = {"CompanyCurrency": "Currency"}
"""Kinds that webhooks call by another name."""

_LEGACY_OPERATIONS = {
    "created": "Create", "updated": "Update", "deleted": "Delete", "merged": "Merge", "voided": "Void",
    "emailed": "Emailed",
}  # fmt: skip


def event_of(shape: str, realm_id: str, change: Change, at: datetime) -> dict[str, Any]:
    """One change in the shape that the company's webhooks have; `at` is when Intuit says it happened."""
    name = _NAMES.get(change.entity, change.entity)
    if shape == "legacy":
        told = {
            "name": name, "id": change.id, "operation": _LEGACY_OPERATIONS[change.operation],
            "lastUpdated": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }  # fmt: skip
        merged = {"deletedId": change.deleted_id} if change.deleted_id else {}
        return {"realmId": realm_id, "entity": {**told, **merged}}
    return {
        "specversion": "1.0", "id": str(uuid4()), "source": SOURCE,
        "type": f"qbo.{name.lower()}.{change.operation}.v1", "datacontenttype": "application/json",
        "time": at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "intuitentityid": change.id,
        "intuitaccountid": realm_id, "data": {"deletedid": change.deleted_id} if change.deleted_id else {},
    }  # fmt: skip


def fits_with(event: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both can stand in one body: they have the same shape."""
    return ("specversion" in event) == ("specversion" in other)


def body_of(events: list[dict[str, Any]]) -> str:
    """The body for events of one shape: an array of CloudEvents, or notifications gathered by company."""
    if "specversion" in events[0]:
        return json.dumps(events, separators=(",", ":"))
    by_realm: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_realm.setdefault(event["realmId"], []).append(event["entity"])
    notifications = [
        {"realmId": realm, "dataChangeEvent": {"entities": entities}} for realm, entities in by_realm.items()
    ]
    return json.dumps({"eventNotifications": notifications}, separators=(",", ":"))
