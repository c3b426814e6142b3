"""What can be imported: its columns, how a row becomes a record, and by what a duplicate is known; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from crm.customers.shapes import CustomerIn, LeadIn
from crm.identity.permissions import Permission
from crm.kit.field_errors import field_errors
from crm.kit.money import from_decimal
from crm.proposals.price_items import PriceItemIn

Kind = Literal["customers", "leads", "price_items"]

RIGHTS: dict[Kind, Permission] = {
    "customers": Permission.CUSTOMERS_WRITE,
    "leads": Permission.LEADS_WRITE,
    "price_items": Permission.PROPOSALS_WRITE,
}


@dataclass(frozen=True, slots=True)
class Column:
    """`also`: other names under which it comes, in letters and digits only."""

    name: str
    label: str
    also: tuple[str, ...] = ()
    needed: bool = False


_ADDRESS = (
    ("street", "line1", "street", ("address", "addressline1", "line1", "address1")),
    ("street_2", "line2", "street, second line", ("addressline2", "line2", "address2")),
    ("city", "city", "city", ("town",)),
    ("state", "state", "state", ("province", "region")),
    ("postal_code", "postal_code", "ZIP code", ("zip", "zipcode", "postcode", "postalcode")),
    ("country", "country", "country", ("countrycode",)),
)


def _address(prefix: str, label: str) -> tuple[Column, ...]:
    """Plain names (street, city, zip) mean where the job is."""
    return tuple(
        Column(
            f"{prefix}_{name}",
            f"{label}: {words}",
            (
                *(f"{prefix}{each}" for each in (*also, _key(name))),
                *((*also, _key(name)) if prefix == "site" else ()),
            ),
        )
        for name, _, words, also in _ADDRESS
    )


def _key(header: str) -> str:
    return re.sub(r"[^a-z0-9]", "", header.lower())


_NAME = Column(
    "name", "Name", ("fullname", "customer", "customername", "displayname", "client", "contact"), needed=True
)
_EMAIL = Column("email", "E-mail", ("emailaddress", "mail", "mainemail"))
_PHONE = Column("phone", "Phone", ("phonenumber", "mobile", "cell", "tel", "telephone", "mainphone"))

COLUMNS: dict[Kind, tuple[Column, ...]] = {
    "customers": (
        _NAME,
        Column("company", "Company", ("companyname", "business", "organization")),
        _EMAIL,
        _PHONE,
        *_address("site", "Job"),
        *_address("billing", "Billing"),
    ),
    "leads": (
        _NAME,
        _EMAIL,
        _PHONE,
        Column("source", "Source", ("leadsource", "channel", "referredby")),
        Column("status", "Stage", ("stage",)),
        Column("note", "What they want", ("notes", "message", "description", "comments")),
        *_address("site", "Job"),
    ),
    "price_items": (
        Column("name", "Name", ("item", "itemname", "product", "productservice", "service"), needed=True),
        Column("description", "Description", ("details", "salesdescription")),
        Column("unit", "Unit", ("uom", "unitofmeasure")),
        Column("unit_price", "Unit price", ("price", "rate", "salesprice", "amount"), needed=True),
        Column("currency", "Currency"),
        Column("tax_percent", "Tax %", ("tax", "taxrate")),
        Column("section", "Section", ("category", "group")),
        Column("active", "Active", ("enabled",)),
    ),
}


def guess(kind: Kind, headers: list[str]) -> dict[str, int]:
    """Which column of the file is which of ours, by its name; the first that fits, each once."""
    mapping: dict[str, int] = {}
    keys = [_key(header) for header in headers]
    for column in COLUMNS[kind]:
        for wanted in (_key(column.name), _key(column.label), *column.also):
            if wanted in keys and keys.index(wanted) not in mapping.values():
                mapping[column.name] = keys.index(wanted)
                break
    return mapping


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a row cannot be taken: `column` is ours, or "" for the row as a whole."""

    row: int
    column: str
    message: str


@dataclass(frozen=True, slots=True)
class Record:
    """A row that can be taken: the table's fields, and the keys by which another is the same."""

    row: int
    name: str
    fields: dict[str, Any]
    keys: frozenset[str] = field(default_factory=frozenset)


class LeadRow(LeadIn):
    status: Literal["new", "contacted", "qualified", "lost", "spam"] = "new"


def record_of(kind: Kind, number: int, cells: Mapping[str, str], currency: str) -> Record | list[Problem]:
    """The row as a record, or all that is wrong with it. `cells` by our column names, `currency` the company's."""
    given = {name: cell.strip() for name, cell in cells.items() if cell.strip()}
    if kind == "price_items":
        return _price_item(number, given, currency)
    body: dict[str, Any] = {
        name: value for name, value in given.items() if not name.startswith(("site_", "billing_"))
    }
    for prefix in ("site", "billing") if kind == "customers" else ("site",):
        if address := _address_of(prefix, given):
            body[f"{prefix}_address"] = address
    if "status" in body:
        body["status"] = body["status"].lower()
        if body["status"] == "converted":
            return [
                Problem(number, "status", "A converted lead is a customer: import it among the customers.")
            ]
    body.setdefault("name", "")
    made = _valid(CustomerIn if kind == "customers" else LeadRow, number, body)
    if isinstance(made, list):
        return made
    return Record(number, body["name"], made.model_dump(), _person_keys(made))


def _address_of(prefix: str, given: Mapping[str, str]) -> dict[str, str] | None:
    parts = {ours: given.get(f"{prefix}_{name}", "") for name, ours, _, _ in _ADDRESS}
    if not any(parts.values()):
        return None
    parts["country"] = (parts["country"] or "US").upper()
    return parts


def _valid(shape: type[BaseModel], number: int, body: dict[str, Any]) -> Any:
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        return [
            Problem(number, _column_of(each["field"]), each["message"])
            for each in field_errors(error.errors())
        ]


def _column_of(path: str) -> str:
    prefix, _, part = path.partition("_address.")
    if part:
        return next((f"{prefix}_{name}" for name, ours, _, _ in _ADDRESS if ours == part), path)
    return {"unit_price_minor": "unit_price"}.get(path, path)


def _person_keys(made: Any) -> frozenset[str]:
    """The same as the database's own (`crm.customers.tables`); who has neither is known by name."""
    keys = set()
    if made.email:
        keys.add(f"email:{made.email.lower()}")
    if made.phone and (digits := "".join(c for c in made.phone if c in "0123456789")):
        keys.add(f"phone:{digits[-10:]}")
    return frozenset(keys or {f"name:{made.name}"})


def _price_item(number: int, given: dict[str, str], currency: str) -> Record | list[Problem]:
    body: dict[str, Any] = dict(given)
    body.setdefault("name", "")
    body["currency"] = given.get("currency", currency).upper()
    if "active" in body:
        body["active"] = body["active"].lower() not in {"no", "false", "0", "inactive"}
    price = re.sub(r"[,\s$€£¥]", "", body.pop("unit_price", ""))
    try:
        body["unit_price_minor"] = from_decimal(Decimal(price), body["currency"])
    except (InvalidOperation, ValueError):
        body["unit_price_minor"] = 0
        wrong = "Write the price as a number with the currency's decimals, like 1,250.00."
        made = _valid(PriceItemIn, number, body)
        return [Problem(number, "unit_price", wrong), *(made if isinstance(made, list) else [])]
    made = _valid(PriceItemIn, number, body)
    if isinstance(made, list):
        return made
    return Record(
        number, made.name, made.model_dump(), frozenset({f"item:{made.name.lower()}/{made.currency}"})
    )
