"""What all reports are made of: what was booked on which day, amounts as text, headers, rows and sections."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.ledger import Postings
from crm_sandbox.quickbooks.report_periods import Period
from crm_sandbox.quickbooks.shapes import JsonObject


@dataclass(frozen=True)
class Booked:
    """One document in the books."""

    entity: str
    obj: JsonObject
    lines: Postings

    @property
    def day(self) -> str:
        """Its date, YYYY-MM-DD."""
        return str(self.obj["TxnDate"])


def booked(company: Company, until: date, since: date | None = None) -> Iterator[Booked]:
    """All documents of those days, both included, in no order."""
    first, last = since.isoformat() if since else "", until.isoformat()
    for (entity, ident), lines in company.ledger.postings.items():
        obj = company.get(entity, ident)
        if obj is not None and first <= obj["TxnDate"] <= last:
            yield Booked(entity, obj, lines)


def balances(company: Company, until: date, since: date | None = None) -> dict[str, int]:
    """Account id -> cents booked in those days, debit positive."""
    found: defaultdict[str, int] = defaultdict(int)
    for document in booked(company, until, since):
        for line in document.lines:
            found[line.account_id] += line.cents
    return {account: cents for account, cents in found.items() if cents}


def amount(cents: int) -> str:
    """Cents as reports write them."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def header(
    company: Company, name: str, period: Period | None, *, empty: bool, basis: bool = True, **options: str
) -> JsonObject:
    """The header of a report; `options` are further name-value pairs."""
    shown: JsonObject = {"Time": company.now().isoformat(timespec="seconds"), "ReportName": name}
    if period is None:
        shown["DateMacro"] = "all"
    elif period.macro:
        shown["DateMacro"] = period.macro
    if basis:
        shown["ReportBasis"] = "Accrual"
    if period is not None:
        shown |= {"StartPeriod": period.start.isoformat(), "EndPeriod": period.end.isoformat()}
    pairs = {**options, "NoReportData": "true" if empty else "false"}
    return {
        **shown,
        "SummarizeColumnsBy": "Total",
        "Currency": company.settings.home_currency,
        "Option": [{"Name": option, "Value": value} for option, value in pairs.items()],
    }


def column(title: str, kind: str, key: str) -> JsonObject:
    """One column: its title, the type of its values and the key that programs know it by."""
    return {"ColTitle": title, "ColType": kind, "MetaData": [{"Name": "ColKey", "Value": key}]}


def data(*cells: str | tuple[str, str]) -> JsonObject:
    """A row; a cell that is a pair carries an id."""
    return {"ColData": _cells(cells), "type": "Data"}


def summary(group: str | None, *cells: str) -> JsonObject:
    """A row that sums up what stands above it."""
    row: JsonObject = {"Summary": {"ColData": _cells(cells)}, "type": "Section"}
    return {**row, "group": group} if group else row


def section(
    title: tuple[str | tuple[str, str], ...], rows: list[JsonObject], total: tuple[str, ...],
    group: str | None = None,
) -> JsonObject:  # fmt: skip
    """Rows under a heading, with their sum below."""
    inner: JsonObject = {"Header": {"ColData": _cells(title)}}
    if rows:
        inner["Rows"] = {"Row": rows}
    return {**inner, **summary(group, *total)}


def _cells(cells: tuple[str | tuple[str, str], ...]) -> list[JsonObject]:
    return [{"value": cell} if isinstance(cell, str) else {"value": cell[0], "id": cell[1]} for cell in cells]
