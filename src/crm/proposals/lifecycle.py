"""Which status of a proposal may follow which, and the sentence that says why not. Pure."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from crm.kit.errors import Conflict


class Status(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    VIEWED = "viewed"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


OPEN = frozenset({Status.SENT, Status.VIEWED})
"""The customer has it and may still decide."""

MAY_FOLLOW: dict[Status, frozenset[Status]] = {
    Status.DRAFT: frozenset({Status.SENT}),
    Status.SENT: frozenset(
        {Status.VIEWED, Status.APPROVED, Status.DECLINED, Status.EXPIRED, Status.SUPERSEDED}
    ),
    Status.VIEWED: frozenset({Status.APPROVED, Status.DECLINED, Status.EXPIRED, Status.SUPERSEDED}),
    Status.APPROVED: frozenset({Status.CANCELLED}),
    Status.DECLINED: frozenset({Status.SUPERSEDED}),
    Status.EXPIRED: frozenset({Status.SUPERSEDED}),
    Status.SUPERSEDED: frozenset(),
    Status.CANCELLED: frozenset(),
}

_BLOCKED_BY = {
    Status.DRAFT: "It has not been sent yet.",
    Status.SENT: "It has been sent already.",
    Status.VIEWED: "It has been sent already.",
    Status.APPROVED: "It has been approved already; agree changes in a change order.",
    Status.DECLINED: "It was declined.",
    Status.EXPIRED: "Its date has passed; ask for a new one.",
    Status.SUPERSEDED: "A newer version has replaced it.",
    Status.CANCELLED: "The contract was cancelled.",
}

# The problem `type` by which a page knows what to show.
_KIND = {
    Status.APPROVED: "proposal-approved",
    Status.DECLINED: "proposal-declined",
    Status.EXPIRED: "proposal-expired",
    Status.SUPERSEDED: "proposal-superseded",
    Status.CANCELLED: "proposal-cancelled",
    Status.DRAFT: "proposal-draft",
}


def effective(status: str, valid_until: date | None, today: date) -> Status:
    """The status as of `today` (the contractor's date): open past its last day is expired."""
    stored = Status(status)
    if stored in OPEN and valid_until is not None and today > valid_until:
        return Status.EXPIRED
    return stored


def move(current: Status, wanted: Status) -> None:
    """Raises Conflict with the reason when `wanted` may not follow `current`."""
    if wanted not in MAY_FOLLOW[current]:
        verb = {
            Status.SENT: "sent",
            Status.APPROVED: "approved",
            Status.DECLINED: "declined",
            Status.SUPERSEDED: "replaced",
            Status.CANCELLED: "cancelled",
        }.get(wanted, str(wanted))
        raise blocked(current, f"be {verb}")


def must_be_editable(current: Status) -> None:
    """Raises Conflict: what a customer has been shown is never changed, only replaced."""
    if current is Status.APPROVED:
        raise blocked(current, "be changed")
    if current is not Status.DRAFT:
        raise Conflict(
            "This proposal cannot be changed: the customer has seen it. Replace it with a new version instead.",
            kind="proposal-frozen",
        )


def must_be_payable(current: Status) -> None:
    """Raises Conflict for what was never sent, declined, expired or replaced."""
    if current not in OPEN and current is not Status.APPROVED:
        raise blocked(current, "be paid")


def blocked(current: Status, what: str) -> Conflict:
    return Conflict(
        f"This proposal cannot {what}. {_BLOCKED_BY[current]}", kind=_KIND.get(current, "proposal-sent")
    )
