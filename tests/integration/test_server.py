"""What surrounds every request: readiness, sizes, headers, numbers, pages, and faults of our own."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp, settings_for

from crm import demo
from crm.kit.database import app_role, conninfo, owner_url
from crm.kit.settings import Settings
from crm.web_pages import DIST


@pytest.fixture
def database_away(postgres_url: str, database_url: str) -> Iterator[psycopg.Connection]:
    """From now on this test's database takes no connections and has dropped those it had."""
    name = owner_url(database_url).database
    with psycopg.connect(conninfo(owner_url(postgres_url)), autocommit=True) as owner:
        owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        owner.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        yield owner
        owner.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_ready_means_database_and_migrations(app_server: RunningApp, owner_sql: psycopg.Connection):
    """Alive and ready; with an older schema not ready, and it says which migration is missing."""
    client = app_server.client()
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
    owner_sql.execute("UPDATE alembic_version SET version_num = '003'")
    behind = client.get("/readyz")
    assert behind.status_code == 503
    assert "the database is at 003" in behind.json()["problems"][0]


def test_without_a_database_it_says_so_and_recovers(
    app_server: RunningApp, api: httpx2.Client, database_away: psycopg.Connection, database_url: str
):
    """503 with a sentence and a time to come back; alive all the while; fine again by itself."""
    for _ in range(2):
        away = api.get("/customers")
        assert away.status_code == 503
        assert away.json()["type"].endswith("/database-away")
        assert int(away.headers["retry-after"]) > 0
        assert "psycopg" not in away.text
    ready = api.get("/readyz")
    assert ready.status_code == 503
    assert "database" in ready.json()["problems"][0]
    assert api.get("/healthz").status_code == 200
    database_away.execute(f'ALTER DATABASE "{owner_url(database_url).database}" ALLOW_CONNECTIONS true')
    assert api.get("/customers").status_code == 200


def test_a_commit_that_fails_is_an_error_answer(api: httpx2.Client, owner_sql: psycopg.Connection):
    """Nobody is told "created" before it is: a fault at commit answers 500 without saying what it was."""
    owner_sql.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'secret detail of the database'; END $$"
    )
    owner_sql.execute(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON leads DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    answer = api.post("/leads", json={"name": "Never stored"}, headers={"X-Request-Id": "find-me"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "find-me" in answer.json()["detail"]
    assert "secret detail" not in answer.text
    assert api.get("/leads", params={"q": "Never stored"}).json()["items"] == []


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_one_megabyte_is_refused(api: httpx2.Client, chunked: bool):  # noqa: FBT001 - two cases
    """Whether its length is announced or not; a body of just under one is read."""

    def pieces(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b" " * 1000

    headers = {"Content-Type": "application/json"}
    large = pieces(1001) if chunked else b" " * 1_000_001
    refused = api.post("/leads", content=large, headers=headers)
    assert refused.status_code == 413
    assert refused.json()["type"].endswith("/too-large")
    small = json.dumps({"name": "Fits"}).encode().ljust(1_000_000)
    assert api.post("/leads", content=small, headers=headers).status_code == 201


def test_every_answer_has_a_number_and_is_guarded(app_server: RunningApp):
    """A caller's own number is kept when it is plain, a strange one is replaced; pages may load nothing foreign."""
    client = app_server.client()
    kept = client.get("/healthz", headers={"X-Request-Id": "abc-1"})
    assert kept.headers["x-request-id"] == "abc-1"
    replaced = client.get("/nowhere", headers={"X-Request-Id": "a b" * 50})
    assert replaced.headers["x-request-id"] not in {"", "a b" * 50}
    for answer in (kept, replaced):
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [("GET", "/nowhere", 404, "not-found"), ("PUT", "/leads", 405, "method-not-allowed")],
)
def test_unknown_addresses_are_problems_too(api: httpx2.Client, method, path, status, kind):
    """Also what no route takes is answered in the one form."""
    answer = api.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith(f"/{kind}")


def test_browsers_get_pages_and_programs_get_data(api: httpx2.Client, app_server: RunningApp):
    """The same address is a page for who navigates and a collection for who asks for JSON."""
    page = app_server.client().get("/proposals", headers={"Accept": "text/html,application/xhtml+xml"})
    assert page.headers["content-type"].startswith("text/html")
    assert api.get("/proposals", headers={"Accept": "application/json"}).json()["items"]
    portal = app_server.client().get("/proposal/7", headers={"Accept": "text/html"})
    assert portal.headers["content-type"].startswith("text/html")
    for outside in ("/assets/../../pyproject.toml", "/..%2f..%2fpyproject.toml", "/%2e%2e/pyproject.toml"):
        assert "[project]" not in app_server.client().get(outside).text


def test_the_description_of_the_api_is_whole(app_server: RunningApp):
    """Each operation has a name of its own, a summary, and an answer with a shape."""
    described = app_server.client().get("/openapi.json").json()
    names = []
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            names.append(operation["operationId"])
            assert operation.get("summary"), f"{method} {path}"
            good = [code for code in operation["responses"] if code.startswith(("2", "3"))]
            assert good, f"{method} {path}"
    assert len(names) == len(set(names)) > 30


def test_demo_data_is_loaded_once_and_never_in_production(database_url: str):
    """Loading again changes nothing; in production it is refused."""
    settings: Settings = settings_for(database_url)
    assert demo.load_demo(settings, database_url) is False
    with pytest.raises(demo.NotInProduction):
        demo.load_demo(settings_for(database_url, crm_env="production"), database_url)


def test_the_application_works_as_a_lesser_role(
    app_server: RunningApp, api: httpx2.Client, owner_sql, database_url
):
    """Every connection of the server is that of the role which row-level security binds."""
    assert api.get("/leads").status_code == 200
    rows = owner_sql.execute(
        "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    ).fetchall()
    assert rows == [(app_role(database_url),)]


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("gzip;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip;q=0.0", None),
        ("identity", None),
    ],
)
def test_pages_travel_packed(app_server: RunningApp, accepted: str, encoding: str | None):
    """The page and its scripts come as small as the browser takes them, under their own type, and unpack whole."""
    if not (DIST / "portal.html").is_file():
        pytest.skip("the pages are not built: run `make setup`")
    name = max(DIST.glob("assets/*.js"), key=lambda script: script.stat().st_size).name
    client = app_server.client(**{"Accept-Encoding": accepted})
    with client.stream("GET", f"/assets/{name}") as answer:
        sent = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["content-type"].partition(";")[0] in {"text/javascript", "application/javascript"}
    whole = (DIST / "assets" / name).read_bytes()
    if encoding is None:
        assert sent == whole
    else:
        assert len(sent) < len(whole) / 2
        plain = app_server.client(**{"Accept-Encoding": "identity"}).get(f"/assets/{name}").content
        assert plain == whole
    if encoding == "gzip":
        assert gzip.decompress(sent) == whole
