"""CSV files in and out: dry run, errors by row, duplicates, undo, and that an export comes back the same."""

from __future__ import annotations

from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp

from crm.kit.database import Database
from crm.operations import imports

SHEET = (
    b"Full Name;E-mail;Mobile;Address;Town;Zip;Colour\n"
    b"Ana Lima;ana@lima.example;303 555 7001;1 Oak St;Denver;80202;red\n"
    b"No Way;not an address;303 555 7002;;;;\n"
    b"Elena again;ELENA.HARTLEY@example.com;;;;;\n"
    b"Ana twice;;(303) 555-7001;;;;\n"
    b"Half;half@example.com;;2 Oak St;;;\n"
    b";nameless@example.com;;;;;\n"
    b"=cmd|' /C calc'!A0;evil@example.com;;;;;\n"
)


def upload(api: httpx2.Client, kind: str, content: bytes) -> dict[str, Any]:
    answer = api.post("/imports", params={"kind": kind, "name": "people.csv"}, content=content)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def run(
    api: httpx2.Client, database: Database, kind: str, content: bytes, **more: str
) -> dict[str, Any]:
    file = upload(api, kind, content)
    started = api.post(f"/imports/{file['id']}/start", json={"mapping": file["mapping"], **more})
    assert started.status_code == 200, started.text
    await imports.run(database, 1, file["id"])
    return api.get(f"/imports/{file['id']}").json()


def test_the_dry_run_says_what_would_become_of_each_row(api: httpx2.Client):
    """Columns are guessed by name; wrong rows are told by number, column and fix; nothing is changed."""
    before = api.get("/customers").json()
    file = upload(api, "customers", SHEET)
    assert file["mapping"] == {
        "name": 0, "email": 1, "phone": 2, "site_street": 3, "site_city": 4, "site_postal_code": 5,
    }  # fmt: skip
    told = api.post(f"/imports/{file['id']}/check", json={"mapping": file["mapping"]}).json()
    assert (told["rows_total"], told["good_count"], told["duplicate_count"], told["failed_count"]) == (
        7,
        2,
        2,
        3,
    )
    assert [(each["row"], each["column"]) for each in told["problems"]] == [
        (3, "email"), (6, "site_city"), (7, "name"),
    ]  # fmt: skip
    assert "name@example.com" in told["problems"][0]["message"]
    assert [
        (each["row"], each["table"], each["record_id"], each["of_row"]) for each in told["duplicates"]
    ] == [
        (4, "customers", 1, None),
        (5, None, None, 2),
    ]
    assert api.get("/customers").json() == before


async def test_an_import_adds_what_the_dry_run_said(api: httpx2.Client, database: Database):
    """With a fact for each record; running it again changes nothing."""
    done = await run(api, database, "customers", SHEET)
    assert (done["state"], done["created_count"], done["skipped_count"], done["failed_count"]) == (
        "done",
        2,
        2,
        3,
    )
    assert done["problems"][0]["row"] == 3
    added = api.get("/customers", params={"limit": 2}).json()["items"]
    assert [row["name"] for row in added] == ["=cmd|' /C calc'!A0", "Ana Lima"]
    assert added[1]["site_address"]["postal_code"] == "80202"
    await imports.run(database, 1, done["id"])
    assert api.get("/customers", params={"limit": 2}).json()["items"] == added
    facts = api.get("/activity", params={"event": "customer_created"}).json()["items"][:2]
    assert {fact["meta"]["customer_id"] for fact in facts} == {row["id"] for row in added}
    assert api.get("/activity/verify").json()["intact"]


async def test_an_import_is_undone_but_for_what_was_used(api: httpx2.Client, database: Database):
    """What nobody touched goes; what was changed or has a proposal stays and is counted; undoing twice is once."""
    rows = "".join(f"Person {n},p{n}@example.com\n" for n in range(5))
    done = await run(api, database, "customers", f"name,email\n{rows}".encode())
    ids = [row["id"] for row in api.get("/customers", params={"limit": 5}).json()["items"]]
    api.patch(f"/customers/{ids[0]}", json={"phone": "303 555 1212"})
    api.post("/proposals", json={"customer_id": ids[1], "title": "Roof", "lines": []})
    undone = api.post(f"/imports/{done['id']}/undo").json()
    assert (undone["state"], undone["kept_count"]) == ("undone", 2)
    assert api.post(f"/imports/{done['id']}/undo").json() == undone
    left = [row["id"] for row in api.get("/customers", params={"limit": 5}).json()["items"]]
    assert set(ids) & set(left) == {ids[0], ids[1]}


async def test_a_long_file_goes_on_where_a_dead_worker_stopped(
    api: httpx2.Client, database: Database, owner_sql: psycopg.Connection[Any]
):
    """Pieces commit by themselves, and each row is taken once: a duplicate across pieces is still one."""
    rows = [f"Person {n},p{n}@example.com" for n in range(1_200)] + ["Person 3 again,p3@example.com"]
    file = upload(api, "leads", "\n".join(["name,email", *rows]).encode())
    api.post(f"/imports/{file['id']}/start", json={"mapping": file["mapping"]})
    owner_sql.execute(
        "CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF NEW.rows_done > 500 THEN RAISE EXCEPTION 'power cut'; END IF; RETURN NEW; END $$"
    )
    owner_sql.execute(
        "CREATE TRIGGER stumble BEFORE UPDATE ON imports FOR EACH ROW EXECUTE FUNCTION stumble()"
    )
    with pytest.raises(Exception, match="power cut"):
        await imports.run(database, 1, file["id"])
    half = api.get(f"/imports/{file['id']}").json()
    assert (half["state"], half["rows_done"], half["created_count"]) == ("running", 500, 500)
    owner_sql.execute("DROP TRIGGER stumble ON imports")
    await imports.run(database, 1, file["id"])
    done = api.get(f"/imports/{file['id']}").json()
    assert (done["state"], done["rows_done"], done["created_count"], done["skipped_count"]) == (
        "done",
        1_201,
        1_200,
        1,
    )


def export(api: httpx2.Client, kind: str) -> bytes:
    answer = api.get(f"/exports/{kind}.csv")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return answer.content


@pytest.mark.parametrize("kind", ["customers", "leads", "price_items"])
async def test_an_export_comes_back_the_same(
    api: httpx2.Client, database: Database, owner_sql: psycopg.Connection[Any], kind: str
):
    """Export, empty the table, import, export: the same but for numbers and times. Importing it once more adds nothing."""
    if kind == "customers":
        api.post(
            "/customers", json={"name": '\'=odd, "name"', "company": "-2+3", "phone": "+1 (303) 555-0000"}
        )
    if kind == "leads":
        api.post("/leads", json={"name": "@lead", "note": "two\nlines; and, commas", "source": "=SUM(A1)"})
    if kind == "price_items":
        api.post(
            "/price-items", json={"name": "-10% loyalty", "unit_price_minor": -1050, "tax_percent": "8.81"}
        )
    first = export(api, kind)
    owner_sql.execute("TRUNCATE customers, leads, price_items, imports, imported_rows CASCADE")
    done = await run(api, database, kind, first)
    assert (done["failed_count"], done["skipped_count"]) == (0, 0), done
    second = export(api, kind)
    assert _without_numbers(second) == _without_numbers(first)
    again = await run(api, database, kind, second)
    assert (again["created_count"], again["failed_count"]) == (0, 0)
    assert again["skipped_count"] == done["created_count"] > 3


def _without_numbers(content: bytes) -> list[list[str]]:
    import csv
    import io

    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    kept = [i for i, name in enumerate(rows[0]) if name not in {"number", "added", "came", "customer_number"}]
    return [[row[i] for i in kept] for row in rows]


@pytest.mark.parametrize("kind", ["proposals", "payments", "activity"])
def test_everything_else_can_be_taken_along(api: httpx2.Client, app_server: RunningApp, kind: str):
    """One line for each record, and only the company's own."""
    api.post("/payments/checkout_session", params={"proposal_id": 7})
    lines = export(api, kind).decode("utf-8-sig").splitlines()
    listed = {"proposals": "/proposals", "payments": "/payments", "activity": "/activity"}[kind]
    assert len(lines) - 1 == len(api.get(listed, params={"limit": 200}).json()["items"])
    other = app_server.as_user("admin@summit.example")
    assert "Hartley" not in export(other, kind).decode()


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "first row"),
        (b"name\n", 422, "no rows"),
        (b"\x00\x01\x02", 422, "not a CSV"),
        (b"name\n" + b"x" * 10_000_001, 413, "10 MB"),
    ],
)
def test_files_that_cannot_be_are_refused(api: httpx2.Client, content: bytes, status: int, words: str):
    """With a sentence, and nothing is kept."""
    refused = api.post("/imports", params={"kind": "leads"}, content=content)
    assert refused.status_code == status
    assert words in refused.json()["detail"]
    assert api.get("/imports").json()["items"] == []


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"email": 1}, "mapping.name"),
        ({"name": 0, "email": 0}, "mapping"),
        ({"name": 0, "email": 9}, "mapping.email"),
        ({"name": 0, "colour": 1}, "mapping"),
    ],
)
def test_a_mapping_that_cannot_be_is_named(api: httpx2.Client, mapping: dict[str, int], field: str):
    """Which column is wrong, before anything is read."""
    file = upload(api, "customers", SHEET)
    refused = api.post(f"/imports/{file['id']}/check", json={"mapping": mapping})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == field


async def test_only_who_may_write_them_may_import_them(app_server: RunningApp, api: httpx2.Client):
    """Each kind asks for its own right, and another company's import is not there."""
    bookkeeper = app_server.as_user("bookkeeper@peakpro.io")
    assert bookkeeper.post("/imports", params={"kind": "customers"}, content=SHEET).status_code == 403
    file = upload(api, "customers", SHEET)
    assert (
        bookkeeper.post(f"/imports/{file['id']}/start", json={"mapping": file["mapping"]}).status_code == 403
    )
    sales = app_server.as_user("sales@peakpro.io")
    assert sales.get("/exports/payments.csv").status_code == 200
    other = app_server.as_user("admin@summit.example")
    assert other.get(f"/imports/{file['id']}").status_code == 404
