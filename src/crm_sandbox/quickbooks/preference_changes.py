"""Switching preferences: by an app through the API, or by a person in the settings of the company."""

from dataclasses import replace
from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.linking import store
from crm_sandbox.quickbooks.preferences import READ_ONLY, SWITCHES, WRITABLE, preferences
from crm_sandbox.quickbooks.refusals import business, company_read_only, unknown_property, unparsable
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.write import find

_HEAD = ("Id", "SyncToken", "MetaData", "domain", "sparse")


def update_preferences(company: Company, body: JsonObject) -> JsonObject:
    """Sets what an app may set, drops what is read only, leaves alone what was not sent; raises Refused."""
    if company.settings.read_only:
        raise company_read_only()
    entity = ENTITIES["Preferences"]
    before = find(company, entity, body)
    switched: dict[str, bool] = {}
    kept = {name: value for name, value in before.items() if name not in _HEAD}
    for section, values in body.items():
        if section in _HEAD:
            continue
        if section not in READ_ONLY:
            raise unknown_property(section, "Preferences", list(READ_ONLY))
        if not isinstance(values, dict):
            raise unparsable(f"Can not deserialize instance of {section};")
        for name, value in values.items():
            setting = SWITCHES.get((section, name))
            kind = bool if setting else WRITABLE.get(section, {}).get(name)
            if kind is None:
                if name not in READ_ONLY[section]:
                    raise unknown_property(name, section, sorted(READ_ONLY[section]))
                continue
            if not isinstance(value, kind):
                raise unparsable(f'Can not construct a {kind.__name__} for "{name}" from "{value}";')
            if setting and isinstance(value, bool):
                switched[setting] = value
            else:
                kept[section] = {**kept.get(section, {}), name: value}
    settings = replace(company.settings, **switched)  # type: ignore[arg-type]
    if settings.track_classes and settings.track_classes_per_line:
        raise business("Only one of ClassTrackingPerTxnLine or ClassTrackingPerTxn can be set to true.")
    company.settings = settings
    with company.transaction():
        stored = store(company, entity, {**kept, "Id": before["Id"]}, before)
        company.note(entity.name, before["Id"], "updated")
    return preferences(company, stored)


def change_settings(company: Company, changes: dict[str, Any]) -> None:
    """What a person switches in the company's settings: the Preferences follow, with a new SyncToken.

    ValueError for what QuickBooks does not let anyone do.
    """
    if company.settings.multicurrency and changes.get("multicurrency") is False:
        raise ValueError("multicurrency cannot be turned off once it is on")
    entity = ENTITIES["Preferences"]
    before = company.objects["Preferences"]["1"]
    shown = preferences(company, before)
    settings = replace(company.settings, **changes)
    if settings.track_classes and settings.track_classes_per_line:
        raise ValueError("classes are tracked for each transaction or for each line, not both")
    home = company.settings.home_currency
    company.settings = settings
    if settings.home_currency != home:
        _keep_at_home(company, home)
    if preferences(company, before) != shown:
        with company.transaction():
            store(company, entity, before, before)
            company.note(entity.name, before["Id"], "updated")


def _keep_at_home(company: Company, home_before: str) -> None:
    """A test says in which currency the company was opened: what it has had from the beginning is in that one."""
    with company.transaction():
        for name in ("Account", "Customer", "Vendor"):
            for obj in list(company.objects[name].values()):
                if obj.get("CurrencyRef", {}).get("value") == home_before:
                    ref = company.currency(company.settings.home_currency)
                    company.put(ENTITIES[name], {**obj, "CurrencyRef": ref})
