"""The ladders: an event lifts a state or leaves it, so that order and repetition do not matter."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.payments import states

LADDERS = {
    "session": states.SESSION,
    "refund": states.REFUND,
    "payout": states.PAYOUT,
    "dispute": states.DISPUTE,
}


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
@given(data=st.data())
def test_the_end_does_not_depend_on_the_order(ladder: tuple[str, ...], data: st.DataObject):
    """Any words in any order and number end on the highest of them."""
    words = data.draw(st.lists(st.sampled_from(ladder), min_size=1, max_size=8))
    shuffled = data.draw(st.permutations(words))
    top = max(words, key=ladder.index)
    for order in (words, shuffled, words + shuffled):
        assert reduce(lambda old, new: states.climb(ladder, old, new), order[1:], order[0]) == top


@pytest.mark.parametrize("ladder", LADDERS.values(), ids=LADDERS)
def test_a_word_of_a_later_stripe_hides_nothing(ladder: tuple[str, ...]):
    """An unknown word is the lowest: it never replaces a known one and gives way to any."""
    for known in ladder:
        assert states.climb(ladder, known, "brand_new") == known
        assert states.climb(ladder, "brand_new", known) == known
    assert states.climb(ladder, None, "brand_new") == "brand_new"


@pytest.mark.parametrize(
    ("ladder", "lower", "higher"),
    [
        (states.REFUND, "succeeded", "failed"),
        (states.PAYOUT, "paid", "failed"),
        (states.SESSION, "processing", "paid"),
        (states.SESSION, "expired", "paid"),
        (states.SESSION, "failed", "paid"),
        (states.DISPUTE, "under_review", "lost"),
        (states.DISPUTE, "lost", "won"),
    ],
)
def test_what_may_still_happen_afterwards(ladder: tuple[str, ...], lower: str, higher: str):
    """Stripe's late turns (facts/stripe.md, section 2) stand above what they turn."""
    assert states.climb(ladder, lower, higher) == higher
    assert states.climb(ladder, higher, lower) == higher


@pytest.mark.parametrize(
    ("type_", "payment_status", "expected"),
    [
        ("completed", "paid", "paid"),
        ("completed", "no_payment_required", "paid"),
        ("completed", "unpaid", "processing"),
        ("completed", None, "processing"),
        ("completed", "brand_new", "processing"),
        ("async_payment_succeeded", "unpaid", "paid"),
        ("async_payment_failed", "unpaid", "failed"),
        ("expired", "unpaid", "expired"),
        ("still_open", "paid", None),
    ],
)
def test_complete_does_not_mean_paid(type_: str, payment_status: str | None, expected: str | None):
    """Only payment_status tells; what we do not know counts as not paid."""
    assert states.session_state(f"checkout.session.{type_}", payment_status) == expected


@given(st.lists(st.sampled_from(states.SESSION), max_size=10))
def test_paid_stays_paid(said: list[str]):
    """Nothing that another page does takes a payment back."""
    after = reduce(states.payment_state, said, "due")
    assert (after == "paid") is ("paid" in said)
    assert after in {"due", "processing", "failed", "paid"}


@pytest.mark.parametrize(
    ("state", "refunded", "disputed", "shown"),
    [
        ("due", 0, False, "due"),
        ("processing", 0, False, "processing"),
        ("failed", 0, False, "failed"),
        ("paid", 0, False, "paid"),
        ("paid", 1, False, "partly_refunded"),
        ("paid", 100, False, "refunded"),
        ("paid", 101, False, "refunded"),
        ("paid", 100, True, "disputed"),
    ],
)
def test_the_word_people_see(state: str, refunded: int, disputed: bool, shown: str):  # noqa: FBT001
    """One word per situation, the most urgent first."""
    assert states.shown_state(state, 100, refunded, disputed=disputed) == shown


def test_every_ending_of_a_dispute_is_a_top_rung():
    """No status that is still open stands above one that is over."""
    over = [word in states.DISPUTE_OVER for word in states.DISPUTE]
    assert all(a <= b for a, b in pairwise(over))
    assert set(states.DISPUTE) >= states.DISPUTE_INQUIRY
