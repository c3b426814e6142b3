"""Faults on demand: what the client sees, and whether the effect happened all the same."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import httpx2
import pytest
from tests.sandbox.quickbooks_world import AMY, Books, line

from crm_sandbox.server import listen

INVOICE = {"CustomerRef": {"value": AMY}, "Line": [line(100)]}


def count(books: Books) -> int:
    return books.ask("SELECT COUNT(*) FROM Invoice")["totalCount"]


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("action", "effects"),
    [("reset_before", 0), ("hang_before", 0), ("drop_after", 1), ("hang_after", 1)],
)
def test_a_cut_connection_leaves_the_effect_where_it_should_be(
    books: Books, action: str, effects: int
) -> None:
    """Cut before: nothing happened. Cut after: it did, and the client cannot know."""
    books.sandbox.add_fault(action, "/invoice$", seconds=0.05)
    with pytest.raises(httpx2.TransportError):
        books.post("Invoice", INVOICE)
    assert count(books) == effects
    assert books.post("Invoice", INVOICE).status_code == 200


def test_a_status_replaces_the_answer_and_the_effect(books: Books) -> None:
    """The chosen status, body, type and headers come back and nothing happened."""
    books.sandbox.add_fault(
        "status", "/invoice$", status=503, body={"busy": True}, headers={"retry-after": "7"}
    )
    answer = books.post("Invoice", INVOICE)
    assert (answer.status_code, answer.json(), answer.headers["retry-after"]) == (503, {"busy": True}, "7")
    assert count(books) == 0


def test_garbage_is_a_200_that_is_not_json(books: Books) -> None:
    """A 200 whose body cannot be parsed; with `effect` the write happened."""
    books.sandbox.add_fault("garbage", "/invoice$", effect=True)
    answer = books.post("Invoice", INVOICE)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"(?i)expect|decode"):
        answer.json()
    assert count(books) == 1


def test_delay_and_slow_body_take_their_time_and_then_answer(books: Books) -> None:
    """The answer is right, only late, or in drips."""
    for action in ("delay", "slow_body"):
        books.sandbox.add_fault(action, "/invoice$", seconds=0.2)
        started = time.monotonic()
        assert books.post("Invoice", INVOICE).status_code == 200
        assert time.monotonic() - started > 0.15


@pytest.mark.parametrize(("action", "effects"), [("pause_before", 0), ("pause_after", 1)])
def test_a_paused_request_waits_until_it_is_released(books: Books, action: str, effects: int) -> None:
    """A test can wait for the request to be held, look around, and let it go on."""
    rule = books.sandbox.add_fault(action, "/invoice$")
    answers = []
    sender = threading.Thread(target=lambda: answers.append(books.post("Invoice", INVOICE)))
    sender.start()
    wait_until(lambda: books.sandbox.call("GET", f"/_faults/{rule}")["waiting"] == 1)
    assert count(books) == effects
    books.sandbox.call("POST", f"/_faults/{rule}/release")
    sender.join(10)
    assert answers[0].status_code == 200
    assert count(books) == 1


def test_after_and_times_choose_which_requests_are_hit(books: Books) -> None:
    """The first passes, the next two are hit, the fourth passes; all four are counted as seen."""
    rule = books.sandbox.add_fault("status", "/invoice$", status=500, after=1, times=2)
    statuses = [books.post("Invoice", INVOICE).status_code for _ in range(4)]
    assert statuses == [200, 500, 500, 200]
    told = books.sandbox.call("GET", f"/_faults/{rule}")
    assert (told["seen"], told["hits"]) == (4, 2)


def test_method_path_and_query_must_all_match(books: Books) -> None:
    """A rule for reads of payments by query leaves everything else alone."""
    books.sandbox.add_fault("status", "/query$", "GET", query="FROM Payment", status=500, times=None)
    assert books.client.get("/query", params={"query": "SELECT * FROM Payment"}).status_code == 500
    assert books.client.get("/query", params={"query": "SELECT * FROM Invoice"}).status_code == 200
    assert books.client.get("/customer/1").status_code == 200


def test_chance_repeats_from_its_seed(books: Books) -> None:
    """The same seed hits the same requests."""

    def pattern() -> list[int]:
        rule = books.sandbox.add_fault(
            "status", "/customer/1$", "GET", status=500, times=None, probability=0.5, seed=7
        )
        hit = [books.client.get("/customer/1").status_code for _ in range(12)]
        books.sandbox.call("DELETE", f"/_faults/{rule}")
        return hit

    first = pattern()
    assert set(first) == {200, 500}
    assert pattern() == first


def test_faults_are_listed_cleared_and_checked(books: Books) -> None:
    """Wrong rules are refused in words; clearing lets held requests go; the sandbox itself is never hit."""
    with pytest.raises(Exception, match="400"):
        books.sandbox.add_fault("explode", "/")
    with pytest.raises(Exception, match="400"):
        books.sandbox.add_fault("status", "(")
    books.sandbox.add_fault("status", ".*", "GET", times=None, status=500)
    assert len(books.sandbox.call("GET", "/_faults")["faults"]) == 1
    assert books.client.get("/customer/1").status_code == 500
    books.sandbox.call("DELETE", "/_faults")
    assert books.client.get("/customer/1").status_code == 200


def test_the_log_shows_requests_with_their_faults_and_hides_secrets(books: Books) -> None:
    """What went by is listed newest first, a fault is named, tokens are not shown."""
    books.sandbox.add_fault("status", "/invoice$", status=500)
    books.post("Invoice", INVOICE)
    log = books.sandbox.call("GET", "/_state/requests")["requests"]
    assert (log[0]["status"], log[0]["faults"]) == (500, ["status (1)"])
    assert any(entry["path"] == "/oauth2/v1/tokens/bearer" for entry in log)
    assert books.tokens.access_token not in str(log)
    assert books.tokens.refresh_token not in str(log)


def test_the_process_ends_within_a_second_even_while_it_holds_a_request() -> None:
    """On SIGTERM a held request is let go and the exit status is 0."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "crm_sandbox", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process, httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
        assert process.stdout.readline() == f"sandbox ready http://localhost:{port}\n"
        wait_until(lambda: _answers(client))
        rule = {"match": {"path": "/connect"}, "action": "hang_before", "seconds": 60}
        client.post("/_faults", json=rule).raise_for_status()
        held = threading.Thread(target=lambda: _answers(client, "/connect/oauth2"))
        held.start()
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as other:
            wait_until(lambda: other.get("/_faults/1").json()["waiting"] == 1)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert time.monotonic() - started < 1
        held.join(10)


def _answers(client: httpx2.Client, path: str = "/_health") -> bool:
    try:
        return client.get(path).is_success
    except httpx2.TransportError:
        return False
