"""What every answer of QuickBooks does to a payment: what people read, and that it is booked once in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.accounting import connection, postings
from crm.kit.settings import Settings

INVOICE = r"/invoice$"
CUSTOMER_NAME = "Elena and Tom Hartley"
THROTTLED = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    "<Detail>The request limit was reached.</Detail></Error></Fault></IntuitResponse>"
)


def gateway(code: str, status: int) -> dict[str, Any]:
    """A refusal of the gateway in front, in its own envelope with small letters."""
    error = {"message": f"errorCode={int(code):06d}; statusCode={status}", "detail": None, "code": code}
    return {"status": status, "body": {"fault": {"error": [error], "type": "AUTHENTICATION"}}}


def service(code: str, detail: str) -> dict[str, Any]:
    """A refusal of the accounting service, HTTP 400."""
    error = {"Message": "Refused", "Detail": detail, "code": code, "element": ""}
    return {"status": 400, "body": {"Fault": {"Error": [error], "type": "ValidationFault"}}}


@dataclass(frozen=True)
class Trouble:
    """A fault on the invoice and what it must come to; `effect`: the invoice stands there all the same."""

    action: str
    code: str
    sentence: str
    options: dict[str, Any] = field(default_factory=dict)
    effect: bool = False


PASSING = {
    "throttled with 429 in XML": Trouble(
        "status", "3001", "QuickBooks asks us to slow down. We continue in about a minute.",
        {"status": 429, "body": THROTTLED, "content_type": "application/xml"},
    ),
    "500 with a fault": Trouble(
        "status", "10000", "QuickBooks has a problem of its own. We try again by ourselves.",
        {"status": 500, "body": service("10000", "An application error has occurred")["body"]},
    ),
    "503 in HTML of a proxy": Trouble(
        "status", "http-503", "QuickBooks has a problem of its own. We try again by ourselves.",
        {"status": 503, "body": "<html><body><h1>503<br></h1></html>", "content_type": "text/html"},
    ),
    "cut before the effect": Trouble(
        "reset_before", "RemoteProtocolError", "QuickBooks did not answer. We try again by ourselves.",
    ),
    "hung, then cut before the effect": Trouble(
        "hang_before", "RemoteProtocolError", "QuickBooks did not answer. We try again by ourselves.",
        {"seconds": 0.5},
    ),
    "cut after the effect": Trouble(
        "drop_after", "RemoteProtocolError", "QuickBooks did not answer. We try again by ourselves.",
        effect=True,
    ),
    "hung, then cut after the effect": Trouble(
        "hang_after", "RemoteProtocolError", "QuickBooks did not answer. We try again by ourselves.",
        {"seconds": 0.5}, effect=True,
    ),
    "garbage with 200, no effect": Trouble(
        "garbage", "unreadable",
        "QuickBooks answered with something that is not an answer. We look again by ourselves.",
    ),
    "garbage with 200 after the effect": Trouble(
        "garbage", "unreadable",
        "QuickBooks answered with something that is not an answer. We look again by ourselves.",
        {"effect": True}, effect=True,
    ),
}  # fmt: skip

REFUSED = {
    "6000": Trouble(
        "status", "6000", "QuickBooks has a business rule against this. Mend there what it names",
        service("6000", "Make sure all your transactions have a VAT rate"),
    ),
    "2500": Trouble(
        "status", "2500", "The account with the Id 7 that this names is not in QuickBooks any more",
        service("2500", "Accounts element id 7 not found"),
    ),
    "610": Trouble(
        "status", "610", "Something this needs was deleted or made inactive in QuickBooks.",
        service("610", "Object Not Found : Something you're trying to use has been made inactive."),
    ),
    "6240 that no name helps": Trouble(
        "status", "6240", "QuickBooks has this name already",
        service("6240", "The name supplied already exists."),
    ),
    "2010, a mistake of ours": Trouble(
        "status", "2010", "This is a mistake of ours",
        service("2010", "Property Name:Unrecognized field"),
    ),
}  # fmt: skip


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    # Without the simulator's throttle: the test's own writes would count as ours (test_books_turns.py has it on).
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


@pytest.mark.parametrize("name", PASSING)
async def test_what_passes_waits_and_is_booked_once(world: World, name: str) -> None:
    """Trouble that passes keeps the payment waiting with a sentence and a time, then it is booked, once."""
    trouble = PASSING[name]
    fault = world.sandbox.add_fault(trouble.action, INVOICE, times=1, **trouble.options)
    payment_id = world.pay()
    before = datetime.now(UTC)
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"], line["problem"]) == (
        "waiting",
        trouble.code,
        trouble.sentence,
    )
    pause = datetime.fromisoformat(line["next_attempt_at"]) - before
    expected = 60 if trouble.code == "3001" else 1
    assert timedelta(seconds=expected) <= pause <= timedelta(seconds=expected + 10)
    assert len(world.in_books("Invoice")) == int(trouble.effect)
    assert world.sandbox.call("GET", f"/_faults/{fault}")["hits"] == 1

    await world.run()
    world.assert_booked_once(payment_id)
    assert (len(world.in_books("Invoice")), len(world.in_books("Payment"))) == (1, 1)


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_waits_for_a_person_and_is_booked_once(world: World, name: str) -> None:
    """A definite no is shown to a person in a sentence; what they mend and retry is booked, once."""
    trouble = REFUSED[name]
    fault = world.sandbox.add_fault(trouble.action, INVOICE, times=None, **trouble.options)
    payment_id = world.pay()
    await world.run()
    await world.run()  # nothing is tried again behind the person's back
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("needs_you", trouble.code)
    assert trouble.sentence in line["problem"]
    assert world.sandbox.call("GET", f"/_faults/{fault}")["hits"] == 1
    assert world.in_books("Invoice") == []

    world.sandbox.call("DELETE", f"/_faults/{fault}")
    world.retry(payment_id)
    await world.run()
    world.assert_booked_once(payment_id)


async def test_payment_answer_lost_after_the_effect_applies_once(world: World) -> None:
    """The answer to the payment is lost after it took effect: it is found again, not made again."""
    world.sandbox.add_fault("drop_after", r"/payment$", times=1)
    payment_id = world.pay()
    await world.run()
    assert world.posting(payment_id)["state"] == "waiting"
    seen = world.last_request()
    await world.run()
    world.assert_booked_once(payment_id)
    assert [r for r in world.requests(seen) if r["method"] == "POST"] == []


async def test_pause_in_between_does_not_make_us_forget_to_look(world: World) -> None:
    """An unknown outcome stays unknown through a 429: even if QuickBooks forgets our requestid, one invoice."""
    payment_id = world.pay()
    world.sandbox.add_fault("drop_after", INVOICE, times=1)
    await world.run()
    nothing: dict[str, Any] = {"status": 200, "body": {"QueryResponse": {}}}
    world.sandbox.add_fault("status", "/query$", method="GET", query="FROM Invoice", times=1, **nothing)
    world.sandbox.add_fault("status", INVOICE, times=1, **gateway("3001", 429))
    await world.run()
    assert world.posting(payment_id)["problem_code"] == "3001"
    world.sandbox.quickbooks.companies[world.realm_id].answers.clear()
    await world.run()
    world.assert_booked_once(payment_id)
    assert len(world.in_books("Invoice")) == 1


async def test_expired_token_is_renewed_within_the_call(world: World) -> None:
    """401 with 3200 once: the token is renewed and the very same request repeated; nobody notices."""
    payment_id = world.pay()
    world.sandbox.add_fault("status", INVOICE, times=1, **gateway("3200", 401))
    await world.run()
    world.assert_booked_once(payment_id)
    sent = [r["query"] for r in world.requests() if r["path"].endswith("/invoice")]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    assert world.posting(payment_id)["attempts"] == 1


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (401, "3200", "QuickBooks does not accept our sign-in, even renewed. Please reconnect."),
        (403, "3100", "QuickBooks no longer lets us in"),
        (401, "120", "The person who connected QuickBooks has lost access to it."),
    ],
)
async def test_lost_access_waits_for_reconnecting(
    world: World, status: int, code: str, sentence: str
) -> None:
    """Access refused for good: the connection says so, the payment waits, and reconnecting books it once."""
    world.sandbox.add_fault("status", INVOICE, times=None, **gateway(code, status))
    payment_id = world.pay()
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("waiting", code)
    assert sentence in line["problem"]
    state = world.staff().get("/qbo/status").json()
    assert (state["connected"], state["state"]) == (False, "disconnected")
    assert sentence in state["problem"]
    seen = world.last_request()
    await world.run()
    assert world.requests(seen) == []  # a lost connection is left in peace

    world.sandbox.call("DELETE", "/_faults")
    world.connect()
    await world.run()
    world.assert_booked_once(payment_id)


async def test_ended_grant_waits_for_reconnecting(world: World) -> None:
    """invalid_grant at the refresh: the owner disconnected us; the payment waits and reconnecting books it."""
    payment_id = world.pay()
    world.sandbox.call("POST", "/_state/quickbooks/revoke", {"realm_id": world.realm_id})
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("waiting", "invalid_grant")
    assert line["problem"] == "QuickBooks ended our permission. Please reconnect."
    world.connect()
    await world.run()
    world.assert_booked_once(payment_id)


async def test_rotated_refresh_token_lost_on_the_way_waits_for_reconnecting(world: World) -> None:
    """Intuit changed the refresh token and the answer was lost: we say reconnect, and book once after it."""
    payment_id = world.pay()
    world.sandbox.clock.advance(25 * 3600)  # old enough that the next refresh changes the value
    world.sandbox.add_fault("drop_after", "/oauth2/v1/tokens/bearer$", times=1)
    await world.run()
    line = world.posting(payment_id)
    assert line["state"] == "waiting"
    assert line["problem"] == "Intuit's sign-in service did not answer. We try again by ourselves."
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("waiting", "invalid_grant")
    world.connect()
    await world.run()
    world.assert_booked_once(payment_id)


async def test_refresh_answer_lost_without_rotation_heals_by_itself(world: World) -> None:
    """The answer to a refresh is lost but the value did not change: the next run refreshes and books."""
    payment_id = world.pay()
    world.sandbox.call("POST", "/_state/quickbooks/expire_access_tokens", {})
    world.sandbox.add_fault("drop_after", "/oauth2/v1/tokens/bearer$", times=1)
    await world.run()
    assert world.posting(payment_id)["state"] == "waiting"
    await world.run()
    world.assert_booked_once(payment_id)


async def test_ten_calls_with_an_expired_token_refresh_once(world: World) -> None:
    """Ten calls that find the token expired make one refresh at Intuit: a second could cost the connection."""
    world.sql.execute("UPDATE qbo_tokens SET expires_at = now() - interval '1 minute'")
    world.sandbox.add_fault("delay", "/oauth2/v1/tokens/bearer$", times=None, seconds=0.3)
    access = await asyncio.gather(*(connection.access(world.books, 1) for _ in range(10)))
    assert len({one.token for one in access}) == 1
    found = world.sandbox.call("GET", "/_state/requests")["requests"]
    asked = [r for r in found if r["path"] == "/oauth2/v1/tokens/bearer"]
    assert len(asked) == 2, "the exchange of the code, then one refresh"


@pytest.mark.parametrize("kind", ["Vendor", "Employee"])
async def test_name_of_a_vendor_or_employee_gets_a_suffix(world: World, kind: str) -> None:
    """6240 because a vendor or employee has the name: our customer gets a suffix and is booked at once."""
    other = {"DisplayName": CUSTOMER_NAME, "GivenName": "Elena and Tom", "FamilyName": "Hartley"}
    make(world, kind, other)
    payment_id = world.pay()
    await world.run()
    world.assert_booked_once(payment_id)
    (invoice,) = world.in_books("Invoice")
    assert invoice["CustomerRef"]["name"] == f"{CUSTOMER_NAME} (customer)"


async def test_name_of_an_inactive_customer_is_taken_up_again(world: World) -> None:
    """An inactive customer has the name: a person says that it is the one, who is made active; there is no twin."""
    old = make(world, "Customer", {"DisplayName": CUSTOMER_NAME})
    make(world, "Customer", {"Id": old["Id"], "SyncToken": "0", "sparse": True, "Active": False})
    count = len(world.in_books("Customer"))
    payment_id = world.pay()
    await world.run()
    assert world.posting(payment_id)["problem_code"] == "customer-match"
    world.staff().post("/books/review/1/choose", json={"qbo_id": old["Id"]})
    await world.run()
    world.assert_booked_once(payment_id)
    assert len(world.in_books("Customer")) == count
    (mine,) = [c for c in world.in_books("Customer") if c["Id"] == old["Id"]]
    assert (mine["Active"], mine["DisplayName"]) == (True, CUSTOMER_NAME)
    assert world.in_books("Invoice")[0]["CustomerRef"]["value"] == old["Id"]


async def test_number_of_somebody_else_is_left_to_them(world: World) -> None:
    """6140 because another document has our number: ours takes another one, theirs is untouched."""
    settings(world, custom_txn_numbers=True)
    payment_id = world.pay()
    theirs = make(world, "Invoice", foreign_invoice(f"PP7-{payment_id}", "by hand"))
    await world.run()
    world.assert_booked_once(payment_id)
    numbers = {i["Id"]: i["DocNumber"] for i in world.in_books("Invoice")}
    assert numbers.pop(theirs["Id"]) == f"PP7-{payment_id}"
    (mine,) = numbers.values()
    assert mine.startswith(f"PP7-{payment_id}-")


@pytest.mark.parametrize("payments", [0, 1])
async def test_number_of_our_own_earlier_invoice_is_taken_up(world: World, payments: int) -> None:
    """6140 because an earlier attempt of ours has the number: what stands is taken up, nothing made again."""
    settings(world, custom_txn_numbers=True)
    payment_id = world.pay()
    if not payments:
        world.sandbox.add_fault("reset_before", r"/payment$", times=1)
    await world.run()
    (earlier,) = world.in_books("Invoice")
    assert len(world.in_books("Payment")) == payments
    # As after restoring a backup from before that attempt: we know nothing of it any more.
    world.sql.execute("DELETE FROM qbo_links WHERE local_kind = 'payment'")
    world.sql.execute("DELETE FROM qbo_requests WHERE operation IN ('create_invoice', 'create_payment')")
    world.sql.execute("UPDATE postings SET state = 'waiting'")
    await world.run()
    assert [(i["Id"], i["Balance"]) for i in world.in_books("Invoice")] == [(earlier["Id"], 0)]
    (payment,) = world.in_books("Payment")
    line = world.posting(payment_id)
    assert (line["state"], line["qbo_invoice_id"], line["qbo_payment_id"]) == (
        "posted",
        earlier["Id"],
        payment["Id"],
    )


async def test_closed_books_wait_for_a_person(world: World) -> None:
    """6210: the books are closed for the day; once the closing date is moved, a retry books it once."""
    settings(world, book_close_date=(datetime.now(UTC) + timedelta(days=2)).date().isoformat())
    payment_id = world.pay()
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("needs_you", "6210")
    assert line["problem"].startswith("The books are closed for this date in QuickBooks.")
    settings(world, book_close_date=None)
    world.retry(payment_id)
    await world.run()
    world.assert_booked_once(payment_id)


async def test_ended_subscription_waits_for_a_person(world: World) -> None:
    """6190: the subscription ended, nothing can be written: the company rests after the first, so one asks for a person
    and the others wait; renewed, one retry books them all, once."""
    settings(world, read_only=True)
    payments = [world.pay(7), world.pay(9, amount_cents=450_000)]
    await world.run()
    lines = sorted(
        (world.posting(payment_id) for payment_id in payments), key=lambda line: str(line["state"])
    )
    assert [(line["state"], line["problem_code"]) for line in lines] == [
        ("needs_you", "6190"),
        ("waiting", None),
    ]
    assert lines[0]["problem"].startswith("The QuickBooks subscription has ended")
    seen = world.last_request()
    await postings.run_lane(world.books, 1)
    assert world.requests(seen) == []
    read = world.staff().post("/books/mapping/refresh")  # reading goes on
    assert read.status_code == 200, read.text
    settings(world, read_only=False)
    world.retry(lines[0]["payment_id"])
    await postings.run_lane(world.books, 1)
    for payment_id in payments:
        world.assert_booked_once(payment_id)


async def test_customer_made_inactive_waits_for_a_person(world: World) -> None:
    """2500 because the linked customer was made inactive: made active again, a retry books it once."""
    first = world.pay(7)
    await world.run()
    world.assert_booked_once(first)
    (link,) = world.sql.execute("SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'").fetchall()
    world.sql.execute("UPDATE proposals SET customer_id = 1 WHERE org_id = 1 AND id = 9")  # of 7, too
    change_customer(world, link[0], active=False)
    second = world.pay(9)
    await world.run()
    line = world.posting(second)
    assert (line["state"], line["problem_code"]) == ("needs_you", "2500")
    assert "made inactive" in line["problem"]
    change_customer(world, link[0], active=True)
    world.retry(second)
    await world.run()
    world.assert_booked_once(second)


async def test_invoice_deleted_before_its_payment_is_made_again_on_retry(world: World) -> None:
    """610 because somebody deleted our invoice before the payment was applied: a retry makes a new one."""
    payment_id = world.pay()
    world.sandbox.add_fault("reset_before", r"/payment$", times=1)
    await world.run()
    (invoice,) = world.in_books("Invoice")
    make(world, "Invoice", {"Id": invoice["Id"], "SyncToken": invoice["SyncToken"]}, operation="delete")
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("needs_you", "610")
    assert "deleted" in line["problem"]
    world.retry(payment_id)
    await world.run()
    line = world.posting(payment_id)
    assert line["state"] == "posted", line["problem"]
    (made,) = world.in_books("Invoice")
    assert (made["Id"] != invoice["Id"], made["Balance"], line["qbo_invoice_id"]) == (True, 0, made["Id"])
    assert len(world.in_books("Payment")) == 1


def settings(world: World, **changes: Any) -> None:
    """The bookkeeper switches something in the company's settings."""
    world.sandbox.call("POST", f"/_state/quickbooks/{world.realm_id}/settings", changes)


def make(world: World, entity: str, body: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """Somebody else writes into the company, with a key of their own."""
    tokens = world.sandbox.connect_quickbooks(world.realm_id)
    answer = httpx2.post(
        f"{world.sandbox.base_url}/v3/company/{world.realm_id}/{entity.lower()}",
        params={"minorversion": "75", **parameters},
        json=body,
        headers=tokens.headers,
    )
    assert answer.status_code == 200, answer.text
    written: dict[str, Any] = answer.json()[entity]
    return written


def change_customer(world: World, customer_id: str, *, active: bool) -> None:
    (now,) = [c for c in world.in_books("Customer") if c["Id"] == customer_id]
    make(
        world,
        "Customer",
        {"Id": customer_id, "SyncToken": now["SyncToken"], "sparse": True, "Active": active},
    )


def foreign_invoice(number: str, note: str) -> dict[str, Any]:
    """A document of the bookkeeper's own, to the sample company's first customer and item."""
    detail = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return {"CustomerRef": {"value": "1"}, "DocNumber": number, "PrivateNote": note, "Line": [line]}
