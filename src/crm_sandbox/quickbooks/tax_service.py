"""Tax codes made by clients: the one way to add a tax code with its rates, POST /taxservice/taxcode.

Source: Intuit's reference of TaxService and TaxAgency; the Fault for a rate's name in use is recorded.
"""

from typing import Any

from crm_sandbox.quickbooks.checks import MAX_LINES, required_text
from crm_sandbox.quickbooks.collection import UNIQUE_NAME
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.linking import store
from crm_sandbox.quickbooks.money import to_decimal
from crm_sandbox.quickbooks.refusals import (
    company_read_only,
    duplicate_name,
    invalid_reference,
    missing,
    refusal,
    unknown_property,
    unparsable,
)
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.xml_shapes import SHAPES

APPLIES_TO = ("Sales", "Purchase")
_KNOWN = ("TaxCode", "TaxCodeId", "TaxRateDetails", *SHAPES["IntuitEntity"], "domain", "sparse", "status")
_KNOWN_IN_RATE = ("TaxRateName", "TaxRateId", "RateValue", "TaxAgencyId", "TaxApplicableOn")


def create_tax_code(company: Company, body: JsonObject) -> JsonObject:
    """Makes a tax code of new rates and of rates that are there (TaxRateId); raises Refused."""
    if company.settings.read_only:
        raise company_read_only()
    _check_known(body, _KNOWN, "TaxService")
    name = required_text(body, "TaxCode", 100)
    details = body.get("TaxRateDetails")
    if not isinstance(details, list) or not details:
        raise missing("TaxRateDetails")
    if len(details) > MAX_LINES or not all(isinstance(detail, dict) for detail in details):
        raise unparsable("Can not deserialize instance of TaxRateDetails;")
    _check_free(company, "TaxCode", name)
    with company.transaction():
        rates = [_rate(company, detail) for detail in details]
        code = {
            "Name": name, "Description": name, "Active": True, "Taxable": True, "TaxGroup": True,
            "SalesTaxRateList": _rate_list(rates, "Sales"), "PurchaseTaxRateList": _rate_list(rates, "Purchase"),
        }  # fmt: skip
        entity = ENTITIES["TaxCode"]
        made = store(company, entity, {**code, "Id": company.next_id(entity)}, None)
    shown = [
        {
            "TaxRateName": rate["Name"], "TaxRateId": rate["Id"], "RateValue": rate["RateValue"],
            "TaxAgencyId": rate["AgencyRef"]["value"], "TaxApplicableOn": applies_to,
        }
        for rate, applies_to in rates
    ]  # fmt: skip
    return {"TaxCode": name, "TaxCodeId": made["Id"], "TaxRateDetails": shown}


def _rate(company: Company, detail: JsonObject) -> tuple[JsonObject, str]:
    """The rate that a detail names or describes, and whether it is for sales or purchases."""
    _check_known(detail, _KNOWN_IN_RATE, "TaxRateDetails")
    applies_to = str(detail.get("TaxApplicableOn") or "Sales")
    if applies_to not in APPLIES_TO:
        text = f"TaxApplicableOn must be one of {', '.join(APPLIES_TO)}. Supplied value:{applies_to}"
        raise refusal("2170", "Invalid Enumeration", text, "TaxApplicableOn")
    if detail.get("TaxRateId"):
        known = company.get("TaxRate", str(detail["TaxRateId"]))
        if known is None:
            raise invalid_reference("TaxRates", str(detail["TaxRateId"]))
        return known, applies_to
    name = required_text(detail, "TaxRateName", 100)
    if detail.get("RateValue") in (None, ""):
        raise missing("RateValue")
    percent = to_decimal(detail["RateValue"], "RateValue")
    agency = required_text(detail, "TaxAgencyId", 100)
    if company.get("TaxAgency", agency) is None:
        raise invalid_reference("TaxAgencies", agency)
    _check_free(company, "TaxRate", name)
    rate = {
        "Name": name, "Description": name, "Active": True, "RateValue": float(percent),
        "AgencyRef": {"value": agency}, "SpecialTaxType": "NONE", "DisplayType": "ReadOnly",
    }  # fmt: skip
    entity = ENTITIES["TaxRate"]
    return store(company, entity, {**rate, "Id": company.next_id(entity)}, None), applies_to


def _rate_list(rates: list[tuple[JsonObject, str]], applies_to: str) -> JsonObject:
    details = [
        {
            "TaxRateRef": {"value": rate["Id"], "name": rate["Name"]},
            "TaxTypeApplicable": "TaxOnAmount",
            "TaxOrder": 0,
        }
        for rate, of in rates
        if of == applies_to
    ]
    return {"TaxRateDetail": details}


def _check_free(company: Company, kind: str, name: str) -> None:
    if company.objects[kind].same[UNIQUE_NAME].count(name.strip().casefold()):
        raise duplicate_name(kind, kind)


def _check_known(body: dict[str, Any], known: tuple[str, ...], java_class: str) -> None:
    for name in body:
        if name not in known:
            raise unknown_property(name, java_class, list(known))
