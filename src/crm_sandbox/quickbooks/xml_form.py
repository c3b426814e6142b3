"""Answers as XML and requests that came as XML: the same objects, in the order that Intuit's schema demands."""

import xml.etree.ElementTree as ET
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from crm_sandbox.quickbooks.refusals import unparsable
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.xml_shapes import SHAPES, Element

NAMESPACE = "http://schema.intuit.com/finance/v3"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_ATTRIBUTES = ("domain", "sparse", "status", "startPosition", "maxResults", "totalCount", "bId")
_KEPT_IN_TEXT = {"\r": "&#13;"}
"""A parser would turn it into a line feed."""
_ANY = Element("", many=False, holds="any")


def to_xml(body: JsonObject, now: str) -> str:
    """The answer as IntuitResponse: references carry their id as text, names as attributes."""
    inner = "".join(_written(name, value, _ANY) for name, value in body.items() if name != "time")
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<IntuitResponse xmlns="{NAMESPACE}" time="{now}">{inner}</IntuitResponse>'
    )


def from_xml(body: bytes) -> JsonObject:
    """The object of an XML request as it would have come in JSON; raises Refused 2010 for what is no XML.

    A document type is refused: nobody sends one, and entities defined there could grow without end.
    """
    if b"<!DOCTYPE" in body:
        raise unparsable("a document type;")
    try:
        root = ET.fromstring(body)  # noqa: S314 - without a document type there is nothing to expand
    except ET.ParseError:
        raise unparsable("failed to parse xml object; a property") from None
    if _local(root.tag) == "IntuitBatchRequest":
        return {"BatchItemRequest": [_batch_item(item) for item in root]}
    return read_object(root)


def read_object(element: ET.Element) -> JsonObject:
    """One object (`<Invoice>...`) as JSON, its elements read as the table of shapes says."""
    found = _read_structure(element, _local(element.tag))
    return {**{name: _flag(text) for name, text in element.attrib.items() if name in _ATTRIBUTES}, **found}


# -- writing --------------------------------------------------------------------------------------


def _written(name: str, value: Any, element: Element) -> str:
    if isinstance(value, list):
        return "".join(_written(name, one, element) for one in value)
    if name == "Fault":
        errors = "".join(_error(error) for error in value["Error"])
        return f"<Fault type={quoteattr(value['type'])}>{errors}</Fault>"
    if not isinstance(value, dict):
        return f"<{name}>{escape(_text(value), _KEPT_IN_TEXT)}</{name}>"
    if "value" in value and set(value) <= {"value", "name", "type"}:
        extra = "".join(f" {key}={quoteattr(str(value[key]))}" for key in ("name", "type") if key in value)
        return f"<{name}{extra}>{escape(_text(value['value']))}</{name}>"
    if set(value) == {"any"}:
        # JSON shows the Java classes of these name-value blocks, XML only what they hold.
        inner = "".join(_written("NameValue", one["value"], _ANY) for one in value["any"])
        return f"<{name}>{inner}</{name}>"
    shape = SHAPES.get(element.holds if element.holds != "any" else name, {})
    attributes = "".join(f" {key}={quoteattr(_text(value[key]))}" for key in _ATTRIBUTES if key in value)
    if element.holds == "CustomFieldDefinition":
        attributes += (
            f' xmlns:xsi="{_INSTANCE}" xsi:type="{value["CustomField"][0]["Type"]}CustomFieldDefinition"'
        )
    places = {key: place for place, key in enumerate(shape)}
    parts = sorted(
        (key for key in value if key not in _ATTRIBUTES), key=lambda key: places.get(key, len(places))
    )
    inner = "".join(_written(key, value[key], shape.get(key, _ANY)) for key in parts)
    return f"<{name}{attributes}>{inner}</{name}>"


def _error(error: dict[str, str]) -> str:
    element = f" element={quoteattr(error['element'])}" if "element" in error else ""
    return (
        f"<Error code={quoteattr(error['code'])}{element}>"
        f"<Message>{escape(error['Message'])}</Message><Detail>{escape(error['Detail'])}</Detail></Error>"
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(str(value)), "f")
    return "" if value is None else str(value)


# -- reading --------------------------------------------------------------------------------------


def _batch_item(item: ET.Element) -> JsonObject:
    read: JsonObject = dict(item.attrib)
    for part in item:
        name = _local(part.tag)
        read[name] = (part.text or "") if name == "Query" else read_object(part)
    return read


def _read_structure(element: ET.Element, structure: str) -> JsonObject:
    shape = SHAPES.get(structure, {})
    read: JsonObject = {}
    for part in element:
        name = _local(part.tag)
        known = shape.get(name, _ANY)
        value = _read(part, known)
        if known.many:
            read.setdefault(name, []).append(value)
        elif name in read:  # repeated, though the table does not know it: nothing may be lost
            before = read[name]
            read[name] = [*before, value] if isinstance(before, list) else [before, value]
        else:
            read[name] = value
    return read


def _read(part: ET.Element, element: Element) -> Any:
    text = (part.text or "").strip()
    match element.holds:
        case "text":
            return part.text or ""
        case "flag":
            return _flag(text)
        case "number":
            return _number(text)
        case "reference":
            return {
                "value": text,
                **{key: part.attrib[key] for key in ("name", "type") if key in part.attrib},
            }
        case "any" if not len(part):
            return text
        case "any":
            return _read_structure(part, _local(part.tag))
        case structure:
            return _read_structure(part, structure)


def _number(text: str) -> Any:
    """A number, or the text as it came: the check of the field says what is wrong with it."""
    try:
        number = Decimal(text)
    except ArithmeticError:
        return text
    if not number.is_finite():
        return text
    return int(number) if number == number.to_integral_value() else float(number)


def _flag(text: str) -> Any:
    return {"true": True, "false": False}.get(text, text)


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
