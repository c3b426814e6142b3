"""How a query compares: one condition with one object, and two objects with each other.

Source: the recordings and https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from crm_sandbox.quickbooks.company import PACIFIC
from crm_sandbox.quickbooks.shapes import JsonObject


@dataclass(frozen=True)
class Condition:
    """`path` compared with one value, or for IN with several."""

    path: str
    operator: str
    values: tuple[str, ...]


def holds(condition: Condition, obj: JsonObject) -> bool:
    """Whether the object fits the condition; what it lacks fits nothing."""
    value = look_up(obj, condition.path)
    if condition.operator == "in":
        return any(_compare(value, "=", wanted) for wanted in condition.values)
    return _compare(value, condition.operator, condition.values[0])


def all_hold(conditions: list[Condition], obj: JsonObject) -> bool:
    """Whether the object fits them all.

    Conditions on a list (the references of an attachable) must hold for one and the same of its members.
    """
    lists: dict[str, list[Condition]] = {}
    for condition in conditions:
        name = condition.path.partition(".")[0]
        if isinstance(obj.get(name), list):
            lists.setdefault(name, []).append(condition)
        elif not holds(condition, obj):
            return False
    return all(
        any(all(holds(condition, {name: one}) for condition in wanted) for one in obj[name])
        for name, wanted in lists.items()
    )


def look_up(obj: JsonObject, path: str) -> Any:
    """The value at a path such as `MetaData.CreateTime`; of a reference its Id."""
    value: Any = obj
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part) if part in value else _ignoring_case(value, part)
    if isinstance(value, dict):
        return next((value[name] for name in ("value", "Address", "FreeFormNumber") if name in value), None)
    return value


def _ignoring_case(obj: JsonObject, part: str) -> Any:
    return next((value for name, value in obj.items() if name.lower() == part.lower()), None)


def _compare(value: Any, operator: str, wanted: str) -> bool:
    if value is None:
        return False
    if operator == "like":
        pattern = re.escape(wanted).replace("%", ".*")
        return re.fullmatch(pattern, str(value), re.IGNORECASE | re.DOTALL) is not None
    left: Any
    right: Any
    if isinstance(value, bool):
        left, right = value, wanted.lower() == "true"
    elif isinstance(value, int | float):
        left, right = Decimal(str(value)), _number(wanted)
        if right is None:
            return False
    elif (at := moment(value)) and (other := moment(wanted)):
        left, right = at, other
    elif value.isdecimal() and wanted.isdecimal() and operator != "=":
        left, right = int(value), int(wanted)
    else:
        left, right = str(value).casefold(), wanted.casefold()
    match operator:
        case "=":
            return bool(left == right)
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def moment(text: Any) -> datetime | None:
    """A date or time in ISO 8601, in Pacific time unless it says otherwise; None for anything else."""
    if not isinstance(text, str) or not re.match(r"\d{4}-\d\d-\d\d", text):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=PACIFIC)


def sort_key(path: str, value: Any) -> tuple[int, Any]:
    """For ORDERBY: what has no value comes first, Ids and document numbers are compared as numbers."""
    if value is None:
        return (0, 0)
    if isinstance(value, bool | int | float):
        return (1, float(value))
    if value.isdecimal() and path in ("Id", "DocNumber"):
        return (2, int(value))
    return (3, value.casefold())
