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
from crm.kit.errors import Refused
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
    """Every document on the account: "Purchase 12" -> its day and how it moved the account.

    Raises Unavailable, Refused (also for a list that cannot be read) or Disconnected.
    """
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
    return read(answer.data, currency)


def read(report: dict[str, Any], currency: str) -> dict[str, tuple[date, int]]:
    """What a General Ledger report lists, as `documents` gives it.

    Raises Refused, naming the document, where an amount or a day is none: a wrong figure would be worse than no list.
    """
    found: dict[str, tuple[date, int]] = {}
    columns = [_key(column) for column in report.get("Columns", {}).get("Column", [])]
    for cells in _rows(report.get("Rows", {})):
        row = dict(zip(columns, cells, strict=False))
        kind, day, amount = (row.get(name, {}) for name in ("txn_type", "tx_date", "subt_nat_amount"))
        if not kind.get("id"):
            continue  # the balance it began with, or a sum
        word = str(kind.get("value", ""))
        name = f"{_ENTITIES.get(word, word.replace(' ', ''))} {kind['id']}"
        try:
            moved = _minor(str(amount.get("value") or "0"), currency)
            first = date.fromisoformat(str(day.get("value")))
        except (InvalidOperation, ValueError) as error:
            raise Refused(
                f"QuickBooks listed {name} with the day “{day.get('value')}” and the amount “{amount.get('value')}”, "
                "which we cannot read. Look at it in QuickBooks, then compare again."
            ) from error
        before = found.get(name, (first, 0))
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


def _minor(value: str, currency: str) -> int:
    return from_decimal(Decimal(value.replace(",", "")), currency)
