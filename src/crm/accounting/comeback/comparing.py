"""What differs between what we agreed to and what stands in QuickBooks, in a bookkeeper's words: pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from crm.accounting.comeback.picture import Status
from crm.kit.dates import long_date
from crm.kit.money import format_money, from_decimal

Kind = Literal[
    "qbo_edited", "qbo_voided", "qbo_deleted", "qbo_inactive", "qbo_unapplied", "qbo_on_account", "qbo_paid_by_hand"
]  # fmt: skip
LINES_SHOWN_MAX = 20

WORDS = {
    "RefundReceipt": "Refund receipt", "SalesReceipt": "Sales receipt", "CreditMemo": "Credit memo",
    "Purchase": "Expense", "JournalEntry": "Journal entry",
}  # fmt: skip
ON_ACCOUNT = (
    "OnAccountByHand"  # in what we agreed to of a payment that is not ours, instead of any field of it
)
MAY_BE = (
    "MayBeCustomer"  # beside it: the name of our customer who may have paid, but stands for nobody there yet
)
LISTS = frozenset({"Customer", "Item", "Account", "Class"})

# What a person may have changed that matters to the books, by field, with the word for it.
_LABELS = {
    "TotalAmt": "Amount", "Amount": "Amount", "TxnDate": "Date", "DueDate": "Due date", "CustomerRef": "Customer",
    "DocNumber": "Number", "DepositToAccountRef": "Deposited to", "AccountRef": "Paid from",
    "FromAccountRef": "From", "ToAccountRef": "To", "TxnStatus": "Status", "Line": "Lines",
}  # fmt: skip
_LINKS_ONLY = frozenset({"Payment"})  # their lines say what they settle; told as unapplied, not as an edit

Aliases = Mapping[tuple[str, str], str]
"""What was merged or made anew, (kind, Id) -> the Id that stands for it now."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field side by side, as people read it."""

    field: str
    label: str
    ours: str
    theirs: str


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Kind
    sentence: str
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """One linked object: what we agreed to, what is there, and which payments on it are our own."""

    entity: str
    qbo_id: str
    status: Status
    currency: str
    ours: dict[str, Any]
    theirs: dict[str, Any]
    own_payments: Collection[str] = ()


def judge(seen: Seen, aliases: Aliases) -> list[Verdict]:
    """Everything about `seen` that a person should know; nothing when it is as agreed."""
    what = called(seen.entity, seen.qbo_id, seen.ours)
    worth = _worth(seen.ours, seen.currency)
    if ON_ACCOUNT in seen.ours and seen.status != "live":
        return []  # none of ours
    if seen.status == "deleted":
        return [Verdict("qbo_deleted", f"{what}{worth} was deleted in QuickBooks.")]
    if seen.status == "voided":
        return [
            Verdict("qbo_voided", f"{what}{worth} was voided in QuickBooks.", tuple(changes(seen, aliases)))
        ]
    if seen.status == "inactive":
        agreed = seen.ours.get("Active") is False
        return [] if agreed else [Verdict("qbo_inactive", f"{what} was made inactive in QuickBooks.")]
    if ON_ACCOUNT in seen.ours:
        return _on_account(seen)
    found: list[Verdict] = []
    if seen.entity not in LISTS and (changed := changes(seen, aliases)):
        found.append(
            Verdict("qbo_edited", f"{what} was changed in QuickBooks: {_said(changed)}.", tuple(changed))
        )
    if (unapplied := _unapplied(seen)) > 0:
        found.append(_free_of(seen, f"{what}{worth}", format_money(unapplied, seen.currency)))
    if strangers := _strangers(seen):
        found.append(
            Verdict(
                "qbo_paid_by_hand",
                f"On {what[0].lower()}{what[1:]} somebody recorded {_listed(strangers)} in QuickBooks by hand.",
                (Field("LinkedTxn", "Settled by", "our payment" if seen.own_payments else "nothing", _listed(strangers)),),
            )
        )  # fmt: skip
    return found


def called(entity: str, qbo_id: str, object_: Mapping[str, Any]) -> str:
    """`Invoice PP7-1`, `Payment 146`, `Customer Ann O'Neil`."""
    name = object_.get("DocNumber") or object_.get("DisplayName") or object_.get("Name") or qbo_id
    return f"{WORDS.get(entity, entity)} {str(name)[:100]}"


def changes(seen: Seen, aliases: Aliases) -> list[Field]:
    """The fields that differ, in the order that a bookkeeper reads them."""
    found = []
    for name, label in _LABELS.items():
        if name == "Line" and seen.entity in _LINKS_ONLY:
            continue
        ours, theirs = seen.ours.get(name), seen.theirs.get(name)
        if ours is None and name != "Line":
            continue  # we never said anything about it
        if _plain(name, ours, seen.entity, aliases) != _plain(name, theirs, seen.entity, {}):
            shown = _shown(name, ours, seen.currency), _shown(name, theirs, seen.currency)
            found.append(Field(name, label, *shown))
    return found


def _plain(name: str, value: Any, entity: str, aliases: Aliases) -> Any:
    """What counts of a value: amounts as numbers, references by Id (followed through merges), lines by what they say."""
    if name in {"TotalAmt", "Amount"}:
        return _number(value)
    if name == "Line":
        return [_line(line, aliases) for line in value or [] if _counts(line)]
    if isinstance(value, dict):
        return _follow(KIND_OF.get(name, ""), str(value.get("value")), aliases)
    return value


KIND_OF = {
    "CustomerRef": "Customer", "ItemRef": "Item", "ClassRef": "Class", "AccountRef": "Account",
    "DepositToAccountRef": "Account", "FromAccountRef": "Account", "ToAccountRef": "Account",
}  # fmt: skip


def _follow(kind: str, qbo_id: str, aliases: Aliases) -> str:
    for _ in range(20):  # merged into one that was merged again; a circle ends, too
        into = aliases.get((kind, qbo_id))
        if into is None:
            return qbo_id
        qbo_id = into
    return qbo_id


def followed(value: Any, aliases: Aliases) -> Any:
    """`value` with every reference to what was merged or made anew pointing at what stands for it."""
    if isinstance(value, list):
        return [followed(part, aliases) for part in value]
    if not isinstance(value, dict):
        return value
    done: dict[str, Any] = {}
    for key, part in value.items():
        if key in KIND_OF and isinstance(part, dict) and "value" in part:
            now = _follow(KIND_OF[key], str(part["value"]), aliases)
            done[key] = part if now == str(part["value"]) else {"value": now}
        elif key == "TxnId":
            done[key] = _follow(str(value.get("TxnType", "")), str(part), aliases)
        else:
            done[key] = followed(part, aliases)
    return done


def _counts(line: Any) -> bool:
    """QuickBooks closes the lines with a sum of its own, which says nothing new."""
    return isinstance(line, dict) and line.get("DetailType") != "SubTotalLineDetail"


def _line(line: dict[str, Any], aliases: Aliases) -> tuple[Any, ...]:
    detail = line.get(str(line.get("DetailType"))) or {}
    refs = tuple(
        _follow(kind, str((detail.get(field) or {}).get("value")), aliases)
        for field, kind in (("ItemRef", "Item"), ("AccountRef", "Account"), ("ClassRef", "Class"))
        if isinstance(detail, dict)
    )
    return (_number(line.get("Amount")), str(line.get("Description") or ""), refs)


def _number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value)).normalize()


def _shown(name: str, value: Any, currency: str) -> str:
    if value is None or value == []:
        return "nothing"
    if name in {"TotalAmt", "Amount"}:
        return _money(value, currency)
    if name == "Line":
        lines = [line for line in value if _counts(line)]
        said = [
            f"{line.get('Description') or 'Line'}: {_money(line.get('Amount'), currency)}" for line in lines
        ]
        more = [] if len(said) <= LINES_SHOWN_MAX else [f"and {len(said) - LINES_SHOWN_MAX} more"]
        return "\n".join([*said[:LINES_SHOWN_MAX], *more]) or "nothing"
    if name in {"TxnDate", "DueDate"}:
        return long_date(date.fromisoformat(str(value)), "en")
    if isinstance(value, dict):
        return str(value.get("name") or f"number {value.get('value')}")
    return str(value)


def _money(value: Any, currency: str) -> str:
    try:
        return format_money(from_decimal(Decimal(str(value)), currency), currency)
    except (ValueError, ArithmeticError):
        return str(value)


def _said(changed: list[Field]) -> str:
    """The first that matters with both values; the rest by name."""
    first, rest = changed[0], changed[1:]
    if first.field == "Line":
        said = "its lines are others"
    else:
        said = f"{first.label.lower()} is {first.theirs} there, {first.ours} here"
    return said + (f"; also {_and([field.label.lower() for field in rest])}" if rest else "")


def _and(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _worth(object_: Mapping[str, Any], currency: str) -> str:
    value = object_.get("TotalAmt", object_.get("Amount"))
    return f" over {_money(value, currency)}" if value is not None else ""


def _unapplied(seen: Seen) -> int:
    if seen.entity != "Payment":
        return 0
    free = [Decimal(str(side.get("UnappliedAmt") or 0)) for side in (seen.ours, seen.theirs)]
    return max(0, from_decimal(free[1] - free[0], seen.currency))


def _free_of(seen: Seen, what: str, free: str) -> Verdict:
    """`free` of our payment settles nothing: from the beginning on, or since somebody took it off its invoice."""
    fields = (Field("UnappliedAmt", "Unapplied", format_money(0, seen.currency), free),)
    if _settles(seen.ours) != _settles(seen.theirs):
        sentence = f"{what} no longer settles all that it did: {free} of it is unapplied in QuickBooks."
        return Verdict("qbo_unapplied", sentence, fields)
    sentence = (
        f"{free} of {what[0].lower()}{what[1:]} settles nothing: when it was booked, less than that was open on its "
        "invoice. QuickBooks may have applied an older credit to it by itself, or somebody a payment of their own. Apply it "
        "there to what the customer owes, or accept it as the customer's credit."
    )
    return Verdict("qbo_on_account", sentence, fields)


def _settles(payment: Mapping[str, Any]) -> list[tuple[Decimal | None, str, str]]:
    """What the lines of a payment settle: amount, kind and Id of each."""
    return [
        (_number(line.get("Amount")), str(link.get("TxnType")), str(link.get("TxnId")))
        for line in payment.get("Line") or []
        for link in line.get("LinkedTxn") or []
    ]


def _on_account(seen: Seen) -> list[Verdict]:
    free = from_decimal(Decimal(str(seen.theirs.get("UnappliedAmt") or 0)), seen.currency)
    if free <= 0:
        return []  # it is applied to something meanwhile, which tells of it if it is ours
    who = (seen.theirs.get("CustomerRef") or {}).get("name") or "a customer of ours"
    amount = format_money(free, seen.currency)
    if may_be := seen.ours.get(MAY_BE):
        sentence = (
            f"Somebody recorded {amount} from {who} in QuickBooks by hand, on no invoice of ours. By e-mail, phone or name that "
            f"may be our customer {may_be}, who has something to pay here and is not linked yet. If it is for that, say so to "
            "the customer, so that nobody pays twice."
        )
        return [
            Verdict("qbo_paid_by_hand", sentence, (Field("UnappliedAmt", "On account", "nothing", amount),))
        ]
    sentence = (
        f"Somebody recorded {amount} from {who} in QuickBooks by hand, on no invoice of ours, and {who} has something to "
        "pay here. If it is for that, say so to the customer and apply it to the job's invoice in QuickBooks."
    )
    return [Verdict("qbo_paid_by_hand", sentence, (Field("UnappliedAmt", "On account", "nothing", amount),))]


def _strangers(seen: Seen) -> list[tuple[str, str]]:
    """What settles our invoice, is not ours, and was not there when we last agreed."""
    if seen.entity not in {"Invoice", "CreditMemo"}:
        return []

    def settled_by(object_: dict[str, Any]) -> list[tuple[str, str]]:
        return [
            (str(link.get("TxnType")), str(link.get("TxnId")))
            for link in object_.get("LinkedTxn") or []
            if link.get("TxnType") in {"Payment", "CreditMemo", "JournalEntry"}
        ]

    agreed = set(settled_by(seen.ours))
    return [
        link
        for link in settled_by(seen.theirs)
        if link not in agreed and not (link[0] == "Payment" and link[1] in seen.own_payments)
    ]


def _listed(strangers: list[tuple[str, str]]) -> str:
    return _and([f"{WORDS.get(kind, kind).lower()} {qbo_id}" for kind, qbo_id in strangers])
