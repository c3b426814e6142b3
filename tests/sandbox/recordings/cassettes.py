"""Plays the recorded conversations of minimul/qbo_api again: the same requests, in their order, to a like company."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx2
import yaml
from tests.sandbox.quickbooks_world import Json
from tests.sandbox.recordings.comparison import Comparison, Difference, compare_json
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage

from crm_sandbox.quickbooks.entities import BY_PATH, ENTITIES


@dataclass(frozen=True)
class Exchange:
    """One recorded request with its answer."""

    method: str
    path: str
    """Below the company."""
    parameters: dict[str, str]
    headers: dict[str, str]
    body: str
    status: int
    answer_headers: dict[str, str]
    answer: str

    @property
    def label(self) -> str:
        """The request in a few words, for the table."""
        what = self.parameters.get("query") or self.path
        more = "&".join(
            f"{k}={v}" for k, v in self.parameters.items() if k not in ("query", "requestid", "minorversion")
        )
        return f"{self.method} {what}" + (f"?{more}" if more else "")

    @property
    def entity(self) -> str:
        """The kind of object that the request is about."""
        asked = re.search(r"from\s+(\w+)", self.parameters.get("query", ""), re.IGNORECASE)
        name = (asked[1] if asked else self.path.partition("/")[0]).lower()
        return BY_PATH[name].name if name in BY_PATH else name


def read_cassette(file: Path) -> list[Exchange]:
    """All exchanges of a VCR file, in order."""
    return [_exchange(one) for one in yaml.safe_load(file.read_text())["http_interactions"]]


def _exchange(one: Any) -> Exchange:
    sent, answered = one["request"], one["response"]
    address = urlsplit(sent["uri"])
    path = re.sub(
        r"^/v3/(company/-COMPANY_ID-/)?", "", address.path
    )  # some lost the company when they were cleaned
    return Exchange(
        sent["method"].upper(), path, dict(parse_qsl(address.query, keep_blank_values=True)),
        {name.lower(): values[0] for name, values in sent["headers"].items()}, str(sent["body"]["string"]),
        answered["status"]["code"],
        {name.lower(): values[0] for name, values in answered["headers"].items()}, str(answered["body"]["string"]),
    )  # fmt: skip


def stage_for(stage: Stage, exchanges: list[Exchange]) -> None:
    """Makes the company hold what the recorded one held before the first request."""
    shown = _shown_objects(exchanges)
    fields = {
        field["Name"]: None
        for _, obj in shown
        for field in obj.get("CustomField", [])
        if field.get("DefinitionId")
    }
    stage.settings(**({"custom_fields": list(fields)} if fields else {}))
    made_here = {found for exchange in exchanges for found in _created(exchange)}
    for kind, obj in shown:
        stage.recorded.setdefault((kind, str(obj["Id"])), obj)
    for kind, obj in sorted(shown, key=lambda one: str(one[1].get("MetaData", {}).get("LastUpdatedTime"))):
        if (kind, str(obj["Id"])) not in made_here and obj.get("status") != "Deleted":
            stage.put(kind, obj)


def _name_in_use(stage: Stage, exchange: Exchange) -> None:
    stage.books.make("Customer", json.loads(exchange.body))


def _expired_token(stage: Stage, exchange: Exchange) -> None:
    stage.books.sandbox.call(
        "POST", "/_state/quickbooks/expire_access_tokens", {"realm_id": stage.books.realm_id}
    )


def _customer_with_addresses(stage: Stage, exchange: Exchange) -> None:
    """The recorded invoice took its addresses from the customer, and its number from the one before it."""
    made = json.loads(exchange.answer)["Invoice"]
    customer = {
        "DisplayName": made["CustomerRef"]["name"],
        "BillAddr": made["BillAddr"],
        "ShipAddr": made["ShipAddr"],
    }
    stage.put("Customer", {"Id": made["CustomerRef"]["value"], **customer})
    stage.books.invoice(1, DocNumber=str(int(made["DocNumber"]) - 1))


def _some_invoice(stage: Stage, exchange: Exchange) -> None:
    stage.adopt("Invoice", exchange.path.split("/")[1], stage.books.invoice()["Id"])


PREPARED: dict[str, Callable[[Stage, Exchange], None]] = {
    "error/validation.yml": _name_in_use,
    "error/401.yml": _expired_token,
    "create/invoice.yml": _customer_with_addresses,
    "get_pdf/invoice.yml": _some_invoice,
}
"""What must be so before the first request, where the answers do not show it."""


def play(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The outcome of each exchange of the file."""
    exchanges = read_cassette(file)
    stage_for(stage, exchanges)
    for ending, prepare in PREPARED.items():
        if name.endswith(ending):
            prepare(stage, exchanges[0])
    outcomes = []
    for exchange in exchanges:
        answer = send(stage, exchange)
        learn_ids(stage, exchange, answer)
        outcomes.append(Outcome(name, exchange.entity, exchange.label, check(stage, exchange, answer)))
    return outcomes


def send(stage: Stage, exchange: Exchange) -> httpx2.Response:
    """The recorded request, with the ids of this company."""
    path = "/" + re.sub(
        r"(?<=/)\d+(?=/|$)",
        lambda found: stage.known.get((exchange.entity, found[0]), found[0]),
        exchange.path,
    )
    parameters = dict(exchange.parameters)
    if "query" in parameters:
        parameters["query"] = re.sub(
            r"(?<=')\d+(?=')",
            lambda found: stage.known.get((exchange.entity, found[0]), found[0]),
            parameters["query"],
        )
    if "changedSince" in parameters:  # all that was staged happened today
        parameters["changedSince"] = (stage.books.sandbox.clock.now() - timedelta(days=29)).isoformat()
    body = exchange.body
    if body.startswith("{"):
        body = json.dumps(_mapped_body(stage, exchange.entity, json.loads(body)))
    accept = exchange.headers.get("accept", "application/json")
    kind = exchange.headers.get("content-type", "application/json")
    return stage.books.client.request(
        exchange.method, path, params=parameters, content=body.encode() or None,
        headers={"accept": accept, "content-type": kind},
    )  # fmt: skip


def check(stage: Stage, exchange: Exchange, answer: httpx2.Response) -> Comparison:
    """Status, headers and body of the answer against the recorded one."""
    found = [
        Difference(f"header {name}", "value", exchange.answer_headers[name], answer.headers.get(name, ""))
        for name in ("content-type", "www-authenticate")
        if name in exchange.answer_headers and exchange.answer_headers[name] != answer.headers.get(name)
    ]
    found += [
        Difference(f"header {name}", "missing") for name in ("intuit-tid", "qbo-version")
        if name in exchange.answer_headers and name.replace("-", "_" if name == "intuit-tid" else "-") not in answer.headers
    ]  # fmt: skip
    if exchange.status != answer.status_code:
        found.append(Difference("status", "value", str(exchange.status), str(answer.status_code)))
    if not exchange.answer.startswith("{"):
        begins = exchange.answer[:8]
        if not answer.text.startswith(begins):
            found.append(Difference("body", "value", begins, answer.text[:8]))
        return Comparison(2, found)
    recorded, answered = json.loads(exchange.answer), answer.json()
    compared = compare_json(recorded, answered, stage.ids, dates_differ=bool(_created(exchange)))
    return Comparison(compared.paths + 2, found + compared.differences)


def learn_ids(stage: Stage, exchange: Exchange, answer: httpx2.Response) -> None:
    """After a create the recorded Id means the new object."""
    if exchange.status == 200 == answer.status_code:
        made = dict(zip(_created(exchange), _created(exchange, answer.text), strict=True))
        for (kind, recorded), (_, here) in made.items():
            stage.adopt(kind, recorded, here)


def _created(exchange: Exchange, answered: str = "") -> list[tuple[str, str]]:
    """(kind, Id) of what the request made, alone or in a batch, by the recorded answer or by another."""
    if exchange.method != "POST" or not exchange.body.startswith("{"):
        return []
    sent, answer = json.loads(exchange.body), json.loads(answered or exchange.answer)
    if exchange.path == "batch":
        new = {item["bId"] for item in sent["BatchItemRequest"] if item.get("operation") == "create"}
        return [found for item in answer["BatchItemResponse"] if item["bId"] in new for found in _ids(item)]
    return [] if "Id" in sent or "operation" in exchange.parameters else _ids(answer)


def _ids(answer: Json) -> list[tuple[str, str]]:
    return [(kind, str(obj["Id"])) for kind, obj in _objects(answer)]


def _shown_objects(exchanges: list[Exchange]) -> list[tuple[str, Json]]:
    """Every object in the answers, as it was seen first."""
    seen: dict[tuple[str, str], Json] = {}
    for exchange in exchanges:
        for kind, obj in _objects(json.loads(exchange.answer)) if exchange.answer.startswith("{") else ():
            seen.setdefault((kind, str(obj["Id"])), obj)
    return [(kind, obj) for (kind, _), obj in seen.items()]


def _objects(value: Any) -> list[tuple[str, Json]]:
    if isinstance(value, list):
        return [found for one in value for found in _objects(one)]
    if not isinstance(value, dict):
        return []
    found: list[tuple[str, Json]] = []
    for key, part in value.items():
        if key in ENTITIES and isinstance(part, dict | list):
            found += [(key, one) for one in (part if isinstance(part, list) else [part]) if "Id" in one]
        else:
            found += _objects(part)
    return found


def _mapped_body(stage: Stage, entity: str, body: Json) -> Json:
    mapped = stage.mapped(entity, body)
    kind = entity if entity in ENTITIES else ""
    for name, part in list(mapped.items()):
        if name == "BatchItemRequest":
            mapped[name] = [_mapped_body(stage, "", item) for item in part]
        elif name in ENTITIES and isinstance(part, dict):
            mapped[name] = _mapped_body(stage, name, part)
    if kind and "Id" in mapped and (kind, mapped["Id"]) in stage.known:
        recorded = mapped["Id"]
        here = stage.books.read(kind, stage.known[kind, recorded])
        behind = int(stage.recorded[kind, recorded]["SyncToken"]) - int(mapped["SyncToken"])
        mapped |= {"Id": here["Id"], "SyncToken": str(int(here["SyncToken"]) - behind)}
    return mapped
