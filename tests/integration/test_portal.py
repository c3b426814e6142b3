"""The customer's page: one link opens one proposal, what is signed is what was shown, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

from crm import demo
from crm.kit.database import Database
from crm.kit.settings import Settings


@pytest.fixture
def customer(app_server: RunningApp, api: httpx2.Client) -> httpx2.Client:
    """Holds the link of proposal 7."""
    return app_server.as_customer(api, 7)


def yes(view: dict, **more) -> dict:
    return {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True, **more}


def entries(owner_sql: psycopg.Connection, event: str) -> list[dict]:
    rows = owner_sql.execute(
        "SELECT meta, actor FROM portal_activity_log WHERE event = %s ORDER BY id", [event]
    ).fetchall()
    return [{**meta, "actor": actor} for meta, actor in rows]


def test_the_customer_sees_the_offer_and_nothing_else(customer: httpx2.Client):
    """Price, parts and who offers; no other customer's data and nothing internal."""
    view = customer.get("/portal/7").json()
    assert view["total_minor"] == 1_575_000
    assert [part["name"] for part in view["payments"]] == ["Deposit", "Final balance"]
    assert sum(part["amount_minor"] for part in view["payments"]) == view["total_minor"]
    assert view["payment"] == {
        "id": None,
        "key": "deposit",
        "name": "Deposit",
        "state": "due",
        "amount_minor": 472_500,
        "currency": "USD",
        "paid_at": None,
        "failure": None,
        "remaining_minor": 1_102_500,
        "refunded_minor": 0,
        "disputed": False,
        "simulated": False,
    }
    assert view["contractor"]["name"] == "PeakPro Roofing"
    assert view["customer"] == {"name": "Elena and Tom Hartley"}
    assert (view["can_approve"], view["can_pay"]) == (True, False)
    assert view["dev_mode"] is True
    assert not {"approval", "org_id", "superseded_by", "created_at"} & set(view)


def test_the_first_look_is_noted_once(
    app_server: RunningApp, api: httpx2.Client, customer: httpx2.Client, owner_sql: psycopg.Connection
):
    """Staff looking is no look; the customer's first one moves the proposal to viewed."""
    assert api.get("/portal/7").json()["status"] == "sent"
    assert customer.get("/portal/7").json()["status"] == "viewed"
    customer.get("/portal/7")
    assert [entry["actor"] for entry in entries(owner_sql, "viewed")] == ["customer"]
    assert api.get("/proposals/7").json()["viewed_at"] is not None


def test_a_link_opens_its_proposal_only(app_server: RunningApp, customer: httpx2.Client):
    """The link of proposal 7 opens neither another proposal nor anything of the office."""
    for proposal_id in (9, 10, 20, 999):
        refused = customer.get(f"/portal/{proposal_id}")
        assert refused.status_code == 401
        assert refused.json()["type"].endswith("/portal-link-unknown")
    for path in ("/proposals/7", "/customers", "/auth/me", "/users"):
        assert customer.get(path).status_code == 401


def test_the_link_becomes_a_cookie(app_server: RunningApp, api: httpx2.Client):
    """The page exchanges the secret of the address for a cookie that opens this proposal alone."""
    url = api.post("/proposals/7/portal-links").json()["url"]
    browser = app_server.client()
    token = url.partition("#t=")[2]
    assert browser.post("/portal/9/session", json={"token": token}).status_code == 401
    opened = browser.post("/portal/7/session", json={"token": token})
    assert opened.status_code == 204
    assert "httponly" in opened.headers["set-cookie"].lower()
    assert browser.get("/portal/7").status_code == 200
    assert browser.get("/portal/9").status_code == 401
    view = browser.get("/portal/7").json()
    assert browser.post("/portal/7/approve", json=yes(view)).status_code == 403
    ours = {"Origin": app_server.url}
    assert browser.post("/portal/7/approve", json=yes(view), headers=ours).status_code == 200


def test_the_secret_is_not_stored(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Whoever reads the database can open no proposal with it."""
    token = api.post("/proposals/7/portal-links").json()["url"].partition("#t=")[2]
    dump = owner_sql.execute("SELECT string_agg(l::text, '') FROM portal_links l").fetchone()
    assert dump is not None
    assert token not in dump[0]
    assert token.encode().hex() not in dump[0]


def test_links_end(app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection):
    """A withdrawn link and an expired one each say what they are."""
    made = api.post("/proposals/7/portal-links", json={"days": 1}).json()
    client = app_server.client(Authorization=f"Bearer {made['url'].partition('#t=')[2]}")
    assert client.get("/portal/7").status_code == 200
    owner_sql.execute("UPDATE portal_links SET expires_at = now() - interval '1 second'")
    expired = client.get("/portal/7")
    assert (expired.status_code, expired.json()["type"].rsplit("/", 1)[1]) == (401, "portal-link-expired")
    assert api.delete(f"/proposals/7/portal-links/{made['id']}").status_code == 204
    revoked = client.get("/portal/7")
    assert (revoked.status_code, revoked.json()["type"].rsplit("/", 1)[1]) == (401, "portal-link-revoked")
    assert api.delete(f"/proposals/9/portal-links/{made['id']}").status_code == 404


def test_an_approval_is_proof(api: httpx2.Client, customer: httpx2.Client, owner_sql: psycopg.Connection):
    """Who, when, from where and the hash of what was shown are kept, and the log says so."""
    view = customer.get("/portal/7").json()
    customer.headers["User-Agent"] = "Phone/1.0"
    approved = customer.post("/portal/7/approve", json=yes(view))
    assert approved.status_code == 200, approved.text
    after = approved.json()
    assert (after["status"], after["can_approve"], after["can_pay"]) == ("approved", False, True)
    proof = api.get("/proposals/7").json()["approval"]
    assert proof["signer_name"] == "Elena Hartley"
    assert proof["content_hash"] == view["content_hash"]
    assert proof["ip"] == "127.0.0.1"
    assert proof["user_agent"] == "Phone/1.0"
    assert entries(owner_sql, "approve") == [
        {
            "signer_name": "Elena Hartley",
            "content_hash": view["content_hash"],
            "option_id": None,
            "line_ids": [],
            "ip": "127.0.0.1",
            "total_minor": 1_575_000,
            "currency": "USD",
            "version": 1,
            "actor": "customer",
        }
    ]


def test_approving_again_changes_nothing(
    app_server: RunningApp, customer: httpx2.Client, owner_sql: psycopg.Connection
):
    """Eight taps on the button, at once and later, are one approval with one answer."""
    view = customer.get("/portal/7").json()

    def tap(_: int) -> httpx2.Response:
        with httpx2.Client(base_url=app_server.url, headers=customer.headers, timeout=30) as client:
            return client.post("/portal/7/approve", json=yes(view))

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(tap, range(8)))
    answers.append(customer.post("/portal/7/approve", json=yes(view, signer_name="Somebody Else")))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(entries(owner_sql, "approve")) == 1


def test_only_what_was_shown_can_be_approved(customer: httpx2.Client, owner_sql: psycopg.Connection):
    """A hash of something else is refused, and so is an offer whose rows were changed behind its hash."""
    view = customer.get("/portal/7").json()
    other = customer.post("/portal/7/approve", json=yes(view, content_hash="0" * 64))
    assert (other.status_code, other.json()["type"].rsplit("/", 1)[1]) == (409, "content-changed")
    behind = "UPDATE line_items SET unit_price_minor = unit_price_minor + 1 WHERE proposal_id = 7"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="was sent"):
        owner_sql.execute(behind)
    owner_sql.execute("ALTER TABLE line_items DISABLE TRIGGER frozen")
    owner_sql.execute(behind)
    changed = customer.post("/portal/7/approve", json=yes(view))
    assert changed.status_code == 409
    assert entries(owner_sql, "approve") == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"signer_name": "E"}, "signer_name"),
        ({"signer_name": "E" * 201}, "signer_name"),
        ({"signer_name": "E\u0000lena"}, "signer_name"),
        ({"agree": False}, "agree"),
        ({"content_hash": "abc"}, "content_hash"),
        ({"option_id": 1}, "option_id"),
    ],
)
def test_a_signature_that_is_none_is_refused(customer: httpx2.Client, wrong: dict, field: str):
    """Name, consent, hash and option are each checked and named."""
    view = customer.get("/portal/7").json()
    refused = customer.post("/portal/7/approve", json=yes(view) | wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


def test_the_chosen_option_sets_the_price(app_server: RunningApp, api: httpx2.Client):
    """Of good, better and best one must be chosen; total and deposit are its own from then on."""
    customer = app_server.as_customer(api, 9)
    view = customer.get("/portal/9").json()
    assert customer.post("/portal/9/approve", json=yes(view)).json()["errors"][0]["field"] == "option_id"
    better = view["options"][1]
    after = customer.post("/portal/9/approve", json=yes(view, option_id=better["id"])).json()
    assert after["selected_option_id"] == better["id"]
    assert after["total_minor"] == better["total_minor"] == 1_669_925
    assert after["payment"]["amount_minor"] == better["deposit_minor"] == 500_978
    other = customer.post("/portal/9/approve", json=yes(view, option_id=view["options"][0]["id"]))
    assert other.status_code == 409
    assert api.get("/proposals/9").json()["content_hash"] == view["content_hash"]


def test_nobody_signs_in_the_customers_name(api: httpx2.Client):
    """Staff can look at the page and cannot decide on it."""
    view = api.get("/portal/7").json()
    assert api.post("/portal/7/approve", json=yes(view)).status_code == 403
    assert api.post("/portal/7/decline", json={"reason": "x"}).status_code == 403


def test_a_decline_is_kept_with_its_reason(api: httpx2.Client, customer: httpx2.Client):
    """After a no there is no yes; saying no twice is one no."""
    view = customer.get("/portal/7").json()
    for _ in range(2):
        declined = customer.post("/portal/7/decline", json={"reason": "Too expensive,\nsorry"})
        assert declined.json()["status"] == "declined"
    assert api.get("/proposals/7").json()["decline_reason"] == "Too expensive,\nsorry"
    refused = customer.post("/portal/7/approve", json=yes(view))
    assert refused.json()["type"].endswith("/proposal-declined")


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        ("state = 'processing'", {"state": "processing", "paid_at": None}),
        (
            "state = 'failed', failure = 'The bank said no.'",
            {"state": "failed", "failure": "The bank said no."},
        ),
        (
            "state = 'paid', paid_at = '2026-06-01T12:00:00Z', refunded_minor = 100",
            {"state": "paid", "paid_at": "2026-06-01T12:00:00Z", "refunded_minor": 100},
        ),
    ],
)
def test_the_page_tells_where_the_payment_stands(
    customer: httpx2.Client, owner_sql: psycopg.Connection, columns: str, shown: dict
):
    """Processing, failed and paid are each shown as they are stored; only due and failed can be paid."""
    customer.post("/portal/7/approve", json=yes(customer.get("/portal/7").json()))
    owner_sql.execute(f"UPDATE payments SET {columns} WHERE part = 'deposit'")
    view = customer.get("/portal/7").json()
    assert {name: view["payment"][name] for name in shown} == shown
    assert view["payment"]["remaining_minor"] == 1_575_000 - 472_500
    assert view["can_pay"] is (shown["state"] == "failed")


async def test_demo_links_are_the_same_every_time(
    app_server: RunningApp, database: Database, settings: Settings, owner_sql: psycopg.Connection
):
    """Printing them again makes no new ones; they open their proposal; revoked, a new one is made."""
    first = await demo.demo_portal_url(database, settings, 7)
    assert await demo.demo_portal_url(database, settings, 7) == first
    client = app_server.client(Authorization=f"Bearer {first.partition('#t=')[2]}")
    assert client.get("/portal/7").status_code == 200
    owner_sql.execute("UPDATE portal_links SET revoked_at = now()")
    assert await demo.demo_portal_url(database, settings, 7) != first
