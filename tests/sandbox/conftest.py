"""Fixtures of the sandbox's tests."""

from collections.abc import Iterator

import pytest
from tests.sandbox.quickbooks_world import Books, open_books


@pytest.fixture
def books() -> Iterator[Books]:
    """Fresh books for one test."""
    with open_books() as opened:
        yield opened
