"""Stripe's search over customers, charges and payment intents (https://docs.stripe.com/search).

At Stripe a new object is found after up to a minute and its documentation warns of reading after writing; here it
is found at once. Results come newest first and page by `next_page`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError, invalid_param
from crm_sandbox.stripe.lists import DEFAULT_LIMIT, check_limit
from crm_sandbox.stripe.parameters import EXPAND, INTEGER, TEXT
from crm_sandbox.stripe.shapes import StripeObject

SEARCH = {"limit": INTEGER, "page": TEXT, "query": TEXT, **EXPAND}
MAX_CLAUSES = 10

TEXTS = {
    "customer": ("email", "name", "phone"),
    "charge": ("currency", "customer", "status"),
    "payment_intent": ("currency", "customer", "status"),
}
NUMBERS = {"customer": ("created",), "charge": ("amount", "created"), "payment_intent": ("amount", "created")}
WITH_PARTS = ("email", "name", "phone")
"""Fields that `~` may look into."""
MIN_PART_LENGTH = 3

_CLAUSE = re.compile(
    r"""\s*(?P<not>-)?(?P<field>\w+)(?:\[(?P<kq>["'])(?P<key>[^"']+)(?P=kq)\])?\s*(?P<op>:|~|>=|<=|>|<)\s*"""
    r"""(?:(?P<quote>["'])(?P<text>(?:\\.|(?!(?P=quote)).)*)(?P=quote)|(?P<bare>null|-?\d+))\s*"""
)
_JOINT = re.compile(r"(AND|OR)\b", re.IGNORECASE)

Fits = Callable[[StripeObject], bool]


def searched(kind: str) -> Callable[[Call], StripeObject]:
    """The answer to GET /v1/{kind}s/search."""

    def search(call: Call) -> StripeObject:
        fits = parsed(call.params["query"] or "", kind)
        limit = check_limit(call.params.get("limit", DEFAULT_LIMIT))
        found = [body for body in reversed(call.space.objects[kind].values()) if fits(body)]
        start = _start(call.params.get("page"), found)
        has_more = len(found) > start + limit
        return {
            "object": "search_result",
            "data": found[start : start + limit],
            "has_more": has_more,
            "next_page": found[start + limit - 1]["id"] if has_more else None,
            "url": call.url,
        }

    return search


def parsed(query: str, kind: str) -> Fits:
    """What a query chooses. Raises ApiError for a field, an operator or a form that Stripe does not take."""
    clauses: list[Fits] = []
    joints: set[str] = set()
    place = 0
    while True:
        found = _CLAUSE.match(query, place)
        if found is None:
            raise _crooked(f'expected a clause such as status:"succeeded" at position {place}')
        clauses.append(_clause(found, kind))
        place = found.end()
        if place == len(query):
            break
        # A space alone joins like AND.
        joint = _JOINT.match(query, place)
        joints.add(joint[1].upper() if joint else "AND")
        place = joint.end() if joint else place
    if len(clauses) > MAX_CLAUSES:
        raise _crooked(f"at most {MAX_CLAUSES} clauses")
    if len(joints) > 1:
        raise _crooked("AND and OR cannot be combined")
    every = all if joints != {"OR"} else any
    return lambda body: every(clause(body) for clause in clauses)


def _clause(found: re.Match[str], kind: str) -> Fits:
    field, key, operator = found["field"], found["key"], found["op"]
    wanted = None if found["bare"] == "null" else found["bare"] or re.sub(r"\\(.)", r"\1", found["text"])
    holds: Callable[[Any], bool]
    if field == "metadata" and key is not None:
        if operator != ":":
            raise _crooked("metadata is compared by : only")
        holds = _equal(wanted)
    elif field in TEXTS[kind] and key is None:
        holds = _text(field, operator, wanted)
    elif field in NUMBERS[kind] and key is None:
        if operator == "~" or wanted is None or not wanted.lstrip("-").isdigit():
            raise _crooked(f"{field} is compared with a number")
        holds = _ordered(operator, int(wanted))
    else:
        raise _crooked(f"{field} is not a field that {kind}s are searched by here")
    negated = bool(found["not"])

    def fits(body: StripeObject) -> bool:
        value = body[field].get(key) if key is not None else body[field]
        return holds(value) != negated

    return fits


def _text(field: str, operator: str, wanted: str | None) -> Callable[[Any], bool]:
    if operator == ":":
        return _equal(wanted)
    if operator != "~" or field not in WITH_PARTS or wanted is None:
        raise _crooked(f"{field} does not support {operator}")
    if len(wanted) < MIN_PART_LENGTH:
        raise _crooked(f"~ needs at least {MIN_PART_LENGTH} characters")
    return lambda value: wanted.lower() in str(value or "").lower()


def _equal(wanted: str | None) -> Callable[[Any], bool]:
    """Exact, without regard to case, as Stripe compares."""
    return lambda value: value is None if wanted is None else str(value or "").lower() == wanted.lower()


def _ordered(operator: str, bound: int) -> Callable[[Any], bool]:
    return {
        ":": lambda value: value == bound,
        ">": lambda value: value > bound,
        ">=": lambda value: value >= bound,
        "<": lambda value: value < bound,
        "<=": lambda value: value <= bound,
    }[operator]


def _start(page: str | None, found: list[StripeObject]) -> int:
    if page is None:
        return 0
    for place, body in enumerate(found):
        if body["id"] == page:
            return place + 1
    raise invalid_param("Invalid page: it is none that an earlier answer to this query gave.", "page")


def _crooked(why: str) -> ApiError:
    return invalid_param(
        f"We were unable to parse your search query: {why}. See https://stripe.com/docs/search.", "query"
    )
