"""Leads and customers over HTTP: kept as written, paged, and told what is wrong by name."""

from __future__ import annotations

import httpx2
import psycopg
import pytest

VERBATIM = [
    "Robert'); DROP TABLE customers;--",
    "“Curly” ‘quotes’ — and a dash",
    "Zoë Müller-O’Brien 🏠",
    "<script>alert(1)</script>",
    "李小龍",
    "100% \\ back_slash",
]


@pytest.mark.parametrize("name", VERBATIM)
def test_text_is_kept_as_it_was_written(api: httpx2.Client, name: str):
    """SQL, markup, quotes and emoji come back exactly, and are found again."""
    made = api.post("/customers", json={"name": f"  {name} "})
    assert made.status_code == 201, made.text
    assert api.get(f"/customers/{made.json()['id']}").json()["name"] == name
    assert [row["name"] for row in api.get("/customers", params={"q": name}).json()["items"]] == [name]


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"name": "x" * 501}, "name", "Use at most 200 characters."),
        ({"name": "   "}, "name", "Please fill this in."),
        ({"name": None}, "name", "string"),
        ({}, "name", "This is needed."),
        ({"name": "a\u0000b"}, "name", "U+0000"),
        ({"name": "a\nb"}, "name", "U+000A"),
        ({"name": "x", "email": "no at sign"}, "email", "name@example.com"),
        ({"name": "x", "email": "a@b"}, "email", "name@example.com"),
        ({"name": "x", "email": "a..b@example.com"}, "email", "name@example.com"),
        ({"name": "x", "phone": "call me"}, "phone", "digits"),
        ({"name": "x", "site_address": {"line1": "1 Main"}}, "site_address.city", "needed"),
        ({"name": "x", "colour": "red"}, "colour", "no such field"),
    ],
)
def test_what_is_wrong_is_named(api: httpx2.Client, wrong: dict, field: str, words: str):
    """A refused value is answered with its field and a sentence, and nothing is stored."""
    before = len(api.get("/customers").json()["items"])
    refused = api.post("/customers", json=wrong)
    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/problem+json"
    error = refused.json()["errors"][0]
    assert error["field"] == field
    assert words in error["message"]
    assert len(api.get("/customers").json()["items"]) == before


@pytest.mark.parametrize(
    "body", [b'{"name": "a\\u0000b"}', b'{"name": "a\\ud800b"}', b'{"name": ', b'"text"', b"[]", b"null"]
)
def test_json_that_no_database_could_keep_is_refused(api: httpx2.Client, body: bytes):
    """NUL, lone surrogates, broken and wrong JSON are the caller's fault, never ours."""
    refused = api.post("/customers", content=body, headers={"Content-Type": "application/json"})
    assert refused.status_code == 422
    assert refused.json()["errors"]


@pytest.mark.parametrize("path", ["/customers/0", "/customers/99999999999", "/customers/x", "/leads/-1"])
def test_ids_that_cannot_be_are_refused(api: httpx2.Client, path: str):
    """An id that no row can have is answered without asking the database."""
    assert api.get(path).status_code == 422


def test_pages_follow_each_other_without_gaps(api: httpx2.Client):
    """All leads come exactly once, newest first, also when one is added between two pages."""
    seen: list[int] = []
    cursor = None
    for _ in range(10):
        parameters = {"limit": 5} | ({"cursor": cursor} if cursor else {})
        page = api.get("/leads", params=parameters).json()
        seen += [row["id"] for row in page["items"]]
        if seen and len(seen) == 5:
            api.post("/leads", json={"name": "Added meanwhile"})
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 12
    assert seen == sorted(set(seen), reverse=True)


@pytest.mark.parametrize(
    "query", ["cursor=nonsense", "cursor=%00", "limit=0", "limit=201", "q=%00", "status=odd"]
)
def test_wrong_queries_are_refused(api: httpx2.Client, query: str):
    """A parameter that cannot be is named."""
    refused = api.get(f"/leads?{query}")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == query.partition("=")[0]


def test_a_lead_becomes_a_customer_once(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Converting makes one customer with what the lead told; converting again answers with the same."""
    lead = api.post(
        "/leads", json={"name": "Ada", "email": "ada@example.com", "phone": "303 555 0101"}
    ).json()
    first = api.post(f"/leads/{lead['id']}/convert").json()
    again = api.post(f"/leads/{lead['id']}/convert").json()
    assert first == again
    assert first["lead"]["status"] == "converted"
    assert first["customer"]["phone"] == "303 555 0101"
    events = owner_sql.execute(
        "SELECT event FROM portal_activity_log WHERE (meta->>'lead_id')::int = %s ORDER BY id", [lead["id"]]
    ).fetchall()
    assert [event for (event,) in events] == ["lead_created", "lead_converted"]


def test_a_lead_of_a_known_customer_joins_them(api: httpx2.Client):
    """The same e-mail, however it is written, is the same customer."""
    lead = api.post("/leads", json={"name": "E. Hartley", "email": "Elena.Hartley@Example.com"}).json()
    assert api.post(f"/leads/{lead['id']}/convert").json()["customer"]["id"] == 1


def test_a_converted_lead_stays_one(api: httpx2.Client):
    """Its status can be neither set by hand nor taken back."""
    assert api.patch("/leads/1", json={"status": "converted"}).status_code == 409
    assert api.patch("/leads/1", json={"status": "contacted"}).json()["status"] == "contacted"
    api.post("/leads/1/convert")
    assert api.patch("/leads/1", json={"status": "lost"}).status_code == 409


def test_a_change_touches_only_what_was_given(api: httpx2.Client):
    """Other fields stay, and "" empties one."""
    before = api.get("/customers/1").json()
    after = api.patch("/customers/1", json={"phone": "", "company": "Hartley LLC"}).json()
    assert after["phone"] is None
    assert after["company"] == "Hartley LLC"
    assert {**after, "phone": before["phone"], "company": None, "updated_at": before["updated_at"]} == before
