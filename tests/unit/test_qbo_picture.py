"""What we keep of an object of QuickBooks, however it is shaped."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.accounting.comeback.picture import kept, moment, picture, plain_name, status_of, touched
from crm.gateways.quickbooks import loads

INVOICE: dict[str, Any] = {
    "Id": "130",
    "SyncToken": "2",
    "MetaData": {"LastUpdatedTime": "2026-11-27T10:00:00-08:00"},
    "TxnDate": "2026-11-27",
    "TotalAmt": Decimal("4725.00"),
    "Balance": Decimal("225.10"),
    "CustomerRef": {"value": "7", "name": "Ann O'Neil"},
    "DocNumber": "PP7-1",
    "domain": "QBO",
}


def test_a_document_is_read_to_the_cent_and_the_second() -> None:
    """Amounts become minor units, times aware, references Ids; what changes at every touch is not kept."""
    shown = picture("Invoice", INVOICE, "USD")
    assert (shown.total_minor, shown.balance_minor, shown.currency) == (472_500, 22_510, "USD")
    assert (shown.customer_qbo_id, shown.doc_number, shown.txn_date) == ("7", "PP7-1", date(2026, 11, 27))
    assert shown.last_updated == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert (shown.status, shown.sync_token) == ("live", "2")
    assert set(loads(shown.kept)) == {
        "TxnDate", "TotalAmt", "Balance", "CustomerRef", "DocNumber"
    }  # fmt: skip


def test_currency_of_the_object_counts_before_the_companys() -> None:
    """Yen have no decimals, whatever the company keeps its books in; an unreadable amount is no amount."""
    yen = INVOICE | {"CurrencyRef": {"value": "JPY"}, "TotalAmt": 4725, "Balance": Decimal("0.5")}
    shown = picture("Invoice", yen, "USD")
    assert (shown.total_minor, shown.balance_minor, shown.currency) == (4725, None, "JPY")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, "live"),
        ({"status": "Deleted"}, "deleted"),
        ({"Active": False}, "inactive"),
        ({"TotalAmt": 0, "PrivateNote": "Our note - Voided"}, "voided"),
        ({"TotalAmt": 0, "PrivateNote": "Voided - Our note"}, "voided"),
        ({"TotalAmt": 0, "PrivateNote": "free of charge"}, "live"),
        ({"TotalAmt": 5, "PrivateNote": "not Voided"}, "live"),
    ],
)
def test_status_is_told_by_what_stands_there(changes: dict[str, Any], status: str) -> None:
    """Deleted, inactive and voided are told apart from a document that is merely worth nothing."""
    assert status_of(INVOICE | changes) == status


def test_what_a_payment_touches_is_known_with_the_amount() -> None:
    """The invoices that a payment settles echo its write; each line says how much is no longer open there."""
    payment = {
        "Line": [
            {"Amount": Decimal("10.50"), "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]},
            {"Amount": Decimal("1.00"), "LinkedTxn": [{"TxnId": "130", "TxnType": "Invoice"}]},
        ],
        "LinkedTxn": [{"TxnId": "9", "TxnType": "Deposit"}],
    }
    assert touched(payment, "USD") == {("Deposit", "9"): 0, ("Invoice", "130"): 1150}


def test_a_huge_document_is_kept_without_its_lines() -> None:
    """What is kept of one object has a maximum."""
    lines = [{"Description": "x" * 4000} for _ in range(100)]
    assert loads(kept({"TotalAmt": 1, "Line": lines})) == {"TotalAmt": 1}


def test_names_and_times_that_are_none() -> None:
    """The mark of inactive names goes; a time without a zone is no moment."""
    assert plain_name("Ann (deleted)") == "Ann"
    assert moment("2026-11-27T10:00:00") is None
    assert moment(12) is None
    assert moment("yesterday") is None


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.sampled_from(
    "TotalAmt Balance UnappliedAmt TxnDate CustomerRef DocNumber Line LinkedTxn Active status PrivateNote".split()
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_FIELDS, _JSON, max_size=8))
def test_any_answer_gives_a_picture(fields: dict[str, Any]) -> None:
    """Fields that are missing, unknown or of another kind never stop us: what cannot be read is not there."""
    shown = picture("Invoice", {"Id": 5, **fields}, "USD")
    assert shown.qbo_id == "5"
    assert shown.total_minor is None or isinstance(shown.total_minor, int)
