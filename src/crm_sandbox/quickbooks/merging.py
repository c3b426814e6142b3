"""Merging two list objects into one, as a person does in QuickBooks: the loser's transactions become the winner's.

Sources: webhooks and the SDKs tell of it (operation Merge with the id that is gone); that the loser cannot be
changed any more is a recorded refusal. How QuickBooks touches the transactions is a guess: each gets a new SyncToken.
"""

from dataclasses import replace
from typing import Any

from crm_sandbox.quickbooks.checks import NESTED_TARGETS
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.linking import store
from crm_sandbox.quickbooks.listings import SYSTEM_SUB_TYPES, at_rest
from crm_sandbox.quickbooks.shapes import JsonObject

MERGEABLE = ("Customer", "Vendor", "Employee", "Item", "Account", "Class", "Department", "PaymentMethod")
_SAME = {"Customer": "CurrencyRef", "Vendor": "CurrencyRef", "Item": "Type", "Account": "AccountType"}
"""What both must have in common."""


def merge(company: Company, kind: str, winner_id: str, loser_id: str) -> JsonObject:
    """Merges the loser into the winner and returns the winner; ValueError says what stands against it."""
    if kind not in MERGEABLE:
        raise ValueError(f"objects of kind {kind} cannot be merged; {', '.join(MERGEABLE)} can")
    winner, loser = company.get(kind, winner_id), company.get(kind, loser_id)
    if winner is None or loser is None or winner_id == loser_id:
        raise ValueError(f"there are no two objects {kind} with the Ids {winner_id} and {loser_id}")
    if not (winner.get("Active", True) and loser.get("Active", True)):
        raise ValueError("both must be active")
    same = _SAME.get(kind)
    if same and winner.get(same) != loser.get(same):
        raise ValueError(f"both must have the same {same}")
    if kind == "Account" and loser["AccountSubType"] in SYSTEM_SUB_TYPES:
        raise ValueError("QuickBooks itself books to the account that would go")
    if "ParentRef" in ENTITIES[kind].fields and company.objects[kind].having("ParentRef", loser_id):
        raise ValueError(f"{kind} {loser_id} has others below it; move those first")
    entity = ENTITIES[kind]
    with company.transaction():
        name = winner.get("DisplayName") or winner.get("FullyQualifiedName") or winner["Name"]
        for other in ENTITIES.values():
            for obj in list(company.objects[other.name].values()):
                _rewrite(company, other, obj, (kind, loser_id), {"value": winner_id, "name": name})
        company.mark_merged((kind, loser_id), winner_id)
        store(company, entity, at_rest(entity, {**loser, "Active": False}), loser)
        kept = store(company, entity, winner, winner)
        company.note(kind, winner_id, "merged", deleted_id=loser_id)
    return kept


def _rewrite(
    company: Company, entity: Entity, obj: JsonObject, gone: tuple[str, str], named: JsonObject
) -> None:
    targets = {name: field.target for name, field in entity.fields.items() if field.target}
    changed = _replaced(obj, {**NESTED_TARGETS, **targets}, gone, named)
    if changed != obj:
        store(company, entity, changed, obj)
        company.note(entity.name, obj["Id"], "updated")
    if entity.is_txn:
        lines = company.ledger.postings.get((entity.name, obj["Id"]), ())
        kind, ident = gone
        moved = tuple(
            replace(
                line,
                account_id=named["value"]
                if kind == "Account" and line.account_id == ident
                else line.account_id,
                customer_id=named["value"]
                if kind == "Customer" and line.customer_id == ident
                else line.customer_id,
            )
            for line in lines
        )
        if moved != lines:
            company.post(entity.name, obj["Id"], moved)


def _replaced(value: Any, targets: dict[str, str], gone: tuple[str, str], named: JsonObject) -> Any:
    """The value with every reference to what is gone pointing at what stays."""
    if isinstance(value, list):
        return [_replaced(one, targets, gone, named) for one in value]
    if not isinstance(value, dict):
        return value
    done = {}
    for key, part in value.items():
        kind = targets.get(key)
        if key in ("Entity", "EntityRef") and isinstance(part, dict):
            kind = str(part.get("type") or value.get("Type") or "").capitalize()
        if isinstance(part, dict) and (kind, part.get("value")) == gone:
            done[key] = {**part, **named}
        else:
            done[key] = _replaced(part, targets, gone, named)
    return done
