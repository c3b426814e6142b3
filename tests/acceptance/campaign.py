"""The long form of test_killed.py (`make campaign`): rounds of payments under random kills, freezes and faults.

Each round pays deposits in several orgs, some events twice, while Intuit misbehaves and processes die at random
moments; then everything must stand in the books exactly once. A seed repeats the choices, not the timing.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
from tests.acceptance.stack import PROPOSAL, Due, Stack, alone, realm, wait_until

ORGS = (101, 102, 103, 104)
WORKERS = 2
PAYMENTS_PER_ROUND_MAX = 6
SENT_SECONDS_MAX = 60.0
SETTLED_SECONDS_MAX = 120.0  # with the rests that a company gets after failures in a row
FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "status", "status": 500, "body": "{}"},
    {"action": "status", "status": 503, "body": "<html>busy</html>", "content_type": "text/html"},
    {"action": "reset_before"},
    {"action": "drop_after"},
    {"action": "hang_before", "seconds": 1},
    {"action": "hang_after", "seconds": 1},
    {"action": "garbage", "effect": True},
    {"action": "garbage"},
    {"action": "delay", "seconds": 1},
    {"action": "slow_body", "seconds": 1},
)
CALLS = ("query", "customer", "item", "account", "invoice", "payment", r"invoice/\d+")


def main() -> int:
    """0 when every round ended with every payment booked once; 1 and what was wrong else."""
    parser = argparse.ArgumentParser(prog="make campaign", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    name = f"campaign of {given.rounds} rounds"
    return alone(name, given.seed, lambda stack, dice: _run(stack, given.rounds, dice), workers=WORKERS)


def _run(stack: Stack, rounds: int, dice: random.Random) -> None:
    stack.add_orgs(ORGS)
    stack.connect_all(ORGS)
    total = dict.fromkeys(ORGS, 0)
    for number in range(1, rounds + 1):
        chosen = [dice.choice(ORGS) for _ in range(dice.randint(1, PAYMENTS_PER_ROUND_MAX))]
        dues = []
        for org_id in chosen:
            if total[org_id]:
                stack.add_proposal(org_id, PROPOSAL + total[org_id])
            dues.append(stack.open_checkout(org_id, PROPOSAL + total[org_id]))
            total[org_id] += 1
        faults = [_add_fault(stack, dice) for _ in range(dice.randint(0, 4))]
        with ThreadPoolExecutor(len(dues) * 2) as pool:
            sending = [pool.submit(_send, stack, due, dice.uniform(0, 1)) for due in dues]
            sending += [
                pool.submit(_send, stack, due, dice.uniform(0, 2)) for due in dues if dice.random() < 0.3
            ]
            hurt = _hurt(stack, dice)
            for one in sending:
                one.result()
        seconds = wait_until(
            lambda: all(stack.posted(org_id) == count for org_id, count in total.items()),
            f"round {number}: every payment is booked; {stack.open_postings()}",
            SETTLED_SECONDS_MAX,
        )
        stack.sandbox("DELETE", "/_faults")
        for org_id, count in total.items():
            if count:
                stack.assert_booked_once(org_id, payments=count)
        stack.assert_metrics_equal_database(ORGS)
        print(f"  round {number}: {len(dues)} paid; {', '.join(hurt + faults)}; {seconds:.1f} s", flush=True)
    stack.verify_log()
    print(f"{sum(total.values())} payments, each booked once; every log whole, metrics equal the database")


def _send(stack: Stack, due: Due, after_seconds: float) -> None:
    """As Stripe sends: again until it is answered with 200."""
    time.sleep(after_seconds)
    deadline = time.monotonic() + SENT_SECONDS_MAX
    while time.monotonic() < deadline:
        try:
            if stack.send_paid_event(due).status_code == 200:
                return
        except httpx2.TransportError:
            pass  # the API is dead at the moment, which is what this is about
        time.sleep(0.3)
    raise AssertionError(f"the event of {due.session_id} was not taken within {SENT_SECONDS_MAX:g} s")


def _hurt(stack: Stack, dice: random.Random) -> list[str]:
    """Kills or freezes processes at random moments of the round, and starts what died again."""
    hurt = []
    for _ in range(dice.randint(1, 3)):
        time.sleep(dice.uniform(0, 1.2))
        living = [worker for worker in stack.workers if worker.poll() is None]
        match dice.choice(("kill worker", "kill worker", "kill API", "freeze worker")):
            case "kill worker":
                stack.kill(dice.choice(living))
                stack.start_worker()
                hurt.append("worker killed")
            case "kill API":
                stack.kill(stack.api)
                stack.start_api()
                hurt.append("API killed")
            case _:
                frozen = dice.choice(living)
                frozen.send_signal(signal.SIGSTOP)
                time.sleep(dice.uniform(0.5, 16))  # sometimes long enough to be taken for dead
                frozen.send_signal(signal.SIGCONT)
                hurt.append("worker frozen")
    for _ in range(WORKERS - sum(worker.poll() is None for worker in stack.workers)):
        stack.start_worker()  # one that woke to find itself taken for dead has ended; the supervisor would do this
    return hurt


def _add_fault(stack: Stack, dice: random.Random) -> str:
    fault, call, org_id = dice.choice(FAULTS), dice.choice(CALLS), dice.choice(ORGS)
    path = f"^/v3/company/{realm(org_id)}/{call}$"
    rule = fault | {"match": {"path": path}, "times": dice.randint(1, 2), "after": dice.randint(0, 2)}
    stack.sandbox("POST", "/_faults", rule)
    return f"{fault['action']} at {call}"


if __name__ == "__main__":
    sys.exit(main())
