"""Checks request parameters against what an endpoint declares, and turns their text into values.

A declaration is a dict of names; a value is one of the kinds below, a dict (a hash) or a one-element
list (an array). What is not declared is refused with `parameter_unknown`, as Stripe does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm_sandbox.stripe.errors import ApiError, invalid_param, missing_param, not_simulated

MAX_METADATA_KEYS = 50
MAX_METADATA_KEY_LENGTH = 40
MAX_METADATA_VALUE_LENGTH = 500
MAX_TEXT_LENGTH = 5_000
MAX_LIST_LENGTH = 100

TEXT = "text"
INTEGER = "integer"
BOOLEAN = "boolean"
METADATA = "metadata"
ANYTHING = "anything"
"""Accepted and kept as it came: a parameter that real clients send and that changes nothing here."""
REFUSED = "refused"
"""A parameter of Stripe's that is not simulated and that would change the outcome."""


class Choice(tuple[str, ...]):
    """One of a few words."""

    __slots__ = ()


Declaration = Mapping[str, Any]
RANGE: Declaration = {"gt": INTEGER, "gte": INTEGER, "lt": INTEGER, "lte": INTEGER}
EXPAND: Declaration = {"expand": [TEXT]}
LISTING: Declaration = {
    "limit": INTEGER,
    "starting_after": TEXT,
    "ending_before": TEXT,
    "created": "integer or range",
    **EXPAND,
}


def check(given: Mapping[str, Any], declared: Declaration, required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The converted values. Raises ApiError naming the first parameter that is unknown, missing or wrong."""
    unknown = [path for name, value in given.items() for path in _unknown(name, value, declared, name)]
    if unknown:
        noun = "parameter" if len(unknown) == 1 else "parameters"
        raise invalid_param(
            f"Received unknown {noun}: {', '.join(unknown)}", unknown[0], code="parameter_unknown"
        )
    for path in required:
        if not _present(given, path):
            raise missing_param(path)
    return {name: _convert(value, declared[name], name) for name, value in given.items()}


def _unknown(name: str, value: Any, declared: Declaration, path: str) -> list[str]:
    if name not in declared:
        return [path]
    kind = declared[name]
    if isinstance(kind, Mapping) and isinstance(value, dict):
        return [p for k, v in value.items() for p in _unknown(k, v, kind, f"{path}[{k}]")]
    if isinstance(kind, list) and isinstance(kind[0], Mapping) and isinstance(value, list):
        return [
            p
            for place, entry in enumerate(value)
            if isinstance(entry, dict)
            for k, v in entry.items()
            for p in _unknown(k, v, kind[0], f"{path}[{place}][{k}]")
        ]
    return []


def _present(given: Mapping[str, Any], path: str) -> bool:
    node: Any = given
    for part in re.findall(r"[^\[\]]+", path):
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return False
    return bool(node != "")


def _convert(value: Any, kind: Any, path: str) -> Any:
    if kind == ANYTHING:
        return value
    if kind == REFUSED:
        raise not_simulated(path, path)
    if isinstance(kind, list):
        return _list(value, kind[0], path)
    if isinstance(kind, Mapping):
        if value == "":
            return None
        if not isinstance(value, dict):
            raise invalid_param(f"Invalid object: {path} must be a hash.", path)
        return {k: _convert(v, kind[k], f"{path}[{k}]") for k, v in value.items()}
    if kind == METADATA:
        return _metadata(value, path)
    if kind == "integer or range":
        return _convert(value, RANGE if isinstance(value, dict) else INTEGER, path)
    if not isinstance(value, str):
        raise invalid_param(f"Invalid string: {path} must be a string.", path)
    return _scalar(value, kind, path)


def _scalar(value: str, kind: Any, path: str) -> Any:
    if kind == INTEGER:
        if not re.fullmatch(r"-?\d{1,15}", value):
            raise invalid_param(f"Invalid integer: {value}", path, code="parameter_invalid_integer")
        return int(value)
    if kind == BOOLEAN:
        if value not in ("true", "false", "1", "0"):
            raise invalid_param(f"Invalid boolean: {value}", path)
        return value in ("true", "1")
    if isinstance(kind, Choice):
        if value not in kind:
            words = ", ".join(kind[:-1]) + f", or {kind[-1]}" if len(kind) > 1 else kind[0]
            raise invalid_param(f"Invalid {path}: must be one of {words}", path)
        return value
    if len(value) > MAX_TEXT_LENGTH:
        raise invalid_param(
            f"Invalid string: {value[:12]}...; must be at most {MAX_TEXT_LENGTH} characters",
            path,
            code="string_too_long",
        )
    return value or None


def _list(value: Any, kind: Any, path: str) -> list[Any] | None:
    if value == "":
        return None
    if not isinstance(value, list):
        raise invalid_param(f"Invalid array: {path} must be an array.", path)
    if len(value) > MAX_LIST_LENGTH:
        raise invalid_param(f"Array {path} exceeded maximum {MAX_LIST_LENGTH} allowed elements.", path)
    return [_convert(entry, kind, f"{path}[{place}]") for place, entry in enumerate(value)]


def _metadata(value: Any, path: str) -> dict[str, str]:
    """Limits as on https://docs.stripe.com/api/metadata. An empty value unsets its key on update."""
    if value == "":
        return {}
    if isinstance(value, list):  # `metadata[0]=x` was read as an array: its keys are digits
        value = {str(place): entry for place, entry in enumerate(value)}
    if not isinstance(value, dict):
        raise invalid_param(f"Invalid object: {path} must be a hash.", path)
    if len(value) > MAX_METADATA_KEYS:
        raise ApiError(f"You may only specify up to {MAX_METADATA_KEYS} keys.", param=path, stored=False)
    for key, entry in value.items():
        if not isinstance(entry, str):
            raise invalid_param("Metadata values must be strings.", f"{path}[{key}]")
        if len(key) > MAX_METADATA_KEY_LENGTH:
            raise invalid_param(
                f"Metadata keys can have up to {MAX_METADATA_KEY_LENGTH} characters, but you passed in a key "
                f"that is {len(key)} characters. Invalid key: {key}",
                f"{path}[{key}]",
            )
        if len(entry) > MAX_METADATA_VALUE_LENGTH:
            raise invalid_param(
                f"Metadata values can have up to {MAX_METADATA_VALUE_LENGTH} characters, but you passed in a "
                f"value that is {len(entry)} characters. Invalid value: {entry[:20]}...",
                f"{path}[{key}]",
            )
    return dict(value)


def merged_metadata(old: Mapping[str, str], new: Mapping[str, str] | None) -> dict[str, str]:
    """Metadata after an update: new keys are added, keys with an empty value are removed."""
    if new is None:
        return dict(old)
    if not new:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}
