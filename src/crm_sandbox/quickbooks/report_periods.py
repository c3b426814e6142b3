"""Which days a report covers: from its dates, or from one of Intuit's words for a stretch of time (Report.xsd)."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.refusals import refusal

USUAL_MACRO = "this fiscal year-to-date"
FIRST_DAY = date(1980, 1, 1)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_MACRO = re.compile(
    r"(this|last|next) (week|month|4 weeks|(?:fiscal|calendar) (?:quarter|year))(-to-date)?", re.IGNORECASE
)


@dataclass(frozen=True)
class Period:
    """First and last day; `macro` is the word for it, None when dates were given."""

    start: date
    end: date
    macro: str | None


def period_of(company: Company, parameters: dict[str, str]) -> Period:
    """What the parameters ask for; raises Refused for a wrong date or an unknown word."""
    start, end = parameters.get("start_date"), parameters.get("end_date")
    if start or end:
        last = parse_day(end or company.today(), "end_date")
        first = (
            parse_day(start, "start_date") if start else _start("fiscal year", last, fiscal_month(company))
        )
        if first > last:
            raise refusal("2190", "Invalid Date Range", "start_date must not be after end_date", "start_date")
        return Period(first, last, None)
    macro = (parameters.get("date_macro") or USUAL_MACRO).lower()
    today = date.fromisoformat(company.today())
    if macro == "all":
        return Period(FIRST_DAY, today, macro)
    if macro in ("today", "yesterday"):
        day = today - timedelta(days=macro == "yesterday")
        return Period(day, day, macro)
    match = _MACRO.fullmatch(macro)
    if match is None:
        raise refusal(
            "2170", "Invalid Enumeration", f"Unknown date_macro. Supplied value:{macro}", "date_macro"
        )
    which, unit, to_date = match.groups()
    return Period(*_stretch(which, unit, today, fiscal_month(company), to_date=bool(to_date)), macro)


def fiscal_year_start(company: Company, day: date) -> date:
    """The first day of the fiscal year that the day lies in."""
    return _start("fiscal year", day, fiscal_month(company))


def fiscal_month(company: Company) -> int:
    """The number of the month in which the company's year begins."""
    info: dict[str, Any] = company.get("CompanyInfo", "1") or {}
    name = info.get("FiscalYearStartMonth")
    return MONTHS.index(name) + 1 if name in MONTHS else 1


def parse_day(text: str, name: str) -> date:
    """A date of a report's parameter; raises Refused."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        detail = f"{name} should be a valid date in the form YYYY-MM-DD. Supplied value:{text}"
        raise refusal("2070", "Invalid Date", detail, name) from None


def _stretch(which: str, unit: str, today: date, first_month: int, *, to_date: bool) -> tuple[date, date]:
    if unit == "4 weeks":
        start = _start("week", today, first_month) + timedelta(days=7)
        return start, start + timedelta(days=27)
    start = _start(unit, today, first_month)
    if which == "this":
        return start, today if to_date else _end(unit, start, first_month)
    if which == "next":
        following = _end(unit, start, first_month) + timedelta(days=1)
        return following, _end(unit, following, first_month)
    before = _start(unit, start - timedelta(days=1), first_month)
    last = start - timedelta(days=1)
    return before, min(last, before + (today - start)) if to_date else last


def _start(unit: str, day: date, first_month: int) -> date:
    if unit == "week":  # American weeks begin on Sunday
        return day - timedelta(days=(day.weekday() + 1) % 7)
    if unit == "month":
        return day.replace(day=1)
    first = first_month if unit.startswith("fiscal") else 1
    months = {"quarter": 3, "year": 12}[unit.split()[1]]
    back = (day.month - first) % months
    index = day.year * 12 + day.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


def _end(unit: str, start: date, first_month: int) -> date:
    days = {"week": 7, "month": 31}.get(unit, 92 if unit.endswith("quarter") else 366)
    return _start(unit, start + timedelta(days=days), first_month) - timedelta(days=1)
