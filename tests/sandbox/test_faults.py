"""Faults on demand: what the client sees, and whether the effect happened all the same."""

import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import pytest
from tests.sandbox.quickbooks_world import AMY, Books, line, open_books

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
    options: dict[str, Any] = {"seconds": 0.05} if action.startswith("hang") else {}
    books.sandbox.add_fault(action, "/invoice$", **options)
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


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"action": "explode"}, "action must be one of status, delay"),
        ({"action": ["status"]}, "action must be one of"),
        ({"action": "status", "status": 99}, "status must be a whole number from 200 to 599; got 99"),
        ({"action": "status", "body": "gone", "colour": 1}, "colour means nothing to status; it takes status,"),
        ({"action": "reset_before", "seconds": 1}, "seconds means nothing to reset_before"),
        ({"action": "delay", "seconds": [2]}, "seconds must be a number from 0 to 600; got [2]"),
        ({"action": "delay", "times": 0}, "times must be a whole number from 1 to 1000000, or null for always"),
        ({"action": "delay", "probability": 2}, "probability must be a number from 0 to 1; got 2"),
        ({"action": "delay", "until_seconds": 0}, "until_seconds must be a number from 0.001"),
        ({"action": "delay", "match": {"path": "("}}, "match.path is not a regular expression"),
        ({"action": "delay", "match": {"host": "x"}}, "match.host is unknown; match knows method, path, query"),
        ({"action": "delay", "match": "/v3"}, "match must be an object"),
        ({"action": "delay", "match": {"webhook": "stripe"}}, "POST to /_state/stripe/delivery"),
        ({"action": "stale", "writes": 2, "seconds": 5}, "stale takes writes or seconds, not both"),
        ({"action": "clock_skew", "seconds": 1e12}, "seconds must be a number from -3.16224e+08"),
        ([], "send an object"),
    ],
)  # fmt: skip
def test_a_wrong_fault_is_refused_with_the_field_and_the_way_out(
    books: Books, wrong: object, told: str
) -> None:
    """400, and the sentence names the field, what it must be and what came."""
    with pytest.raises(urllib.error.HTTPError, match=re.escape(told)):
        books.sandbox.call("POST", "/_faults", wrong)


def test_faults_are_listed_and_cleared(books: Books) -> None:
    """The list shows the rule; clearing ends it; the sandbox itself is never hit."""
    books.sandbox.add_fault("status", ".*", "GET", times=None, status=500)
    assert len(books.sandbox.call("GET", "/_faults")["faults"]) == 1
    assert books.client.get("/customer/1").status_code == 500
    books.sandbox.call("DELETE", "/_faults")
    assert books.client.get("/customer/1").status_code == 200


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


def test_a_stale_read_does_not_see_the_last_write(books: Books) -> None:
    """By Id, by query and by CDC the books answer as before the last write, then as they are."""
    first = books.invoice(100)
    since = first["MetaData"]["CreateTime"]
    for read in ("/invoice/", "/query$", "/cdc$"):
        books.sandbox.add_fault("stale", read, "GET", times=1)
    second = books.invoice(200)
    assert books.client.get(f"/invoice/{second['Id']}").json()["Fault"]["Error"][0]["code"] == "610"
    assert count(books) == 1
    change_data = {"entities": "Invoice", "changedSince": since}
    seen = books.client.get("/cdc", params=change_data).json()["CDCResponse"][0]["QueryResponse"][0]
    assert [invoice["Id"] for invoice in seen["Invoice"]] == [first["Id"]]
    assert count(books) == 2
    assert books.read("Invoice", second["Id"])["TotalAmt"] == 200


def test_stale_goes_back_some_writes_or_seconds(books: Books) -> None:
    """Two writes back hides two invoices; an hour back hides all of this hour, until the hour is over."""
    rule = books.sandbox.add_fault("stale", "/query$", "GET", times=None, writes=2)
    assert count(books) == 0
    assert books.sandbox.call("GET", f"/_faults/{rule}")["hits"] == 0, "nothing was written: nothing is stale"
    for expected in (0, 0, 1, 2):
        books.invoice(50)
        assert count(books) == expected
    books.sandbox.call("DELETE", f"/_faults/{rule}")
    assert count(books) == 4
    books.sandbox.add_fault("stale", "/query$", "GET", times=None, seconds=300)
    books.invoice(50)
    assert count(books) == 4
    books.sandbox.clock.advance(301)
    assert count(books) == 5
    books.invoice(50)
    assert count(books) == 5


def test_a_stale_customer_has_the_old_balance_and_todays_token_opens_it(books: Books) -> None:
    """What hangs together is stale together; who may read is decided today."""
    books.sandbox.add_fault("stale", "/customer/", "GET", times=None)
    books.invoice(75)
    assert books.owed() == 0
    books.sandbox.quickbooks.tokens.expire_access_tokens()
    assert books.client.get(f"/customer/{AMY}").status_code == 401
    tokens = books.sandbox.connect_quickbooks()
    assert books.client.get(f"/customer/{AMY}", headers=tokens.headers).json()["Customer"]["Balance"] == 0


def test_stripe_reads_are_stale_too(books: Books) -> None:
    """A session is not found by id or in the list right after it was made; events neither."""
    stripe = httpx2.Client(
        base_url=f"{books.sandbox.base_url}/v1", headers={"authorization": "Bearer sk_test_faults"}
    )
    with stripe:
        books.sandbox.add_fault("stale", "^/v1/", "GET", times=3)
        made = stripe.post("/customers", data={"name": "Marisol Vega"}).json()
        assert stripe.get(f"/customers/{made['id']}").status_code == 404
        assert stripe.get("/customers").json()["data"] == []
        assert stripe.get("/events").json()["data"] == []
        assert stripe.get(f"/customers/{made['id']}").json()["name"] == "Marisol Vega"
        assert stripe.get("/events").json()["data"][0]["type"] == "customer.created"


def test_a_skewed_clock_dates_answers_objects_and_tokens_wrongly(books: Books) -> None:
    """Header and bodies are off by the seconds; a token given by a slow clock ends early for the right one."""
    now = books.sandbox.clock.now()
    plain = books.client.get("/customer/1")
    assert abs(parsedate_to_datetime(plain.headers["date"]) - now) < timedelta(seconds=60)
    books.sandbox.add_fault("clock_skew", "/invoice", "POST", seconds=-7_200)
    answer = books.post("Invoice", INVOICE)
    for told in (
        parsedate_to_datetime(answer.headers["date"]),
        datetime.fromisoformat(answer.json()["time"]),
        datetime.fromisoformat(answer.json()["Invoice"]["MetaData"]["CreateTime"]),
    ):
        assert abs(told - (now - timedelta(hours=2))) < timedelta(seconds=60)
    books.sandbox.add_fault("clock_skew", "/oauth2/v1/tokens/bearer$", seconds=-3_000)
    tokens = books.sandbox.connect_quickbooks()
    assert books.client.get("/customer/1", headers=tokens.headers).status_code == 200
    books.sandbox.clock.advance(601)
    assert books.client.get("/customer/1", headers=tokens.headers).status_code == 401


def test_a_skewed_clock_leaves_other_faults_and_the_throttle_alone() -> None:
    """A wrong clock on everything does not hide a fault behind it, and afterwards nobody waits for hours."""
    with open_books(qbo_rate_limits_on=True, qbo_rate_per_second=1000, qbo_rate_per_minute=5) as books:
        skew = books.sandbox.add_fault("clock_skew", "/v3/", "GET", times=None, seconds=1_000)
        books.sandbox.add_fault("status", "/customer/1$", "GET", status=503)
        refused = books.client.get("/customer/1")
        assert refused.status_code == 503
        assert parsedate_to_datetime(refused.headers["date"]) > books.sandbox.clock.now() + timedelta(
            minutes=10
        )
        statuses = [books.client.get("/customer/1").status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
        books.sandbox.call("DELETE", f"/_faults/{skew}")
        books.sandbox.clock.advance(61)
        assert books.client.get("/customer/1").status_code == 200
