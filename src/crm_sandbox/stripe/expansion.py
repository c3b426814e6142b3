"""Replaces ids by the objects they name where a request says `expand[]=...`."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.errors import ApiError
from crm_sandbox.stripe.shapes import StripeObject, listed
from crm_sandbox.stripe.state import AccountSpace

MAX_DEPTH = 4
"""https://docs.stripe.com/expand: at most four levels."""


def expand(space: AccountSpace, body: StripeObject, paths: list[str]) -> StripeObject:
    """A copy of `body` with the paths expanded. Raises ApiError for one that cannot be."""
    for path in paths:
        parts = path.split(".")
        if len(parts) - (parts[0] == "data") > MAX_DEPTH:
            raise ApiError(f"You cannot expand more than {MAX_DEPTH} levels of a property (here {path}).")
        body = _expanded(space, body, parts, path)
    return body


def _expanded(space: AccountSpace, body: StripeObject, parts: list[str], path: str) -> StripeObject:
    name, rest = parts[0], parts[1:]
    value = _value(space, body, name, path)
    if isinstance(value, str):
        value = space.find(value)
        if value is None:
            raise _cannot(path, name)
    if rest and isinstance(value, list):
        value = [_expanded(space, entry, rest, path) for entry in value]
    elif rest and isinstance(value, dict):
        value = _expanded(space, value, rest, path)
    elif not rest and not isinstance(value, dict | list) and value is not None:
        raise _cannot(path, name)
    return {**body, name: value}


def _value(space: AccountSpace, body: StripeObject, name: str, path: str) -> Any:
    """The property, also the two lists that an object shows only when asked."""
    if body.get("object") == "checkout.session" and name == "line_items":
        items = space.extras[body["id"]].line_items
        return listed(items, f"/v1/checkout/sessions/{body['id']}/line_items")
    if body.get("object") == "charge" and name == "refunds":
        refunds = [r for r in reversed(space.objects["refund"].values()) if r["charge"] == body["id"]]
        return listed(refunds, f"/v1/charges/{body['id']}/refunds")
    if name not in body:
        raise _cannot(path, name)
    return body[name]


def _cannot(path: str, name: str) -> ApiError:
    return ApiError(f"This property cannot be expanded ({name}). The path was {path}.", param="expand")
