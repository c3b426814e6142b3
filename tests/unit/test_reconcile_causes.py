"""Why the three differ on a movement: whatever the world, each difference has exactly one cause, and it is a true one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.accounting.reconcile.causes import CAUSES, NOT_OURS, Line, cause_of, difference_minor
from crm.accounting.reconcile.run import as_line

KINDS = (
    "payment", "simulated", "fee", "account_fee", "refund", "refund_return", "dispute", "dispute_return", "payout",
    "payout_return", "by_hand", *sorted(NOT_OURS),
)  # fmt: skip
amounts = st.one_of(st.none(), st.integers(-(10**9), 10**9))
near = st.sampled_from([None, 0, 100, -100, 250])


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """Any movement, also such as cannot be."""
    return Line(
        kind=draw(st.sampled_from(KINDS)),
        stripe_minor=draw(st.one_of(near, amounts)),
        ours_minor=draw(st.one_of(near, amounts)),
        books_minor=draw(st.one_of(near, amounts)),
        detail=draw(
            st.sampled_from(
                [None, "pending", "in_transit", "paid", "succeeded", "failed", "canceled", "ungrouped"]
            )
        ),
        document=draw(st.sampled_from([None, "live", "voided", "deleted", "merged"])),
        edited=draw(st.booleans()),
        posting=draw(st.sampled_from([None, "waiting", "posted", "needs_you", "skipped"])),
        problem_code=draw(st.sampled_from([None, "6210", "bank-account-unknown", "6000"])),
        before=draw(st.booleans()),
        later=draw(st.booleans()),
        earlier=draw(st.booleans()),
    )


@given(lines())
def test_nothing_differs_exactly_when_all_three_are_the_same(line: Line) -> None:
    """AGREES is said of lines with one amount in all three, and of no others."""
    same = line.stripe_minor == line.ours_minor == line.books_minor
    assert (cause_of(line).name == "agrees") == same
    if same:
        assert difference_minor(line) == 0


@given(lines())
def test_a_cause_never_hides_two_amounts_that_are_there_and_unlike(line: Line) -> None:
    """Where Stripe and we name different amounts of one of our own movements, no reason explains it away."""
    stripe, ours = line.stripe_minor, line.ours_minor
    own = line.kind not in NOT_OURS | {"simulated", "by_hand"} and not line.earlier
    if own and stripe is not None and ours is not None and stripe != ours:
        assert not cause_of(line).explained


@given(lines())
def test_what_settles_by_itself_asks_nobody(line: Line) -> None:
    """A cause that needs a person says what to do; one that does not is explained."""
    cause = cause_of(line)
    assert cause.settles or cause.action is not None
    assert cause.explained or not cause.settles


@given(lines())
def test_a_document_that_is_live_unedited_and_unlike_is_unexplained(line: Line) -> None:
    """QuickBooks has another amount and no change is known: never "waiting" or "in transit"."""
    own = line.kind not in NOT_OURS | {"simulated", "by_hand"}
    plain = replace(line, document="live", edited=False, earlier=False)
    if (
        own
        and plain.stripe_minor == plain.ours_minor is not None
        and plain.books_minor not in (None, plain.ours_minor)
    ):
        assert cause_of(plain).name == "amount_in_books"


@given(lines())
def test_a_group_has_the_cause_of_each_of_its_lines(line: Line) -> None:
    """Lines are grouped by which amounts are there and equal, so what is said of the group is true of the line."""
    group: dict[str, Any] = {
        "kind": line.kind, "detail": line.detail, "document": line.document, "edited": line.edited,
        "posting": line.posting, "problem_code": line.problem_code, "before": line.before, "later": line.later,
        "earlier": line.earlier, "stripe_minor": line.stripe_minor, "ours_minor": line.ours_minor,
        "books_minor": line.books_minor,
        "stripe_is_ours": None if None in (line.stripe_minor, line.ours_minor) else line.stripe_minor == line.ours_minor,
        "ours_is_books": None if None in (line.ours_minor, line.books_minor) else line.ours_minor == line.books_minor,
    }  # fmt: skip
    if not (line.stripe_minor == line.ours_minor == line.books_minor):  # those that agree are in no group
        assert cause_of(as_line(group)).name == cause_of(line).name


def test_every_sentence_is_a_sentence() -> None:
    """Each cause is told in words that end, with no code in them."""
    for cause in CAUSES.values():
        assert cause.sentence[0].isupper()
        assert cause.sentence.endswith(".")
        assert "_" not in cause.sentence
