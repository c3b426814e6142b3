"""Login, sessions and what guards them."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2
import jwt
import psycopg
import pytest
from tests.conftest import SECRET_KEY, RunningApp, settings_for
from tests.run_async import run_async

from crm.identity.passwords import hash_password

OWNER = {"email": "admin@peakpro.io", "password": "password"}


def test_login_answers_as_the_contract_says(app_server: RunningApp):
    """A right pair gets a bearer token and a cookie that scripts cannot read."""
    answer = app_server.client().post(
        "/auth/login", json={"email": "Admin@PeakPro.io", "password": "password"}
    )
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert body["expires_in"] == 12 * 3600
    assert body["user"]["org_name"] == "PeakPro Roofing"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    claims = jwt.decode(body["access_token"], options={"verify_signature": False})
    assert set(claims) == {"sub", "org", "role", "gen", "iat", "exp"}


def test_a_wrong_pair_tells_nothing_about_who_exists(app_server: RunningApp, owner_sql):
    """Unknown e-mail and wrong password get the same status, the same words and about the same time."""
    as_the_product_makes_it = run_async(hash_password("password"))
    owner_sql.execute("UPDATE users SET password_hash = %s", [as_the_product_makes_it])
    client = app_server.client()
    client.post("/auth/login", json={"email": "warm@up.example", "password": "x"})
    times: dict[str, list[float]] = {"admin@peakpro.io": [], "nobody@peakpro.io": []}
    bodies = set()
    for _ in range(5):
        for email, taken in times.items():
            started = time.perf_counter()
            answer = client.post("/auth/login", json={"email": email, "password": "wrong"})
            taken.append(time.perf_counter() - started)
            assert answer.status_code == 401
            bodies.add(answer.text)
    assert len(bodies) == 1
    known, unknown = (statistics.median(taken) for taken in times.values())
    assert 0.5 < known / unknown < 2


def test_guessing_is_stopped_even_when_the_guesses_come_at_once(app_server: RunningApp):
    """Of many simultaneous guesses only ten are looked at; then 429 says when, also to the right password."""

    def guess(number: int) -> int:
        with httpx2.Client(base_url=app_server.url, timeout=30) as client:
            body = {"email": "office@peakpro.io", "password": f"guess{number}"}
            return client.post("/auth/login", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(guess, range(16)))
    assert statuses.count(401) == 10
    assert statuses.count(429) == 6
    locked = app_server.client().post(
        "/auth/login", json={"email": "office@peakpro.io", "password": "password"}
    )
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 15 * 60
    assert app_server.client().post("/auth/login", json=OWNER).status_code == 200


def test_one_address_cannot_try_everybody(app_server: RunningApp, owner_sql: psycopg.Connection):
    """After fifty failures of one address its next try is refused, whichever e-mail it names."""
    client = app_server.client()
    assert client.post("/auth/login", json={"email": "a@b.example", "password": "x"}).status_code == 401
    owner_sql.execute("UPDATE login_failures SET failures = 50")
    owner_sql.execute("DELETE FROM login_failures WHERE key_hash = sha256('email:a@b.example'::bytea)")
    assert client.post("/auth/login", json=OWNER).status_code == 429
    owner_sql.execute("UPDATE login_failures SET window_ends_at = now() - interval '1 second'")
    assert client.post("/auth/login", json=OWNER).status_code == 200


def test_right_logins_are_not_counted(app_server: RunningApp):
    """Somebody who logs in often is not taken for somebody who guesses."""
    client = app_server.client()
    assert [client.post("/auth/login", json=OWNER).status_code for _ in range(12)] == [200] * 12


@pytest.mark.parametrize(
    "change", [{"active": False}, {"role": "read_only"}, {"password": "another password"}]
)
def test_a_session_ends_at_once_when_rights_change(app_server: RunningApp, api: httpx2.Client, change: dict):
    """Deactivating somebody, or changing role or password, ends their sessions with the next request."""
    sales = app_server.as_user("sales@peakpro.io")
    assert sales.get("/auth/me").status_code == 200
    assert api.patch("/users/3", json=change).status_code == 200
    ended = sales.get("/auth/me")
    assert ended.status_code == 401
    assert ended.json()["type"].endswith("/session-ended")


def test_a_deactivated_user_cannot_log_in(app_server: RunningApp, api: httpx2.Client):
    """The answer is that of a wrong password."""
    api.patch("/users/3", json={"active": False})
    answer = app_server.client().post(
        "/auth/login", json={"email": "sales@peakpro.io", "password": "password"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("forged", ["x", "x.y.z", "ppk_00000000_nothing"])
def test_a_token_that_we_did_not_make_is_refused(app_server: RunningApp, forged: str):
    """A made-up token opens nothing, whichever kind it looks like."""
    answer = app_server.client(Authorization=f"Bearer {forged}").get("/customers")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_of_another_algorithm_is_refused(app_server: RunningApp, api: httpx2.Client):
    """An unsigned token with the right claims is nothing."""
    token = api.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    other = jwt.encode(claims, "x" * 32, algorithm="HS256")
    for forged in (unsigned, other):
        assert app_server.client(Authorization=f"Bearer {forged}").get("/customers").status_code == 401


def test_keys_can_be_rotated(database_url: str, start_app):
    """With the old key behind the new one, sessions signed under it go on."""
    before = start_app(settings_for(database_url))
    token = before.as_user("admin@peakpro.io").headers["Authorization"]
    # The database role's password belongs to the first key, so `crm migrate` is part of a rotation.
    from crm.kit import migrations

    new_key = "the-new-key-0123456789abcdef0123456789"
    migrations.upgrade(database_url, new_key)
    try:
        after = start_app(settings_for(database_url, crm_secret_key=f"{new_key},{SECRET_KEY}"))
        assert after.client(Authorization=token).get("/auth/me").status_code == 200
    finally:
        migrations.upgrade(
            database_url, SECRET_KEY
        )  # the next database of this name finds its role as it was


def test_the_cookie_changes_things_only_from_our_own_pages(app_server: RunningApp):
    """With a cookie, a write from another origin, or from nowhere, is refused; a read is not."""
    client = app_server.client()
    client.post("/auth/login", json=OWNER)
    lead = {"name": "Cross-site"}
    assert client.get("/leads").status_code == 200
    for headers in (
        {},
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site", "Origin": app_server.url},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
    ):
        refused = client.post("/leads", json=lead, headers=headers)
        assert refused.status_code == 403, headers
        assert refused.json()["type"].endswith("/other-origin")
    assert client.post("/leads", json=lead, headers={"Origin": app_server.url}).status_code == 201
    assert client.post("/leads", json=lead, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 201


def test_logout_forgets_the_cookie(app_server: RunningApp):
    """After logging out this browser is nobody."""
    client = app_server.client()
    client.post("/auth/login", json=OWNER)
    assert client.post("/auth/logout", headers={"Origin": app_server.url}).status_code == 204
    assert client.get("/auth/me").status_code == 401


def test_cookies_travel_only_over_tls_in_production(database_url: str, start_app):
    """In production the session's cookie is marked Secure."""
    server = start_app(settings_for(database_url, crm_env="production"))
    answer = server.client().post("/auth/login", json=OWNER)
    assert "; secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers
