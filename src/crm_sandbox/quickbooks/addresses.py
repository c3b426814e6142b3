"""Addresses have Ids of their own: the same address in two places of an object carries the same one."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import Entity
from crm_sandbox.quickbooks.shapes import JsonObject


def with_ids(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    """The object with an Id in each address that has content and none yet."""
    numbered: JsonObject = {}
    seen: list[tuple[JsonObject, str]] = []
    for name, value in obj.items():
        if entity.fields[name].kind != "PhysicalAddress" or not value:
            continue
        content = {part: text for part, text in value.items() if part != "Id"}
        ident = value.get("Id") or next((one for known, one in seen if known == content), None)
        ident = ident or company.next_address_id()
        seen.append((content, ident))
        numbered[name] = {"Id": ident, **content}
    return {**obj, **numbered} if numbered else obj
