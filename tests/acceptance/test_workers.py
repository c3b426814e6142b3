"""Workers beside each other, frozen, and with a company in trouble: real processes, nothing twice, nobody waits."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest
from tests.acceptance.outside_calls import BY_NAME
from tests.acceptance.stack import PROPOSAL, Stack, realm, running_stack, wait_until
from tests.acceptance.standstill import Outside, hold, let_go
from tests.conftest import database_from

WAITING = 20
CROWDED, HANGING, HEALTHY, FROZEN = 101, 102, 103, 104
INVOICE = Outside("before the invoice is made", BY_NAME["the invoice is made"])


@pytest.fixture(scope="module")
def stack(postgres_url: str, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with (
        database_from(postgres_url, demo_template) as url,
        running_stack(url, tmp_path_factory.mktemp("workers")) as running,
    ):
        running.add_orgs([CROWDED, HANGING], proposals=WAITING)
        running.add_orgs([HEALTHY, FROZEN])
        yield running


def test_company_that_hangs_holds_up_nobody(stack: Stack) -> None:
    """Twenty payments of a company that does not answer for ten minutes: the same worker books another's meanwhile."""
    assert len(stack.workers) == 1
    stack.connect_all([HANGING, HEALTHY])
    path = f"^/v3/company/{realm(HANGING)}/"
    fault = {"match": {"path": path}, "action": "hang_before", "seconds": 600, "times": None}
    stack.sandbox("POST", "/_faults", fault)
    for number in range(WAITING):
        due = stack.open_checkout(HANGING, PROPOSAL + number)
        assert stack.send_paid_event(due).status_code == 200
    due = stack.open_checkout(HEALTHY)
    assert stack.send_paid_event(due).status_code == 200
    wait_until(lambda: stack.posted(HEALTHY) == 1, "the healthy company's payment is booked", 30)
    assert stack.posted(HANGING) == 0
    stack.assert_booked_once(HEALTHY)

    stack.sandbox("DELETE", "/_faults")
    wait_until(lambda: stack.posted(HANGING) == WAITING, "the other's too, when it answers again", 90)
    stack.assert_booked_once(HANGING, payments=WAITING)


def test_connecting_books_what_waits_with_two_workers(stack: Stack) -> None:
    """20 payments wait visibly for a connection; connecting books each once, by two workers, without a 429."""
    stack.start_worker()
    for number in range(WAITING):
        due = stack.open_checkout(CROWDED, PROPOSAL + number)
        assert stack.send_paid_event(due).status_code == 200
    waiting = stack.metrics()
    assert waiting[f'crm_payments_waiting{{org_id="{CROWDED}"}}'] == WAITING
    wait_until(lambda: _lines(stack, CROWDED, "waiting") == WAITING, "all of them wait visibly")

    stack.connect(CROWDED)
    wait_until(lambda: stack.posted(CROWDED) == WAITING, "all of them are booked", 60)
    stack.assert_booked_once(CROWDED, payments=WAITING)
    stack.assert_metrics_equal_database([CROWDED])
    assert stack.sandbox("GET", "/_state")["quickbooks"]["throttled"] == 0
    attempts = stack.sql.execute(
        "SELECT DISTINCT attempts, problem FROM postings WHERE org_id = %s", [CROWDED]
    ).fetchall()
    assert attempts == [(1, None)]


def test_frozen_worker_that_wakes_duplicates_nothing(stack: Stack) -> None:
    """A worker frozen in the middle of its call is taken for dead; when it wakes, nothing is there twice."""
    stack.connect(FROZEN)
    due = stack.open_checkout(FROZEN)
    frozen = list(stack.workers)
    held = hold(stack, INVOICE, FROZEN)
    assert stack.send_paid_event(due).status_code == 200
    wait_until(held.standing, "a worker waits for its answer")
    for worker in frozen:  # whichever of them has it
        worker.send_signal(signal.SIGSTOP)
    stack.start_worker()
    wait_until(lambda: stack.posted(FROZEN) == 1, "another worker books it", 30)
    stack.assert_booked_once(FROZEN)

    let_go([held])
    for worker in frozen:
        worker.send_signal(signal.SIGCONT)
    time.sleep(5)  # long enough to end its call and to write whatever it would write
    stack.assert_booked_once(FROZEN)
    stack.assert_metrics_equal_database([FROZEN])
    assert "BROKEN" not in stack.verify_log()
    assert _lines(stack, FROZEN, "posted") == 1


def _lines(stack: Stack, org_id: int, state: str) -> int:
    answer = stack.staff(org_id).get(f"/postings?state={state}&limit=100")
    assert answer.status_code == 200, answer.text
    return len(answer.json()["items"])
