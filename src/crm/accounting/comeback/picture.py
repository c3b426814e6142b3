"""From an object as QuickBooks answers it to what we keep of it: pure.

Shapes: facts/quickbooks.md 2.2 and 2.3. Read leniently, since fields come and go (5, number 22).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from crm.gateways.quickbooks import INACTIVE_MARK, dumps
from crm.kit.money import from_decimal

Status = Literal["live", "inactive", "voided", "deleted", "merged"]
KEPT_BYTES_MAX = 200_000  # of one object: a document of a thousand lines
NOT_KEPT = frozenset({"domain", "sparse", "MetaData", "time", "Id", "SyncToken", "status"})
VOIDED_WORD = "Voided"  # QuickBooks writes it into the note itself, before or behind what stood there


@dataclass(frozen=True, slots=True)
class Picture:
    """One object at one moment. Amounts in minor units of `currency`; None where the kind has none."""

    entity: str
    qbo_id: str
    status: Status
    sync_token: str | None
    last_updated: datetime | None
    currency: str
    total_minor: int | None
    balance_minor: int | None
    unapplied_minor: int | None
    txn_date: date | None
    customer_qbo_id: str | None
    doc_number: str | None
    name: str | None
    kept: str


def picture(entity: str, object_: dict[str, Any], home_currency: str) -> Picture:
    """What `object_` shows. `home_currency` counts where it names none (a company with one currency)."""
    currency = _ref(object_, "CurrencyRef") or home_currency
    token = object_.get("SyncToken")
    name = object_.get("DisplayName") or object_.get("Name")
    return Picture(
        entity=entity,
        qbo_id=str(object_["Id"]),
        status=status_of(object_),
        sync_token=None if token is None else str(token),
        last_updated=moment(object_.get("MetaData", {}).get("LastUpdatedTime")),
        currency=currency,
        total_minor=_amount(object_, ("TotalAmt", "Amount"), currency),
        balance_minor=_amount(object_, ("Balance",), currency),
        unapplied_minor=_amount(object_, ("UnappliedAmt",), currency),
        txn_date=_day(object_.get("TxnDate")),
        customer_qbo_id=_ref(object_, "CustomerRef"),
        doc_number=_text(object_.get("DocNumber")),
        name=_text(name),
        kept=kept(object_),
    )


def status_of(object_: dict[str, Any]) -> Status:
    """Voided is told by no field of its own: all amounts are zero and the note says so."""
    if str(object_.get("status", "")).lower() == "deleted":
        return "deleted"
    if object_.get("Active") is False:
        return "inactive"
    note = str(object_.get("PrivateNote") or "")
    if VOIDED_WORD.lower() in note.lower() and _decimal(object_.get("TotalAmt")) == 0:
        return "voided"
    return "live"


def kept(object_: dict[str, Any]) -> str:
    """The object as JSON text without what changes at every touch. Beyond the maximum the lines are left out."""
    shown = {key: value for key, value in object_.items() if key not in NOT_KEPT}
    written = dumps(shown)
    if len(written) > KEPT_BYTES_MAX:
        written = dumps({key: value for key, value in shown.items() if not isinstance(value, list)})
    return written


def touched(object_: dict[str, Any], currency: str) -> dict[tuple[str, str], int]:
    """The other transactions (kind, Id) that writing this one changed, each with the amount that it settled there:
    those that it is linked to, on the whole or by line."""
    found: dict[tuple[str, str], int] = {}
    lines = object_.get("Line")
    for part in (object_, *(lines if isinstance(lines, list) else ())):
        links = part.get("LinkedTxn") if isinstance(part, dict) else None
        for link in links if isinstance(links, list) else ():
            if isinstance(link, dict) and link.get("TxnId") and link.get("TxnType"):
                key = (str(link["TxnType"]), str(link["TxnId"]))
                minor = 0 if part is object_ else _amount(part, ("Amount",), currency) or 0
                found[key] = found.get(key, 0) + minor
    return found


def plain_name(name: str) -> str:
    """The name without the mark that QuickBooks puts behind what is inactive."""
    return name.removesuffix(INACTIVE_MARK)


def moment(value: Any) -> datetime | None:
    """A time of QuickBooks or of a webhook; None when it is none, or has no zone."""
    if not isinstance(value, str):
        return None
    with suppress(ValueError):
        found = datetime.fromisoformat(value)
        return found if found.tzinfo is not None else None
    return None


def _ref(object_: dict[str, Any], field: str) -> str | None:
    ref = object_.get(field)
    value = ref.get("value") if isinstance(ref, dict) else None
    return str(value) if value not in (None, "") else None


def _amount(object_: dict[str, Any], fields: tuple[str, ...], currency: str) -> int | None:
    for field in fields:
        found = _decimal(object_.get(field))
        if found is not None:
            with suppress(ValueError):  # more digits than the currency has, or no currency code at all
                return from_decimal(found, currency)
    return None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | float | Decimal):
        return None
    with suppress(InvalidOperation):
        found = Decimal(str(value))
        return found if found.is_finite() else None
    return None


def _day(value: Any) -> date | None:
    with suppress(TypeError, ValueError):
        return date.fromisoformat(value)
    return None


def _text(value: Any) -> str | None:
    return str(value) if value not in (None, "") else None
