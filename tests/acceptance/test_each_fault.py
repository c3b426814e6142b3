"""Each fault during each outside call: nothing lost, nothing doubled, and a sentence for a person while it lasts.

The short form of `make faults`: every kind of fault at every call; of the statuses another one at each, of garbage
and wrong clocks the worse one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.acceptance import fault_table
from tests.acceptance.fault_ends import assert_nothing_lost_or_doubled, make_orgs, unknown_requests
from tests.acceptance.fault_matrix import (
    WENT_ON,
    Matrix,
    faultless,
    open_matrix,
)
from tests.acceptance.outside_calls import ALL, EACH_STATUS, FAULTLESS, FAULTS, STALE, STATUSES
from tests.acceptance.stack import Stack, running_stack
from tests.conftest import database_from

from crm_sandbox.fault_rule import ACTIONS

ONLY_LONG = {"garbage before", "clock behind"}
# All cells are lived through in one fixture; on a busy machine that is more than a test's usual limit.
pytestmark = pytest.mark.timeout(400)
SHORT = (
    EACH_STATUS,
    *(fault for fault in FAULTS if fault.action != "status" and fault.name not in ONLY_LONG),
)
ORGS = {fault.name: 500 + number for number, fault in enumerate(SHORT)}
PLAIN_ORG = 499
HELD_BY_HAND = {"pause_before", "pause_after"}  # until a test lets go; test_killed.py kills what stands there


@pytest.fixture(scope="module")
def stack(postgres_url: str, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with (
        database_from(postgres_url, demo_template) as url,
        running_stack(url, tmp_path_factory.mktemp("faults"), workers=0) as running,
    ):
        make_orgs(running, [PLAIN_ORG, *ORGS.values()])
        yield running


@pytest.fixture(scope="module")
async def plain(stack: Stack) -> list[str]:
    """The names of the calls that a first deposit makes when nothing goes wrong, and what is not among ours."""
    async with open_matrix(stack, ORGS) as made:
        return await faultless(made, PLAIN_ORG)


@pytest.fixture(scope="module")
async def matrix(stack: Stack, plain: list[str]) -> AsyncIterator[Matrix]:
    async with open_matrix(stack, ORGS) as made:
        await made.run(SHORT)
        yield made


def test_no_outside_call_is_forgotten(plain: list[str]) -> None:
    """What the simulator saw of a first deposit is exactly the list of calls; a new one must be given its faults."""
    assert set(plain) == {call.name for call in FAULTLESS}


def test_no_kind_of_fault_is_forgotten() -> None:
    """Every way of the simulator to misbehave is in the matrix."""
    assert {fault.action for fault in FAULTS} == set(ACTIONS) - HELD_BY_HAND


def test_everything_is_booked_once(stack: Stack, matrix: Matrix) -> None:
    """After all faults at all calls: one charge, one invoice and one payment for each deposit, and the clearing
    account equals what Stripe took."""
    assert_nothing_lost_or_doubled(stack, matrix.orgs.values())
    stack.verify_log()


def test_every_call_met_every_fault(stack: Stack, matrix: Matrix) -> None:
    """Nothing was skipped, each status was met, and no call was made that is not in the list."""
    met = Counter(one.call for one in matrix.seen if one.fault != STALE.name)
    assert {fault.action for fault in SHORT} == {fault.action for fault in FAULTS}
    assert met == {call.name: len(SHORT) - 1 for call in ALL}
    assert {f"status {status}" for status in STATUSES} <= {one.fault for one in matrix.seen}
    assert {"the invoice is looked for", "the payment is looked for"} <= matrix.stale
    assert unknown_requests(stack) == []


def test_a_person_always_has_a_sentence(matrix: Matrix) -> None:
    """Whatever stopped a call is said in words that name who did what, never as a code or `something went wrong`."""
    for one in matrix.seen:
        if one.state != WENT_ON:
            assert re.match("(QuickBooks|Intuit|Stripe)", one.sentence), one
            assert len(one.sentence.split()) >= 5, one
            assert one.sentence.endswith("."), one
            assert not re.search(r"went wrong|Error|Exception|None|\b[45]\d\d\b", one.sentence), one


def test_the_page_of_faults_is_true(matrix: Matrix) -> None:
    """docs/faults.md says of every cell what was seen now."""
    told = fault_table.read()
    assert {(one.call, one.fault): (one.state, one.sentence) for one in matrix.seen} == {
        (one.call, one.fault): told.get((one.call, one.fault)) for one in matrix.seen
    }
