"""Pages through collections as https://docs.stripe.com/api/pagination says: newest first, by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import invalid_param, no_such
from crm_sandbox.stripe.shapes import StripeObject, listed
from crm_sandbox.stripe.state import Shelf

DEFAULT_LIMIT = 10
MAX_LIMIT = 100


def page(call: Call, kind: str, chosen: Callable[[StripeObject], bool] | None = None) -> StripeObject:
    """One page of this account's objects of a kind that fit `chosen` and the `created` filter."""
    return page_of(call, call.space.objects[kind], kind, chosen or everything)


def page_with(
    call: Call, kind: str, names: tuple[str, ...], chosen: Callable[[StripeObject], bool] | None = None
) -> StripeObject:
    """One page of those whose properties `names` are what the parameters of these names say, if they do."""
    wanted = {name: call.params[name] for name in names if call.params.get(name)}
    also = chosen or everything

    def fits(body: StripeObject) -> bool:
        return all(body[name] == value for name, value in wanted.items()) and also(body)

    among = call.space.among(kind, wanted)
    cursor = call.params.get("starting_after") or call.params.get("ending_before")
    if cursor and cursor not in among:  # a cursor may be any object of the kind
        among = call.space.objects[kind]
    return page_of(call, among, kind, fits)


def page_of(call: Call, kept: Shelf, kind: str, chosen: Callable[[StripeObject], bool]) -> StripeObject:
    """One page of `kept`, which is in the order of creation. Raises ApiError for a bad limit or cursor."""
    limit = check_limit(call.params.get("limit", DEFAULT_LIMIT))
    after, before = call.params.get("starting_after"), call.params.get("ending_before")
    if after and before:
        raise invalid_param(
            "Received both ending_before and starting_after parameters. Please pass in only one.",
            "ending_before",
        )
    for cursor, name in ((after, "starting_after"), (before, "ending_before")):
        if cursor and cursor not in kept:
            raise no_such(kind, cursor, name)
    created = call.params.get("created")

    def fits(body: StripeObject) -> bool:
        return (created is None or within(body["created"], created)) and chosen(body)

    # `ending_before` reads towards newer objects and shows the page newest first all the same.
    ordered = kept.values() if before else reversed(kept.values())
    rest = filter(fits, _beyond(ordered, before or after))
    found = list(islice(rest, limit + 1))
    data = found[:limit]
    return listed(data[::-1] if before else data, call.url, has_more=len(found) > limit)


def check_limit(limit: int) -> int:
    """The limit. Raises ApiError for one that Stripe does not take."""
    if not 1 <= limit <= MAX_LIMIT:
        raise invalid_param(
            f"Invalid integer: {limit}; must be between 1 and {MAX_LIMIT}",
            "limit",
            "parameter_invalid_integer",
        )
    return limit


def everything(_body: StripeObject) -> bool:
    """Chooses all."""
    return True


def within(value: int, wanted: int | dict[str, Any]) -> bool:
    """Whether a number fits an exact value or a `gt/gte/lt/lte` range."""
    if isinstance(wanted, int):
        return value == wanted
    return all(
        {"gt": value > bound, "gte": value >= bound, "lt": value < bound, "lte": value <= bound}[name]
        for name, bound in wanted.items()
    )


def _beyond(ordered: Iterable[StripeObject], cursor: str | None) -> Iterable[StripeObject]:
    rest = iter(ordered)
    if cursor is not None:
        for body in rest:
            if body["id"] == cursor:
                break
    return rest
