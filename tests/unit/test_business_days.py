"""The right to cancel runs for three business days: every day but Sundays and federal holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.law.business_days import cancel_until, federal_holidays, is_business_day, last_day_to_cancel

days = st.dates(date(1990, 1, 1), date(2150, 12, 31))
moments = days.map(lambda day: datetime.combine(day, time(5, 30), UTC))
ZONES = ("America/Denver", "America/New_York", "Pacific/Honolulu", "America/Puerto_Rico")


@given(signed=days)
def test_three_business_days_lie_between(signed: date):
    """The last day is a business day, exactly three lie after the signing, and it is never sooner or weeks off."""
    last = last_day_to_cancel(signed)
    after = [signed + timedelta(days=number) for number in range(1, (last - signed).days + 1)]
    assert sum(is_business_day(day) for day in after) == 3
    assert is_business_day(last)
    assert 3 <= (last - signed).days <= 7


@given(one=days, other=days)
def test_who_signs_later_may_not_cancel_less_long(one: date, other: date):
    """The last day never moves back as the day of signing moves on."""
    earlier, later = sorted((one, other))
    assert last_day_to_cancel(earlier) <= last_day_to_cancel(later)


@given(signed=moments, zone=st.sampled_from(ZONES))
def test_it_ends_at_midnight_where_the_contractor_works(signed: datetime, zone: str):
    """The moment is the midnight that closes the last day, reckoned from the contractor's date of signing."""
    end = cancel_until(signed, zone).astimezone(ZoneInfo(zone))
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    signed_on = signed.astimezone(ZoneInfo(zone)).date()
    assert end.date() == last_day_to_cancel(signed_on) + timedelta(days=1)


@pytest.mark.parametrize(
    ("signed", "last"),
    [
        ("2026-11-02", "2026-11-05"),  # Monday to Thursday
        ("2026-11-05", "2026-11-09"),  # Thursday: Friday, Saturday, not Sunday, Monday
        ("2026-11-23", "2026-11-27"),  # over Thanksgiving
        ("2026-12-23", "2026-12-28"),  # Christmas on a Friday
        ("2026-07-01", "2026-07-07"),  # Independence Day on a Saturday, observed on Friday the 3rd
        ("2027-06-17", "2027-06-23"),  # Juneteenth on a Saturday, observed on Friday the 18th
        ("2022-12-22", "2022-12-27"),  # Christmas on a Sunday, observed on Monday
        ("2021-12-29", "2022-01-04"),  # New Year's Day of the next year, observed on the last day of this one
    ],
)
def test_known_weeks(signed: str, last: str):
    """Weeks that were reckoned by hand, with Saturdays, Sundays and holidays in them."""
    assert last_day_to_cancel(date.fromisoformat(signed)).isoformat() == last


def test_the_holidays_of_2026():
    """All eleven of 5 U.S.C. 6103(a), on the dates that the Office of Personnel Management lists."""
    assert sorted(day.isoformat()[5:] for day in federal_holidays(2026)) == [
        "01-01", "01-19", "02-16", "05-25", "06-19", "07-04", "09-07", "10-12", "11-11", "11-26", "12-25",
    ]  # fmt: skip
    assert date(2020, 6, 19) not in federal_holidays(2020)
