"""The long form of test_each_fault.py (`make faults`): every status too, then two faults in a row with everything killed.

First the matrix, which `--write` puts into docs/faults.md. Then every call of a first deposit with every fault and a
second one right after it, each in a fresh org; API and worker are killed while the faults strike. A seed repeats the
second faults, not the timing.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections.abc import Sequence

import structlog
from tests.acceptance import fault_table
from tests.acceptance.fault_ends import assert_nothing_lost_or_doubled, make_orgs
from tests.acceptance.fault_matrix import (
    Matrix,
    company,
    open_matrix,
)
from tests.acceptance.outside_calls import BOOKING, FAULTS, STALE, Call, Fault
from tests.acceptance.stack import Stack, alone, realm, wait_until
from tests.acceptance.standstill import forget_access_token
from tests.integration.books_world import agree, end_pauses

MATRIX_ORGS = {fault.name: 500 + number for number, fault in enumerate(FAULTS)}
FIRST_PAIR_ORG = 1000
PAIRS_AT_ONCE = 40
BOOKED_SECONDS_MAX = 180.0
Pair = tuple[Call, Fault, Fault]


def main() -> int:
    """0 when everything was booked once and the page says what was seen; 1 and what was wrong else."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/faults.md from what is seen")
    parser.add_argument("--pairs", type=int, default=1_000, help="how many pairs of faults at most")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()

    def work(stack: Stack, dice: random.Random) -> None:
        # The worker's functions run here: their log would hide the few lines that tell how it goes.
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        asyncio.run(_matrix(stack, write=given.write))
        _pairs(stack, given.pairs, dice)

    return alone("faults", given.seed, work, workers=0)


async def _matrix(stack: Stack, *, write: bool) -> None:
    started = time.monotonic()
    make_orgs(stack, list(MATRIX_ORGS.values()))
    async with open_matrix(stack, MATRIX_ORGS) as matrix:
        await matrix.run(FAULTS)
    assert_nothing_lost_or_doubled(stack, MATRIX_ORGS.values())
    print(f"  {len(matrix.seen)} cells, each booked once; {time.monotonic() - started:.0f} s", flush=True)
    if write:
        fault_table.write(matrix.seen)
        print(f"  wrote {fault_table.FILE}")
    else:
        _compare(matrix)


def _compare(matrix: Matrix) -> None:
    told = fault_table.read()
    seen = {(one.call, one.fault): (one.state, one.sentence) for one in matrix.seen}
    wrong = [f"{cell}: {told.get(cell)} but saw {end}" for cell, end in seen.items() if told.get(cell) != end]
    wrong += [f"{cell}: not seen" for cell in told.keys() - seen.keys()]
    assert not wrong, "docs/faults.md is not true (make faults ARGS=--write):\n" + "\n".join(wrong)


def _pairs(stack: Stack, most: int, dice: random.Random) -> None:
    passing = [fault for fault in FAULTS if fault is not STALE]  # the past is counted in writes of everybody
    pairs: list[Pair] = [(call, fault, dice.choice(passing)) for call in BOOKING for fault in passing]
    dice.shuffle(pairs)
    stack.start_worker()
    for start in range(0, min(most, len(pairs)), PAIRS_AT_ONCE):
        _live_through(stack, pairs[start : min(most, start + PAIRS_AT_ONCE)], FIRST_PAIR_ORG + start)
    stack.verify_log()


def _live_through(stack: Stack, pairs: Sequence[Pair], first_org: int) -> None:
    """Pays and books a fresh org per pair; everything is killed as soon as faults strike."""
    started = time.monotonic()
    orgs = range(first_org, first_org + len(pairs))
    stack.add_orgs(orgs)
    stack.connect_all(orgs)
    dues = stack.open_checkouts(orgs)
    for org_id, (call, *faults) in zip(orgs, pairs, strict=True):
        forget_access_token(stack.sql, org_id)
        for fault in faults:
            stack.sandbox("POST", "/_faults", fault.rule(call, company(org_id)) | {"times": 1})
    for due in dues:
        assert stack.send_paid_event(due).status_code == 200
    wait_until(lambda: _struck(stack) >= len(pairs) // 4, "faults strike")
    stack.kill(stack.api)
    stack.kill(stack.worker)
    stack.start_api()
    stack.start_worker()
    wait_until(
        lambda: _helped(stack, orgs), f"all of {orgs} are booked; {stack.open_postings()}", BOOKED_SECONDS_MAX
    )
    left = len(pairs) * 2 - _struck(stack)
    stack.sandbox("DELETE", "/_faults")
    for org_id in orgs:
        stack.assert_booked_once(org_id)
    stack.assert_metrics_equal_database(orgs)
    seconds = time.monotonic() - started
    print(
        f"  {len(pairs)} pairs of faults, all killed once, {left} faults never met; {seconds:.0f} s",
        flush=True,
    )


def _struck(stack: Stack) -> int:
    return sum(fault["hits"] for fault in stack.sandbox("GET", "/_faults")["faults"])


def _helped(stack: Stack, orgs: Sequence[int]) -> bool:
    """What people do meanwhile: reconnect and retry; nobody waits for a pause to end. True when all is booked."""
    for org_id, state, lost in stack.sql.execute(
        "SELECT p.org_id, p.state, t.disconnected_at IS NOT NULL FROM postings p "
        "JOIN qbo_tokens t ON t.org_id = p.org_id WHERE p.org_id = ANY(%s) AND p.state <> 'posted'",
        [list(orgs)],
    ).fetchall():
        if lost:
            _reconnect(stack, org_id)
        if state == "needs_you":
            assert stack.staff(org_id).post("/postings/retry").status_code == 200
        end_pauses(stack.sql, org_id)
    return all(stack.posted(org_id) == 1 for org_id in orgs)


def _reconnect(stack: Stack, org_id: int) -> None:
    """May fail, as a fault may be waiting there too; then people try again."""
    staff = stack.staff(org_id)
    staff.get(agree(staff, realm(org_id)), headers={"Accept": "application/json"})


if __name__ == "__main__":
    sys.exit(main())
