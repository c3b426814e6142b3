"""Checks what a client sends against the table of fields, in the order in which Intuit complains."""

import re
from datetime import date
from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES, REFERENCE_NAMES, Entity, Field
from crm_sandbox.quickbooks.money import to_decimal
from crm_sandbox.quickbooks.refusals import (
    business,
    inactive_reference,
    invalid_characters,
    invalid_reference,
    missing,
    refusal,
    too_long,
    unknown_property,
    unparsable,
)
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.structures import STRUCTURE_LIMITS, STRUCTURES
from crm_sandbox.quickbooks.xml_shapes import SHAPES

MAX_LINES = 10_000
NAME_FIELDS = ("DisplayName", "Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
BAD_IN_NAMES = re.compile(r"[:\t\n\r]")
NESTED_TARGETS = {
    "ItemRef": "Item", "GroupItemRef": "Item", "AccountRef": "Account", "DiscountAccountRef": "Account",
    "ClassRef": "Class",
    "CustomerRef": "Customer", "PaymentMethodRef": "PaymentMethod", "DepartmentRef": "Department",
    "ItemAccountRef": "Account",
}  # fmt: skip
_NUMBERS = ("Amount", "UnitPrice", "Qty", "DiscountPercent", "TotalTax")
BAD_IN_ACCOUNT_NAMES = re.compile(r'[":\t\n\r]')


def clean(company: Company, entity: Entity, body: JsonObject) -> JsonObject:
    """The writable part of `body`, checked field by field; raises Refused.

    Read-only fields are dropped without a word, as Intuit does; empty texts count as not sent. So are fields that
    the schema has and the simulator leaves out: a recorded 2010 knows every property of the class, and no other.
    """
    schema = SHAPES.get(entity.name, {})
    for name in body:
        if name not in entity.fields and name not in schema:
            raise unknown_property(name, entity.name, list(entity.fields))
    checked: JsonObject = {}
    for name, value in body.items():
        field = entity.fields.get(name)
        if field is None or field.readonly or name in ("MetaData", "domain", "sparse", "status"):
            continue
        if value is None or value == "" or (value == {} and field.kind != "any"):
            checked[name] = None
            continue
        checked[name] = _checked(company, field, value)
    _check_names(entity, checked)
    return checked


def require(entity: Entity, obj: JsonObject) -> None:
    """Raises Refused 2020 for the first required field that is not there."""
    for name in entity.required:
        if obj.get(name) in (None, [], {}):
            raise missing(name)


def required_text(body: JsonObject, name: str, limit: int) -> str:
    """A text that must be there and not be too long, of a body that no table of fields describes."""
    value = body.get(name)
    if value in (None, ""):
        raise missing(name)
    return _text(name, value, limit)


def _checked(company: Company, field: Field, value: Any) -> Any:
    match field.kind:
        case "text":
            return _text(field.name, value, field.limit)
        case "number":
            to_decimal(value, field.name)
            return float(value) if isinstance(value, str) else value
        case "flag":
            if isinstance(value, bool):
                return value
            if value in ("true", "false"):
                return value == "true"
            raise unparsable(f'Can not construct a Boolean for "{field.name}" from "{value}";')
        case "date":
            return _date(field.name, value)
        case "ref":
            found = reference(company, field.name, value, field.target)
            return {"value": found["value"]} if field.bare else found
        case "links":
            return _links(value)
        case "lines":
            return _lines(company, value)
        case "attachments":
            return _attachments(company, value)
        case "any":
            return value
        case structure:
            return _structure(company, structure, value)


def _text(name: str, value: Any, limit: int | None) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise unparsable(f'Can not construct a String for "{name}";')
    text = str(value)
    if limit is not None and len(text) > limit:
        raise too_long(name, limit, len(text))
    return text


def _date(name: str, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)[:10]).isoformat()
    except ValueError:
        detail = f"{name} should be a valid date in the form YYYY-MM-DD. Supplied value:{value}"
        raise refusal("2070", "Invalid Date", detail, name) from None


def reference(company: Company, name: str, value: Any, target: str | None) -> JsonObject:
    """A reference with the name of what it points to filled in; refuses what is unknown or inactive."""
    if not isinstance(value, dict):
        raise unparsable(f'Can not construct a ReferenceType for "{name}";')
    for key in value:
        if key not in STRUCTURES["ReferenceType"]:
            raise unknown_property(key, "ReferenceType", sorted(STRUCTURES["ReferenceType"]))
    ident = value.get("value") or ""
    if isinstance(ident, bool) or not isinstance(ident, str | int):
        raise unparsable(f'Can not construct a String for "{name}.value";')
    ident = str(ident)
    if not ident:
        raise missing(f"{name}.value")
    if target is None or name == "CurrencyRef":
        return {key: str(part) for key, part in value.items() if part is not None}
    found = company.get(target, ident)
    if found is None:
        raise invalid_reference(REFERENCE_NAMES.get(target, target), ident)
    if found.get("Active") is False:
        raise inactive_reference()
    shown = found.get("DisplayName") or found.get("FullyQualifiedName") or found.get("Name")
    return {"value": ident, "name": shown}


def _structure(company: Company, structure: str, value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise unparsable(f"Can not deserialize instance of {structure};")
    known = STRUCTURES[structure]
    for key, part in value.items():
        if key not in known:
            raise unknown_property(key, structure, sorted(known))
        limit = STRUCTURE_LIMITS.get((structure, key))
        if limit is not None and isinstance(part, str) and len(part) > limit:
            raise too_long(key, limit, len(part))
    if structure == "EmailAddress" and value.get("Address"):
        _check_email(value["Address"])
    return {key: _nested(company, key, part) for key, part in value.items() if part is not None}


def _nested(company: Company, name: str, value: Any) -> Any:
    """References and amounts are checked wherever they stand, all else is kept as it came."""
    if name.endswith("Ref"):
        return reference(company, name, value, NESTED_TARGETS.get(name))
    if name in _NUMBERS:
        to_decimal(value, name)
        return float(value) if isinstance(value, str) else value
    return value


def _check_email(address: Any) -> None:
    for one in str(address).split(","):
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", one.strip()):
            detail = (
                f"Email Address does not conform to the syntax rules of RFC 822. Supplied value:{address}"
            )
            raise refusal("2210", "Invalid Email Address format", detail, "Address")


def _links(value: Any) -> list[JsonObject]:
    if not isinstance(value, list):
        raise unparsable("Can not deserialize instance of java.util.ArrayList for LinkedTxn;")
    if len(value) > MAX_LINES:
        raise refusal("2250", "Too many links", f"A transaction holds at most {MAX_LINES} links", "LinkedTxn")
    for link in value:
        if not isinstance(link, dict):
            raise unparsable("Can not deserialize instance of LinkedTxn;")
        for key in link:
            if key not in STRUCTURES["LinkedTxn"]:
                raise unknown_property(key, "LinkedTxn", sorted(STRUCTURES["LinkedTxn"]))
        for key in ("TxnId", "TxnType"):
            if not link.get(key):
                raise missing(f"LinkedTxn.{key}")
    return [{key: str(part) for key, part in link.items() if part is not None} for link in value]


def _attachments(company: Company, value: Any) -> list[JsonObject]:
    """What a file or note is attached to: any object that is there, its kind in whatever case."""
    if not isinstance(value, list):
        raise unparsable("Can not deserialize instance of java.util.ArrayList for AttachableRef;")
    if len(value) > MAX_LINES:
        raise refusal("2250", "Too many links", f"At most {MAX_LINES} links", "AttachableRef")
    done = []
    for one in value:
        checked = _structure(company, "AttachableRef", one)
        ref = checked.get("EntityRef")
        if ref:
            kind, ident = str(ref.get("type", "")), ref["value"]
            entity = next((name for name in ENTITIES if name.lower() == kind.lower()), None)
            if entity is None or company.get(entity, ident) is None:
                raise business(
                    f"The entity {kind} {ident} that you are trying to link does not exist. {kind} {ident}"
                )
            checked["EntityRef"] = {"value": ident, "type": entity}
        checked["IncludeOnSend"] = checked.get("IncludeOnSend") in (True, "true")
        done.append(checked)
    return done


def _lines(company: Company, value: Any) -> list[JsonObject]:
    if not isinstance(value, list):
        raise unparsable("Can not deserialize instance of java.util.ArrayList for Line;")
    if len(value) > MAX_LINES:
        raise refusal("2250", "Too many lines", f"A transaction holds at most {MAX_LINES} lines", "Line")
    return [_line(company, line) for line in value]


def _line(company: Company, line: Any) -> JsonObject:
    checked = _structure(company, "Line", line)
    if "LinkedTxn" in checked:
        checked["LinkedTxn"] = _links(checked["LinkedTxn"])
    detail_type = checked.get("DetailType")
    if detail_type is not None and not isinstance(detail_type, str):
        raise unparsable('Can not construct a LineDetailTypeEnum for "DetailType";')
    for key in [k for k in checked if k.endswith("LineDetail")]:
        detail = _structure(company, key, checked[key]) if key in STRUCTURES else checked[key]
        if "Entity" in detail:
            detail["Entity"] = _line_entity(company, detail["Entity"])
        if key == "GroupLineDetail" and "Line" in detail:
            inside = detail["Line"]
            if isinstance(inside, list) and any(isinstance(one, dict) and key in one for one in inside):
                raise refusal("2120", "Invalid Type", "A bundle holds sales lines only", "DetailType")
            detail["Line"] = _lines(company, detail["Line"])
        checked[key] = detail
    wants_detail = detail_type and detail_type not in (
        "DescriptionOnly",
        "SubTotalLineDetail",
        "PaymentLineDetail",
    )
    if wants_detail and detail_type not in checked:
        raise missing(str(detail_type))
    return checked


def _line_entity(company: Company, value: Any) -> Any:
    """The customer, vendor or employee of a line: Deposit and JournalEntry write it in two shapes."""
    if not isinstance(value, dict):
        raise unparsable("Can not deserialize instance of Entity;")
    kind, ref = value.get("Type") or value.get("type"), value.get("EntityRef", value)
    if not isinstance(ref, dict):
        raise unparsable("Can not deserialize instance of ReferenceType;")
    target = str(kind).capitalize()
    if target not in ENTITIES:
        raise invalid_reference("Names", str(ref.get("value")))
    named = reference(company, "Entity", {"value": ref.get("value")}, target)
    if "EntityRef" in value:
        return {"Type": target, "EntityRef": named}
    return {**named, "type": str(kind)}


def _check_names(entity: Entity, checked: JsonObject) -> None:
    if entity.shape == "name":
        for name in NAME_FIELDS:
            if BAD_IN_NAMES.search(str(checked.get(name) or "")):
                raise invalid_characters(name, checked[name])
    elif entity.name in ("Account", "Item"):
        bad = BAD_IN_ACCOUNT_NAMES if entity.name == "Account" else BAD_IN_NAMES
        if bad.search(str(checked.get("Name") or "")):
            raise invalid_characters("Name", checked["Name"])
