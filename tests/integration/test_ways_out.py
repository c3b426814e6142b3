"""The ways out of a difference: accept theirs, restore ours exactly once, unlink; and each taken back again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import Json
from tests.integration.comeback_world import Bookkeeper, Comeback, open_comeback


@pytest.fixture
async def back(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[..., RunningApp]
) -> AsyncIterator[Comeback]:
    async with open_comeback(database_url, owner_sql, start_app) as opened:
        yield opened


async def edited(back: Comeback) -> tuple[Json, Bookkeeper]:
    """A booked deposit whose invoice somebody dated otherwise; its posting, and who did it."""
    line = await back.booked()
    await back.look()
    who = back.bookkeeper()
    who.change("Invoice", line["qbo_invoice_id"], TxnDate="2026-01-31")
    await back.look()
    return line, who


async def test_theirs_is_accepted_and_taken_back(back: Comeback) -> None:
    """Accepting settles it for good, also when it is told again; undoing opens it as it was. All of it is logged."""
    line, who = await edited(back)
    difference = back.one()
    for _ in range(2):
        assert back.press(difference, "accept").json()["resolution"] == "accepted"
    assert back.world.posting(line["payment_id"])["state"] == "posted"
    who.change("Invoice", line["qbo_invoice_id"], CustomerMemo={"value": "only a word"})
    await back.look()
    assert back.open() == []
    assert back.press(difference, "restore").status_code == 409
    again = back.press(difference, "undo").json()
    assert (again["resolved_at"], again["fields"]) == (None, difference["fields"])
    assert back.world.posting(line["payment_id"])["state"] == "different"
    said = back.world.sql.execute(
        "SELECT event FROM portal_activity_log WHERE event LIKE 'difference_%' ORDER BY id"
    ).fetchall()
    assert [row[0] for row in said] == ["difference_found", "difference_resolved", "difference_reopened"]


async def test_ours_is_restored_once_however_often_it_is_pressed(back: Comeback) -> None:
    """Two presses are one write; QuickBooks then holds ours, nothing is open, and undoing writes theirs again."""
    line, who = await edited(back)
    invoice, difference = line["qbo_invoice_id"], back.one()
    booked = difference["fields"][0]["ours"]
    assert back.press(difference, "restore").json()["resolution"] == "restoring"
    assert back.press(difference, "restore").status_code == 200
    seen = back.world.last_request()
    await back.work(difference)
    await back.work(difference)
    asked = [(r["method"], r["path"].rpartition("/")[2]) for r in back.world.requests(seen)]
    assert asked == [("GET", invoice), ("POST", "invoice")]
    now = who.read("Invoice", invoice)
    assert (now["TxnDate"] != "2026-01-31", now["TotalAmt"], now["Balance"]) == (True, 4725.0, 0)
    settled = back.get(difference)
    assert (settled["resolution"], settled["can_undo"]) == ("restored", True)
    assert await back.look() == []  # our own write's echo
    assert back.open() == []

    assert back.press(difference, "undo").json()["resolution"] == "undoing"
    await back.work(difference)
    assert who.read("Invoice", invoice)["TxnDate"] == "2026-01-31"
    opened = back.one()
    assert (opened["fields"][0]["ours"], opened["fields"][0]["theirs"]) == (booked, "January 31, 2026")


async def test_restoring_is_called_off_before_it_is_written(back: Comeback) -> None:
    """Undo within the seconds before it is sent: nothing is written, and it can be restored later."""
    line, who = await edited(back)
    difference = back.one()
    back.press(difference, "restore")
    assert back.press(difference, "undo").json()["resolved_at"] is None
    await back.work(difference)
    assert who.read("Invoice", line["qbo_invoice_id"])["TxnDate"] == "2026-01-31"
    done = await back.restored(difference)
    assert done["resolution"] == "restored"
    assert who.read("Invoice", line["qbo_invoice_id"])["TxnDate"] != "2026-01-31"


@pytest.mark.parametrize("how", ["delete", "void"])
async def test_a_lost_invoice_is_made_anew_with_its_payment(back: Comeback, how: str) -> None:
    """A deleted or voided invoice is made anew once, though the answer gets lost, and our payment settles it."""
    line = await back.booked()
    await back.look()
    who, old = back.bookkeeper(), line["qbo_invoice_id"]
    getattr(who, how)("Invoice", old)
    await back.look()
    kind = {"delete": "qbo_deleted", "void": "qbo_voided"}[how]
    assert {item["kind"] for item in back.open()} == {kind, "qbo_unapplied"}
    back.world.sandbox.add_fault("drop_after", "/invoice$", times=1)
    difference = back.one(kind=kind)
    back.press(difference, "restore")
    with pytest.raises(Exception, match="QuickBooks"):
        await back.work(difference)
    await back.work(difference)
    await back.work(difference)
    done = back.get(difference)
    assert (done["resolution"], done["can_undo"], back.open()) == ("restored", False, [])
    made = [i for i in back.world.in_books("Invoice") if i["TotalAmt"] == 4725.0]
    assert [(i["Balance"], i["CustomerRef"]["value"]) for i in made] == [(0, made[0]["CustomerRef"]["value"])]
    now = back.world.posting(line["payment_id"])
    assert (now["state"], now["qbo_invoice_id"]) == ("posted", made[0]["Id"])
    assert made[0]["Id"] != old
    assert await back.look() == []
    assert back.press(difference, "undo").status_code == 409


async def test_closed_books_are_told(back: Comeback) -> None:
    """The period is closed meanwhile: the difference is open again and says what stands against it."""
    line = await back.booked()
    await back.look()
    back.bookkeeper().delete("Payment", line["qbo_payment_id"])
    await back.look()
    realm = back.world.realm_id
    back.world.sandbox.call("POST", f"/_state/quickbooks/{realm}/settings", {"book_close_date": "2030-12-31"})
    refused = await back.restored(back.one())
    assert refused["resolved_at"] is None
    assert "books are closed" in refused["problem"]
    back.world.sandbox.call("POST", f"/_state/quickbooks/{realm}/settings", {"book_close_date": None})
    done = await back.restored(refused)
    assert (done["resolution"], done["problem"]) == ("restored", None)
    back.world.assert_booked_once(line["payment_id"])


async def test_an_inactive_customer_is_made_active_again(back: Comeback) -> None:
    """Restore makes the customer active there under the old name; nothing of the books changes."""
    line = await back.booked()
    await back.look()
    who = back.bookkeeper()
    customer = who.read("Invoice", line["qbo_invoice_id"])["CustomerRef"]
    who.change("Customer", customer["value"], Active=False)
    await back.look()
    await back.restored(back.one(kind="qbo_inactive"))
    now = who.read("Customer", customer["value"])
    assert (now["Active"], now["DisplayName"]) == (True, customer["name"])
    assert back.open() == []


async def test_an_unlinked_document_is_not_followed_nor_booked_again(back: Comeback) -> None:
    """Unlinking ends the matter: no further word, and no second document however often it is tried; undo follows again."""
    line, who = await edited(back)
    difference = back.one()
    back.press(difference, "unlink")
    who.change("Invoice", line["qbo_invoice_id"], TxnDate="2026-02-28")
    assert await back.look() == []
    assert back.open() == []
    assert back.world.staff().post("/qbo/invoice/7").json()["status"] == "exists"
    assert len(back.world.in_books("Invoice")) == 1
    back.press(difference, "undo")
    await back.catch_up()
    assert back.one()["fields"][0]["theirs"] == "February 28, 2026"


async def test_several_are_accepted_at_once(back: Comeback) -> None:
    """In bulk only what writes nothing: accepted ones are settled, what has no such way is left."""
    line, who = await edited(back)
    who.change("Payment", line["qbo_payment_id"], TxnDate="2026-01-31")
    await back.look()
    back.world.sql.execute(
        "INSERT INTO differences (org_id, kind, subject, sentence) VALUES (1, 'paid_twice', 'x', 'Paid twice.')"
    )
    ids = [item["id"] for item in back.open()]
    answer = back.world.staff().post("/books/differences/bulk", json={"ids": ids, "way": "accept"})
    assert answer.status_code == 200, answer.text
    assert (len(answer.json()["settled"]), len(answer.json()["left"])) == (2, 1)
    assert [item["source"] for item in back.open()] == ["stripe"]
    refused = back.world.staff().post("/books/differences/bulk", json={"ids": ids, "way": "restore"})
    assert refused.status_code == 422


async def test_another_company_sees_and_settles_nothing(back: Comeback) -> None:
    """A difference of one org is not there for another."""
    (one,) = back.world.sql.execute(
        "INSERT INTO differences (org_id, kind, subject, sentence) VALUES (1, 'paid_twice', 'x', 'Paid twice.') "
        "RETURNING id"
    ).fetchone() or (0,)
    other = back.world.staff(2)
    assert other.get("/books/differences").json()["items"] == []
    assert other.get(f"/books/differences/{one}").status_code == 404
    assert other.post(f"/books/differences/{one}/accept").status_code == 404
