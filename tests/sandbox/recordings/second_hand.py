"""Bodies that others quoted: faults, sign-in and webhooks. Each is provoked in the simulator and compared."""

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
from tests.sandbox.quickbooks_world import Books, Json, line, open_books, token
from tests.sandbox.recordings.comparison import Comparison, compare_json, compare_xml
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage

JSON = {"accept": "application/json"}


def play(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The outcomes of one file, one for each quoted body that the simulator can be brought to."""
    return PLAYS[file.name](stage, file, name)


# -- faults ----------------------------------------------------------------------------------------


def _faults(stage: Stage, file: Path, name: str) -> list[Outcome]:
    outcomes = []
    for one in json.loads(file.read_text()):
        key = (one["code"], one["shows"])
        if key in NOT_PROVOKED:
            continue
        provoke = next(
            make
            for (code, begins), make in FAULTS.items()
            if (code, begins) == (one["code"], one["shows"][: len(begins)])
        )
        fresh = Stage(stage.books.sandbox)  # what one needs would be in the way of the next
        with fresh.books.client:
            asked, answer = provoke(fresh)
        outcomes.append(Outcome(name, "Fault", asked, _fault_compared(one, answer, fresh)))
    return outcomes


def _fault_compared(one: Json, answer: httpx2.Response, stage: Stage) -> Comparison:
    """The quoted body, or what was quoted of it."""
    if "xml" in one:
        return compare_xml(ET.fromstring(one["xml"]), ET.fromstring(answer.content), {})
    found = answer.json()
    if "body" in one:
        quoted = {"http": one["http"], **one["body"]}
        return compare_json(quoted, {"http": answer.status_code, **found}, stage.ids)
    error = (found.get("Fault") or found["BatchItemResponse"][0]["Fault"])["Error"][0]
    quoted = {
        "status": one["http"],
        "code": one["code"],
        **{part: one[part] for part in ("message", "detail") if part in one},
    }
    told = {
        "status": answer.status_code,
        "code": error["code"],
        "message": error["Message"],
        "detail": error["Detail"],
    }
    return compare_json(quoted, {part: told[part] for part in quoted}, {})


def _number_taken(stage: Stage) -> tuple[str, httpx2.Response]:
    stage.settings(custom_txn_numbers=True)
    made = stage.books.invoice(DocNumber="18696")
    stage.adopt("Invoice", "6575", made["Id"])
    answer = stage.books.post(
        "Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(1)], "DocNumber": "18696"}
    )
    return "POST invoice (a number that is taken)", answer


def _deleted_customer(stage: Stage) -> tuple[str, httpx2.Response]:
    made = stage.books.make("Customer", {"DisplayName": "Gone"})
    gone = stage.books.make("Customer", {**token(made), "sparse": True, "Active": False})
    return "POST customer (inactive)", stage.books.post(
        "Customer", {**token(gone), "sparse": True, "Notes": "x"}
    )


def _no_vat_rate(stage: Stage) -> tuple[str, httpx2.Response]:
    stage.settings(country="GB")
    return "POST invoice (no TaxCodeRef)", stage.books.post(
        "Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(1)]}
    )


def _closed(stage: Stage) -> tuple[str, httpx2.Response]:
    stage.settings(book_close_date="2030-12-31")
    return "POST invoice (closed period)", stage.books.post(
        "Invoice", {"CustomerRef": {"value": "1"}, "Line": [line(1)]}
    )


def _deleted_transaction(stage: Stage) -> tuple[str, httpx2.Response]:
    made = stage.books.invoice()
    stage.books.post("Invoice", token(made), operation="delete")
    return "POST invoice (deleted)", stage.books.post("Invoice", {**token(made), "sparse": True})


def _inactive_reference(stage: Stage) -> tuple[str, httpx2.Response]:
    made = stage.books.make("Customer", {"DisplayName": "Resting"})
    stage.books.make("Customer", {**token(made), "sparse": True, "Active": False})
    body = {"CustomerRef": {"value": made["Id"]}, "Line": [line(1)]}
    return "POST invoice (inactive customer)", stage.books.post("Invoice", body)


def _wrong_realm(stage: Stage) -> tuple[str, httpx2.Response]:
    other = f"{stage.books.sandbox.base_url}/v3/company/{stage.books.sandbox.realm_id}/companyinfo/1"
    return "GET companyinfo/1 (another realm)", httpx2.get(other, headers=stage.books.tokens.headers)


def _throttled(stage: Stage) -> tuple[str, httpx2.Response]:
    with open_books(qbo_rate_limits_on=True, qbo_rate_per_second=1) as books:
        answers = [books.client.get("/companyinfo/1") for _ in range(20)]
    return "GET companyinfo/1, too often", next(one for one in answers if one.status_code != 200)


def _long_dash(stage: Stage) -> tuple[str, httpx2.Response]:
    query = "select * from Item where Name = 'abc".ljust(36) + "\u2013 def'"  # in the place that was quoted
    return "GET query with a long dash", stage.books.client.get("/query", params={"query": query})


def _empty_batch(stage: Stage) -> tuple[str, httpx2.Response]:
    return "POST batch (empty)", stage.books.client.post("/batch", json={"BatchItemRequest": []})


def _read_only(stage: Stage) -> tuple[str, httpx2.Response]:
    stage.settings(read_only=True)
    return "POST customer (subscription ended)", stage.books.post("Customer", {"DisplayName": "New"})


FAULTS: dict[tuple[str, str], Callable[[Stage], tuple[str, httpx2.Response]]] = {
    ("6140", "Detail carries"): _number_taken,
    ("6000", "customer was deleted"): _deleted_customer,
    ("6000", "non-US company"): _no_vat_rate,
    ("6210", ""): _closed,
    ("610", ""): _deleted_transaction,
    ("2500", ""): _inactive_reference,
    ("3100", ""): _wrong_realm,
    ("3001", ""): _throttled,
    ("4000", ""): _long_dash,
    ("400", ""): _empty_batch,
    ("6190", ""): _read_only,
}

NOT_PROVOKED = {
    ("6140", "texts (even TxnType) are localised to the company language: classify by code only, parse TxnId=(\\d+) only"):
        "companies of the simulator speak English",
    ("6140+2020", "one Fault can hold several Errors with different codes"):
        "the simulator stops at the first error; the quote was shortened where it was found",
    ("6000", "tax engine failure"): "the simulator's tax does not fail",
    ("list-has-balance", "cannot deactivate a customer with balance"):
        "quoted without its code; the texts are compared in test_quickbooks_refusals",
    ("120", "the person who connected lost admin rights"): "the simulator knows no users of a company",
}  # fmt: skip


ACCOUNTING = "com.intuit.quickbooks.accounting"

# -- sign-in ---------------------------------------------------------------------------------------


def _post_token(books: Books, form: dict[str, str], **headers: str) -> httpx2.Response:
    config = books.sandbox.config
    packed = base64.b64encode(f"{config.qbo_client_id}:{config.qbo_client_secret}".encode()).decode()
    return httpx2.post(
        f"{books.sandbox.base_url}/oauth2/v1/tokens/bearer", data=form,
        headers={"authorization": f"Basic {packed}", **JSON, **headers},
    )  # fmt: skip


def _refresh(books: Books, refresh_token: str, **headers: str) -> httpx2.Response:
    return _post_token(books, {"grant_type": "refresh_token", "refresh_token": refresh_token}, **headers)


def _oauth_replies(stage: Stage, file: Path, name: str) -> list[Outcome]:
    books, hard = stage.books, {"x-include-refresh-token-hard-expires-in": "true"}
    provoked = {
        "refresh refused, modern": lambda: _refresh(books, "RT1-nobody-has-this"),
        "token of another app, access token sent as refresh token, sandbox/production mix":
            lambda: _refresh(books, books.tokens.access_token),
        "refresh ok, opted in with header x-include-refresh-token-hard-expires-in: true":
            lambda: _refresh(books, _allowed(books, ACCOUNTING)["refresh_token"], **hard),
        "expired/rotated": lambda: _after_revocation(books),
    }  # fmt: skip
    outcomes = []
    cases = {case["case"]: case for case in json.loads(file.read_text())}
    for case, ask in provoked.items():
        answer, quoted = ask(), cases[case]
        compared = compare_json(
            {"status": quoted["http"], **quoted["body"]}, {"status": answer.status_code, **answer.json()}, {}
        )
        outcomes.append(Outcome(name, "OAuth", f"POST tokens/bearer ({case})", compared))
    return outcomes


def _after_revocation(books: Books) -> httpx2.Response:
    books.sandbox.call("POST", "/_state/quickbooks/revoke", {"realm_id": books.realm_id})
    return _refresh(books, books.tokens.refresh_token)


def _sdk_reply(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The replies that Intuit's .NET SDK tests with; their values stand for any, so that only keys and types count."""
    asked, answer = SDK_REPLIES[file.name](stage.books)
    return [Outcome(name, "OAuth", asked, compare_json(json.loads(file.read_text()), answer, {}))]


def _with_openid(books: Books) -> Json:
    """Tokens of somebody who allowed `openid` as well."""
    return _allowed(books, f"{ACCOUNTING} openid email profile phone address")


def _allowed(books: Books, scope: str) -> Json:
    """New tokens of somebody who allowed this."""
    config = books.sandbox.config
    form = {
        "client_id": config.qbo_client_id, "response_type": "code", "redirect_uri": "http://localhost/callback",
        "scope": scope, "state": "s",
        "decision": "approve", "realm_id": books.realm_id,
    }  # fmt: skip
    sent = httpx2.post(f"{books.sandbox.base_url}/connect/oauth2", data=form, follow_redirects=False)
    code = httpx2.URL(sent.headers["location"]).params["code"]
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": "http://localhost/callback"}
    return _post_token(books, given).json()


def _userinfo(books: Books) -> Json:
    bearer = {"authorization": f"Bearer {_with_openid(books)['access_token']}"}
    return httpx2.get(f"{books.sandbox.base_url}/v1/openid_connect/userinfo", headers=bearer).json()


SDK_REPLIES: dict[str, Callable[[Books], tuple[str, Any]]] = {
    "discovery.json": lambda books: (
        "GET .well-known/openid_configuration",
        httpx2.get(f"{books.sandbox.base_url}/.well-known/openid_configuration").json(),
    ),
    "success_token_response.json": lambda books: ("POST tokens/bearer (code)", _with_openid(books)),
    "success_refreshtoken_response.json": lambda books: (
        "POST tokens/bearer (refresh)", _refresh(books, _with_openid(books)["refresh_token"]).json()
    ),
    "failure_token_response.json": lambda books: (
        "POST tokens/bearer (no such token)", _refresh(books, "RT1-nobody-has-this").json()
    ),
    "success_userinfo_response.json": lambda books: ("GET openid_connect/userinfo", _userinfo(books)),
}  # fmt: skip


# -- webhooks --------------------------------------------------------------------------------------


def _cloud_events(stage: Stage, file: Path, name: str) -> list[Outcome]:
    content = json.loads(file.read_text())
    samples = (
        [event for sample in content["samples"] for event in sample] if isinstance(content, dict) else content
    )
    outcomes = []
    for event in samples:
        entity, operation = event["type"].split(".")[1:3]
        told = next(one for one in _told(entity, operation, "cloudevents") if one["type"] == event["type"])
        outcomes.append(Outcome(name, entity, f"CloudEvent {event['type']}", compare_json(event, told, {})))
    return outcomes


def _legacy_events(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """Each change of the old body; the simulator is held to tell the same of the same kind and operation."""
    outcomes = []
    for notification in json.loads(file.read_text())["eventNotifications"]:
        for change in notification["dataChangeEvent"]["entities"]:
            entity, operation = change["name"].lower(), f"{change['operation'].lower()}d"
            last = _told(entity, operation, "legacy")[-1]
            told = {"realmId": last["realmId"], "dataChangeEvent": {"entities": [last["entity"]]}}
            quoted = {**notification, "dataChangeEvent": {"entities": [change]}}
            outcomes.append(
                Outcome(name, change["name"], f"event {operation}", compare_json(quoted, told, {}))
            )
    return outcomes


def _told(entity: str, operation: str, shape: str) -> list[Json]:
    """The events that the simulator would tell of such a change."""
    with open_books(qbo_webhook_url="http://127.0.0.1:9/", qbo_verifier_token="verifier") as books:
        books.settings(webhook_shape=shape)
        books.sandbox.quickbooks.webhooks.paused = True
        kind, body = SMALLEST[entity]
        made = books.make(kind, body)
        if operation == "updated":
            books.make(kind, {**token(made), "sparse": True})
        elif operation == "merged":
            other = books.make(kind, {**body, "DisplayName": "Other"})
            merge = {"entity": kind, "winner": made["Id"], "loser": other["Id"]}
            books.sandbox.call("POST", f"/_state/quickbooks/{books.realm_id}/merge", merge)
        return list(books.sandbox.quickbooks.webhooks.snapshot()["waiting"])


SMALLEST: dict[str, tuple[str, Json]] = {
    "account": ("Account", {"Name": "New", "AccountType": "Bank"}),
    "class": ("Class", {"Name": "New"}),
    "customer": ("Customer", {"DisplayName": "New"}),
    "employee": ("Employee", {"GivenName": "Ann", "FamilyName": "New"}),
    "item": ("Item", {"Name": "New", "Type": "Service", "IncomeAccountRef": {"value": "5"}}),
    "salesreceipt": ("SalesReceipt", {"Line": [line(1)]}),
    "vendor": ("Vendor", {"DisplayName": "New"}),
}

PLAYS: dict[str, Callable[[Stage, Path, str], list[Outcome]]] = {
    "faults_collected.json": _faults,
    "oauth_replies.json": _oauth_replies,
    "webhook_cloudevents.json": _cloud_events,
    "webhooks_cloudevents_from_intuit_docs.json": _cloud_events,
    "webhook_legacy.json": _legacy_events,
    "webhook_payload_multi_entity.json": _legacy_events,
    **dict.fromkeys(SDK_REPLIES, _sdk_reply),
}
