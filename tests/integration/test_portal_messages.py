"""Questions, wishes and answers between customer and office, and asking for a new link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

from crm.portal.messages import CUSTOMER_MESSAGES_MAX


@pytest.fixture
def customer(app_server: RunningApp, api: httpx2.Client) -> httpx2.Client:
    """Holds the link of proposal 7."""
    return app_server.as_customer(api, 7)


def facts(owner_sql: psycopg.Connection, *events: str) -> list[tuple[str, str]]:
    rows = owner_sql.execute(
        "SELECT event, actor FROM portal_activity_log WHERE event = ANY(%s) ORDER BY id", [list(events)]
    )
    return [(event, actor) for event, actor in rows.fetchall()]


def test_a_question_is_answered(api: httpx2.Client, customer: httpx2.Client, owner_sql: psycopg.Connection):
    """The office reads a question and a wish, answers, and the customer reads the answer on their page."""
    asked = customer.post(
        "/portal/7/messages", json={"kind": "question", "text": "Is the old roof <b>taken</b> away?"}
    )
    assert asked.status_code == 201, asked.text
    customer.post("/portal/7/messages", json={"kind": "changes", "text": "Copper gutters, please."})
    answered = api.post("/proposals/7/messages", json={"text": "Yes, it is in the price."})
    assert answered.status_code == 201, answered.text

    told = [
        ("question", "Is the old roof <b>taken</b> away?"),
        ("changes", "Copper gutters, please."),
        ("answer", "Yes, it is in the price."),
    ]
    assert [(m["kind"], m["text"]) for m in api.get("/proposals/7/messages").json()] == told
    assert [(m["kind"], m["text"]) for m in customer.get("/portal/7").json()["messages"]] == told
    assert facts(owner_sql, "question_asked", "changes_requested", "question_answered") == [
        ("question_asked", "customer"),
        ("changes_requested", "customer"),
        ("question_answered", "user:1"),
    ]
    history = api.get("/overview/proposals/7/history").json()
    assert "The customer asks: Is the old roof <b>taken</b> away?" in {row["sentence"] for row in history}


def test_a_double_tap_asks_once(customer: httpx2.Client, owner_sql: psycopg.Connection):
    """The same question sent several times at once is kept and told once."""
    body = {"kind": "question", "text": "When do you start?"}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: customer.post("/portal/7/messages", json=body), range(4)))
    assert {answer.status_code for answer in answers} == {201}
    assert len(customer.get("/portal/7").json()["messages"]) == 1
    assert len(facts(owner_sql, "question_asked")) == 1


def test_nobody_is_flooded(customer: httpx2.Client, owner_sql: psycopg.Connection):
    """After CUSTOMER_MESSAGES_MAX messages of one day the page says so; nothing more is kept."""
    owner_sql.execute(
        "INSERT INTO portal_messages (org_id, proposal_id, kind, text, author) "
        "SELECT 1, 7, 'question', 'No ' || n, 'customer' FROM generate_series(1, %s) n",
        [CUSTOMER_MESSAGES_MAX],
    )
    refused = customer.post("/portal/7/messages", json={"kind": "question", "text": "And one more?"})
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "a\x00b"])
def test_a_bad_message_names_its_field(customer: httpx2.Client, text: str):
    """What is empty, too long or holds control characters is refused at its field."""
    refused = customer.post("/portal/7/messages", json={"kind": "question", "text": text})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"].endswith("text")


def test_messages_are_nobody_elses(
    app_server: RunningApp, api: httpx2.Client, customer: httpx2.Client, owner_sql: psycopg.Connection
):
    """Another link, another company and a read-only user can write nothing here; staff do not ask as customers."""
    body = {"kind": "question", "text": "Whose?"}
    assert customer.post("/portal/9/messages", json=body).status_code == 401
    assert api.post("/portal/7/messages", json=body).status_code == 403
    other = app_server.as_user("admin@summit.example")
    assert other.get("/proposals/7/messages").status_code == 404
    assert other.post("/proposals/7/messages", json={"text": "Hello"}).status_code == 404
    viewer = app_server.as_user("viewer@peakpro.io")
    assert viewer.get("/proposals/7/messages").status_code == 200
    assert viewer.post("/proposals/7/messages", json={"text": "Hello"}).status_code == 403


def test_a_thread_outlives_its_version(app_server: RunningApp, api: httpx2.Client, customer: httpx2.Client):
    """A wish written on the first version is read beside the second, and again by its customer."""
    customer.post("/portal/7/messages", json={"kind": "changes", "text": "A skylight, please."})
    second = api.post("/proposals/7/supersede").json()["id"]
    assert api.get(f"/proposals/{second}/messages").json()[0]["text"] == "A skylight, please."
    api.post(f"/proposals/{second}/send")
    view = app_server.as_customer(api, second).get(f"/portal/{second}").json()
    assert view["messages"][0]["text"] == "A skylight, please."


def test_a_link_that_ended_can_ask_for_a_new_one(
    app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection
):
    """An expired, withdrawn or superseded link tells the office, once; one that never was tells nobody."""
    made = api.post("/proposals/7/portal-links").json()
    token = made["url"].partition("#t=")[2]
    api.delete(f"/proposals/7/portal-links/{made['id']}")
    caller = app_server.client()
    for _ in range(3):
        assert caller.post("/portal/7/ask-new-link", json={"token": token}).status_code == 202
    assert facts(owner_sql, "new_link_asked") == [("new_link_asked", "customer")]
    assert caller.post("/portal/9/ask-new-link", json={"token": token}).status_code == 401
    assert caller.post("/portal/7/ask-new-link", json={"token": "x" * 43}).status_code == 401
    ours = {"Origin": app_server.url}
    assert caller.post("/portal/7/ask-new-link", json={}, headers=ours).status_code == 401
    assert caller.post("/portal/7/ask-new-link", json={}).status_code == 403


def test_a_choice_is_priced_as_it_is_signed(
    app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection
):
    """Ticking an extra moves total, deposit and schedule; signing that choice makes exactly those parts."""
    made = api.post(
        "/proposals",
        json={
            "customer_id": 1,
            "title": "Roof with extras",
            "deposit": {"percent": 10},
            "milestones": [{"name": "Materials delivered", "percent": 40}],
            "lines": [
                {"name": "Roof", "quantity": "1", "unit_price_minor": 1_000_000, "tax_percent": "8.81"},
                {
                    "name": "Gutter guards",
                    "quantity": "33.5",
                    "unit_price_minor": 1235,
                    "tax_percent": "8.81",
                    "discount_percent": "5",
                    "optional": True,
                },
            ],
        },
    ).json()
    api.post(f"/proposals/{made['id']}/send")
    customer = app_server.as_customer(api, made["id"])
    view = customer.get(f"/portal/{made['id']}").json()
    extra = next(line["id"] for line in view["lines"] if line["optional"])

    without = customer.get(f"/portal/{made['id']}/price").json()
    chosen = customer.get(f"/portal/{made['id']}/price", params={"line_id": extra}).json()
    assert without["total_minor"] == view["total_minor"] == 1_088_100
    assert chosen["total_minor"] == 1_088_100 + 39_304 + 3_463
    assert sum(part["amount_minor"] for part in chosen["schedule"]) == chosen["total_minor"]
    foreign = customer.get(f"/portal/{made['id']}/price", params={"line_id": 1})
    assert (foreign.status_code, foreign.json()["errors"][0]["field"]) == (422, "line_ids")

    signed = customer.post(
        f"/portal/{made['id']}/approve",
        json={
            "signer_name": "Elena Hartley",
            "content_hash": view["content_hash"],
            "line_ids": [extra],
            "signature_path": "M 10 10 L 20 30",
            "agree": True,
        },
    ).json()
    parts = [(part["key"], part["amount_minor"]) for part in signed["payments"]]
    assert parts == [(part["key"], part["amount_minor"]) for part in chosen["schedule"]]
    assert signed["signature_path"] == "M 10 10 L 20 30"
