"""Every fault code of the table, answered by the simulator, comes to its sentence on the screen and in the sync log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.gateways.quickbooks_codes import CODES, SILENT, UNREADABLE
from crm.kit.settings import Settings

DETAIL = "In QuickBooks' own words"
OUTCOMES = {
    "a person": "refused",
    "again by itself": "unavailable",
    "reconnect": "disconnected",
    "renew and repeat": "renewed",
}
XML = (
    '<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="{kind}">'
    '<Error code="{code}"><Message>No</Message><Detail>{detail}</Detail></Error></Fault></IntuitResponse>'
)


@pytest.fixture
async def world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app) as opened:
        opened.connect()
        first = opened.pay(
            9, amount_cents=450_000
        )  # customer and accounts are made: what follows is one invoice
        await opened.run()
        opened.assert_booked_once(first)
        yield opened


def in_json(code: str) -> dict[str, Any]:
    error = {"Message": "No", "Detail": DETAIL, "code": code, "element": ""}
    body = {"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "2026-11-28T00:00:00.000-08:00"}
    return {"status": CODES[code].status, "body": body}


def in_gateways_json(code: str) -> dict[str, Any]:
    error = {"message": f"errorCode={int(code):06d}", "detail": DETAIL, "code": code, "element": None}
    return {
        "status": CODES[code].status,
        "body": {"warnings": None, "fault": {"error": [error], "type": "SERVICE"}},
    }


def in_xml(code: str) -> dict[str, Any]:
    body = XML.format(kind="SERVICE", code=code, detail=DETAIL)
    return {"status": CODES[code].status, "body": body, "content_type": "application/xml"}


def with_200(code: str) -> dict[str, Any]:
    return {**in_json(code), "status": 200}


async def told(
    world: World, payment_id: int, answer: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The posting and the newest refused or unanswered line of the log, after QuickBooks answered so."""
    fault = world.sandbox.add_fault("status", "/invoice$", method="POST", times=None, **answer)
    await world.run()
    world.sandbox.call("DELETE", f"/_faults/{fault}")
    items = world.staff().get("/qbo/log", params={"limit": 5, "operation": "create_invoice"}).json()["items"]
    return world.posting(payment_id), items[0]


def calm(world: World, payment_id: int) -> None:
    """As if nothing had happened yet: a refusal leaves a generation behind, and more than twenty are a loop."""
    world.sql.execute("DELETE FROM qbo_requests WHERE subject = %s", [f"payment:{payment_id}"])
    world.sql.execute("UPDATE postings SET state = 'waiting', lease = NULL WHERE state = 'needs_you'")
    world.connect()  # also after a lost connection: a person reconnects


@pytest.mark.parametrize("shape", [in_json, in_gateways_json, in_xml])
async def test_every_code_comes_to_its_sentence(world: World, shape: Callable[[str], dict[str, Any]]) -> None:
    """In each of the three shapes: the posting says the sentence, and the log the code, the outcome and the same words."""
    payment_id = world.pay(7)
    wrong: dict[str, Any] = {}
    for code, known in CODES.items():
        seen: tuple[Any, ...]
        hoped: tuple[Any, ...]
        line, entry = await told(world, payment_id, shape(code))
        expected = known.sentence.format(code=code, detail=DETAIL, tid=entry["intuit_tid"])
        outcome = "disconnected" if known.reaction == "renew and repeat" else OUTCOMES[known.reaction]
        if known.reaction in {"reconnect", "renew and repeat"}:
            status = world.staff().get("/qbo/status").json()
            seen = (status["connected"], status["problem"], outcome)
            hoped = (False, expected, outcome)
        else:
            seen = (line["state"], line["problem"], entry["outcome"], entry["code"], entry["sentence"])
            state = "needs_you" if known.reaction == "a person" else "waiting"
            hoped = (state, expected, outcome, code, expected)
        if seen != hoped:
            wrong[code] = (seen, hoped)
        calm(world, payment_id)
        await asyncio.sleep(0)
    assert wrong == {}
    await world.run()
    world.assert_booked_once(payment_id)


@pytest.mark.parametrize(
    ("answer", "sentence", "code"),
    [
        (with_200("6210"), CODES["6210"].sentence, "6210"),
        (with_200("6000"), CODES["6000"].sentence.format(detail=DETAIL), "6000"),
        ({"status": 429, "body": "<html>slow</html>", "content_type": "text/html"}, CODES["3001"].sentence, "http-429"),
        ({"status": 503, "body": "<html>away</html>", "content_type": "text/html"}, CODES["10000"].sentence, "http-503"),
        ({"status": 200, "body": "<html>?</html>", "content_type": "text/html"}, UNREADABLE, "unreadable"),
        ({"status": 400, "body": {"Fault": {"Error": [{"Detail": DETAIL, "code": "9341"}]}}},
         f"QuickBooks refused (code 9341): {DETAIL}", "9341"),
    ],
)  # fmt: skip
async def test_what_comes_without_a_code_or_in_disguise_has_a_sentence_too(
    world: World, answer: dict[str, Any], sentence: str, code: str
) -> None:
    """A Fault with HTTP 200, pages of HTML, and a code that nobody has seen before."""
    payment_id = world.pay(7)
    line, entry = await told(world, payment_id, answer)
    assert (line["problem"], line["problem_code"]) == (sentence, code)
    assert (entry["sentence"], entry["code"]) == (sentence, code)


async def test_silence_has_a_sentence_too(world: World) -> None:
    """A cut connection: no status, but words."""
    payment_id = world.pay(7)
    world.sandbox.add_fault("reset_before", "/invoice$", method="POST")
    await world.run()
    assert world.posting(payment_id)["problem"] == SILENT
