"""Thousands of random documents: whatever is written, in any order, the simulator's books are a bookkeeper's books.

Other ones in each run. `make long-forms` writes ten thousand.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import httpx2
import hypothesis
import pytest
from hypothesis import strategies as st
from tests.sandbox.books_checked import CheckedBooks, HttpApi, books_without_socket, restored_elsewhere
from tests.sandbox.quickbooks_world import Books
from tests.sandbox.random_books import Random, Setting, any_setting

EXAMPLES, STEPS = int(os.environ.get("RANDOM_COMPANIES", "26")), 120
STEPS_BETWEEN_CHECKS = 20
HANDFUL = st.binary(min_size=64, max_size=64)
DOCUMENTS = 77 * EXAMPLES  # at least; a step in three writes none


class Drawn:
    """Dice of Hypothesis, which looks for the simplest run that breaks a rule.

    Bytes by the handful: a number at a time would take it longer than the simulator takes to answer.
    """

    def __init__(self, data: st.DataObject) -> None:
        self._data = data
        self._bytes = iter(b"")

    def number(self, lowest: int, highest: int) -> int:
        span, found = highest - lowest, 0
        while span:
            found = found * 256 + self._next()
            span //= 256
        return lowest + found % (highest - lowest + 1)

    def _next(self) -> int:
        for byte in self._bytes:
            return byte
        self._bytes = iter(self._data.draw(HANDFUL))
        return next(self._bytes)


@pytest.mark.timeout(400)  # half a minute of work; the machine may be busy
def test_random_documents_keep_the_books_right(tmp_path: Path) -> None:
    """Trial balance zero after each write; balances, links, tokens, change data and queries as worked out by hand;
    and a state file brings it all back."""
    written: Counter[str] = Counter()

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
    )
    @hypothesis.given(st.data())
    def any_company(data: st.DataObject) -> None:
        dice = Drawn(data)
        books = books_without_socket(dice, any_setting(dice))
        for number in range(1, STEPS + 1):
            books.step()
            if number % STEPS_BETWEEN_CHECKS == 0:
                books.check()
        restored_elsewhere(books, tmp_path / "sandbox.state")
        written.update(books.random.written)

    any_company()
    assert sum(written.values()) >= DOCUMENTS, written
    assert min(written.values()) > DOCUMENTS // 100, written  # of each kind, not a few


def test_the_same_holds_over_sockets(books: Books) -> None:
    """A hundred documents of a company with two currencies, over real HTTP."""
    with httpx2.Client(base_url=books.sandbox.base_url, headers=books.tokens.headers) as client:
        checked = CheckedBooks(HttpApi(client), books.realm_id, Random(3), Setting(multicurrency=True))
        while sum(checked.random.written.values()) < 100:
            checked.step()
        checked.check()
