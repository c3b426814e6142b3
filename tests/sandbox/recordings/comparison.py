"""Compares what was recorded with what the simulator answered: keys, types, and values that are not ids or times."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

ID_NAMES = frozenset(
    "Id SyncToken CreateTime LastUpdatedTime LastModifiedTime time Time TxnId DefinitionId DeliveryTime TxnLineId "
    "TempDownloadUri FileAccessUri realmId lastUpdated deletedid id intuitentityid intuitaccountid source kid".split()
)
"""Elements that hold an id, a token or a time of the company at hand: only their type is compared."""

SAME_REFERENCES = ("CurrencyRef", "HomeCurrency")
"""References whose value is a word (USD, TAX) and no id of the company."""


@dataclass(frozen=True)
class Difference:
    """One way in which an answer is not the recorded one.

    `kind`: missing (recorded, not answered), extra (answered, not recorded), type, value.
    """

    path: str
    kind: str
    recorded: str = ""
    answered: str = ""


@dataclass
class Comparison:
    """How many paths stood in the recording, and every difference."""

    paths: int
    differences: list[Difference]


Leaves = dict[str, Any]
Ids = dict[str, set[str]]
"""Recorded Id -> Ids here; several, because objects of different kinds may share a recorded one."""


def compare_json(recorded: Any, answered: Any, ids: Ids, *, dates_differ: bool = False) -> Comparison:
    """Compares two JSON values; `ids` knows which ids of this company may stand for a recorded one."""
    return _compare(
        dict(_json_leaves(recorded, "")), dict(_json_leaves(answered, "")), ids, dates_differ=dates_differ
    )


def compare_xml(
    recorded: ET.Element, answered: ET.Element, ids: Ids, *, dates_differ: bool = False
) -> Comparison:
    """Compares two XML elements, without their namespaces: elements, attributes and text."""
    return _compare(dict(_xml_leaves(recorded)), dict(_xml_leaves(answered)), ids, dates_differ=dates_differ)


def _compare(recorded: Leaves, answered: Leaves, ids: Ids, *, dates_differ: bool) -> Comparison:
    found: list[Difference] = []
    for path, value in recorded.items():
        if path not in answered:
            found.append(Difference(general(path), "missing", _shown(value)))
            continue
        other = answered[path]
        if _kind(value) != _kind(other):
            found.append(Difference(general(path), "type", _shown(value), _shown(other)))
        elif not _same(path, value, other, ids, dates_differ=dates_differ):
            found.append(Difference(general(path), "value", _shown(value), _shown(other)))
    found += [
        Difference(general(path), "extra", "", _shown(answered[path]))
        for path in answered
        if path not in recorded
    ]
    return Comparison(len(recorded), found)


def general(path: str) -> str:
    """The path without the places in lists: what is said of one line is said of all."""
    return re.sub(r"\[\d+\]", "[]", path)


def _same(path: str, value: Any, other: Any, ids: Ids, *, dates_differ: bool) -> bool:
    if value == other:
        return True
    steps = [step.partition("[")[0] for step in path.split("/")]
    name, holder = steps[-1], steps[-2] if len(steps) > 1 else ""
    if name == "TxnId":
        return other in ids.get(value, {other})
    if name == "Value" and "[txnId]" in path:
        return other in ids.get(value, {other})
    if name.lstrip("@") in ID_NAMES:
        return True
    if dates_differ and name in ("TxnDate", "DueDate"):
        return True
    referring = holder if name == "value" else name
    if (referring.endswith("Ref") or referring == "Entity") and referring not in SAME_REFERENCES:
        chosen = referring.endswith(
            ("TaxCodeRef", "TaxRateRef", "AgencyRef")
        )  # a company's taxes are its own
        return str(value).isdigit() and (chosen or other in ids.get(value, {other}))
    return False


def _kind(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    if isinstance(value, int | float | Decimal):
        return "number"
    return type(value).__name__


def _json_leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every path with its value; lists and objects stand for themselves too, so that empty ones are compared."""
    if isinstance(value, dict):
        yield path, {}
        for key, part in value.items():
            yield from _json_leaves(part, f"{path}/{key}")
    elif isinstance(value, list):
        yield path, []
        names = [_name_of(part) for part in value]
        by_name = len(set(names)) == len(names) and None not in names
        for place, part in enumerate(value):
            yield from _json_leaves(part, f"{path}[{names[place] if by_name else place}]")
    else:
        yield path, value


def _name_of(part: Any) -> str | None:
    """The name of a name-value pair, which stands in an envelope of Java's on lines of payments."""
    pair = part.get("value", part) if isinstance(part, dict) else None
    return (
        pair.get("Name") if isinstance(pair, dict) and {"Name"} < pair.keys() <= {"Name", "Value"} else None
    )


def _xml_leaves(element: ET.Element, path: str = "") -> Iterator[tuple[str, Any]]:
    """Elements that may stand several times are numbered per name, name-value pairs go by their name."""
    for attribute, text in element.attrib.items():
        yield f"{path}/@{local(attribute)}", text
    children = list(element)
    yield path, {} if children else _plain((element.text or "").strip())
    counted: dict[str, int] = {}
    for child in children:
        name = local(child.tag)
        key = (
            next((part.text for part in child if local(part.tag) == "Name"), None)
            if name == "NameValue"
            else None
        )
        place = counted[name] = counted.get(name, -1) + 1
        yield from _xml_leaves(child, f"{path}/{name}[{key or place}]")


def _plain(text: str) -> str:
    """XML writes 50, 50.0 and 50.00 for the same amount."""
    return format(Decimal(text).normalize(), "f") if re.fullmatch(r"-?\d+\.\d+", text) else text


def local(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def _shown(value: Any) -> str:
    return str(value)[:90]
