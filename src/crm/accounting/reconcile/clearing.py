"""What the clearing account holds in QuickBooks: its balance, one read; its documents only where the balance is not ours."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from crm.accounting import company as qbo
from crm.accounting import connection
from crm.accounting.context import Books
from crm.accounting.sync import setup
from crm.gateways.quickbooks import Call
from crm.kit.money import from_decimal

# The report's words for what we know under its API's name (Intuit's reference of reports).
_ENTITIES = {
    "Expense": "Purchase", "Journal Entry": "JournalEntry", "Sales Receipt": "SalesReceipt", "Refund": "RefundReceipt",
    "Credit Memo": "CreditMemo",
}  # fmt: skip
AHEAD = timedelta(days=366)  # a document may be dated later than today


async def balance(books: Books, org_id: int, currency: str) -> tuple[str, int]:
    """The clearing account's Id and what it holds, minor units. One metered read once the account is known.

    Raises Unavailable, Refused or Disconnected.
    """
    access = await connection.access(books, org_id)
    company = await setup.company_of(books, access)
    account_id = await setup.clearing_account(books, access, company, currency)
    answer = await qbo.ask(books, org_id, Call("GET", f"account/{account_id}", "read_account"))
    held = answer.data.get("Account", {}).get("CurrentBalance", 0)
    return account_id, from_decimal(Decimal(str(held)), currency)


async def documents(
    books: Books, org_id: int, account_id: str, currency: str, first: date, last: date
) -> dict[str, tuple[date, int]]:
    """Every document on the account: "Purchase 12" -> its day and how it moved the account."""
    call = Call(
        "GET",
        "reports/GeneralLedger",
        "report_general_ledger",
        params=(
            ("account", account_id),
            ("start_date", first.isoformat()),
            ("end_date", (last + AHEAD).isoformat()),
            ("columns", "tx_date,txn_type,subt_nat_amount"),
        ),
    )
    answer = await qbo.ask(books, org_id, call)
    found: dict[str, tuple[date, int]] = {}
    columns = [_key(column) for column in answer.data.get("Columns", {}).get("Column", [])]
    for cells in _rows(answer.data.get("Rows", {})):
        row = dict(zip(columns, cells, strict=False))
        kind, day, amount = (row.get(name, {}) for name in ("txn_type", "tx_date", "subt_nat_amount"))
        if not kind.get("id"):
            continue  # the balance it began with, or a sum
        word = str(kind.get("value", ""))
        name = f"{_ENTITIES.get(word, word.replace(' ', ''))} {kind['id']}"
        moved = _minor(amount.get("value"), currency)
        before = found.get(name, (date.fromisoformat(str(day.get("value"))), 0))
        found[name] = (before[0], before[1] + moved)
    return found


def _key(column: dict[str, Any]) -> str:
    for meta in column.get("MetaData", []):
        if meta.get("Name") == "ColKey":
            return str(meta.get("Value"))
    return str(column.get("ColType", ""))


def _rows(rows: dict[str, Any]) -> list[list[dict[str, Any]]]:
    """The data rows of a report, however deep its sections are."""
    found: list[list[dict[str, Any]]] = []
    for row in rows.get("Row", []):
        if "ColData" in row and row.get("type", "Data") == "Data":
            found.append(row["ColData"])
        if "Rows" in row:
            found.extend(_rows(row["Rows"]))
    return found


def _minor(value: Any, currency: str) -> int:
    try:
        return from_decimal(Decimal(str(value).replace(",", "") or "0"), currency)
    except (InvalidOperation, ValueError):
        return 0
