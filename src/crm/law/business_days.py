"""The days on which a buyer's right to cancel runs, in the United States. Pure.

16 CFR 429.0: a business day is every calendar day except Sunday and the federal holidays; 429.1: the buyer may
cancel until midnight of the third business day after the date of the transaction.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

CANCELLATION_BUSINESS_DAYS = 3
JUNETEENTH_SINCE = 2021  # Pub. L. 117-17
_SATURDAY, _SUNDAY, _MONDAY, _THURSDAY = 5, 6, 0, 3


def cancel_until(signed_at: datetime, time_zone: str) -> datetime:
    """The moment at which the right ends: midnight that closes the last day, where the contractor works."""
    zone = ZoneInfo(time_zone)
    after_it = last_day_to_cancel(signed_at.astimezone(zone).date()) + timedelta(days=1)
    return datetime.combine(after_it, time(), zone)


def last_day_to_cancel(signed_on: date) -> date:
    """The third business day after the day of signing."""
    day, left = signed_on, CANCELLATION_BUSINESS_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_business_day(day)
    return day


def is_business_day(day: date) -> bool:
    """Saturdays are; a holiday is not, on its own date nor on the weekday on which it is observed.

    The rule does not say which of the two counts. Leaving out both gives the buyer the longer time.
    """
    around = (day - timedelta(days=1), day, day + timedelta(days=1))
    holidays = {one for year in {one.year for one in around} for one in federal_holidays(year)}
    observed_monday = day.weekday() == _MONDAY and around[0] in holidays
    observed_friday = day.weekday() == _SATURDAY - 1 and around[2] in holidays
    return day.weekday() != _SUNDAY and day not in holidays and not observed_monday and not observed_friday


def federal_holidays(year: int) -> frozenset[date]:
    """The legal public holidays of 5 U.S.C. 6103(a), on their own dates. Inauguration Day is one for the
    District of Columbia alone and is left out."""
    fixed = {date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)}
    if year >= JUNETEENTH_SINCE:
        fixed.add(date(year, 6, 19))
    moving = {
        _nth(year, 1, _MONDAY, 3),  # Martin Luther King, Jr.
        _nth(year, 2, _MONDAY, 3),  # Washington's Birthday
        _nth(year, 6, _MONDAY, 1) - timedelta(days=7),  # Memorial Day, the last Monday of May
        _nth(year, 9, _MONDAY, 1),  # Labor Day
        _nth(year, 10, _MONDAY, 2),  # Columbus Day
        _nth(year, 11, _THURSDAY, 4),  # Thanksgiving Day
    }
    return frozenset(fixed | moving)


def _nth(year: int, month: int, weekday: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
