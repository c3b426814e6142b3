"""The sync log: every request to QuickBooks with its answer, found again by what a bookkeeper knows of it."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.accounting import connection, sync_log
from crm.kit import clock
from crm.kit.settings import Settings

Json = dict[str, Any]


@pytest.fixture
async def world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        yield opened


def log(world: World, **query: Any) -> list[Json]:
    answer = world.staff().get("/qbo/log", params={"limit": 200, **query})
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def test_every_request_stands_in_the_log_as_quickbooks_saw_it(world: World) -> None:
    """Sign-in, reads and writes of a first deposit and of a refusal: as many as the simulator saw, with tid and words."""
    world.connect()
    payment = world.pay()
    await world.run()
    world.assert_booked_once(payment)
    company = f"/_state/quickbooks/{world.realm_id}/settings"
    world.sandbox.call("POST", company, {"book_close_date": "2099-12-31"})
    refused = world.pay(9, amount_cents=450_000)
    await world.run()

    entries = log(world)
    seen = world.requests()
    asked = [entry for entry in entries if entry["operation"] != "exchange_code"]
    assert [e["operation"] for e in entries][-1] == "exchange_code"
    assert [(e["status"], e["intuit_tid"] != "") for e in reversed(asked)] == [
        (r["status"], True) for r in seen
    ]
    assert [e["metered"] for e in reversed(asked)] == [r["method"] == "GET" for r in seen]
    assert {e["subject"] for e in asked} >= {f"payment:{payment}", f"payment:{refused}"}
    assert {e["proposal_id"] for e in log(world, subject=f"payment:{payment}")} == {7}

    (no,) = log(world, outcome="refused")
    assert (no["code"], no["status"], no["doing"]) == ("6210", 400, "Make the invoice")
    assert no["sentence"].startswith("The books are closed for this date")
    assert log(world, q="books_closed") == log(world, q="\0nothing of the sort") == []
    assert log(world, q=no["intuit_tid"], code="6210", operation="create_invoice") == [no]
    assert log(world, since="2099-01-01") == log(world, until="2001-01-01") == []
    assert world.staff().get("/qbo/quota").json()["used"] == sum(e["metered"] for e in entries)


async def test_one_request_is_shown_with_its_answer_and_what_became_of_it(world: World) -> None:
    """Request and answer are readable and without needless personal data; the write, the posting and its other calls stand beside."""
    world.connect()
    payment = world.pay()
    await world.run()
    (invoice,) = log(world, operation="create_invoice")
    one = world.staff().get(f"/qbo/log/{invoice['id']}").json()
    assert one["path"].endswith(f"/{world.realm_id}/invoice")
    assert '"TotalAmt": 4725' in one["answer"]
    assert (one["write"]["state"], one["write"]["attempts"]) == ("succeeded", 1)
    assert f"requestid={one['write']['requestid']}" in one["params"]
    assert (one["posting"]["kind"], one["posting"]["state"]) == ("payment", "posted")
    assert {c["operation"] for c in one["same_subject"]} >= {
        "create_payment",
        "read_company",
        "find_customer",
    }
    (customer,) = log(world, operation="create_customer")
    kept = world.staff().get(f"/qbo/log/{customer['id']}").json()
    email = world.sql.execute("SELECT email, phone FROM customers WHERE name LIKE 'Elena%'").fetchone()
    assert email is not None
    for text in (kept["request"], kept["answer"]):
        assert "Elena and Tom Hartley" in text
        assert email[0] not in text
        assert email[1] not in text
    assert world.staff().get("/postings?state=posted").json()["items"][0]["payment_id"] == payment


async def test_no_token_is_ever_kept(world: World) -> None:
    """Connecting, a renewal that fails, one that succeeds, and disconnecting: the log holds none of their secrets."""
    world.connect()
    await connection.keep_alive(world.books, 1)
    row = world.sql.execute("SELECT access_token, refresh_token FROM qbo_tokens").fetchone()
    assert row is not None
    secrets = [world.books.sealer.open(value) for value in row]
    assert world.staff().post("/qbo/disconnect").status_code == 204
    operations = [entry["operation"] for entry in log(world)]
    assert operations == ["revoke_token", "refresh_token", "exchange_code"]
    everything = world.sql.execute("SELECT string_agg(q::text, ' ') FROM qbo_calls q").fetchone()
    assert everything is not None
    for secret in [*secrets, "sandbox-client-secret"]:
        assert secret not in everything[0]


async def test_a_lost_answer_and_a_renewed_token_are_told_as_such(world: World) -> None:
    """No status where no answer came; a refused token is told as renewed, and the request that follows as accepted."""
    world.connect()
    world.sandbox.add_fault("drop_after", "/invoice$", method="POST")
    world.pay()
    await world.run()
    (lost,) = log(world, operation="create_invoice")
    assert (lost["outcome"], lost["status"]) == ("unavailable", None)
    assert lost["sentence"] == "QuickBooks did not answer. We try again by ourselves."
    world.sandbox.call("POST", "/_state/clock", {"advance_seconds": 3 * 3600})
    await world.run()
    assert "renewed" in {entry["outcome"] for entry in log(world)}
    assert log(world, operation="create_payment")[0]["outcome"] == "ok"


async def test_the_log_as_csv_holds_what_the_list_holds(world: World) -> None:
    """One line per request under the same filters; a text that a spreadsheet would run is made harmless."""
    world.connect()
    world.pay()
    await world.run()
    world.sql.execute("UPDATE qbo_calls SET sentence = '=HYPERLINK(1)' WHERE operation = 'create_invoice'")
    answer = world.staff().get("/qbo/log.csv", params={"outcome": "ok"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["operation"] for row in rows] == [entry["operation"] for entry in log(world, outcome="ok")]
    assert [r["sentence"] for r in rows if r["operation"] == "create_invoice"] == ["'=HYPERLINK(1)"]


async def test_the_log_is_bounded_and_another_companys_is_not_there(world: World) -> None:
    """What is older than 90 days or beyond the most that is kept goes; nobody reads another company's requests."""
    world.connect()
    world.pay()
    await world.run()
    newest, *_, oldest = log(world)
    assert world.staff(2).get("/qbo/log").json()["items"] == []
    assert world.staff(2).get(f"/qbo/log/{newest['id']}").status_code == 404
    assert world.staff(2).get("/qbo/log/choices").json() == {"operations": [], "codes": []}
    old = clock.now() - sync_log.KEPT_FOR - timedelta(minutes=1)
    world.sql.execute("UPDATE qbo_calls SET at = %s WHERE id = %s", [old, oldest["id"]])
    async with world.books.db.transaction(1) as session:
        assert await sync_log.forget_old_calls(session, 1) == 1
    world.sql.execute(
        "INSERT INTO qbo_calls (org_id, at, operation, method, path, outcome, milliseconds) "
        "SELECT 1, now(), 'read_invoice', 'GET', '/', 'ok', 1 FROM generate_series(1, %s)",
        [sync_log.CALLS_PER_ORG_MAX - 1],
    )
    async with world.books.db.transaction(1) as session:
        await sync_log.forget_old_calls(session, 1)
    left = world.sql.execute("SELECT count(*), min(id) FROM qbo_calls").fetchone()
    assert left is not None
    assert left[0] == sync_log.CALLS_PER_ORG_MAX
    assert left[1] > oldest["id"]
    assert world.staff().get(f"/qbo/log/{oldest['id']}").status_code == 404
