"""Replies in XML that quickbooks-ruby keeps: the simulator is brought to the same state and asked in XML."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx2
from tests.sandbox.quickbooks_world import Json, open_books, token
from tests.sandbox.recordings.comparison import Comparison, Difference, compare_xml, local
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.stage import Stage

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.xml_form import read_object

AS_XML = {"accept": "application/xml"}
LIST_REPLIES = re.compile(r"deleted_\w+|term_delete_success_response")
REPAIRS = {"exchange_rate.xml": ("</TaxRate>", "</ExchangeRate>")}
"""A file whose last tag is that of another object: written so by hand, and read with the right one."""


def play(stage: Stage, file: Path, name: str) -> list[Outcome]:
    """The outcome of one file."""
    root = read(file)
    objects = _objects(root)
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


def _objects(root: ET.Element) -> list[ET.Element]:
    if local(root.tag) in ENTITIES:
        return [root]
    return [one for one in root.iter() if local(one.tag) in ENTITIES and len(one)]


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


def _ask(stage: Stage, stem: str, root: ET.Element, objects: list[ET.Element]) -> tuple[str, httpx2.Response]:
    if stem in PLAYS:
        return PLAYS[stem](stage, root)
    first = objects[0]
    kind, recorded = local(first.tag), read_object(first)
    if any(local(one.tag) == "CDCResponse" for one in root) or stem.endswith("_change"):
        return _changes(stage, root, objects)
    if any(local(one.tag) == "QueryResponse" for one in root):
        return _query(stage, kind, objects)
    if recorded.get("status") == "Deleted":
        return _delete(stage, kind, recorded)
    before = {**recorded, "Active": True} if LIST_REPLIES.fullmatch(stem) else recorded
    if "void" in stem or LIST_REPLIES.fullmatch(stem):
        before = {name: _without_the_end(value) for name, value in before.items()}
    made = stage.put(kind, before)
    if LIST_REPLIES.fullmatch(stem):
        return _post(
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


def _post(stage: Stage, kind: str, body: Json, what: str, **parameters: str) -> tuple[str, httpx2.Response]:
    answer = stage.books.client.post(f"/{kind.lower()}", json=body, params=parameters, headers=AS_XML)
    more = "&".join(f"{key}={value}" for key, value in parameters.items())
    return f"POST {kind.lower()}{'?' if more else ''}{more} ({what})", answer


def _query(stage: Stage, kind: str, objects: list[ET.Element]) -> tuple[str, httpx2.Response]:
    for one in sorted(objects, key=lambda one: str(read_object(one)["MetaData"]["LastUpdatedTime"])):
        stage.put(kind, read_object(one))
    here = [stage.known[kind, str(read_object(one)["Id"])] for one in objects]
    wanted = ", ".join(f"'{ident}'" for ident in here)
    query = f"select * from {kind} where Id in ({wanted})" + (
        "" if ENTITIES[kind].is_txn else " and Active in (true, false)"
    )
    answer = stage.books.client.get("/query", params={"query": query}, headers=AS_XML)
    return f"GET query select * from {kind}", _in_order(answer, kind, here)


def _in_order(answer: httpx2.Response, kind: str, here: list[str]) -> httpx2.Response:
    """The objects in the order of the recording, which names no ORDERBY and mostly is put together by hand."""
    root = ET.fromstring(answer.content)
    page = root[0]
    found = {
        next(part.text for part in one if local(part.tag) == "Id"): one
        for one in page
        if local(one.tag) == kind
    }
    for one in found.values():
        page.remove(one)
    page.extend(found[ident] for ident in here if ident in found)
    return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=ET.tostring(root))


def _delete(stage: Stage, kind: str, recorded: Json) -> tuple[str, httpx2.Response]:
    made = stage.books.make(kind, smallest(kind))
    stage.adopt(kind, str(recorded["Id"]), made["Id"])
    return _post(stage, kind, token(made), "delete", operation="delete")


def _changes(stage: Stage, root: ET.Element, objects: list[ET.Element]) -> tuple[str, httpx2.Response]:
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


def _void(stage: Stage, kind: str, made: Json) -> tuple[str, httpx2.Response]:
    parameters = {"operation": "void"} if kind == "Invoice" else {"operation": "update", "include": "void"}
    return _post(stage, kind, {**token(made), "sparse": True}, "void", **parameters)


def _send(stage: Stage, kind: str, made: Json, address: str) -> tuple[str, httpx2.Response]:
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


# -- replies that need a state or a request of their own -------------------------------------------


def _sent_request(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    """The one recorded request in XML, sent as it is: item 1 and customer 1 are there in every company."""
    stage.settings(custom_txn_numbers=True)
    headers = {"content-type": "application/xml", **AS_XML}
    return "POST invoice (in XML)", stage.books.client.post(
        "/invoice", content=ET.tostring(root), headers=headers
    )


def _taken_name(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    return _post(stage, "Customer", {"DisplayName": "Amy's Bird Sanctuary"}, "a name that is in use")


def _bad_page(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    query = "select * from Customer maxresults 0"
    return f"GET query {query}", stage.books.client.get("/query", params={"query": query}, headers=AS_XML)


def _company_info(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    return _write_then(stage, root, "GET companyinfo/1", "/companyinfo/1", {})


def _company_info_query(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    query = "select * from CompanyInfo"
    return _write_then(stage, root, f"GET query {query}", "/query", {"query": query})


def _write_then(
    stage: Stage, root: ET.Element, asked: str, path: str, parameters: dict[str, str]
) -> tuple[str, httpx2.Response]:
    """Company information cannot be created, only changed."""
    recorded = read_object(_objects(root)[0])
    now = stage.books.read("CompanyInfo", "1")
    stage.books.make("CompanyInfo", {**stage.body("CompanyInfo", recorded), **token(now)})
    return asked, stage.books.client.get(path, params=parameters, headers=AS_XML)


def _preferences(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    return _set_preferences(stage, root, "GET preferences", "/preferences", {})


def _preferences_query(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    query = "select * from Preferences"
    return _set_preferences(stage, root, f"GET query {query}", "/query", {"query": query})


def _set_preferences(
    stage: Stage, root: ET.Element, asked: str, path: str, parameters: dict[str, str]
) -> tuple[str, httpx2.Response]:
    """What an app may switch is switched by the API, the rest as a bookkeeper does."""
    recorded = read_object(_objects(root)[0])
    set_preferences(stage, recorded)
    return asked, stage.books.client.get(path, params=parameters, headers=AS_XML)


def set_preferences(stage: Stage, recorded: Json) -> None:
    """The company's settings and preferences as recorded, as far as anybody can choose them."""
    forms, tax, money = (recorded.get(f"{name}Prefs", {}) for name in ("SalesForms", "Tax", "Currency"))
    accounting = recorded.get("AccountingInfoPrefs", {})
    names = [
        field["StringValue"] for group in forms.get("CustomField", []) for field in group["CustomField"]
        if field["Type"] == "StringType"
    ]  # fmt: skip
    flags = {
        "auto_apply_credit": forms.get("AutoApplyCredit"), "using_sales_tax": tax.get("UsingSalesTax"),
        "automated_sales_tax": tax.get("PartnerTaxEnabled"), "multicurrency": money.get("MultiCurrencyEnabled"),
        "book_close_date": accounting.get("BookCloseDate"), "custom_fields": names or None,
    }  # fmt: skip
    stage.settings(**{name: value for name, value in flags.items() if value is not None})
    now = stage.books.client.get("/preferences").json()["Preferences"]
    sections = {name: value for name, value in recorded.items() if name.endswith("Prefs")}
    answer = stage.books.post("Preferences", {**sections, **token(now), "sparse": True})
    assert answer.status_code == 200, answer.text


def _rate(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    recorded = _make_rate(stage, root)
    parameters = {"sourcecurrencycode": recorded["SourceCurrencyCode"], "asofdate": recorded["AsOfDate"]}
    return "GET exchangerate", stage.books.client.get("/exchangerate", params=parameters, headers=AS_XML)


def _rates(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    recorded = _make_rate(stage, root)
    query = f"select * from ExchangeRate where AsOfDate = '{recorded['AsOfDate']}' and SourceCurrencyCode in ('EUR')"
    return f"GET query {query}", stage.books.client.get("/query", params={"query": query}, headers=AS_XML)


def _make_rate(stage: Stage, root: ET.Element) -> Json:
    recorded = read_object(_objects(root)[0])
    stage.settings(multicurrency=True)
    names = ("SourceCurrencyCode", "TargetCurrencyCode", "Rate", "AsOfDate")
    answer = stage.books.post("ExchangeRate", {name: recorded[name] for name in names})
    assert answer.status_code == 200, answer.text
    return recorded


def _currency(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    made = _make_currency(stage, root)
    return "GET companycurrency/{id}", stage.books.client.get(
        f"/companycurrency/{made['Id']}", headers=AS_XML
    )


def _currency_rests(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    made = _make_currency(stage, root)
    return _post(stage, "CompanyCurrency", {**made, "Active": False}, "Active false")


def _make_currency(stage: Stage, root: ET.Element) -> Json:
    stage.settings(multicurrency=True)
    return stage.books.make("CompanyCurrency", {"Code": read_object(_objects(root)[0])["Code"]})


def _custom_field(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    """The field stands alone in its file: here on an invoice."""
    field = read_object(root)
    made = stage.books.invoice(CustomField=[field])
    return "GET invoice/{id}", stage.books.client.get(f"/invoice/{made['Id']}", headers=AS_XML)


def _tax_codes(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    """Codes without a rate cannot be made by any client: of these only TAX and NON, which every company has."""
    for holder in list(root):
        for one in list(holder):
            own = read_object(one)["Id"] in ("TAX", "NON")
            if not own and not any(local(part.tag) == "TaxRateRef" for part in one.iter()):
                holder.remove(one)
    return _query(stage, "TaxCode", _objects(root))


def _tax_rate(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    made = [_make_rate_of_tax(stage, read_object(one)) for one in _objects(root)]
    return "GET taxrate/{id}", stage.books.client.get(f"/taxrate/{made[0]}", headers=AS_XML)


def _tax_rates(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    made = [_make_rate_of_tax(stage, read_object(one)) for one in _objects(root)]
    query = f"select * from TaxRate where Name = '{read_object(_objects(root)[0])['Name']}'"
    return f"GET query {query}", _in_order(
        stage.books.client.get("/query", params={"query": query}, headers=AS_XML), "TaxRate", made
    )


def _make_rate_of_tax(stage: Stage, recorded: Json) -> str:
    detail = {
        "TaxRateName": recorded["Name"],
        "RateValue": recorded["RateValue"],
        "TaxAgencyId": "1",
        "TaxApplicableOn": "Sales",
    }
    body = {"TaxCode": f"Code of {recorded['Name']}", "TaxRateDetails": [detail]}
    answer = stage.books.client.post("/taxservice/taxcode", json=body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["TaxRateDetails"][0]["TaxRateId"])


def _throttled(stage: Stage, root: ET.Element) -> tuple[str, httpx2.Response]:
    """A sandbox of its own, because in this one nothing is throttled."""
    with open_books(qbo_rate_limits_on=True, qbo_rate_per_second=1) as books:
        for _ in range(20):
            answer = books.client.get("/companyinfo/1")
            if answer.status_code != 200:
                break
    return "GET companyinfo/1, too often", answer


PLAYS: dict[str, Callable[[Stage, ET.Element], tuple[str, httpx2.Response]]] = {
    "invoice_sparse_create_request": _sent_request,
    "customer_duplicate_error": _taken_name,
    "query_validation_error": _bad_page,
    "company_info": _company_info,
    "company_info_query": _company_info_query,
    "fetch_company_info_by_id": _company_info,
    "preferences": _preferences,
    "preferences_query": _preferences_query,
    "exchange_rate": _rate,
    "exchange_rate_by_currency": _rate,
    "exchange_rates": _rates,
    "company_currency": _currency,
    "fetch_company_currency_by_id": _currency,
    "deleted_company_currency": _currency_rests,
    "custom_field_boolean": _custom_field,
    "custom_field_date": _custom_field,
    "custom_field_number": _custom_field,
    "custom_field_string": _custom_field,
    "tax_codes": _tax_codes,
    "tax_rate": _tax_rate,
    "tax_rates": _tax_rates,
    "throttle_exceeded_error": _throttled,
    "too_many_requests_error": _throttled,
}
