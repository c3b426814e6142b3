"""The books line by line: the general ledger by account, and the list of transactions."""

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.ledger import Posting
from crm_sandbox.quickbooks.refusals import unsupported
from crm_sandbox.quickbooks.report_periods import Period, period_of
from crm_sandbox.quickbooks.report_rows import Booked, amount, booked, column, data, header, section
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.statements import CREDIT_SIDE, TYPE_ORDER

_TYPES = {
    "CreditMemo": "Credit Memo", "RefundReceipt": "Refund", "SalesReceipt": "Sales Receipt",
    "JournalEntry": "Journal Entry", "Purchase": "Expense",
}  # fmt: skip
_LEDGER_COLUMNS = {
    "tx_date": ("Date", "Date"), "txn_type": ("Transaction Type", "String"), "doc_num": ("Num", "String"),
    "name": ("Name", "String"), "memo": ("Memo/Description", "String"), "split_acc": ("Split", "String"),
    "subt_nat_amount": ("Amount", "Money"), "rbal_nat_amount": ("Balance", "Money"),
}  # fmt: skip
_LIST_COLUMNS = {
    "tx_date": ("Date", "Date"), "txn_type": ("Transaction Type", "String"), "doc_num": ("#", "String"),
    "is_no_post": ("Posting", "Boolean"), "name": ("Name", "String"), "memo": ("Memo/Description", "String"),
    "account_name": ("Account", "String"), "other_account": ("Split", "String"),
    "subt_nat_amount": ("Amount", "Money"),
}  # fmt: skip
_Cell = str | tuple[str, str]


def general_ledger(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Each account with what it began with, every posting of the days, and what it came to."""
    period = period_of(company, parameters)
    keys = _keys(parameters, _LEDGER_COLUMNS, "GeneralLedger")
    wanted = set(filter(None, parameters.get("account", "").split(",")))
    before: dict[str, int] = {}
    during: dict[str, list[tuple[Booked, Posting]]] = {}
    for document in booked(company, period.end):
        for line in document.lines:
            if wanted and line.account_id not in wanted:
                continue
            if document.day < period.start.isoformat():
                before[line.account_id] = before.get(line.account_id, 0) + line.cents
            else:
                during.setdefault(line.account_id, []).append((document, line))
    accounts = company.objects["Account"]
    rows = [
        _ledger_section(company, accounts[ident], before.get(ident, 0), during.get(ident, []), keys)
        for ident in sorted(
            {ident for ident, cents in before.items() if cents} | set(during),
            key=lambda ident: (TYPE_ORDER[accounts[ident]["AccountType"]], accounts[ident]["FullyQualifiedName"]),
        )
    ]  # fmt: skip
    return _listed(company, "GeneralLedger", period, keys, _LEDGER_COLUMNS, rows)


def transaction_list(company: Company, parameters: dict[str, str]) -> JsonObject:
    """Each document of the days with its first account and amount, by date."""
    period = period_of(company, parameters)
    keys = _keys(parameters, _LIST_COLUMNS, "TransactionList")
    rows = []
    for document in sorted(booked(company, period.end, period.start), key=_by_date):
        first = document.lines[0]
        account = company.objects["Account"][first.account_id]
        cells = {
            **_about(document), "is_no_post": "Yes",
            "account_name": (account["FullyQualifiedName"], account["Id"]),
            "other_account": _split(company, document, first),
            "subt_nat_amount": amount(_natural(account, first.cents)),
        }  # fmt: skip
        rows.append(data(*(cells[key] for key in keys)))
    return _listed(company, "TransactionList", period, keys, _LIST_COLUMNS, rows)


def _ledger_section(
    company: Company, account: JsonObject, before: int, lines: list[tuple[Booked, Posting]], keys: list[str]
) -> JsonObject:
    balance, moved, rows = before, 0, []
    if before:
        cells: dict[str, _Cell] = {
            "tx_date": "Beginning Balance",
            "rbal_nat_amount": amount(_natural(account, before)),
        }
        rows.append(data(*(cells.get(key, "") for key in keys)))
    for document, line in sorted(lines, key=lambda pair: _by_date(pair[0])):
        balance, moved = balance + line.cents, moved + line.cents
        cells = {
            **_about(document), "split_acc": _split(company, document, line),
            "subt_nat_amount": amount(_natural(account, line.cents)),
            "rbal_nat_amount": amount(_natural(account, balance)),
        }  # fmt: skip
        rows.append(data(*(cells[key] for key in keys)))
    name = account["FullyQualifiedName"]
    total = {keys[0]: f"Total for {name}", "subt_nat_amount": amount(_natural(account, moved))}
    blanks = ("",) * (len(keys) - 1)
    return section(((name, account["Id"]), *blanks), rows, tuple(total.get(key, "") for key in keys))


def _about(document: Booked) -> dict[str, _Cell]:
    obj = document.obj
    who = obj.get("CustomerRef") or obj.get("EntityRef") or {}
    return {
        "tx_date": document.day,
        "txn_type": (_TYPES.get(document.entity, document.entity), obj["Id"]),
        "doc_num": obj.get("DocNumber") or obj.get("PaymentRefNum") or "",
        "name": (str(who.get("name", "")), who["value"]) if who else "",
        "memo": obj.get("PrivateNote") or "",
    }


def _split(company: Company, document: Booked, line: Posting) -> _Cell:
    """The account on the other side; several are not told apart."""
    others = {other.account_id for other in document.lines if other.account_id != line.account_id}
    if len(others) != 1:
        return "-Split-"
    (ident,) = others
    return company.objects["Account"][ident]["FullyQualifiedName"], ident


def _natural(account: JsonObject, cents: int) -> int:
    return -cents if account["Classification"] in CREDIT_SIDE else cents


def _by_date(document: Booked) -> tuple[str, int]:
    return document.day, int(document.obj["Id"])


def _keys(parameters: dict[str, str], known: dict[str, tuple[str, str]], name: str) -> list[str]:
    asked = [key for key in parameters.get("columns", "").split(",") if key] or list(known)
    for key in asked:
        if key not in known:
            raise unsupported(f"column {key} of report {name}")
    return [key for key in known if key in asked]


def _listed(
    company: Company, name: str, period: Period, keys: list[str], known: dict[str, tuple[str, str]],
    rows: list[JsonObject],
) -> JsonObject:  # fmt: skip
    columns = [column(*known[key], key) for key in keys]
    head = header(company, name, period, empty=not rows, basis=name == "GeneralLedger")
    return {"Header": head, "Columns": {"Column": columns}, "Rows": {"Row": rows}}
