"""What QuickBooks lists on the clearing account is read to the cent, or not at all."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm.accounting.reconcile import clearing
from crm.kit.errors import Refused


def report(*rows: tuple[str, str, str | None, str]) -> dict[str, Any]:
    columns = [
        {"MetaData": [{"Name": "ColKey", "Value": name}]}
        for name in ("tx_date", "txn_type", "subt_nat_amount")
    ]
    data = [
        {"type": "Data", "ColData": [{"value": day}, {"value": kind, "id": id_}, {"value": amount}]}
        for day, kind, id_, amount in rows
    ]
    return {"Columns": {"Column": columns}, "Rows": {"Row": [{"Rows": {"Row": data}}]}}


def test_a_documents_lines_are_one_movement():
    """Two lines of one document are summed, a thousands' comma is none of the amount, and what has no Id is left."""
    listed = report(
        ("2026-04-02", "Journal Entry", "12", "1,250.50"),
        ("2026-04-02", "Journal Entry", "12", "-0.50"),
        ("2026-04-03", "Expense", "13", "-3.30"),
        ("2026-04-04", "Payment", "14", ""),
        ("", "Beginning Balance", None, "99.00"),
    )
    assert clearing.read(listed, "USD") == {
        "JournalEntry 12": (date(2026, 4, 2), 125_000),
        "Purchase 13": (date(2026, 4, 3), -330),
        "Payment 14": (date(2026, 4, 4), 0),
    }


@pytest.mark.parametrize(
    ("day", "amount"), [("2026-04-02", "about ten"), ("soon", "10.00"), ("2026-04-02", "1.005")]
)
def test_what_cannot_be_read_is_named_not_counted_as_nothing(day: str, amount: str):
    """An amount or a day that is none gives a sentence with the document."""
    with pytest.raises(Refused, match="QuickBooks listed JournalEntry 12 with the day"):
        clearing.read(report((day, "Journal Entry", "12", amount)), "USD")
