"""What people do in QuickBooks comes back: seen once, without paying for our own echo, and told as a difference."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_contract import line, signed
from tests.integration.comeback_world import Comeback, open_comeback

OTHER_REALM = "9341000000000002"


@pytest.fixture
async def back(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[..., RunningApp]
) -> AsyncIterator[Comeback]:
    async with open_comeback(database_url, owner_sql, start_app) as opened:
        yield opened


async def test_our_own_echo_costs_nothing(back: Comeback) -> None:
    """Customer, invoice, payment and what the payment did to the invoice are all told back to us: no read, no word."""
    await back.booked()
    assert await back.look() == []
    assert back.world.sql.execute("SELECT count(*) FROM qbo_changes").fetchone() == (0,)
    assert back.open() == []
    kept = back.world.sql.execute("SELECT count(*) FROM inbox_events WHERE source = 'quickbooks'").fetchone()
    assert kept is not None
    assert kept[0] >= 4


async def test_an_edit_is_seen_with_one_read_and_shown_side_by_side(back: Comeback) -> None:
    """Amount and date of an invoice are changed there: one metered read, one difference, both values per field, and the
    payment's line says that the books differ."""
    line = await back.booked()
    await back.look()
    who, invoice = back.bookkeeper(), line["qbo_invoice_id"]
    lines = who.read("Invoice", invoice)["Line"]
    lines[0] |= {"Amount": 4000.0}
    lines[0]["SalesItemLineDetail"] |= {"UnitPrice": 4000.0}
    who.change("Payment", line["qbo_payment_id"], Line=[], TotalAmt=4725.0)
    who.change("Invoice", invoice, Line=lines, TxnDate="2026-01-31")
    asked = await back.look()
    assert sorted(asked) == [f"GET invoice/{invoice}", f"GET payment/{line['qbo_payment_id']}"]
    edited = back.one(kind="qbo_edited")
    assert (edited["entity"], edited["qbo_id"], edited["proposal_id"]) == ("Invoice", invoice, 7)
    shown = {field["label"]: (field["ours"], field["theirs"]) for field in edited["fields"]}
    assert shown["Amount"] == ("$4,725.00", "$4,000.00")
    assert shown["Date"][1] == "January 31, 2026"
    assert "amount is $4,000.00 there, $4,725.00 here" in edited["sentence"]
    assert edited["ways_out"] == ["accept", "restore", "unlink"]
    unapplied = back.one(kind="qbo_unapplied")
    assert "$4,725.00 of it is unapplied" in unapplied["sentence"]
    assert back.world.posting(line["payment_id"])["state"] == "different"
    assert await back.look() == []  # seen; nothing is asked again


async def test_voided_deleted_and_inactive_are_told(back: Comeback) -> None:
    """A voided payment, a deleted invoice and a customer made inactive: one sentence each; the deletion costs no read."""
    line = await back.booked()
    await back.look()
    who = back.bookkeeper()
    who.void("Payment", line["qbo_payment_id"])
    who.delete("Invoice", line["qbo_invoice_id"])
    customer = who.read("Payment", line["qbo_payment_id"])["CustomerRef"]["value"]
    who.change("Customer", customer, Active=False)
    asked = await back.look()
    assert sorted(asked) == [f"GET customer/{customer}", f"GET payment/{line['qbo_payment_id']}"]
    told = {item["kind"]: item["sentence"] for item in back.open()}
    assert set(told) == {"qbo_voided", "qbo_deleted", "qbo_inactive"}
    assert told["qbo_voided"].endswith("over $4,725.00 was voided in QuickBooks.")
    assert "$4,725.00 was deleted in QuickBooks." in told["qbo_deleted"]
    assert "was made inactive in QuickBooks." in told["qbo_inactive"]
    home = {item["sentence"] for item in back.world.staff().get("/overview").json()["needs_you"]}
    assert set(told.values()) <= home


async def test_a_payment_made_by_hand_is_told(back: Comeback) -> None:
    """Somebody takes our payment off the invoice and enters a cheque in its place: both are told."""
    line = await back.booked()
    await back.look()
    who, invoice = back.bookkeeper(), line["qbo_invoice_id"]
    who.change("Payment", line["qbo_payment_id"], Line=[])
    cheque = who.create(
        "Payment",
        CustomerRef=who.read("Invoice", invoice)["CustomerRef"],
        TotalAmt=1000.0,
        Line=[{"Amount": 1000.0, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}],
    )
    await back.look()
    assert {item["kind"] for item in back.open()} == {"qbo_unapplied", "qbo_paid_by_hand"}
    by_hand = back.one(kind="qbo_paid_by_hand")
    assert f"payment {cheque['Id']}" in by_hand["sentence"]
    assert by_hand["ways_out"] == ["accept", "unlink"]


async def test_a_payment_on_account_of_one_who_owes_is_told(back: Comeback) -> None:
    """A check that the bookkeeper records without an invoice is told by the daily look at no read of its own, once; of
    somebody who owes us nothing it is not. Known it stays known, and deleted there it is over."""
    await back.booked()
    signed(back.world, [line("Roof", 1_000_000)])  # of the same customer, and nothing paid
    await back.catch_up()
    who = back.bookkeeper()
    row = back.world.sql.execute("SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'").fetchone()
    assert row is not None
    other = who.create("Customer", DisplayName="Somebody with nothing to pay")
    for customer, amount in ((row[0], 900), (row[0], 400), (other["Id"], 700)):
        check = who.create("Payment", CustomerRef={"value": customer}, TotalAmt=amount, PaymentRefNum="check")
        if amount == 400:
            second = check
    assert [one.split("?")[0] for one in await back.catch_up()] == ["GET cdc"]
    told = {one["sentence"]: one for one in back.open()}
    assert len(told) == 2, told
    (known,) = [one for sentence, one in told.items() if "recorded $900.00 from" in sentence]
    assert (known["kind"], known["ways_out"]) == ("qbo_paid_by_hand", ["accept", "unlink"])
    assert back.press(known, "accept").status_code == 200
    who.delete("Payment", second["Id"])
    await back.catch_up()
    assert back.open() == []


async def test_a_payment_on_account_of_one_who_is_not_linked_is_told(back: Comeback) -> None:
    """Whoever signed and paid nothing stands for nobody in QuickBooks: a check of a customer there with the same e-mail, or
    the same words in its name, is told at no read of its own; one with neither is not."""
    signed(back.world, [line("Roof", 1_000_000)])  # of Elena and Tom Hartley
    await back.catch_up()
    who = back.bookkeeper()
    mail = {"Address": "Elena.Hartley@example.com"}
    for name, more, amount in (
        ("The Hartleys", {"PrimaryEmailAddr": mail}, 900), ("Tom & Elena Hartley", {}, 700), ("Hartley, Bob", {}, 500),
        ("ELENA AND TOM HARTLEY", {}, 400),
    ):  # fmt: skip
        made = who.create("Customer", DisplayName=name, **more)
        who.create("Payment", CustomerRef={"value": made["Id"]}, TotalAmt=amount)
    assert [one.split("?")[0] for one in await back.catch_up()] == ["GET cdc"]
    told = sorted(one["sentence"] for one in back.open())
    assert [sentence.partition(" in QuickBooks")[0] for sentence in told] == [
        "Somebody recorded $400.00 from ELENA AND TOM HARTLEY",
        "Somebody recorded $700.00 from Tom & Elena Hartley",
        "Somebody recorded $900.00 from The Hartleys",
    ]
    assert all("may be our customer Elena and Tom Hartley" in sentence for sentence in told)
    assert back.press(back.open()[0], "accept").status_code == 200
    await back.catch_up()
    assert len(back.open()) == 2


async def test_twice_late_and_out_of_order_change_nothing(back: Comeback) -> None:
    """Webhooks that come shuffled, each twice, and again after all was seen: one difference, nothing read anew."""
    line = await back.booked()
    await back.look()
    back.delivery(shuffle=True, duplicate_every=1)
    who, invoice = back.bookkeeper(), line["qbo_invoice_id"]
    who.change("Invoice", invoice, DueDate="2026-02-01")
    who.change("Invoice", invoice, DueDate="2026-03-01")
    assert await back.look() == [f"GET invoice/{invoice}"]
    for delivery in back.world.sandbox.call("GET", "/_state/quickbooks/deliveries")["data"]:
        back.world.sandbox.call("POST", f"/_state/quickbooks/deliveries/{delivery['id']}/resend")
    assert await back.look() == []
    shown = back.one()["fields"]
    assert [(field["label"], field["theirs"]) for field in shown] == [("Due date", "March 1, 2026")]


async def test_a_lagging_replica_is_asked_again(back: Comeback) -> None:
    """An answer older than the event is not believed: the object waits for another look."""
    line = await back.booked()
    await back.look()
    invoice = line["qbo_invoice_id"]
    fault = back.world.sandbox.add_fault("stale", f"/invoice/{invoice}$", "GET", times=1)
    who = back.bookkeeper()
    back.world.sandbox.clock.advance(60)  # further than two clocks may be apart
    whole = dict(back.world.in_books("Invoice")[0])
    who._send("POST", "invoice", {**whole, "DueDate": "2026-03-01"})
    assert await back.look() == [f"GET invoice/{invoice}"]
    assert back.world.sandbox.fault(fault)["hits"] == 1
    assert back.open() == []
    assert await back.look_now() == [f"GET invoice/{invoice}"]
    assert back.one()["fields"][0]["theirs"] == "March 1, 2026"


async def test_two_companies_in_one_array_stay_apart(back: Comeback) -> None:
    """One signed body names objects of two companies with the same Id: each org sees its own only."""
    back.world.connect(2, OTHER_REALM)
    first = await back.booked()
    second = await back.booked(20, 100_000, org_id=2) if _has_proposal(back, 20) else None
    await back.look()
    await back.look_now(2)
    back.delivery(paused=True)
    back.bookkeeper().change("Invoice", first["qbo_invoice_id"], DueDate="2026-03-01")
    if second is not None:
        back.bookkeeper(OTHER_REALM).change("Invoice", second["qbo_invoice_id"], DueDate="2026-04-01")
    back.delivery(paused=False)
    await back.delivered()
    newest = back.world.sandbox.call("GET", "/_state/quickbooks/deliveries")["data"][-1]["events"]
    assert {event["intuitaccountid"] for event in newest} == {back.world.realm_id, OTHER_REALM}
    assert await back.look_now(1) == [f"GET invoice/{first['qbo_invoice_id']}"]
    assert [item["fields"][0]["theirs"] for item in back.open(1)] == ["March 1, 2026"]
    await back.look_now(2)
    assert [item["fields"][0]["theirs"] for item in back.open(2)] == ["April 1, 2026"]


def _has_proposal(back: Comeback, proposal_id: int) -> bool:
    return (
        back.world.sql.execute("SELECT 1 FROM proposals WHERE id = %s", [proposal_id]).fetchone() is not None
    )


async def test_older_webhooks_are_understood(back: Comeback) -> None:
    """The older shape of the body leads to the same."""
    realm = back.world.realm_id
    back.world.sandbox.call("POST", f"/_state/quickbooks/{realm}/settings", {"webhook_shape": "legacy"})
    line = await back.booked()
    await back.look()
    assert back.world.sql.execute("SELECT count(*) FROM qbo_changes").fetchone() == (0,)
    back.bookkeeper().delete("Payment", line["qbo_payment_id"])
    await back.look()
    assert [item["kind"] for item in back.open()] == ["qbo_deleted"]


async def test_a_merge_is_followed(back: Comeback) -> None:
    """Our customer is merged into another: the survivor stands for ours from then on, and no document is a difference."""
    line = await back.booked()
    await back.look()
    who = back.bookkeeper()
    ours = who.read("Invoice", line["qbo_invoice_id"])["CustomerRef"]["value"]
    other = who.create("Customer", DisplayName="Wanted twin")["Id"]
    who.merge("Customer", other, ours)
    await back.look()
    linked = back.world.sql.execute("SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'").fetchall()
    assert linked == [(other,)]
    await back.look_now()
    assert back.open() == []
    said = back.world.sql.execute(
        "SELECT meta->>'from_id', meta->>'to_id' FROM portal_activity_log WHERE event = 'books_relinked'"
    ).fetchall()
    assert said == [(ours, other)]
    back.world.sql.execute("UPDATE proposals SET customer_id = 1 WHERE org_id = 1 AND id = 9")  # that of 7
    second = await back.booked(9)
    assert who.read("Invoice", second["qbo_invoice_id"])["CustomerRef"]["value"] == other


async def test_what_no_webhook_told_is_found_by_cdc(back: Comeback) -> None:
    """Webhooks are lost: one CDC call finds the edit, the deletion and the merge; the next one says nothing again."""
    await back.catch_up()
    line = await back.booked()
    back.delivery(paused=True)
    who = back.bookkeeper()
    ours = who.read("Invoice", line["qbo_invoice_id"])["CustomerRef"]["value"]
    other = who.create("Customer", DisplayName="Wanted twin")["Id"]
    who.merge("Customer", other, ours)
    who.change("Invoice", line["qbo_invoice_id"], DueDate="2026-03-01")
    who.delete("Payment", line["qbo_payment_id"])
    assert await back.catch_up() == ["GET cdc"]
    assert sorted(item["kind"] for item in back.open()) == ["qbo_deleted", "qbo_edited"]
    assert [field["label"] for field in back.one(kind="qbo_edited")["fields"]] == ["Due date"]
    linked = back.world.sql.execute("SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'").fetchall()
    assert linked == [(other,)]
    assert await back.catch_up() == ["GET cdc"]
    assert len(back.open()) == 2


async def test_a_failed_run_does_not_move_the_watermark(back: Comeback) -> None:
    """QuickBooks fails in the middle: what is known stays what it was, and the next run finds the change."""
    await back.catch_up()
    line = await back.booked()
    back.delivery(paused=True)
    known = "SELECT known_until FROM qbo_watermarks"
    before = back.world.sql.execute(known).fetchone()
    back.bookkeeper().delete("Payment", line["qbo_payment_id"])
    back.world.sandbox.add_fault("status", "/cdc$", "GET", times=1, status=503)
    with pytest.raises(Exception, match="QuickBooks"):
        await back.catch_up()
    assert back.world.sql.execute(known).fetchone() == before
    assert back.open() == []
    await back.catch_up()
    assert [item["kind"] for item in back.open()] == ["qbo_deleted"]


async def test_a_gap_beyond_what_cdc_reaches_is_compared(back: Comeback) -> None:
    """After 40 days without a run all that is linked is read by query, one for each kind, and the deletion is found."""
    await back.catch_up()
    line = await back.booked()
    back.delivery(paused=True)
    back.bookkeeper().delete("Payment", line["qbo_payment_id"])
    back.world.sql.execute("UPDATE qbo_watermarks SET known_until = now() - interval '40 days'")
    asked = await back.catch_up()
    assert "GET cdc" not in asked
    assert len(asked) <= 5  # one for each kind that is linked
    assert [item["kind"] for item in back.open()] == ["qbo_deleted"]
    assert await back.catch_up() == ["GET cdc"]  # and CDC goes on from here


async def test_the_watermark_is_quickbooks_time_and_never_ours(back: Comeback) -> None:
    """Our clock is three hours ahead of QuickBooks': neither the first look, which finds nothing linked to ask about, nor the
    comparison after a gap moves the watermark past QuickBooks' now; an answer that tells no time moves it not at all."""
    sql, sandbox = back.world.sql, back.world.sandbox

    def behind_by(what: str) -> bool:
        row = sql.execute(
            f"SELECT known_until < now() - interval '{what}', known_until FROM qbo_watermarks"
        ).fetchone()
        assert row is not None
        return bool(row[0])

    await back.catch_up()
    assert behind_by("23 hours")
    await back.booked()
    sandbox.add_fault("clock_skew", "", "GET", seconds=-10_800, times=None)
    sql.execute("UPDATE qbo_watermarks SET known_until = now() - interval '40 days'")
    await back.catch_up()
    assert behind_by("179 minutes")
    assert not behind_by("181 minutes")
    await back.catch_up()
    assert behind_by("179 minutes")
    sandbox.call("DELETE", "/_faults")
    sandbox.add_fault("status", "/cdc$", "GET", status=200, body={"CDCResponse": []})
    await back.catch_up()
    assert behind_by("179 minutes")
