"""Reads Stripe's form encoding: `line_items[0][price_data][currency]=usd` becomes nested values."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from crm_sandbox.stripe.errors import ApiError

MAX_FIELDS = 2_000
MAX_DEPTH = 12
_PART = re.compile(r"\[([^\[\]]*)\]")


def parse_form(encoded: str) -> dict[str, Any]:
    """Nested dicts and lists of strings. Raises ApiError for more than MAX_FIELDS or a crooked key."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as error:
        raise ApiError("Invalid request: too many parameters.", stored=False) from error
    tree: dict[str, Any] = {}
    appended: dict[str, int] = {}
    for key, value in pairs:
        _place(tree, _path(key, appended), key, value)
    return {name: _with_lists(branch) for name, branch in tree.items()}


def _path(key: str, appended: dict[str, int]) -> list[str]:
    head, bracket, _ = key.partition("[")
    parts = [head]
    if bracket:
        tail = key[len(head) :]
        found = _PART.findall(tail)
        if "".join(f"[{part}]" for part in found) != tail:
            raise ApiError(f"Invalid request: could not read the parameter name {key!r}.", stored=False)
        parts += found
    if len(parts) > MAX_DEPTH:
        raise ApiError("Invalid request: parameters are nested too deeply.", stored=False)
    # `expand[]=a&expand[]=b`: an empty bracket takes the next free place, as Rack does it.
    if parts[-1] == "":
        appended[key] = appended.get(key, -1) + 1
        parts[-1] = str(appended[key])
    return parts


def _place(tree: dict[str, Any], path: list[str], key: str, value: str) -> None:
    node = tree
    for part in path[:-1]:
        node = node.setdefault(part, {})
        if not isinstance(node, dict):
            raise ApiError(f"Invalid request: {key} is both a value and a hash.", stored=False)
    node[path[-1]] = value


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    children = {name: _with_lists(child) for name, child in node.items()}
    if children and all(name.isdigit() for name in children):
        return [children[name] for name in sorted(children, key=int)]
    return children
