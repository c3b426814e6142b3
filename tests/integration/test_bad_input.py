"""Whatever is sent to any route of the API: never a fault of ours, always a problem that says what is wrong,
and nothing stored when the answer is no."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from tests.conftest import settings_for
from tests.integration.money_world import Money, money_on

from crm.app import create_app
from crm_sandbox.testing import running_sandbox

Json = dict[str, Any]

API = create_app(settings_for("postgresql://nobody@127.0.0.1/nothing")).openapi()
SCHEMAS: Json = API["components"]["schemas"]

TEXTS = [
    "'; DROP TABLE payments; --",
    "O’Brien “Roofing” – 👷🏽‍♀️ Łukasz שלום",
    "x" * 500,
    "x" * 30_000,
    "nul \0 byte",
    "lone \ud800 surrogate",
    "{sentence} %s %(name)s $1 \\",
    "",
]
NUMBERS: list[Any] = [-1, 0, 2**31, 10**400, -(2**63) - 1, 0.1, True, "7", None, {}]
IN_ADDRESSES = [
    "-1",
    "2147483648",
    "9223372036854775808",
    "1" * 400,
    "NaN",
    "'; DROP TABLE payments; --",
    "%00",
    "%FF",
    "..%2F..%2Fetc",
    "x" * 500,
]
BODIES = [b"", b"{", b"[]", b"null", b"NaN", b"\xff\xfe", b'{"a":' * 2_000]
# Rows that say that somebody tried, not that something was done.
TRIES = {"login_failures", "idempotency_keys"}


def operations() -> list[tuple[str, str, Json]]:
    """Every operation but the one that ends the test's own session."""
    return [
        (method.upper(), path, operation)
        for path, methods in API["paths"].items()
        for method, operation in methods.items()
        if path != "/auth/logout"
    ]


def named(operation: tuple[str, str, Json]) -> str:
    return f"{operation[0]} {operation[1]}"


@pytest.fixture(scope="module")
def money(postgres_url: str, demo_template: str) -> Iterator[Money]:
    """A server without a Stripe key, with simulators in the place of everybody outside."""
    with (
        running_sandbox() as sandbox,
        money_on(
            postgres_url,
            demo_template,
            stripe_secret_key=None,
            stripe_webhook_secret=None,
            qbo_client_id=sandbox.config.qbo_client_id,
            qbo_client_secret=SecretStr(sandbox.config.qbo_client_secret),
            qbo_webhook_verifier_token=SecretStr("verifier"),
            qbo_api_base=sandbox.base_url,
            qbo_token_url=f"{sandbox.base_url}/oauth2/v1/tokens/bearer",
            qbo_revoke_url=f"{sandbox.base_url}/v2/oauth2/tokens/revoke",
        ) as made,
    ):
        yield made


@pytest.fixture(scope="module")
def staff(money: Money) -> httpx2.Client:
    return money.app.as_user("admin@peakpro.io")


class Stored:
    """How many rows each table holds, to see that a refusal stored nothing; counted again only after a transaction
    that wrote, since PostgreSQL's snapshot moves with each of those and with nothing else."""

    def __init__(self, money: Money) -> None:
        tables = money.sql.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchall()
        names = sorted(name for (name,) in tables if name not in TRIES)
        self._sql = money.sql
        self._query = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM \"{name}\"" for name in names)
        self._snapshot = ""
        self._counted: dict[str, int] = {}

    def count(self) -> dict[str, int]:
        (snapshot,) = self._sql.execute("SELECT pg_current_snapshot()::text").fetchone() or ("",)
        if snapshot != self._snapshot:
            self._snapshot, self._counted = snapshot, dict(self._sql.execute(self._query).fetchall())
        return self._counted


@pytest.fixture(scope="module")
def stored(money: Money) -> Stored:
    return Stored(money)


def judge(answer: httpx2.Response, what: Any) -> None:
    """Never 5xx; a refusal is a problem with all its parts, and gives nothing of our inside away."""
    shown = (str(what)[:200], answer.status_code, answer.text[:500])
    assert answer.status_code < 500, shown
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", shown
        problem = answer.json()
        assert problem["status"] == answer.status_code, shown
        assert problem["type"].startswith("https://"), shown
        assert problem["title"], shown
        assert problem["detail"], shown
        for inside in ("psycopg", "sqlalchemy", "Traceback", "asyncpg", "SELECT "):
            assert inside not in answer.text, shown


def sample(schema: Json, text: str = "A plain text", number: Any = 1) -> Any:
    """A value in the schema's shape, with these texts and numbers in it."""
    if "$ref" in schema:
        return sample(SCHEMAS[schema["$ref"].rsplit("/", 1)[1]], text, number)
    for choice in ("anyOf", "allOf", "oneOf"):
        if choice in schema:
            return sample(schema[choice][0], text, number)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {key: sample(value, text, number) for key, value in schema.get("properties", {}).items()}
        case "array":
            return [sample(schema.get("items", {}), text, number)]
        case "integer" | "number":
            return number
        case "boolean":
            return number if isinstance(number, list | dict) else True
        case _:
            return text


def address(path: str, operation: Json, value: str = "999999") -> str:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            path = path.replace("{" + parameter["name"] + "}", value)
    return path


def body_schema(operation: Json) -> Json | None:
    content = operation.get("requestBody", {}).get("content", {})
    return content.get("application/json", {}).get("schema")


@pytest.mark.parametrize("operation", [o for o in operations() if o[2].get("parameters")], ids=named)
def test_addresses_and_parameters(
    money: Money, staff: httpx2.Client, stored: Stored, operation: tuple[str, str, Json]
):
    """Each path and query parameter takes the whole list in turn."""
    method, path, described = operation
    places = [p for p in described["parameters"] if p["in"] in {"path", "query"}]
    before = stored.count()
    for place in places:
        for value in IN_ADDRESSES:
            if place["in"] == "path":
                url = address(path, described, value)
            else:
                others = "".join(
                    f"&{p['name']}=7"
                    for p in places
                    if p is not place and p["in"] == "query" and p.get("required")
                )
                url = f"{address(path, described)}?{place['name']}={value}{others}"
            answer = staff.request(method, url, follow_redirects=False)
            judge(answer, (method, url))
    if method != "GET":
        assert stored.count() == before


@pytest.mark.parametrize(
    "operation",
    [pytest.param(o, id=named(o)) for o in operations() if body_schema(o[2])],
)
def test_bodies(money: Money, staff: httpx2.Client, stored: Stored, operation: tuple[str, str, Json]):
    """Broken JSON, the wrong shape, and every text and number in every field at once."""
    method, path, described = operation
    schema = body_schema(described)
    assert schema is not None
    whole = [
        *BODIES,
        *(json.dumps(sample(schema, text)).encode() for text in TEXTS),
        *(json.dumps(sample(schema, number=number)).encode() for number in (*NUMBERS, float("nan"))),
    ]
    for url in {address(path, described, "7"), address(path, described, "999999")}:
        for body in whole:
            before = stored.count()
            answer = staff.request(method, url, content=body, headers={"content-type": "application/json"})
            judge(answer, (method, url, body))
            if answer.status_code >= 400:
                assert stored.count() == before, (url, body[:200])


@pytest.mark.parametrize("operation", [o for o in operations() if body_schema(o[2])], ids=named)
def test_other_kinds_of_body(staff: httpx2.Client, operation: tuple[str, str, Json]):
    """Forms, uploads and plain text where JSON is expected."""
    method, path, described = operation
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "x"):
        url = address(path, described)
        answer = staff.request(method, url, content=b"a=1&b=2", headers={"content-type": kind})
        judge(answer, (method, url, kind))
        assert answer.status_code >= 400


@pytest.mark.parametrize("operation", operations(), ids=named)
def test_nobody_gets_no_further(money: Money, operation: tuple[str, str, Json]):
    """Tokens that are none: a problem, never a fault."""
    method, path, described = operation
    url = address(path, described, "7")
    for token in ("", "Bearer", "Bearer x", "Bearer a.b.c", "Basic eDp4", "Bearer \xe9"):
        headers = [(b"authorization", token.encode("latin-1"))]
        judge(money.http.request(method, url, headers=headers, follow_redirects=False), (url, token))


@pytest.mark.parametrize("key", ["", "x" * 300, "x" * 5_000, "\xe9", "'; DROP TABLE payments; --"])
def test_idempotency_keys(staff: httpx2.Client, key: str):
    """Any key that a caller may think of."""
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    judge(staff.post("/leads", json={"name": "Somebody"}, headers=headers), key)


@pytest.mark.parametrize(
    "text", [*TEXTS[:3], *TEXTS[6:7], "\u202eright to left\u200b"], ids=lambda text: text[:20]
)
def test_odd_names_are_kept_as_written(staff: httpx2.Client, text: str):
    """SQL, quotes, emoji: what is accepted comes back letter by letter; what is too long says so."""
    answer = staff.post("/leads", json={"name": text})
    judge(answer, text)
    if len(text) <= 200:
        assert answer.status_code == 201, answer.text
        assert staff.get(f"/leads/{answer.json()['id']}").json()["name"] == text
    else:
        assert answer.json()["errors"] == [{"field": "name", "message": "Use at most 200 characters."}]


def test_the_tables_are_still_there(money: Money):
    """After all that SQL in texts nothing was dropped, and no row of the log was bent."""
    assert money.one("SELECT count(*) FROM payments") >= 0
    verdict = money.app.as_user("admin@peakpro.io").get("/activity/verify").json()
    assert verdict["intact"] is True
