"""XML recordings that need a state or a request of their own: settings, rates, currencies, faults."""

import xml.etree.ElementTree as ET
from collections.abc import Callable

from tests.sandbox.quickbooks_world import Json, open_books, token
from tests.sandbox.recordings.comparison import local
from tests.sandbox.recordings.stage import Stage
from tests.sandbox.recordings.xml_requests import AS_XML, Asked, in_order, objects_of, post, query_all

from crm_sandbox.quickbooks.xml_form import read_object


def _sent_request(stage: Stage, root: ET.Element) -> Asked:
    """The one recorded request in XML, sent as it is: item 1 and customer 1 are there in every company."""
    stage.settings(custom_txn_numbers=True)
    headers = {"content-type": "application/xml", **AS_XML}
    return "POST invoice (in XML)", stage.books.client.post(
        "/invoice", content=ET.tostring(root), headers=headers
    )


def _taken_name(stage: Stage, root: ET.Element) -> Asked:
    return post(stage, "Customer", {"DisplayName": "Amy's Bird Sanctuary"}, "a name that is in use")


def _bad_page(stage: Stage, root: ET.Element) -> Asked:
    query = "select * from Customer maxresults 0"
    return f"GET query {query}", stage.books.client.get("/query", params={"query": query}, headers=AS_XML)


def _company_info(stage: Stage, root: ET.Element) -> Asked:
    return _write_then(stage, root, "GET companyinfo/1", "/companyinfo/1", {})


def _company_info_query(stage: Stage, root: ET.Element) -> Asked:
    query = "select * from CompanyInfo"
    return _write_then(stage, root, f"GET query {query}", "/query", {"query": query})


def _write_then(stage: Stage, root: ET.Element, asked: str, path: str, parameters: dict[str, str]) -> Asked:
    """Company information cannot be created, only changed."""
    recorded = read_object(objects_of(root)[0])
    now = stage.books.read("CompanyInfo", "1")
    stage.books.make("CompanyInfo", {**stage.body("CompanyInfo", recorded), **token(now)})
    return asked, stage.books.client.get(path, params=parameters, headers=AS_XML)


def _preferences(stage: Stage, root: ET.Element) -> Asked:
    return _set_preferences(stage, root, "GET preferences", "/preferences", {})


def _preferences_query(stage: Stage, root: ET.Element) -> Asked:
    query = "select * from Preferences"
    return _set_preferences(stage, root, f"GET query {query}", "/query", {"query": query})


def _set_preferences(
    stage: Stage, root: ET.Element, asked: str, path: str, parameters: dict[str, str]
) -> Asked:
    """What an app may switch is switched by the API, the rest as a bookkeeper does."""
    recorded = read_object(objects_of(root)[0])
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


def _rate(stage: Stage, root: ET.Element) -> Asked:
    recorded = _make_rate(stage, root)
    parameters = {"sourcecurrencycode": recorded["SourceCurrencyCode"], "asofdate": recorded["AsOfDate"]}
    return "GET exchangerate", stage.books.client.get("/exchangerate", params=parameters, headers=AS_XML)


def _rates(stage: Stage, root: ET.Element) -> Asked:
    recorded = _make_rate(stage, root)
    query = f"select * from ExchangeRate where AsOfDate = '{recorded['AsOfDate']}' and SourceCurrencyCode in ('EUR')"
    return f"GET query {query}", stage.books.client.get("/query", params={"query": query}, headers=AS_XML)


def _make_rate(stage: Stage, root: ET.Element) -> Json:
    recorded = read_object(objects_of(root)[0])
    stage.settings(multicurrency=True)
    names = ("SourceCurrencyCode", "TargetCurrencyCode", "Rate", "AsOfDate")
    answer = stage.books.post("ExchangeRate", {name: recorded[name] for name in names})
    assert answer.status_code == 200, answer.text
    return recorded


def _currency(stage: Stage, root: ET.Element) -> Asked:
    made = _make_currency(stage, root)
    return "GET companycurrency/{id}", stage.books.client.get(
        f"/companycurrency/{made['Id']}", headers=AS_XML
    )


def _currency_rests(stage: Stage, root: ET.Element) -> Asked:
    made = _make_currency(stage, root)
    return post(stage, "CompanyCurrency", {**made, "Active": False}, "Active false")


def _make_currency(stage: Stage, root: ET.Element) -> Json:
    stage.settings(multicurrency=True)
    return stage.books.make("CompanyCurrency", {"Code": read_object(objects_of(root)[0])["Code"]})


def _custom_field(stage: Stage, root: ET.Element) -> Asked:
    """The field stands alone in its file: here on an invoice."""
    field = read_object(root)
    made = stage.books.invoice(CustomField=[field])
    return "GET invoice/{id}", stage.books.client.get(f"/invoice/{made['Id']}", headers=AS_XML)


def _tax_codes(stage: Stage, root: ET.Element) -> Asked:
    """Codes without a rate cannot be made by any client: of these only TAX and NON, which every company has."""
    for holder in list(root):
        for one in list(holder):
            own = read_object(one)["Id"] in ("TAX", "NON")
            if not own and not any(local(part.tag) == "TaxRateRef" for part in one.iter()):
                holder.remove(one)
    return query_all(stage, "TaxCode", objects_of(root))


def _tax_rate(stage: Stage, root: ET.Element) -> Asked:
    made = [_make_rate_of_tax(stage, read_object(one)) for one in objects_of(root)]
    return "GET taxrate/{id}", stage.books.client.get(f"/taxrate/{made[0]}", headers=AS_XML)


def _tax_rates(stage: Stage, root: ET.Element) -> Asked:
    made = [_make_rate_of_tax(stage, read_object(one)) for one in objects_of(root)]
    query = f"select * from TaxRate where Name = '{read_object(objects_of(root)[0])['Name']}'"
    return f"GET query {query}", in_order(
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


def _throttled(stage: Stage, root: ET.Element) -> Asked:
    """A sandbox of its own, because in this one nothing is throttled."""
    with open_books(qbo_rate_limits_on=True, qbo_rate_per_second=1) as books:
        for _ in range(20):
            answer = books.client.get("/companyinfo/1")
            if answer.status_code != 200:
                break
    return "GET companyinfo/1, too often", answer


PLAYS: dict[str, Callable[[Stage, ET.Element], Asked]] = {
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
