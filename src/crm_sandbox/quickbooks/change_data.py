"""Change data capture: everything that changed since a time, deleted transactions included.

The oldest change comes first, as recorded: who is cut off at the limit goes on from the last one.
"""

import math
from datetime import datetime, timedelta

from crm_sandbox.quickbooks.collection import UPDATED
from crm_sandbox.quickbooks.company import PACIFIC, Company
from crm_sandbox.quickbooks.entities import BY_PATH, Entity
from crm_sandbox.quickbooks.listings import present
from crm_sandbox.quickbooks.refusals import missing, query_invalid, refusal
from crm_sandbox.quickbooks.shapes import JsonObject

MAX_DAYS_BACK = 30
MAX_OBJECTS = 1_000


def changes_since(company: Company, entities: str, since_text: str) -> JsonObject:
    """The CDCResponse for comma-separated entity names and an ISO time; raises Refused."""
    names = [name.strip() for name in entities.split(",") if name.strip()]
    if not names:
        raise missing("entities")
    if not since_text:
        raise missing("changedSince")
    try:
        since = datetime.fromisoformat(since_text.replace(" ", "+"))  # an unescaped + arrives as a space
    except ValueError:
        detail = f"changedSince should be a date or time in ISO 8601. Supplied value:{since_text}"
        raise refusal("2060", "Invalid Date Format", detail, "changedSince") from None
    if since.tzinfo is None:
        since = since.replace(tzinfo=PACIFIC)
    if company.now() - since > timedelta(days=MAX_DAYS_BACK):
        detail = f"changedSince must be within the last {MAX_DAYS_BACK} days. Supplied value:{since_text}"
        raise refusal("2190", "Invalid Date Range", detail, "changedSince")
    room = MAX_OBJECTS
    responses = []
    for name in names:
        entity = BY_PATH.get(name.lower())
        if entity is None:
            raise query_invalid(f"invalid context declaration: {name}")
        found = _changed(company, entity, since)[:room]
        room -= len(found)
        page = {"startPosition": 1, "maxResults": len(found)}
        responses.append({entity.name: found, **page} if found else {})
    return {"CDCResponse": [{"QueryResponse": responses}]}


def _changed(company: Company, entity: Entity, since: datetime) -> list[JsonObject]:
    kept = company.objects[entity.name]
    updated = kept.order[UPDATED]
    places = updated.between(math.floor(since.timestamp()), None)
    live = [present(company, entity, kept[ident]) for ident in updated.ids(places[:MAX_OBJECTS])]
    gone: list[JsonObject] = []
    for (name, ident), at in reversed(company.deleted.items()):
        if at < since or len(gone) == MAX_OBJECTS:
            break
        if name == entity.name:
            when = at.astimezone(PACIFIC).isoformat(timespec="seconds")
            gone.append(
                {"domain": "QBO", "status": "Deleted", "Id": ident, "MetaData": {"LastUpdatedTime": when}}
            )
    return sorted([*live, *gone], key=lambda obj: str(obj["MetaData"]["LastUpdatedTime"]))
