"""Estimates and signed papers in QuickBooks: kept in step, made once, and never in the way of money."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import Contract, line, map_tax_code, signed
from tests.integration.books_world import World, open_world
from tests.integration.comeback_world import Bookkeeper, Comeback

from crm.kit.settings import Settings
from crm.papers.keeping import make_missing
from crm.proposals.decision import expire_due

Json = dict[str, Any]


@pytest.fixture
async def world(
    database_url: str, owner_sql: psycopg.Connection[Any], start_app: Callable[[Settings], RunningApp]
) -> AsyncIterator[World]:
    async with open_world(database_url, owner_sql, start_app, qbo_rate_limits_on=False) as opened:
        opened.connect()
        map_tax_code(opened)
        yield opened


def switch(world: World, **on: Any) -> None:
    answer = world.staff().patch("/books/policy", json={"policy": "liability", **on})
    assert answer.status_code == 200, answer.text


def sent(world: World, **more: Any) -> tuple[int, httpx2.Client, str]:
    """A proposal with the customer; its id, the customer, the hash of what was sent."""
    offer = {"customer_id": 1, "title": "New roof", "lines": [line("Roof", 1_000_000, tax_percent="8")]}
    draft = world.staff().post("/proposals", json=offer | more)
    assert draft.status_code == 201, draft.text
    done = world.staff().post(f"/proposals/{draft.json()['id']}/send")
    assert done.status_code == 200, done.text
    token = done.json()["portal_url"].partition("#t=")[2]
    portal = world.app.client(Authorization=f"Bearer {token}")
    return draft.json()["id"], portal, done.json()["proposal"]["content_hash"]


def estimates(world: World, proposal_id: int) -> list[Json]:
    """What stands in QuickBooks of this proposal."""
    said = f"(Proposal #{proposal_id})"
    return [one for one in world.in_books("Estimate") if said in one["PrivateNote"]]


def status(world: World, proposal_id: int) -> str:
    (found,) = estimates(world, proposal_id)
    return str(found["TxnStatus"])


def states(world: World, proposal_id: int) -> list[str]:
    items = world.staff().get("/postings").json()["items"]
    return [one["state"] for one in items if one["proposal_id"] == proposal_id]


def due_now(world: World) -> None:
    """What waits for its next attempt is tried with the next run."""
    world.sql.execute("UPDATE postings SET next_attempt_at = now() WHERE state = 'waiting'")
    world.sql.execute("UPDATE qbo_lanes SET paused_until = NULL")


def invoice_of(world: World, contract: Contract) -> str:
    """The Id of the contract's invoice that is linked now."""
    row = world.sql.execute(
        "SELECT qbo_id FROM qbo_links WHERE entity = 'Invoice' AND local_kind = 'proposal' AND local_id = %s",
        [str(contract.proposal_id)],
    ).fetchone()
    assert row is not None
    return str(row[0])


def hangs_on(world: World) -> list[str]:
    """The invoices that are there and have a file."""
    live = {one["Id"] for one in world.in_books("Invoice")}
    on = [one["AttachableRef"][0]["EntityRef"]["value"] for one in world.in_books("Attachable")]
    return [invoice_id for invoice_id in on if invoice_id in live]


def reads(world: World) -> int:
    used: int = world.staff().get("/qbo/quota").json()["used"]
    return used


def bookkeeper(world: World) -> Bookkeeper:
    return Bookkeeper(world, world.realm_id, world.sandbox.connect_quickbooks(world.realm_id).headers)


async def settle(world: World, contract: Contract) -> None:
    for _ in range(3):
        await world.run()
    stuck = [(one["kind"], one["problem"]) for one in contract.postings() if one["state"] != "posted"]
    assert stuck == []


async def test_an_estimate_follows_its_proposal_and_the_invoice_closes_it(world: World) -> None:
    """Pending when sent, Accepted when signed, closed by the link of the contract's invoice; one estimate, real lines, and
    nothing differs afterwards."""
    switch(world, send_estimates=True)
    proposal_id, portal, content_hash = sent(world)
    await world.run()
    (made,) = estimates(world, proposal_id)
    assert (made["TxnStatus"], made["TotalAmt"]) == ("Pending", 10_800)
    assert made["DocNumber"].isdigit(), "the company numbers its forms itself"
    assert [one["Amount"] for one in made["Line"] if one["DetailType"] == "SalesItemLineDetail"] == [10_000]
    body = {"signer_name": "Elena", "content_hash": content_hash, "agree": True}
    assert portal.post(f"/portal/{proposal_id}/approve", json=body).status_code == 200
    await world.run()
    assert status(world, proposal_id) == "Accepted"
    contract = Contract(world, proposal_id, portal)
    contract.pay("deposit")
    await settle(world, contract)
    assert status(world, proposal_id) == "Accepted"
    contract.done()
    await settle(world, contract)
    (closed,) = estimates(world, proposal_id)
    (invoice,) = [one for one in world.in_books("Invoice") if one.get("LinkedTxn") and one["TotalAmt"] > 4_000
                  and {"TxnId": closed["Id"], "TxnType": "Estimate"} in one["LinkedTxn"]]  # fmt: skip
    assert (closed["TxnStatus"], closed["LinkedTxn"]) == (
        "Closed",
        [{"TxnId": invoice["Id"], "TxnType": "Invoice"}],
    )
    writes = world.sql.execute(
        "SELECT operation, subject, state FROM qbo_requests WHERE operation LIKE %s AND subject LIKE %s ORDER BY id",
        ["%_estimate", f"proposal:{proposal_id}%"],
    ).fetchall()
    assert writes == [
        ("create_estimate", f"proposal:{proposal_id}", "succeeded"),
        ("update_estimate", f"proposal:{proposal_id}:accepted", "succeeded"),
    ]
    agreed = world.sql.execute(
        "SELECT ours::jsonb->>'TxnStatus' FROM qbo_mirror WHERE entity = 'Estimate' AND qbo_id = %s",
        [closed["Id"]],
    )
    assert agreed.fetchall() == [("Closed",)]


async def test_a_declined_a_replaced_and_a_cancelled_proposal_reject_their_estimates(world: World) -> None:
    """The new version has an estimate of its own; what ended before anything was made gets none."""
    switch(world, send_estimates=True)
    declined, portal, _ = sent(world)
    replaced, _, _ = sent(world)
    cancelled = signed(world, [line("Roof", 1_000_000)])
    await world.run()
    assert [status(world, one) for one in (declined, replaced, cancelled.proposal_id)] == [
        "Pending",
        "Pending",
        "Accepted",
    ]
    assert portal.post(f"/portal/{declined}/decline", json={"reason": "Too dear"}).status_code == 200
    newer = world.staff().post(f"/proposals/{replaced}/supersede")
    assert newer.status_code in {200, 201}, newer.text
    newer_id = newer.json()["id"]
    world.staff().post(f"/proposals/{newer_id}/send").raise_for_status()
    cancelled.cancel()
    never, portal, _ = sent(world)
    assert portal.post(f"/portal/{never}/decline", json={"reason": "No"}).status_code == 200
    for _ in range(2):
        await world.run()
    found = [status(world, one) for one in (declined, replaced, cancelled.proposal_id, newer_id)]
    assert found == ["Rejected", "Rejected", "Rejected", "Pending"]
    assert estimates(world, never) == []


async def test_an_estimate_is_exact_when_answers_are_lost_and_others_are_faster(world: World) -> None:
    """With numbers of our own. The answer to its making is lost, somebody changes it there before we do (5010), and the
    answer to that is lost too: one estimate, accepted once, with their note and our number."""
    settings = f"/_state/quickbooks/{world.realm_id}/settings"
    world.sandbox.call("POST", settings, {"custom_txn_numbers": True})
    switch(world, send_estimates=True)
    await world.run()  # those that were signed before
    proposal_id, portal, content_hash = sent(world)
    world.sandbox.add_fault("drop_after", "/estimate")
    await world.run()
    (made,) = estimates(world, proposal_id)
    assert states(world, proposal_id) == ["waiting"]
    due_now(world)
    await world.run()
    bookkeeper(world).change("Estimate", made["Id"], CustomerMemo={"value": "Call before noon"})
    body = {"signer_name": "Elena", "content_hash": content_hash, "agree": True}
    assert portal.post(f"/portal/{proposal_id}/approve", json=body).status_code == 200
    world.sandbox.add_fault("drop_after", "/estimate", after=1)  # the first is refused as stale
    for _ in range(2):
        await world.run()
        due_now(world)
    (now,) = estimates(world, proposal_id)
    assert (now["TxnStatus"], now["CustomerMemo"]["value"]) == ("Accepted", "Call before noon")
    assert now["DocNumber"].startswith(f"PE{proposal_id}-")
    contract = Contract(world, proposal_id, portal)
    await settle(world, contract)
    versions = int(now["SyncToken"]) - int(made["SyncToken"])
    assert versions == 2, "their change and ours, each once"


async def test_what_became_of_a_proposal_meanwhile_ends_its_estimate(world: World) -> None:
    """One that ran out is rejected. One whose making was refused asks nobody any more once its proposal is declined, and
    one whose answer was lost is found and rejected, not left pending."""
    switch(world, send_estimates=True)
    expired, _, _ = sent(world)
    await world.run()
    refused, refused_portal, _ = sent(world)
    error = {"Message": "A business validation error", "Detail": "Not today.", "code": "6000"}
    fault = {"Fault": {"Error": [error], "type": "ValidationFault"}}
    world.sandbox.add_fault("status", "/estimate", status=400, body=fault)
    await world.run()
    lost, lost_portal, _ = sent(world)
    world.sandbox.add_fault("drop_after", "/estimate")
    await world.run()
    assert [states(world, one) for one in (expired, refused, lost)] == [
        ["posted"],
        ["needs_you"],
        ["waiting"],
    ]
    world.sql.execute("UPDATE proposals SET valid_until = current_date - 3 WHERE id = %s", [expired])
    async with world.books.db.transaction(1) as session:
        await expire_due(session, 1)
    for proposal_id, portal in ((refused, refused_portal), (lost, lost_portal)):
        declined = portal.post(f"/portal/{proposal_id}/decline", json={"reason": "Too dear"})
        assert declined.status_code == 200, declined.text
    for _ in range(3):
        due_now(world)
        await world.run()
    assert [states(world, one) for one in (expired, refused, lost)] == [["posted"], ["posted"], ["posted"]]
    assert (status(world, expired), estimates(world, refused), status(world, lost)) == (
        "Rejected",
        [],
        "Rejected",
    )


async def test_an_invoice_made_anew_gets_its_paper_again(world: World) -> None:
    """Whether Restore ours made it or a Retry of its posting: the same bytes hang on the new invoice, once each."""
    switch(world, attach_contract=True)
    contract = signed(world, [line("Roof", 1_000_000)])
    await make_missing(world.books.db, 1, contract.proposal_id, 30)
    contract.done()
    await settle(world, contract)
    back = Comeback(world)
    await back.catch_up()
    bookkeeper(world).delete("Invoice", invoice_of(world, contract))
    await back.catch_up()
    assert (await back.restored(back.one(kind="qbo_deleted")))["resolution"] == "restored"
    await settle(world, contract)
    assert hangs_on(world) == [invoice_of(world, contract)]

    bookkeeper(world).delete("Invoice", invoice_of(world, contract))
    (posting,) = [one for one in contract.postings() if one["kind"] == "contract_invoice"]
    world.sql.execute("UPDATE postings SET state = 'needs_you' WHERE id = %s", [posting["id"]])
    world.staff().post(f"/postings/{posting['id']}/retry").raise_for_status()
    await settle(world, contract)
    assert hangs_on(world) == [invoice_of(world, contract)]


async def test_deposits_read_no_more_with_estimates_than_without(world: World) -> None:
    """The same deposit of the same customer costs the same metered reads, with and without."""
    costs = []
    for on in (False, False, True):
        switch(world, send_estimates=on)
        contract = signed(world, [line("Roof", 1_000_000)])
        await settle(world, contract)
        before = reads(world)
        contract.pay("deposit")
        await settle(world, contract)
        costs.append(reads(world) - before)
    assert len(estimates(world, contract.proposal_id)) == 1
    assert costs[2] == costs[1]


async def test_money_does_not_wait_for_an_estimate_that_is_gone(world: World) -> None:
    """Somebody deleted it in QuickBooks: the invoice is made without the link, and the estimate asks for a person."""
    switch(world, send_estimates=True)
    contract = signed(world, [line("Roof", 1_000_000)])
    await world.run()
    (made,) = estimates(world, contract.proposal_id)
    bookkeeper(world).delete("Estimate", made["Id"])
    contract.pay("deposit")
    contract.pay("final")
    for _ in range(3):
        await world.run()
    states = {one["kind"]: one["state"] for one in contract.postings()}
    assert states == {
        "estimate": "needs_you", "payment": "posted", "contract_invoice": "posted",
    }  # fmt: skip


async def test_the_signed_paper_is_on_the_invoice_byte_for_byte(world: World) -> None:
    """It waits until the paper is made, is uploaded once, and QuickBooks gives back the very bytes of ours."""
    switch(world, attach_contract=True)
    contract = signed(world, [line("Roof", 1_000_000)])
    contract.done()
    for _ in range(2):
        await world.run()
    states = {one["kind"]: one["state"] for one in contract.postings()}
    assert states == {"contract_invoice": "posted", "attachment": "waiting"}
    await make_missing(world.books.db, 1, contract.proposal_id, 30)
    for _ in range(2):
        await world.run()
    await settle(world, contract)
    (there,) = world.in_books("Attachable")
    row = world.sql.execute(
        "SELECT l.qbo_id FROM qbo_links l WHERE l.entity = 'Invoice' AND l.local_kind = 'proposal'"
    ).fetchone()
    assert row is not None
    assert there["AttachableRef"][0]["EntityRef"] == {"value": row[0], "type": "Invoice"}
    ours = world.staff().get(f"/proposals/{contract.proposal_id}/signed.pdf")
    assert ours.status_code == 200, ours.text
    address = bookkeeper(world).read("Attachable", there["Id"])["TempDownloadUri"]
    assert httpx2.get(address).content == ours.content


@pytest.mark.parametrize("action", ["drop_after", "status"])
async def test_a_failed_upload_holds_up_no_money_and_comes_again(world: World, action: str) -> None:
    """Whether it arrived or not: the payment is booked meanwhile, the lane does not rest, and one file is there in the end."""
    switch(world, attach_contract=True)
    contract = signed(world, [line("Roof", 1_000_000)])
    await make_missing(world.books.db, 1, contract.proposal_id, 30)
    contract.done()
    await world.run()
    options: Json = {"status": 503} if action == "status" else {}
    world.sandbox.add_fault(action, r"/upload$", times=1, **options)
    await world.run()
    resting = world.sql.execute("SELECT paused_until IS NOT NULL FROM qbo_lanes WHERE org_id = 1").fetchone()
    (paper,) = [one for one in contract.postings() if one["kind"] == "attachment"]
    assert (paper["state"], resting) == ("waiting", (False,))
    assert paper["problem"]
    contract.pay("deposit")
    await settle(world, contract)
    assert len(world.in_books("Attachable")) == 1


async def test_a_refused_paper_asks_for_a_person_and_money_goes_on(world: World) -> None:
    """QuickBooks refuses the file with HTTP 200, as it does in an upload: told in a sentence, and retried by a person."""
    switch(world, attach_contract=True)
    contract = signed(world, [line("Roof", 1_000_000)])
    await make_missing(world.books.db, 1, contract.proposal_id, 30)
    error = {"Message": "A business validation error", "Detail": "No room for files.", "code": "6000"}
    body = {"AttachableResponse": [{"Fault": {"Error": [error], "type": "ValidationFault"}}]}
    world.sandbox.add_fault("status", r"/upload$", times=1, status=200, body=json.dumps(body))
    contract.done()
    for _ in range(2):
        await world.run()
    (paper,) = [one for one in contract.postings() if one["kind"] == "attachment"]
    assert (paper["state"], paper["problem_code"]) == ("needs_you", "6000")
    assert "No room for files." in paper["problem"]
    contract.pay("deposit")
    await world.run()
    assert {one["kind"]: one["state"] for one in contract.postings()}["payment"] == "posted"
    world.staff().post(f"/postings/{paper['id']}/retry").raise_for_status()
    await settle(world, contract)
    assert len(world.in_books("Attachable")) == 1
