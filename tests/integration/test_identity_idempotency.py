"""A POST repeated under its Idempotency-Key creates nothing twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import psycopg
from tests.conftest import RunningApp

LEAD = {"name": "Once only"}


def leads(api: httpx2.Client) -> int:
    return len(api.get("/leads", params={"q": "Once only"}).json()["items"])


def test_the_same_key_repeats_the_answer(api: httpx2.Client):
    """The second time the first answer comes again, marked, and there is one lead."""
    first = api.post("/leads", json=LEAD, headers={"Idempotency-Key": "abc"})
    second = api.post("/leads", json=LEAD, headers={"Idempotency-Key": "abc"})
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"
    assert leads(api) == 1


def test_the_same_key_with_another_body_is_refused(api: httpx2.Client):
    """A key stands for one request; reused for another it is an error, not an answer to something else."""
    api.post("/leads", json=LEAD, headers={"Idempotency-Key": "abc"})
    other = api.post("/leads", json={"name": "Once only, other"}, headers={"Idempotency-Key": "abc"})
    assert other.status_code == 422
    assert other.json()["type"].endswith("/idempotency-mismatch")
    assert leads(api) == 1


def test_a_failed_request_leaves_its_key_free(api: httpx2.Client):
    """What did not take effect may be tried again under the same key, corrected."""
    headers = {"Idempotency-Key": "abc"}
    assert api.post("/proposals", json={"customer_id": 999, "title": "x"}, headers=headers).status_code == 422
    assert api.post("/proposals", json={"customer_id": 1, "title": "x"}, headers=headers).status_code == 201


def test_keys_of_two_callers_never_meet(app_server: RunningApp, api: httpx2.Client):
    """Somebody else's key brings nobody's answer but one's own."""
    other = app_server.as_user("office@peakpro.io")
    first = api.post("/leads", json=LEAD, headers={"Idempotency-Key": "abc"}).json()
    second = other.post("/leads", json=LEAD, headers={"Idempotency-Key": "abc"}).json()
    assert first["id"] != second["id"]


def test_many_at_once_create_one(app_server: RunningApp, api: httpx2.Client):
    """Of eight simultaneous repetitions one takes effect; the others get its answer or 409."""

    def post(_: int) -> httpx2.Response:
        with httpx2.Client(base_url=app_server.url, headers=api.headers, timeout=30) as client:
            return client.post("/leads", json=LEAD, headers={"Idempotency-Key": "many"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(post, range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.content for answer in answers if answer.status_code == 201}) == 1
    assert leads(api) == 1


def test_a_kept_answer_gives_nothing_away(api: httpx2.Client, owner_sql: psycopg.Connection):
    """An API key that was shown once does not lie in the table of kept answers; repeating still shows it."""
    new = {"name": "Once", "role": "sales"}
    first = api.post("/api-keys", json=new, headers={"Idempotency-Key": "key"}).json()
    kept = owner_sql.execute("SELECT body FROM idempotency_keys").fetchone()
    assert kept is not None
    assert first["secret"].encode() not in bytes(kept[0])
    assert api.post("/api-keys", json=new, headers={"Idempotency-Key": "key"}).json() == first
