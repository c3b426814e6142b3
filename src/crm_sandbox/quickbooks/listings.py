"""List objects: what QuickBooks fills in for customers, vendors, items, accounts and their kin."""

from collections.abc import Callable
from typing import Any

from crm_sandbox.quickbooks.account_types import CLASSIFICATIONS, SUB_TYPES, TYPE_OF
from crm_sandbox.quickbooks.collection import AT_REST, UNIQUE_NAME, unique_name
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.currencies import currency_listed, list_currency, shown_rate
from crm_sandbox.quickbooks.downloads import file_fields
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.money import to_number
from crm_sandbox.quickbooks.preferences import preferences
from crm_sandbox.quickbooks.refusals import (
    business,
    duplicate_name,
    missing,
    open_balance,
    refusal,
)
from crm_sandbox.quickbooks.shapes import JsonObject

MAX_LEVELS = 5
RENAMED_AT_REST = frozenset(
    {"Customer", "Vendor", "Employee", "Item", "Account", "Class", "Department", "PaymentMethod"}
)
SYSTEM_SUB_TYPES = (
    "AccountsReceivable", "UndepositedFunds", "SalesTaxPayable", "DiscountsRefundsGiven", "ExchangeGainOrLoss",
)  # fmt: skip
"""QuickBooks itself books to these, so they can neither rest nor become something else."""

PROFIT_AND_LOSS = ("Revenue", "Expense")
ITEM_TYPES = ("Service", "NonInventory", "Inventory", "Group", "Category")
INCOME_ACCOUNT_TYPES = ("Income", "Other Income", "Other Current Liability", "Cost of Goods Sold", "Expense")


def work_out(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    """The object with Intuit's defaults, its full name and its parent checked; raises Refused."""
    if entity.shape == "name":
        obj = _person(company, entity, obj)
    elif entity.name in _WORK_OUT:
        obj = _WORK_OUT[entity.name](company, obj)
    else:
        if "Active" in entity.fields:
            obj = {**obj, "Active": obj.get("Active", True)}
        if "ParentRef" in entity.fields:
            obj = _with_parent(company, entity, obj, f"Sub{entity.name}")
    obj = at_rest(entity, obj)
    _check_unique(company, entity, obj)
    return obj


def at_rest(entity: Entity, obj: JsonObject) -> JsonObject:
    """Something inactive shows so in its name, as recorded of customers, vendors and accounts."""
    name = "DisplayName" if entity.shape == "name" else "Name"
    if obj.get("Active") is not False or entity.name not in RENAMED_AT_REST or obj[name].endswith(AT_REST):
        return obj
    full = {"FullyQualifiedName": obj["FullyQualifiedName"] + AT_REST} if "FullyQualifiedName" in obj else {}
    return {**obj, name: obj[name] + AT_REST, **full}


def awake(entity: Entity, before: JsonObject, obj: JsonObject, sent: JsonObject) -> JsonObject:
    """What becomes active again gets its name back, unless the client sends one."""
    name = "DisplayName" if entity.shape == "name" else "Name"
    wakes = before.get("Active") is False and obj.get("Active") is True
    if not wakes or entity.name not in RENAMED_AT_REST or sent.get(name):
        return obj
    return {**obj, name: obj[name].removesuffix(AT_REST)}


def check_can_rest(company: Company, entity: Entity, before: JsonObject, after: JsonObject) -> None:
    """Refuses to make an object inactive while money or other objects hang on it."""
    if entity.name == "Account" and before["AccountSubType"] in SYSTEM_SUB_TYPES:
        kept = all(
            after.get(name, before[name]) == before[name] for name in ("AccountType", "AccountSubType")
        )
        if not kept or after.get("Active") is False:
            raise business("This account is used by QuickBooks: it cannot be deleted or change its type.")
    if before.get("Active") is False or after.get("Active") is not False:
        return
    shown = present(company, entity, before)
    if entity.shape == "name" and (shown.get("BalanceWithJobs") or shown.get("Balance")):
        raise open_balance(entity.name)
    children = (
        company.objects[entity.name].having("ParentRef", before["Id"]) if "ParentRef" in entity.fields else ()
    )
    for child in children:
        if child.get("Active", True):
            raise refusal(
                "800", "Cannot delete object", f"{entity.name} has active sub-objects. Delete those first."
            )


def present(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    """The object with the balances that the books give it now; transactions are stored complete."""
    if entity.name == "Customer":
        own = company.ledger.customer_cents.get(obj["Id"], 0)
        with_jobs = own + sum(
            company.ledger.customer_cents.get(child, 0) for child in _below(company, entity, obj["Id"])
        )
        return {**obj, "Balance": to_number(own), "BalanceWithJobs": to_number(with_jobs)}
    if entity.name == "Vendor":
        return {**obj, "Balance": to_number(-company.ledger.customer_cents.get(obj["Id"], 0))}
    if entity.name == "Account":
        cents = company.ledger.account_cents.get(obj["Id"], 0)
        # Accounts of profit and loss show no balance here (recorded); it stands in the reports.
        if obj["Classification"] in PROFIT_AND_LOSS:
            return {**obj, "CurrentBalance": 0, "CurrentBalanceWithSubAccounts": 0}
        below = sum(company.ledger.account_cents.get(one, 0) for one in _below(company, entity, obj["Id"]))
        return {
            **obj,
            "CurrentBalance": to_number(cents),
            "CurrentBalanceWithSubAccounts": to_number(cents + below),
        }
    if entity.name == "ExchangeRate":
        return shown_rate(obj)
    if entity.name == "Preferences":
        return preferences(company, obj)
    if entity.name == "Attachable":
        return {**obj, **file_fields(company, obj)}
    return obj


def _below(company: Company, entity: Entity, parent: str) -> list[str]:
    """The Ids of all that stands under an object, however deep: jobs, sub-accounts."""
    children = company.objects[entity.name].same["ParentRef"].ids(parent)
    return children + [grandchild for child in children for grandchild in _below(company, entity, child)]


def _person(company: Company, entity: Entity, obj: JsonObject) -> JsonObject:
    parts = [obj.get(name) for name in ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")]
    composed = " ".join(str(part) for part in parts if part)
    display = str(obj.get("DisplayName") or composed).strip()
    if not display:
        detail = "At least one of Title, GivenName, MiddleName, FamilyName, DisplayName, Suffix is required."
        raise refusal("6080", "No Name Provided", detail)
    home = company.settings.home_currency
    currency = (obj.get("CurrencyRef") or {}).get("value", home)
    if currency != home and not company.settings.multicurrency:
        raise business("Multi Currency is not enabled for this company, so the currency cannot be set.")
    if currency != home:
        list_currency(company, currency)
    filled: dict[str, Any] = {"DisplayName": display, "Active": obj.get("Active", True)}
    filled["PrintOnCheckName"] = obj.get("PrintOnCheckName") or obj.get("CompanyName") or display
    filled["CurrencyRef"] = company.currency(currency)
    if entity.name == "Customer":
        filled |= {
            "Taxable": obj.get("Taxable", True),
            "BillWithParent": obj.get("BillWithParent", False),
            "PreferredDeliveryMethod": obj.get("PreferredDeliveryMethod") or "Print",
        }
        code = _default_tax_code(company)
        if code and filled["Taxable"] and not obj.get("DefaultTaxCodeRef"):
            filled["DefaultTaxCodeRef"] = code
        return _with_parent(company, entity, {**obj, **filled}, "Job")
    if entity.name == "Vendor":
        filled |= {"Vendor1099": obj.get("Vendor1099", False)}
    else:
        filled |= {"BillableTime": obj.get("BillableTime", False)}
        filled.pop("CurrencyRef")
    return {**obj, **filled}


def _default_tax_code(company: Company) -> JsonObject | None:
    """What a taxable customer of a US company is given, as recorded: the first code with rates of its own."""
    if company.settings.country != "US" or not company.settings.using_sales_tax:
        return None
    ident = next((one for one in company.objects["TaxCode"] if one.isdigit()), None)
    return {"value": ident} if ident else None


def _item(company: Company, obj: JsonObject) -> JsonObject:
    kind = obj["Type"]
    if kind not in ITEM_TYPES:
        detail = f"Item.Type must be one of {', '.join(ITEM_TYPES)}. Supplied value:{kind}"
        raise refusal("2170", "Invalid Enumeration", detail, "Type")
    if kind in ("Service", "NonInventory", "Inventory"):
        ref = obj.get("IncomeAccountRef")
        if not ref:
            raise missing("IncomeAccountRef")
        account = company.get("Account", ref["value"]) or {}
        if account.get("AccountType") not in INCOME_ACCOUNT_TYPES:
            raise refusal(
                "6430", "Invalid account type", "Invalid account type used : You need to select a different type of "
                "account for this transaction.",
            )  # fmt: skip
    if kind == "Inventory":
        for name in ("AssetAccountRef", "ExpenseAccountRef", "QtyOnHand", "InvStartDate"):
            if obj.get(name) is None:
                raise missing(name)
    filled = {
        "Active": obj.get("Active", True), "Taxable": obj.get("Taxable", False),
        "UnitPrice": obj.get("UnitPrice", 0), "PurchaseCost": obj.get("PurchaseCost", 0),
        "TrackQtyOnHand": kind == "Inventory",
    }  # fmt: skip
    return _with_parent(company, ENTITIES["Item"], {**obj, **filled}, "SubItem")


def _account(company: Company, obj: JsonObject) -> JsonObject:
    kind, sub = obj.get("AccountType"), obj.get("AccountSubType")
    if not kind and not sub:
        detail = "You must specify either an Account.AccountType or an Account.AccountSubType."
        raise refusal("6010", "Invalid Account.AccountType && Account.SubType", detail)
    kind = kind or TYPE_OF.get(str(sub))
    if kind not in CLASSIFICATIONS:
        text = f"Unknown AccountType. Supplied value:{kind}"
        raise refusal("2170", "Invalid Enumeration", text, "AccountType")
    sub = sub or SUB_TYPES[kind][0]
    if company.settings.country == "US" and sub not in SUB_TYPES[kind]:
        text = f"AccountSubType must be one of those of {kind}. Supplied value:{sub}"
        raise refusal("2170", "Invalid Enumeration", text, "AccountSubType")
    currency = (obj.get("CurrencyRef") or {}).get("value", company.settings.home_currency)
    if currency != company.settings.home_currency:
        if not company.settings.multicurrency:
            raise business("Multi Currency is not enabled for this company, so the currency cannot be set.")
        list_currency(company, currency)
    parent = company.get("Account", (obj.get("ParentRef") or {}).get("value", ""))
    if parent and parent["AccountType"] != kind:
        raise business("A sub-account must be of the same type as the account that it is under.")
    filled = {
        "Active": obj.get("Active", True), "AccountType": kind, "AccountSubType": sub,
        "Classification": CLASSIFICATIONS[kind], "CurrencyRef": company.currency(currency),
    }  # fmt: skip
    return _with_parent(company, ENTITIES["Account"], {**obj, **filled}, "SubAccount")


def _attachable(company: Company, obj: JsonObject) -> JsonObject:
    if not obj.get("Note") and not obj.get("FileName"):
        raise missing("Note")
    return obj


def _company_info(company: Company, obj: JsonObject) -> JsonObject:
    """Telephone and web address are told even when there are none (recorded)."""
    return {"PrimaryPhone": {}, "WebAddr": {}, **obj}


def _tax_agency(company: Company, obj: JsonObject) -> JsonObject:
    return {"TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False, **obj}


def _with_parent(company: Company, entity: Entity, obj: JsonObject, flag: str) -> JsonObject:
    """Fills in the flag (Job, SubItem, ...), Level and the name with its parents (Parent:Child)."""
    own = obj.get("DisplayName") or obj["Name"]
    ref = obj.get("ParentRef")
    if not ref:
        if obj.get(flag):
            detail = f"ParentRef is required when {flag} is true"
            raise refusal("6150", "ParentRef Required Validation Error", detail, "ParentRef")
        kept = {name: value for name, value in obj.items() if name not in ("ParentRef", "Level", flag)}
        # An item at the top does not say so, all others do (recorded).
        at_top = {} if entity.name == "Item" else {flag: False}
        return {**kept, **at_top, "FullyQualifiedName": own}
    parent = company.get(entity.name, ref["value"]) or {}
    names, above = [own], parent
    while above:
        if above["Id"] == obj.get("Id"):
            raise refusal(
                "900", "Parent cannot be child", "The same object can't be the parent or child of itself."
            )
        names.append(above.get("DisplayName") or above["Name"])
        above = company.get(entity.name, (above.get("ParentRef") or {}).get("value", "")) or {}
    if len(names) > MAX_LEVELS:
        raise refusal("6180", "Sub Level Limit", f"You can nest up to {MAX_LEVELS} levels.")
    level = {"Level": len(names) - 1} if "Level" in entity.fields else {}
    return {**obj, flag: True, **level, "FullyQualifiedName": ":".join(reversed(names))}


def _check_unique(company: Company, entity: Entity, obj: JsonObject) -> None:
    if not entity.name_group:
        return
    name = unique_name(entity, obj)
    for other in ENTITIES.values():
        if other.name_group == entity.name_group:
            holders = company.objects[other.name].same[UNIQUE_NAME].ids(name)
            if not company.settings.inactive_names_stay_taken:
                holders = [
                    ident
                    for ident in holders
                    if company.objects[other.name][ident].get("Active", True) or ident == obj["Id"]
                ]
            if holders and (other, holders) != (entity, [obj["Id"]]):
                raise duplicate_name(entity.name, other.name)


_WORK_OUT: dict[str, Callable[[Company, JsonObject], JsonObject]] = {
    "Item": _item, "Account": _account, "Attachable": _attachable, "CompanyInfo": _company_info,
    "TaxAgency": _tax_agency, "CompanyCurrency": currency_listed,
}  # fmt: skip
