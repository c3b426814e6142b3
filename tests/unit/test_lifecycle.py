"""Which status may follow which, and that every "no" says why."""

from __future__ import annotations

from datetime import date

import pytest

from crm.kit.errors import Conflict
from crm.proposals import lifecycle
from crm.proposals.lifecycle import MAY_FOLLOW, Status, effective
from crm.proposals.tables import STATUSES


def test_the_table_allows_exactly_the_statuses_of_the_code():
    """The database's check and the code name the same statuses."""
    assert set(STATUSES) == {status.value for status in Status}


@pytest.mark.parametrize("current", Status)
@pytest.mark.parametrize("wanted", Status)
def test_a_move_is_allowed_or_explained(current: Status, wanted: Status):
    """Each pair either passes or is refused in a sentence with a problem type of its own."""
    if wanted in MAY_FOLLOW[current]:
        lifecycle.move(current, wanted)
        return
    with pytest.raises(Conflict) as refused:
        lifecycle.move(current, wanted)
    assert refused.value.kind.startswith("proposal-")
    assert refused.value.detail.startswith("This proposal cannot ")
    assert refused.value.detail.endswith(".")


def test_decided_is_decided():
    """Only a cancellation follows an approval; what was replaced or cancelled never comes back."""
    assert MAY_FOLLOW[Status.APPROVED] == {Status.CANCELLED}
    assert not MAY_FOLLOW[Status.SUPERSEDED]
    assert not MAY_FOLLOW[Status.CANCELLED]


@pytest.mark.parametrize(
    ("stored", "valid_until", "today", "counts_as"),
    [
        ("sent", date(2026, 6, 30), date(2026, 6, 30), Status.SENT),
        ("sent", date(2026, 6, 30), date(2026, 7, 1), Status.EXPIRED),
        ("viewed", date(2026, 6, 30), date(2026, 7, 1), Status.EXPIRED),
        ("approved", date(2026, 6, 30), date(2026, 7, 1), Status.APPROVED),
        ("draft", date(2026, 6, 30), date(2026, 7, 1), Status.DRAFT),
        ("sent", None, date(2026, 7, 1), Status.SENT),
    ],
)
def test_an_open_proposal_ends_after_its_last_day(stored, valid_until, today, counts_as):
    """It holds through its last day; an approval does not run out."""
    assert effective(stored, valid_until, today) is counts_as


@pytest.mark.parametrize(
    ("status", "payable"),
    [
        (Status.DRAFT, False),
        (Status.SENT, True),
        (Status.VIEWED, True),
        (Status.APPROVED, True),
        (Status.DECLINED, False),
        (Status.EXPIRED, False),
        (Status.SUPERSEDED, False),
    ],
)
def test_what_can_be_paid(status: Status, payable: bool):  # noqa: FBT001 - a column of the table above
    """Only what the customer has and has not refused can be paid."""
    if payable:
        lifecycle.must_be_payable(status)
    else:
        with pytest.raises(Conflict):
            lifecycle.must_be_payable(status)
