"""A customer of ours is matched with those in QuickBooks: linked when safe, asked when not, at the cost of one read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.books_world import Json
from tests.integration.comeback_world import Comeback, open_comeback

from crm.accounting import connection
from crm.accounting.sync import setup
from crm.accounting.sync.customer import job_customer_id
from crm.operations.sentences import sentence

NAME = "Elena and Tom Hartley"  # of proposal 7


@pytest.fixture
async def back(
    database_url: str, owner_sql: psycopg.Connection, start_app: Callable[..., RunningApp]
) -> AsyncIterator[Comeback]:
    async with open_comeback(database_url, owner_sql, start_app) as opened:
        yield opened


def customers(back: Comeback) -> list[Json]:
    return back.world.in_books("Customer")


async def asked(back: Comeback, **theirs: object) -> tuple[int, Json, Json]:
    """A deposit of somebody whom QuickBooks may know: payment, the one there, the line of the review queue."""
    there = back.bookkeeper().create("Customer", **({"DisplayName": NAME} | theirs))
    payment_id = back.world.pay()
    await back.world.run()
    line = back.world.posting(payment_id)
    assert (line["state"], line["problem_code"]) == ("needs_you", "customer-match"), line
    shown = back.world.staff().get("/overview/proposals/7").json()
    assert (shown["books_state"], shown["problem_code"]) == ("needs_you", "customer-match")
    (waiting,) = back.world.staff().get("/books/review").json()["items"]
    return payment_id, there, waiting


def choose(back: Comeback, review: Json, qbo_id: str | None) -> Json:
    answer = back.world.staff().post(f"/books/review/{review['id']}/choose", json={"qbo_id": qbo_id})
    assert answer.status_code == 200, answer.text
    done: Json = answer.json()
    return done


async def test_a_safe_match_is_linked_and_costs_one_read(back: Comeback) -> None:
    """Same name, written otherwise, and same e-mail: linked by itself; a second new customer costs one read, a known none."""
    (email,) = back.world.sql.execute(
        "SELECT email FROM customers WHERE org_id = 1 AND id = 1"
    ).fetchone() or ("",)
    there = back.bookkeeper().create(
        "Customer", DisplayName="HARTLEY, Tom & Elena", PrimaryEmailAddr={"Address": email.upper()}
    )
    count = len(customers(back))
    line = await back.booked()
    assert len(customers(back)) == count
    assert back.bookkeeper().read("Invoice", line["qbo_invoice_id"])["CustomerRef"]["value"] == there["Id"]
    before = back.world.staff().get("/qbo/quota").json()["used"]
    await back.booked(9, 450_000)  # a new customer, in a company whose set-up is known
    assert back.world.staff().get("/qbo/quota").json()["used"] - before == 1


async def test_who_may_be_meant_is_asked_and_the_choice_is_booked(back: Comeback) -> None:
    """A name alone waits for a person, with what speaks for and against; the one that is chosen is booked, once."""
    payment_id, there, review = await asked(back)
    count = len(customers(back))
    assert (review["name"], review["waiting_minor"], review["exact"]) == (NAME, 472_500, None)
    (candidate,) = review["candidates"]
    assert (candidate["qbo_id"], candidate["reasons"]) == (there["Id"], ["same name"])
    for _ in range(2):
        assert choose(back, review, there["Id"])["state"] == "decided"
    await back.world.run()
    back.world.assert_booked_once(payment_id)
    assert len(customers(back)) == count
    assert back.world.in_books("Invoice")[0]["CustomerRef"]["value"] == there["Id"]
    late = back.world.staff().post(f"/books/review/{review['id']}/undo")
    assert (late.status_code, late.json()["type"].rpartition("/")[2]) == (409, "already-booked")


async def test_a_wrong_choice_is_undone_before_it_is_booked(back: Comeback) -> None:
    """The wrong one is chosen and taken back within the seconds before booking; then ours is said to be another person."""
    payment_id, there, review = await asked(back)
    chosen = choose(back, review, there["Id"])
    assert chosen["can_undo"]
    assert back.world.posting(payment_id)["state"] == "waiting"
    undone = back.world.staff().post(f"/books/review/{review['id']}/undo").json()
    assert (undone["state"], undone["decision"]) == ("open", None)
    assert back.world.posting(payment_id)["state"] == "needs_you"
    choose(back, review, None)
    await back.world.run()
    back.world.assert_booked_once(payment_id)
    name = back.world.in_books("Invoice")[0]["CustomerRef"]["name"]
    assert name == f"{NAME} (customer)"
    said = back.world.sql.execute(
        "SELECT event, meta FROM portal_activity_log WHERE event LIKE 'customer_cho%' ORDER BY id"
    ).fetchall()
    assert [row[0] for row in said] == ["customer_chosen", "customer_choice_undone", "customer_chosen"]
    assert sentence(*said[0]) == f"Chosen for QuickBooks: {NAME} is customer {there['Id']} there"
    assert sentence(*said[2]) == f"Chosen for QuickBooks: {NAME} is a new customer there"


async def test_an_inactive_one_is_offered_and_made_active(back: Comeback) -> None:
    """The one in QuickBooks is inactive: it is suggested all the same, and made active when it is chosen."""
    who = back.bookkeeper()
    there = who.create("Customer", DisplayName=NAME)
    who.change("Customer", there["Id"], Active=False)
    payment_id = back.world.pay()
    await back.world.run()
    (review,) = back.world.staff().get("/books/review").json()["items"]
    assert [one["active"] for one in review["candidates"]] == [False]
    choose(back, review, there["Id"])
    await back.world.run()
    back.world.assert_booked_once(payment_id)
    assert who.read("Customer", there["Id"])["Active"] is True


async def test_always_new_never_asks(back: Comeback) -> None:
    """An org that wants new customers gets one, under a name of its own, told in the log."""
    back.world.staff().put("/books/review/rule", json={"unsure": "always_new"})
    back.bookkeeper().create("Customer", DisplayName=NAME)
    await back.booked()
    assert back.world.in_books("Invoice")[0]["CustomerRef"]["name"] == f"{NAME} (customer)"
    assert back.world.staff().get("/books/review").json()["items"] == []


@pytest.mark.parametrize(
    "name",
    [
        "Ann O'Neil",
        "Ann: O’Neil\t“the roof”",
        "x" * 600,
        "Łukasz Żółć",
        "Norton Lumber and Building Materials",
    ],
)
async def test_every_name_is_booked_and_found_again(back: Comeback, name: str) -> None:
    """Apostrophes, colons, tabs, curly quotes, 600 characters, letters outside ISO-8859-1, and a name that a vendor
    holds: one customer, found again by the next company to ask for it."""
    back.world.sql.execute("UPDATE customers SET name = %s WHERE org_id = 1 AND id = 1", [name])
    count = len(customers(back))
    line = await back.booked()
    back.world.assert_booked_once(line["payment_id"])
    assert len(customers(back)) == count + 1
    back.world.sql.execute("DELETE FROM qbo_links WHERE entity = 'Customer'")  # as after a restored backup
    back.world.sql.execute("UPDATE proposals SET customer_id = 1 WHERE org_id = 1 AND id = 9")
    await back.booked(9, 450_000)
    assert len(customers(back)) == count + 1


async def test_exact_ones_are_taken_at_once(back: Comeback) -> None:
    """Two who leave no doubt but were not alone when they were asked about: one press takes what is exact now."""
    payment_id, there, review = await asked(back)
    back.world.sql.execute(
        "UPDATE customer_matches SET candidates = jsonb_set(candidates, '{0,score}', '90')"
    )
    assert back.world.staff().get(f"/books/review/{review['id']}").json()["exact"] == there["Id"]
    assert back.world.staff().post("/books/review/exact").json() == {"chosen": 1}
    await back.world.run()
    back.world.assert_booked_once(payment_id)
    other = back.world.staff(2)
    assert other.get("/books/review").json()["items"] == []
    assert other.post(f"/books/review/{review['id']}/undo").status_code == 404


async def test_a_job_is_a_sub_customer_made_once(back: Comeback) -> None:
    """One sub-customer stands for one job, billed with its parent, however often it is asked for."""
    await back.booked()
    (parent,) = back.world.sql.execute(
        "SELECT qbo_id FROM qbo_links WHERE entity = 'Customer'"
    ).fetchone() or ("",)
    access = await connection.access(back.world.books, 1)
    company = await setup.company_of(back.world.books, access)
    made = [
        await job_customer_id(back.world.books, access, company, parent, 7, "Roof: Maple St", "USD")
        for _ in range(2)
    ]
    job = back.bookkeeper().read("Customer", made[0])
    assert made[0] == made[1]
    assert (job["Job"], job["ParentRef"]["value"], job["DisplayName"]) == (True, parent, "Roof Maple St #7")


async def test_another_one_is_found_at_no_cost_and_quickbooks_asked_on_demand(back: Comeback) -> None:
    """Nobody suggested is meant: the one from the office's own head is found by words, inactive or made just now; only
    asking QuickBooks costs reads, which the quota counts; a vendor of the name is told, and a stranger's company sees none."""
    _, _, review = await asked(back)
    staff, who = back.world.staff(), back.bookkeeper()
    meant = who.create(
        "Customer",
        DisplayName="T. O'Hartley_Trust",
        PrimaryEmailAddr={"Address": "trust@hartley.example"},
        PrimaryPhone={"FreeFormNumber": "(720) 555-0199"},
    )
    who.change("Customer", meant["Id"], Active=False)
    used = staff.get("/qbo/quota").json()["used"]
    before = staff.get("/books/review/customers", params={"q": "O'Hartley"}).json()
    assert before == {"customers": [], "vendors": None}
    found = staff.post("/books/review/customers/search", json={"q": "O'Hartley"}).json()
    assert staff.get("/qbo/quota").json()["used"] == used + 2
    assert [(one["qbo_id"], one["active"], one["linked_to"]) for one in found["customers"]] == [
        (meant["Id"], False, None)
    ]
    for words in ("hartley_trust", "5550199", "720-555", "trust@ o'hart"):
        (one,) = staff.get("/books/review/customers", params={"q": words}).json()["customers"]
        assert one["qbo_id"] == meant["Id"], words
    for words in ("hartley%", "%%", "hartleyxtrust"):
        assert staff.get("/books/review/customers", params={"q": words}).json()["customers"] == [], words
    assert staff.get("/qbo/quota").json()["used"] == used + 2

    vendor = staff.post("/books/review/customers/search", json={"q": "Norton Lumber"}).json()["vendors"]
    assert vendor == [{"name": "Norton Lumber and Building Materials", "active": True}]
    assert staff.post("/books/review/customers/search", json={"q": "Żółć"}).json()["vendors"] is None
    assert staff.get("/books/review/customers", params={"q": "x"}).status_code == 422
    assert (
        back.world.staff(2).get("/books/review/customers", params={"q": "hartley"}).json()["customers"] == []
    )

    assert choose(back, review, meant["Id"])["qbo_name"].startswith("T. O'Hartley_Trust")
    await back.world.run()
    assert back.world.in_books("Invoice")[0]["CustomerRef"]["value"] == meant["Id"]
    assert who.read("Customer", meant["Id"])["Active"] is True
    (again,) = staff.get("/books/review/customers", params={"q": "trust"}).json()["customers"]
    assert (again["active"], again["linked_to"]) == (True, NAME)
