"""Holds what the simulator sends against the description of API 2026-10-28.endive.

Objects that the description leaves out are held against the classes of stripe-python.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]
import stripe

DESCRIPTION = Path(__file__).parents[3] / "shared/data/stripe/openapi-2026-10-28.endive.json"
MAX_REMEMBERED = 20_000
CLASSES: dict[str, type] = {
    "account_link": stripe.AccountLink,
    "application": stripe.Application,
    "file": stripe.File,
    "list": stripe.ListObject,
    "search_result": stripe.SearchResultObject,
    "test_helpers.test_clock": stripe.test_helpers.TestClock,
}
ENVELOPES = ("list", "search_result")
_fitting: set[str] = set()
"""What was found right already, without what differs from one object to the next."""


def wrong_with(body: dict[str, Any]) -> list[str]:
    """What is wrong with the shape of an object, empty when nothing is; of a page, without its entries."""
    kind = body["object"]
    if kind in ENVELOPES:
        return _wrong_by_class(body)
    if body.get("deleted"):
        return (
            [] if set(body) == {"id", "object", "deleted"} else [f"{kind}: more than its id is left: {body}"]
        )
    look = json.dumps(_outline(body), sort_keys=True)
    if look in _fitting:
        return []
    wrong = _wrong_by_class(body) if kind in CLASSES else list(_wrong_by_schema(body))
    if kind == "event":
        wrong += wrong_with(body["data"]["object"])
    if not wrong and len(_fitting) < MAX_REMEMBERED:
        _fitting.add(look)
    return wrong


def entries_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What a page holds; nothing for any other object."""
    return list(body["data"]) if body.get("object") in ENVELOPES else []


def _wrong_by_schema(body: dict[str, Any]) -> Iterator[str]:
    kind = body["object"]
    if kind not in schemas():
        yield f"{kind}: neither described nor a class of stripe-python that this test knows"
        return
    for error in validator(kind).iter_errors(body):
        yield f"{kind} {body.get('id')}: {error.json_path}: {error.message[:200]}"


def _wrong_by_class(body: dict[str, Any]) -> list[str]:
    kind = body["object"]
    described: dict[str, Any] = {}
    for parent in reversed(CLASSES[kind].__mro__):
        described |= {
            k: v for k, v in vars(parent).get("__annotations__", {}).items() if not k.startswith("_")
        }
    described = {k: v for k, v in described.items() if k not in ("deleted", "OBJECT_NAME")}
    needed = {name for name, kind_of in described.items() if NoneType not in get_args(kind_of)}
    allowed = set(described) | {"object", "url"}
    wrong = [f"{kind}: {name} is missing" for name in sorted(needed - set(body))]
    return wrong + [f"{kind}: {name} is not known" for name in sorted(set(body) - allowed)]


def _outline(value: Any) -> Any:
    """A body without ids, amounts and texts: two bodies with the same outline are right or wrong together."""
    if isinstance(value, dict):
        return {name: _outline(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_outline(part) for part in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, str) and value.replace("_", "").isalpha() and len(value) <= 40:
        return value  # may be a word of a closed list
    return type(value).__name__


@cache
def validator(kind: str) -> Any:
    root = {"$ref": f"#/components/schemas/{kind}", "components": {"schemas": schemas()}}
    return jsonschema.Draft202012Validator(root)


@cache
def schemas() -> dict[str, Any]:
    """The description as JSON Schema: nullable fields may be null or absent, open enums take any word.

    It was derived from typed classes, which list every property that an object can have as required;
    Stripe leaves out those that do not apply.
    """
    described = json.loads(DESCRIPTION.read_text())["components"]["schemas"]
    return {name: _plain(schema) for name, schema in described.items()}


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {k: _plain(v) for k, v in schema.items() if k not in ("nullable", "required", "enum")}
    if "enum" in schema and not schema.get("x-open-enum"):
        kept["enum"] = schema["enum"]
    properties = schema.get("properties", {})
    if "required" in schema and isinstance(schema["required"], list):
        kept["required"] = [n for n in schema["required"] if not properties.get(n, {}).get("nullable")]
    return {"anyOf": [kept, {"type": "null"}]} if schema.get("nullable") is True else kept
