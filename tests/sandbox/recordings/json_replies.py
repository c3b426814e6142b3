"""Objects in JSON that others kept without the request: made in a company like theirs and read back."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.sandbox.quickbooks_world import Json, token
from tests.sandbox.recordings.comparison import compare_json
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage
from tests.sandbox.recordings.xml_special_plays import set_preferences

from crm_sandbox.quickbooks.entities import ENTITIES

KINDS = {
    "accounts.json": "Account", "account_response.json": "Account", "classes.json": "Class",
    "class_response.json": "Class", "departments.json": "Department", "items_response.json": "Item",
    "Transfer.json": "Transfer", "tax_code_response.json": "TaxCode",
}  # fmt: skip


def play(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The outcomes of one file, one for each object."""
    if file.name in PLAYS:
        return PLAYS[file.name](stage, file, name)
    kind, content = KINDS[file.name], json.loads(file.read_text())
    objects = content if isinstance(content, list) else [content[kind]]
    return _made_and_read(stage, name, [(kind, one) for one in objects])


def _made_and_read(stage: Stage, name: str, objects: list[tuple[str, Json]]) -> list[Outcome]:
    for kind, one in objects:
        stage.recorded.setdefault((kind, str(one["Id"])), one)
    fields = [
        field["Name"] for _, one in objects for field in one.get("CustomField", []) if "DefinitionId" in field
    ]
    if fields:
        stage.settings(custom_fields=list(dict.fromkeys(fields)))
    if any(one.get("CurrencyRef", {}).get("value", "USD") != "USD" for _, one in objects):
        stage.settings(multicurrency=True)
    for kind, one in objects:
        stage.put(kind, one)
    outcomes = []
    for kind, one in objects:
        here = stage.books.read(kind, stage.known[kind, str(one["Id"])])
        compared = compare_json(one, here, stage.ids)
        outcomes.append(Outcome(name, kind, f"GET {kind.lower()}/{{id}}", compared))
    return outcomes


def _streams(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """Airbyte's records of one sample company: what is linked is linked here as well."""
    kinds = {f"{_plural(kind)}": kind for kind in ENTITIES}
    records = [json.loads(row) for row in file.read_text().splitlines()]
    stage.settings(using_sales_tax=True)
    made = [(kinds[record["stream"]], record["data"]) for record in records]
    rates = [(kind, one) for kind, one in made if kind == "TaxRate"]
    for kind, one in rates:  # a rate is made together with its code
        stage.recorded[kind, one["Id"]] = one
    balances_last = sorted(made, key=lambda pair: pair[0] in ("Account", "Customer"))
    outcomes = _made_and_read(stage, name, [pair for pair in balances_last if pair not in rates])
    for _, one in rates:
        found = stage.books.ask(f"select * from TaxRate where Name = '{one['Name']}'")["TaxRate"][0]
        compared = compare_json(one, stage.books.read("TaxRate", found["Id"]), stage.ids)
        outcomes.append(Outcome(name, "TaxRate", "GET taxrate/{id}", compared))
    return outcomes


def _plural(kind: str) -> str:
    """PaymentMethod -> payment_methods, as the streams are called."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in kind).lstrip("_") + "s"


def _company_info(stage: Stage, file: Path, name: str) -> list[Outcome]:
    content = json.loads(file.read_text())
    recorded = content.get("CompanyInfo", content)
    now = stage.books.read("CompanyInfo", "1")
    stage.books.make("CompanyInfo", {**stage.body("CompanyInfo", recorded), **token(now)})
    compared = compare_json(recorded, stage.books.read("CompanyInfo", "1"), stage.ids)
    return [Outcome(name, "CompanyInfo", "GET companyinfo/1", compared)]


def _preferences(stage: Stage, file: Path, name: str) -> list[Outcome]:
    recorded = json.loads(file.read_text())
    accounting = recorded["AccountingInfoPrefs"]
    stage.settings(track_departments=accounting["TrackDepartments"])
    set_preferences(stage, recorded)
    here = stage.books.client.get("/preferences").json()["Preferences"]
    shown = {section: here[section] for section in here if section in recorded}
    return [Outcome(name, "Preferences", "GET preferences", compare_json(recorded, shown, stage.ids))]


def _exchange_rates(stage: Stage, file: Path, name: str) -> list[Outcome]:
    stage.settings(multicurrency=True)
    outcomes = []
    for one in json.loads(file.read_text()):
        if one["SourceCurrencyCode"] != one["TargetCurrencyCode"]:
            answer = stage.books.post("ExchangeRate", {key: one[key] for key in one if key != "MetaData"})
            if answer.status_code != 200:
                raise AssertionError(answer.text)
        asked = {"sourcecurrencycode": one["SourceCurrencyCode"], "asofdate": one["AsOfDate"]}
        here = stage.books.client.get("/exchangerate", params=asked).json()["ExchangeRate"]
        outcomes.append(Outcome(name, "ExchangeRate", "GET exchangerate", compare_json(one, here, stage.ids)))
    return outcomes


def _tax_rate(stage: Stage, file: Path, name: str) -> list[Outcome]:
    one = json.loads(file.read_text())
    detail = {
        "TaxRateName": one["Name"],
        "RateValue": one["RateValue"],
        "TaxAgencyId": "1",
        "TaxApplicableOn": "Sales",
    }
    answer = stage.books.client.post(
        "/taxservice/taxcode", json={"TaxCode": "Tucson alone", "TaxRateDetails": [detail]}
    )
    here = stage.books.read("TaxRate", answer.json()["TaxRateDetails"][0]["TaxRateId"])
    return [Outcome(name, "TaxRate", "GET taxrate/{id}", compare_json(one, here, stage.ids))]


def _invalid_references(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """How 2500 names the kind of object that is not there."""
    sale = {
        "Amount": 1,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }
    form: Json = {"CustomerRef": {"value": "1"}, "Line": [sale]}
    outcomes = []
    for detail in json.loads(file.read_text()):
        kind, ident = detail.split(" : ")[1].split(" element id ")[0], detail.split()[-3]
        reference = {"value": ident}
        body = {
            "Accounts": {**form, "DepositToAccountRef": reference},
            "Klasses": {**form, "ClassRef": reference},
            "Depts": {**form, "DepartmentRef": reference},
            "Names": {**form, "CustomerRef": reference},
        }[kind]
        told = stage.books.refusal("SalesReceipt", body)["Detail"]
        outcomes.append(
            Outcome(
                name, "SalesReceipt", f"POST salesreceipt ({kind})", compare_json(detail, told, stage.ids)
            )
        )
    return outcomes


def _tax_service_duplicate(stage: Stage, file: Path, name: str) -> list[Outcome]:
    detail = {"TaxRateName": "Twice", "RateValue": 5, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}
    for code in ("One", "Two"):
        answer = stage.books.client.post(
            "/taxservice/taxcode", json={"TaxCode": code, "TaxRateDetails": [detail]}
        )
    recorded = json.loads(file.read_text(), strict=False)
    asked = "POST taxservice/taxcode (a rate's name in use)"
    return [Outcome(name, "TaxService", asked, compare_json(recorded, answer.json(), stage.ids))]


PLAYS: dict[str, Callable[[Stage, Path, str], list[Outcome]]] = {
    "records.jsonl": _streams,
    "CompanyInfo.json": _company_info,
    "company_info.json": _company_info,
    "preferences.json": _preferences,
    "preference_response.json": _preferences,
    "exchange_rates.json": _exchange_rates,
    "tax_rate_get_by_id.json": _tax_rate,
    "fault_2500_details.json": _invalid_references,
    "tax_service_error_dup.json": _tax_service_duplicate,
}
