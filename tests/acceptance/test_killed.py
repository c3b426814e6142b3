"""kill -9 at every named point between Stripe's webhook and the applied payment: booked once, always.

The worker's points are taken many at a time, each in an org of its own, since a killed worker takes all of its work
with it; the API's one after the other. No production code knows of these points (standstill.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from bench.backlog import add_backlog
from tests.acceptance.stack import Stack, names, realm, running_stack, wait_until
from tests.acceptance.standstill import (
    IN_THE_API,
    IN_THE_WORKER,
    OUTSIDE,
    Outside,
    Row,
    forget_access_token,
    hold,
    let_go,
)
from tests.conftest import database_from

RECOVERED_SECONDS_MAX = 30.0
API_ORGS = {point.name: 100 + number for number, point in enumerate(IN_THE_API)}
OUTSIDE_ORGS = {point.name: 200 + number for number, point in enumerate(OUTSIDE)}
WORKER_ORGS = {point.name: 300 + number for number, point in enumerate(IN_THE_WORKER)}
BATCH_ORG, LATE = 400, 40  # what waits there: enough that a wave is left when the first have gone one by one
ALL_ORGS = [*API_ORGS.values(), *OUTSIDE_ORGS.values(), *WORKER_ORGS.values()]


@pytest.fixture(scope="module")
def stack(postgres_url: str, demo_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with (
        database_from(postgres_url, demo_template) as url,
        running_stack(url, tmp_path_factory.mktemp("killed")) as running,
    ):
        running.add_orgs([*ALL_ORGS, BATCH_ORG])
        running.connect_all([*ALL_ORGS, BATCH_ORG])
        yield running


@pytest.mark.parametrize("point", IN_THE_API, ids=lambda p: names(p.name))
def test_api_killed(stack: Stack, point: Row) -> None:
    """The API dies at the point, before its 200: Stripe sends again, and the deposit is booked once."""
    org_id = API_ORGS[point.name]
    due = stack.open_checkout(org_id)
    held = hold(stack, point, org_id)
    stack.pay_on_page(due)
    wait_until(held.standing, f"the API stands still where {point.name}")
    stack.kill(stack.api)
    let_go([held])
    stack.start_api()
    wait_until(lambda: stack.posted(org_id) == 1, "booked", RECOVERED_SECONDS_MAX)
    stack.assert_booked_once(org_id)


@pytest.fixture(scope="module")
def killed_at_calls(stack: Stack) -> None:
    """One worker stands at every call outside at once, each in its own org; it is killed and another starts."""
    for point in OUTSIDE:
        if "/tokens/" in point.call.path:
            forget_access_token(stack.sql, OUTSIDE_ORGS[point.name])
    # What was held before its effect takes effect when the books are long done: a late packet.
    _kill_worker_at(stack, OUTSIDE, OUTSIDE_ORGS, release_before_restart=False)


@pytest.mark.parametrize("point", OUTSIDE, ids=lambda p: names(p.name))
def test_worker_killed_at_a_call(stack: Stack, killed_at_calls: None, point: Outside) -> None:
    """The worker dies while Intuit works on its call, before or after the effect: booked once within 30 s."""
    stack.assert_booked_once(OUTSIDE_ORGS[point.name])


@pytest.fixture(scope="module")
def killed_at_rows(stack: Stack) -> None:
    """The same inside the worker's own transactions. PostgreSQL ends those of the dead when they are let go.

    In two halves: each point holds a connection, and what comes by meanwhile, another sweep, a retry, holds one more. On a
    machine under load all points at once used up the worker's connections before the last was reached.
    """
    for half in (IN_THE_WORKER[::2], IN_THE_WORKER[1::2]):
        _kill_worker_at(stack, half, WORKER_ORGS, release_before_restart=True)


@pytest.mark.parametrize("point", IN_THE_WORKER, ids=lambda p: names(p.name))
def test_worker_killed_in_a_transaction(stack: Stack, killed_at_rows: None, point: Row) -> None:
    """The worker dies while a row of its work is being written or committed: booked once within 30 s."""
    stack.assert_booked_once(WORKER_ORGS[point.name])


def test_log_and_metrics_afterwards(stack: Stack, killed_at_calls: None, killed_at_rows: None) -> None:
    """After all the killing every org's log is whole, the metrics equal the database, and nobody was throttled."""
    said = stack.verify_log()
    assert all(f"org {org_id}: " in said for org_id in ALL_ORGS)
    stack.assert_metrics_equal_database(ALL_ORGS)
    assert stack.sandbox("GET", "/_state")["quickbooks"]["throttled"] == 0


@pytest.mark.timeout(300)
def test_worker_killed_in_a_batch(stack: Stack) -> None:
    """The worker dies when a batch of thirty invoices is made and its answer not read: the next one finds each of them, and
    every payment stands there once."""
    amounts = add_backlog(stack.sql, BATCH_ORG, LATE, LATE)
    due = stack.open_checkout(BATCH_ORG)
    batch = {"method": "POST", "path": f"^/v3/company/{realm(BATCH_ORG)}/batch$"}
    # The second batch, after that of the customers.
    body = {"match": batch, "action": "pause_after", "times": 1, "after": 1}
    fault = stack.sandbox("POST", "/_faults", body)["id"]
    assert stack.send_paid_event(due).status_code == 200
    wait_until(lambda: bool(stack.sandbox("GET", f"/_faults/{fault}")["waiting"]), "a batch stands still", 60)
    stack.kill(stack.worker)
    unread = [one for one in stack.in_books(BATCH_ORG, "Invoice") if one["Balance"]]
    assert len(unread) >= 20
    stack.start_worker()
    wait_until(lambda: stack.posted(BATCH_ORG) == LATE + 1, "every payment is booked", 120)
    stack.sandbox("POST", f"/_faults/{fault}/release")
    stack.sandbox("DELETE", f"/_faults/{fault}")
    for entity in ("Invoice", "Payment"):
        cents = sorted(round(100 * one["TotalAmt"]) for one in stack.in_books(BATCH_ORG, entity))
        assert cents == sorted([*amounts.values(), due.amount_cents]), entity
    assert {one["Balance"] for one in stack.in_books(BATCH_ORG, "Invoice")} == {0}
    emails = [one.get("PrimaryEmailAddr", {}).get("Address") for one in stack.in_books(BATCH_ORG, "Customer")]
    assert len(emails) == len(set(emails))
    assert stack.events(BATCH_ORG) | {"payment_success": 1} == {
        "payment_success": 1,
        "invoice_created": LATE + 1,
        "invoice_paid": LATE + 1,
    }


def _kill_worker_at(
    stack: Stack, points: Sequence[Row | Outside], orgs: dict[str, int], *, release_before_restart: bool
) -> None:
    dues = stack.open_checkouts([orgs[point.name] for point in points])
    holds = {point.name: hold(stack, point, orgs[point.name]) for point in points}
    for due in dues:
        assert stack.send_paid_event(due).status_code == 200
    wait_until(
        lambda: all(one.standing() for one in holds.values()), "the worker stands still at every point"
    )
    stack.kill(stack.worker)
    if release_before_restart:
        let_go(holds.values())
    stack.start_worker()
    wait_until(
        lambda: all(stack.posted(orgs[point.name]) == 1 for point in points),
        "every payment is booked",
        RECOVERED_SECONDS_MAX,
    )
    if not release_before_restart:
        let_go(holds.values())
        wait_until(lambda: not _running_requests(stack), "the late calls are through")


def _running_requests(stack: Stack) -> bool:
    requests = stack.sandbox("GET", "/_state/requests?limit=200")["requests"]
    return any(entry["milliseconds"] is None for entry in requests)
