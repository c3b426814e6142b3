"""Replies in XML that quickbooks-ruby keeps: the simulator is brought to the same state and asked in XML."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

from tests.sandbox.quickbooks_world import Json, token
from tests.sandbox.recordings.comparison import Comparison, Difference, compare_xml, local
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage
from tests.sandbox.recordings.xml_requests import AS_XML, Asked, objects_of, post, query_all
from tests.sandbox.recordings.xml_special_plays import PLAYS

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.xml_form import read_object

LIST_REPLIES = re.compile(r"deleted_\w+|term_delete_success_response")
REPAIRS = {"exchange_rate.xml": ("</TaxRate>", "</ExchangeRate>")}
"""A file whose last tag is that of another object: written so by hand, and read with the right one."""


def play(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The outcome of one file."""
    root = read(file)
    objects = objects_of(root)
    for one in objects:
        stage.recorded.setdefault((local(one.tag), str(read_object(one).get("Id"))), read_object(one))
    _set_up(stage, objects)
    entity = local(
        objects[0].tag if objects else root[0].tag if local(root.tag) == "IntuitResponse" else root.tag
    )
    asked, answer = _ask(stage, file.stem, root, objects)
    content = ET.fromstring(answer.content)
    if local(root.tag) != "IntuitResponse":
        content = next(one for one in content.iter() if local(one.tag) == local(root.tag))
    _drop_kinds_not_simulated(root)
    compared = compare_xml(root, content, stage.ids)
    found = compared.differences
    if not answer.headers["content-type"].startswith("application/xml"):
        found = [
            *found,
            Difference("header content-type", "value", "application/xml", answer.headers["content-type"]),
        ]
    return [Outcome(name, entity, asked, Comparison(compared.paths + 1, found))]


def _drop_kinds_not_simulated(root: ET.Element) -> None:
    """Bills and their payments are not in the simulator: what a reply tells of them besides is left out."""
    for holder in root.iter():
        for part in [one for one in holder if local(one.tag) == "QueryResponse" and len(one)]:
            if local(part[0].tag) not in ENTITIES and local(holder.tag) == "CDCResponse":
                holder.remove(part)


def read(file: Path) -> ET.Element:
    """The recorded document; ParseError when it is not XML at all."""
    text = file.read_text()
    for wrong, right in filter(None, [REPAIRS.get(file.name)]):
        text = text.replace(wrong, right)
    return ET.fromstring(text)


def _set_up(stage: Stage, objects: list[ET.Element]) -> None:
    """Currency, classes, locations and custom fields as the objects show them."""
    read_ones = [read_object(one) for one in objects]
    if any("ClassRef" in one for one in read_ones):
        stage.settings(track_classes=True)
    if any("DepartmentRef" in one for one in read_ones):
        stage.settings(track_departments=True)
    currencies = {one["CurrencyRef"]["value"] for one in read_ones if "CurrencyRef" in one}
    foreign = any("ExchangeRate" in one and "HomeTotalAmt" in one for one in read_ones)
    if foreign and currencies == {"USD"}:
        stage.currency = "USD"
        stage.settings(home_currency="CAD", multicurrency=True, country="CA")
    elif currencies - {"USD"}:
        stage.currency = currencies.pop()
        country = "CA" if stage.currency == "CAD" else "GB"
        rated = any("ExchangeRate" in one for one in read_ones)
        stage.settings(home_currency=stage.currency, country=country, multicurrency=rated)
    fields = {
        field["Name"]: None
        for one in read_ones
        for field in one.get("CustomField", [])
        if "DefinitionId" in field
    }
    if fields:
        stage.settings(custom_fields=list(fields))


def _ask(stage: Stage, stem: str, root: ET.Element, objects: list[ET.Element]) -> Asked:
    if stem in PLAYS:
        return PLAYS[stem](stage, root)
    first = objects[0]
    kind, recorded = local(first.tag), read_object(first)
    if any(local(one.tag) == "CDCResponse" for one in root) or stem.endswith("_change"):
        return _changes(stage, root, objects)
    if any(local(one.tag) == "QueryResponse" for one in root):
        return query_all(stage, kind, objects)
    if recorded.get("status") == "Deleted":
        return _delete(stage, kind, recorded)
    before = {**recorded, "Active": True} if LIST_REPLIES.fullmatch(stem) else recorded
    if "void" in stem or LIST_REPLIES.fullmatch(stem):
        before = {name: _without_the_end(value) for name, value in before.items()}
    made = stage.put(kind, before)
    if LIST_REPLIES.fullmatch(stem):
        return post(
            stage, kind, {**token(made), "sparse": True, "Active": False}, "sparse update, Active false"
        )
    if "void" in stem:
        return _void(stage, kind, made)
    if stem.endswith("_send"):
        return _send(stage, kind, made, recorded["BillEmail"]["Address"])
    return f"GET {kind.lower()}/{{id}}", stage.books.client.get(
        f"/{kind.lower()}/{made['Id']}", headers=AS_XML
    )


def _without_the_end(value: object) -> object:
    """What a text was before the object was voided or deleted."""
    if isinstance(value, str) and value.lower().endswith("(deleted)"):
        return value[: -len("(deleted)")].strip()
    return None if value == "Voided" else value


def _delete(stage: Stage, kind: str, recorded: Json) -> Asked:
    made = stage.books.make(kind, smallest(kind))
    stage.adopt(kind, str(recorded["Id"]), made["Id"])
    return post(stage, kind, token(made), "delete", operation="delete")


def _changes(stage: Stage, root: ET.Element, objects: list[ET.Element]) -> Asked:
    """One answer for each kind; an empty one stands for a kind of which nothing changed."""
    pages = [page for page in root.iter() if local(page.tag) == "QueryResponse"]
    asked = [local(page[0].tag) if len(page) else "Class" for page in pages]
    kinds = [kind for kind in asked if kind in ENTITIES] or [local(objects[0].tag)]
    for one in objects:
        kind, recorded = local(one.tag), read_object(one)
        if recorded.get("status") == "Deleted":
            _delete(stage, kind, recorded)
        else:
            stage.put(kind, recorded)
    since = (stage.books.sandbox.clock.now() - timedelta(days=1)).isoformat()
    parameters = {"entities": ",".join(kinds), "changedSince": since}
    return f"GET cdc {','.join(kinds)}", stage.books.client.get("/cdc", params=parameters, headers=AS_XML)


def _void(stage: Stage, kind: str, made: Json) -> Asked:
    parameters = {"operation": "void"} if kind == "Invoice" else {"operation": "update", "include": "void"}
    return post(stage, kind, {**token(made), "sparse": True}, "void", **parameters)


def _send(stage: Stage, kind: str, made: Json, address: str) -> Asked:
    headers = {**AS_XML, "content-type": "application/octet-stream"}
    path = f"/{kind.lower()}/{made['Id']}/send"
    return f"POST {kind.lower()}/{{id}}/send", stage.books.client.post(
        path, params={"sendTo": address}, headers=headers
    )


def smallest(kind: str) -> Json:
    """The least that a document needs."""
    sale = {
        "Amount": 10,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    form = {"CustomerRef": {"value": "1"}, "Line": [sale]}
    income = {
        "Amount": 10,
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": {"AccountRef": {"value": "5"}},
    }
    special: dict[str, Json] = {
        "Payment": {"CustomerRef": {"value": "1"}, "TotalAmt": 10},
        "RefundReceipt": {**form, "DepositToAccountRef": {"value": "35"}},
        "Deposit": {"DepositToAccountRef": {"value": "35"}, "Line": [income]},
    }
    return special.get(kind, form)
