"""What the fields of a recorded object mean: which kind a reference names, what a payment's lines say."""

from tests.sandbox.quickbooks_world import Json

from crm_sandbox.quickbooks.entities import ENTITIES

TARGETS = {
    "CustomerRef": "Customer", "ItemRef": "Item", "GroupItemRef": "Item", "ClassRef": "Class", "DepartmentRef": "Department",
    "SalesTermRef": "Term", "TermRef": "Term", "PaymentMethodRef": "PaymentMethod",
    "AccountRef": "Account", "DepositToAccountRef": "Account", "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account", "AssetAccountRef": "Account", "DiscountAccountRef": "Account",
    "FromAccountRef": "Account", "ToAccountRef": "Account", "ARAccountRef": "Account",
}  # fmt: skip
ACCOUNTS = {
    "DepositToAccountRef": "Bank", "FromAccountRef": "Bank", "ToAccountRef": "Bank", "IncomeAccountRef": "Income",
    "DiscountAccountRef": "Income", "AssetAccountRef": "Other Current Asset", "ExpenseAccountRef": "Cost of Goods Sold",
    "ARAccountRef": "Accounts Receivable",
}  # fmt: skip
"""The type of account that a reference needs when the recording does not show the account."""


def sale(amount: float) -> Json:
    detail = {"ItemRef": {"value": "1"}}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}


def name_values(line_ex: Json) -> dict[str, str]:
    """The name-value pairs on a payment's line, as JSON or XML shows them."""
    pairs: list[dict[str, str]] = line_ex.get("NameValue") or [one["value"] for one in line_ex.get("any", [])]
    return {pair["Name"]: pair["Value"] for pair in pairs}


def as_estimate(recorded: Json) -> Json:
    return {name: value for name, value in recorded.items() if name in ENTITIES["Estimate"].fields}


def applied(payment: Json, invoice: str) -> float:
    """How much of the payment its lines apply to the invoice, by recorded Ids."""
    return sum(
        line["Amount"] for line in payment.get("Line") or []
        for link in line.get("LinkedTxn") or [] if (link["TxnType"], link["TxnId"]) == ("Invoice", invoice)
    )  # fmt: skip
