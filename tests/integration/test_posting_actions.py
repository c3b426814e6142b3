"""What a bookkeeper does about a refusal: leaves it out, takes it back, changes its date, or links what stands there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import World, open_world

from crm.kit.settings import Settings

Json = dict[str, Any]


@pytest.fixture
async def world(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[[Settings], RunningApp],
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        yield opened


async def refused(world: World, proposal_id: int = 7, amount_cents: int = 472_500) -> int:
    """A paid deposit that closed books keep out; the posting's id."""
    close_books(world, "2026-12-31")
    payment_id = world.pay(proposal_id, amount_cents=amount_cents)
    await world.run()
    line = world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("needs_you", "6210")
    return int(line["id"])


def close_books(world: World, day: str | None) -> None:
    company = f"/_state/quickbooks/{world.realm_id}/settings"
    world.sandbox.call("POST", company, {"book_close_date": day})


def act(world: World, path: str, body: Json | None = None, status: int = 200) -> Json:
    answer = world.staff().post(f"/postings/{path}", json=body)
    assert answer.status_code == status, answer.text
    said: Json = answer.json()
    return said


def said(world: World) -> list[tuple[str, str]]:
    items = world.staff().get("/activity", params={"limit": 50}).json()["items"]
    return [(item["event"], item["sentence"]) for item in items if item["event"].startswith("posting_")]


def figures(world: World) -> tuple[int, int, float, float]:
    money = world.staff().get("/overview").json()["payments"]
    lines = dict(
        line.rsplit(" ", 1)
        for line in world.staff().get("/metrics").text.splitlines()
        if not line.startswith("#")
    )
    return (
        money["waiting_count"],
        money["needs_you_count"],
        float(lines['crm_payments_waiting{org_id="1"}']),
        float(lines['crm_unreconciled_cents{org_id="1"}']),
    )


async def test_what_is_left_out_waits_no_more_and_can_be_taken_back(world: World) -> None:
    """With its reason in the log; no figure says that it waits, but it stays unreconciled until it stands in the books."""
    posting_id = await refused(world)
    assert figures(world) == (1, 1, 1, 472_500)
    act(world, f"{posting_id}/skip", {"reason": " "}, 422)
    out = act(world, f"{posting_id}/skip", {"reason": "Booked by hand as check 88"})
    assert (out["state"], out["skipped_why"]) == ("skipped", "Booked by hand as check 88")
    assert figures(world) == (0, 0, 0, 472_500)
    await world.run()
    assert world.in_books("Invoice") == []
    assert world.staff().post("/qbo/invoice/7").json()["detail"].startswith("A person left this payment out")
    act(world, f"{posting_id}/skip", {"reason": "again"}, 409)

    close_books(world, None)
    assert act(world, f"{posting_id}/restore")["state"] == "waiting"
    assert figures(world)[:3] == (1, 0, 1)
    await world.run()
    world.assert_booked_once(out["payment_id"])
    assert figures(world) == (0, 0, 0, 0)
    act(world, f"{posting_id}/restore", status=409)
    assert ("posting_skipped", "Left out of the books: Booked by hand as check 88") in said(world)


async def test_closed_books_are_mended_with_another_date(world: World) -> None:
    """Invoice and payment take the date that a person gave, once, even when the first answer is lost."""
    posting_id = await refused(world)
    act(world, f"{posting_id}/edit", {}, 422)
    out = act(
        world,
        f"{posting_id}/edit",
        {"txn_date": "2027-01-04", "memo": "Paid in November", "reason": "Year closed"},
    )
    assert out["state"] == "waiting"
    world.sandbox.add_fault("drop_after", "/invoice$", method="POST")
    await world.run()
    await world.run()
    world.assert_booked_once(out["payment_id"])
    (invoice,), (payment,) = world.in_books("Invoice"), world.in_books("Payment")
    assert (invoice["TxnDate"], invoice["DueDate"], payment["TxnDate"]) == ("2027-01-04",) * 3
    assert invoice["CustomerMemo"] == {"value": "Paid in November"}
    looked = [r for r in world.requests() if "2027-01-04" in str(r)]
    assert looked, "the lost answer was looked for under the new date"
    act(world, f"{posting_id}/edit", {"txn_date": "2027-01-05"}, 409)
    assert (
        "posting_edited",
        "Changed and sent again: TxnDate 2027-01-04, CustomerMemo Paid in November",
    ) in said(world)


async def test_a_document_made_by_hand_is_compared_and_linked(world: World) -> None:
    """Another amount forbids the link and says so; the right invoice and its payment become ours, and nothing is made."""
    posting_id = await refused(world)
    close_books(world, None)
    first = world.pay(9, amount_cents=450_000)  # not this run: only the setting up of customer and accounts
    act(world, f"{posting_id}/skip", {"reason": "to be linked"})
    await world.run()
    world.assert_booked_once(first)
    (other,) = world.in_books("Invoice")
    act(world, f"{posting_id}/link", {"entity": "Estimate", "qbo_id": "1"}, 422)
    act(world, f"{posting_id}/link", {"entity": "Invoice", "qbo_id": "999999"}, 404)
    tried = act(world, f"{posting_id}/link", {"entity": "Invoice", "qbo_id": other["Id"], "confirmed": True})
    assert not tried["linked"]
    differing = {c["what"]: (c["ours"], c["theirs"]) for c in tried["compared"] if not c["agrees"]}
    assert differing["Amount"] == ("$4,725.00", "$4,500.00")
    assert differing["Stands for"][1] == f"payment:{first}"

    invoice, payment = by_hand(world)
    looked_at = act(world, f"{posting_id}/link", {"entity": "Invoice", "qbo_id": invoice})
    assert not looked_at["linked"]
    assert [c["what"] for c in looked_at["compared"] if c["must"] and not c["agrees"]] == []
    assert act(world, f"{posting_id}/link", {"entity": "Invoice", "qbo_id": invoice, "confirmed": True})[
        "linked"
    ]
    act(world, f"{posting_id}/skip", {"reason": "its payment follows"})
    assert act(world, f"{posting_id}/link", {"entity": "Payment", "qbo_id": payment, "confirmed": True})[
        "linked"
    ]
    await world.run()
    (line,) = [i for i in world.staff().get("/postings").json()["items"] if i["id"] == posting_id]
    assert (line["state"], line["qbo_invoice_id"], line["qbo_payment_id"]) == ("posted", invoice, payment)
    assert len(world.in_books("Invoice")) == len(world.in_books("Payment")) == 2
    assert figures(world) == (0, 0, 0, 0)
    act(world, f"{posting_id}/link", {"entity": "Invoice", "qbo_id": invoice}, 409)


def by_hand(world: World) -> tuple[str, str]:
    """An invoice over $4,725 and the payment on it, as an owner types them into QuickBooks."""
    made: list[str] = []
    token = world.sql.execute("SELECT access_token FROM qbo_tokens").fetchone()
    assert token is not None
    headers = {"Authorization": f"Bearer {world.books.sealer.open(token[0])}", "Accept": "application/json"}
    item = next(i for i in world.in_books("Item") if i["Name"] == "Roof Deposit")["Id"]
    customer = world.in_books("Customer")[0]["Id"]
    line = {
        "Amount": 4725,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}},
    }
    for entity, body in (
        ("invoice", lambda: {"Line": [line]}),
        ("payment", lambda: {"TotalAmt": 4725, "Line": [
            {"Amount": 4725, "LinkedTxn": [{"TxnId": made[0], "TxnType": "Invoice"}]}]}),
    ):  # fmt: skip
        answer = httpx2.post(
            f"{world.sandbox.base_url}/v3/company/{world.realm_id}/{entity}",
            params={"minorversion": "75"},
            json={"CustomerRef": {"value": customer}, **body()},
            headers=headers,
        )
        assert answer.status_code == 200, answer.text
        made.append(next(v for k, v in answer.json().items() if k != "time")["Id"])
    return made[0], made[1]


async def test_many_are_acted_on_at_once_and_by_who_may(world: World) -> None:
    """Two refusals get one new date; what moved meanwhile is left alone; who only reads may do none of it."""
    first = await refused(world)
    second = await refused(world, 9, 450_000)
    viewer = world.app.as_user("viewer@peakpro.io")
    assert viewer.post("/postings/bulk", json={"action": "retry", "ids": [first]}).status_code == 403
    other = world.staff(2).post("/postings/bulk", json={"action": "retry", "ids": [first, second]})
    assert other.json() == {"changed": 0}
    act(world, "bulk", {"action": "skip", "ids": [first]}, 422)
    assert act(world, "bulk", {"action": "skip", "ids": [first], "reason": "by hand"}) == {"changed": 1}
    assert act(world, "bulk", {"action": "restore", "ids": [first, second]}) == {"changed": 1}
    await world.run()
    done = act(world, "bulk", {"action": "redate", "ids": [first, second, 999_999], "txn_date": "2027-01-04"})
    assert done == {"changed": 2}
    await world.run()
    assert {i["TxnDate"] for i in world.in_books("Invoice")} == {"2027-01-04"}
    assert {i["state"] for i in world.staff().get("/postings").json()["items"]} == {"posted"}
