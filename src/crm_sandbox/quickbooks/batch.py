"""Several operations in one request: each succeeds or fails by itself, the answer is always 200."""

from collections.abc import Callable
from urllib.parse import parse_qsl

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.query import run as run_query
from crm_sandbox.quickbooks.refusals import Refused, refusal, unsupported
from crm_sandbox.quickbooks.shapes import JsonObject

MAX_ITEMS = 30

Write = Callable[[Company, Entity, JsonObject, dict[str, str]], JsonObject]


def run_batch(company: Company, body: JsonObject, write: Write) -> JsonObject:
    """The BatchItemResponse for a BatchItemRequest; raises Refused when it is empty or too large."""
    items = body.get("BatchItemRequest")
    if not isinstance(items, list) or not items:
        raise refusal("400", "MalformedRequest", "Batch Request is Empty", None)
    if len(items) > MAX_ITEMS:
        detail = f"The batch size limit is {MAX_ITEMS}. Supplied value:{len(items)}"
        raise refusal("1040", "Batch size exceeds allowed limit", detail, None)
    return {"BatchItemResponse": [_run_item(company, item, write) for item in items]}


def _run_item(company: Company, item: object, write: Write) -> JsonObject:
    if not isinstance(item, dict):
        return unsupported("batch item that is no object").as_json()
    ident = str(item.get("bId", ""))
    try:
        if "Query" in item:
            return {"QueryResponse": run_query(company, str(item["Query"])), "bId": ident}
        name = next((key for key in item if key in ENTITIES), None)
        if name is None or not isinstance(item[name], dict):
            raise unsupported("batch item without an object")
        operation = str(item.get("operation", "")).lower()
        if operation not in ("create", "update", "delete"):
            raise unsupported(f"{operation} in a batch")
        options = dict(parse_qsl(str(item.get("optionsData") or ""), keep_blank_values=True))
        if "void" in str(item.get("optionsData") or "").lower():
            options = {"operation": "update", "include": "void"}
        else:
            options["operation"] = operation
        return {name: write(company, ENTITIES[name], item[name], options), "bId": ident}
    except Refused as refused:
        return {**refused.as_json(), "bId": ident}
