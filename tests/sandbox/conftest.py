"""Fixtures of the sandbox's tests."""

from collections.abc import Iterator

import pytest
from tests.sandbox.quickbooks_world import Books, another_company, open_books

from crm_sandbox.testing import RunningSandbox, running_sandbox


@pytest.fixture
def books() -> Iterator[Books]:
    """Fresh books for one test, in a sandbox of their own."""
    with open_books() as opened:
        yield opened


@pytest.fixture(scope="module")
def shared_sandbox() -> Iterator[RunningSandbox]:
    """One sandbox for all tests of a file that look at their own company only."""
    with running_sandbox(qbo_rate_limits_on=False) as sandbox:
        yield sandbox


@pytest.fixture
def company_books(shared_sandbox: RunningSandbox) -> Iterator[Books]:
    """Fresh books for one test, in the sandbox that its file shares."""
    with another_company(shared_sandbox) as opened:
        yield opened
