"""The page on which a deposit is paid: one at a time, for the stored price, whatever is lost on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import psycopg
import pytest
from tests.conftest import RunningApp
from tests.integration.money_world import Money, money_on

from crm_sandbox.testing import RunningSandbox, running_sandbox

SESSIONS = r"^/v1/checkout/sessions$"


@pytest.fixture(scope="module")
def stripe() -> Iterator[RunningSandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def shared_money(postgres_url: str, demo_template: str, stripe: RunningSandbox) -> Iterator[Money]:
    with money_on(postgres_url, demo_template, stripe_api_base=stripe.base_url) as made:
        yield made


@pytest.fixture
def money(shared_money: Money, stripe: RunningSandbox) -> Iterator[Money]:
    """One server and Stripe for the file, without another test's faults."""
    yield shared_money
    stripe.call("DELETE", "/_faults")


@pytest.fixture(scope="module")
def staff(shared_money: Money) -> httpx2.Client:
    return shared_money.app.as_user("admin@peakpro.io")


def checkout(caller: httpx2.Client, proposal_id: int, **more: str) -> httpx2.Response:
    params: dict[str, Any] = {"proposal_id": proposal_id, **more}
    return caller.post("/payments/checkout_session", params=params)


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].rsplit("/", 1)[1]


def at_stripe(stripe: RunningSandbox, proposal_id: int) -> list[dict[str, Any]]:
    """The sessions that Stripe holds for a proposal."""
    data = stripe.call("GET", "/_state/stripe/sessions")["data"]
    return [session for session in data if session["metadata"].get("proposal_id") == str(proposal_id)]


def test_a_page_at_stripe_for_the_stored_deposit(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """The seed's answer, exactly; Stripe holds our amount, and both session and intent name the proposal."""
    proposal_id = money.proposal()
    answer = checkout(staff, proposal_id, amount_dollars="15750")
    (session,) = at_stripe(stripe, proposal_id)
    assert answer.json() == {
        "checkout_url": session["url"],
        "session_id": session["id"],
        "deposit_cents": 472_500,
        "total_cents": 1_575_000,
    }
    assert (session["amount_total"], session["currency"]) == (472_500, "usd")
    assert session["metadata"]["org_id"] == "1"
    meta = money.one("SELECT meta FROM portal_activity_log WHERE proposal_id = %s", proposal_id)
    expected = {"session_id": session["id"], "deposit_cents": 472_500, "dev_mode": False}
    assert expected.items() <= meta.items()


def test_one_open_page_at_a_time(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """Eight calls at once and one later get the same page; it is made and logged once."""
    proposal_id = money.proposal()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: checkout(staff, proposal_id), range(8)))
    answers.append(checkout(staff, proposal_id))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len(at_stripe(stripe, proposal_id)) == 1
    assert money.one("SELECT count(*) FROM portal_activity_log WHERE proposal_id = %s", proposal_id) == 1
    assert money.one("SELECT count(*) FROM payments WHERE proposal_id = %s", proposal_id) == 1


def test_a_page_that_ran_out_is_replaced_and_closed(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """The next call gets another page, and the old one cannot be paid any more."""
    proposal_id = money.proposal()
    first = checkout(staff, proposal_id).json()
    money.sql.execute(
        "UPDATE checkout_sessions SET expires_at = now() WHERE session_id = %s", [first["session_id"]]
    )
    second = checkout(staff, proposal_id).json()
    assert second["session_id"] != first["session_id"]
    money.run_jobs()
    assert {s["id"]: s["status"] for s in at_stripe(stripe, proposal_id)} == {
        first["session_id"]: "expired",
        second["session_id"]: "open",
    }


def test_a_changed_deposit_gets_a_page_of_its_own(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """A page over the old amount is not handed out."""
    proposal_id = money.proposal()
    first = checkout(staff, proposal_id).json()
    money.sql.execute("UPDATE proposals SET deposit_percent = 50 WHERE id = %s", [proposal_id])
    second = checkout(staff, proposal_id).json()
    assert (first["deposit_cents"], second["deposit_cents"]) == (472_500, 787_500)
    assert [s["amount_total"] for s in at_stripe(stripe, proposal_id)] == [472_500, 787_500]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("15750.00", (200, "")),
        ("1.575E4", (200, "")),
        ("15749.99", (409, "amount-differs")),
        ("1", (409, "amount-differs")),
        ("-15750", (422, "invalid")),
        ("0", (422, "invalid")),
        ("NaN", (422, "invalid")),
        ("sNaN", (422, "invalid")),
        ("Infinity", (422, "invalid")),
        ("1e999999999", (422, "invalid")),
        ("1e-999999999", (422, "invalid")),
        ("9" * 32, (422, "invalid")),
        ("9" * 33, (422, "invalid")),
        ("15,750", (422, "invalid")),
        ("$15750", (422, "invalid")),
        ("", (422, "invalid")),
        ("'; DROP TABLE payments; --", (422, "invalid")),
        ("１５７５０", (200, "")),
    ],
)
def test_a_claimed_amount_must_be_the_stored_total(
    money: Money, staff: httpx2.Client, amount: str, expected: tuple[int, str]
):
    """The price comes from the proposal; another figure is a conflict, and what is no figure is invalid."""
    proposal_id = money.proposal()
    answer = checkout(staff, proposal_id, amount_dollars=amount)
    if expected[0] == 200:
        assert answer.status_code == 200, answer.text
        return
    assert problem(answer) == expected
    assert money.one("SELECT count(*) FROM payments WHERE proposal_id = %s", proposal_id) == 0


@pytest.mark.parametrize("proposal_id", [0, -7, 2**31, 2**63, 999])
def test_what_is_not_there_is_not_found(staff: httpx2.Client, proposal_id: int):
    """Ids beyond what a row can have are simply not here."""
    assert problem(checkout(staff, proposal_id)) == (404, "not-found")


def test_another_companys_proposal_is_not_found(money: Money, staff: httpx2.Client):
    """Neither the other owner nor a bearer of nothing gets a page."""
    proposal_id = money.proposal()
    other = money.app.as_user("admin@summit.example")
    assert problem(checkout(other, proposal_id)) == (404, "not-found")
    assert problem(checkout(money.app.client(), proposal_id))[0] == 401
    assert money.one("SELECT count(*) FROM payments WHERE proposal_id = %s", proposal_id) == 0


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"status": "draft"}, "proposal-draft"),
        ({"status": "declined"}, "proposal-declined"),
        ({"status": "expired"}, "proposal-expired"),
        ({"status": "superseded"}, "proposal-superseded"),
        ({"status": "sent", "valid_until": "2020-01-01"}, "proposal-expired"),
    ],
)
def test_what_is_not_for_sale_is_not_paid(
    money: Money, staff: httpx2.Client, changes: dict[str, Any], kind: str
):
    """A proposal that is not sent, or over, has no page."""
    proposal_id = money.proposal(**changes)
    assert problem(checkout(staff, proposal_id)) == (409, kind)
    assert money.one("SELECT count(*) FROM payments WHERE proposal_id = %s", proposal_id) == 0


def test_an_approved_proposal_is_payable_after_its_date(money: Money, staff: httpx2.Client):
    """The date limits the decision, not the payment of what was agreed."""
    assert checkout(staff, money.proposal(valid_until="2020-01-01")).status_code == 200


@pytest.mark.parametrize(
    ("type_", "status", "kind"),
    [("completed", "paid", "already-paid"), ("completed", "unpaid", "payment-processing")],
)
def test_paid_or_under_way_is_not_paid_again(
    money: Money, staff: httpx2.Client, type_: str, status: str, kind: str
):
    """No second page once the money came or is on its way."""
    due = money.due()
    money.deliver(due.session(type_, status))
    assert problem(checkout(staff, due.proposal_id)) == (409, kind)


def test_after_a_failed_transfer_there_is_a_new_page(money: Money, staff: httpx2.Client):
    """Money that did not come is due again."""
    due = money.due()
    money.deliver(due.session("completed", "unpaid"), due.session("async_payment_failed", "unpaid"))
    answer = checkout(staff, due.proposal_id)
    assert answer.status_code == 200
    assert answer.json()["session_id"] != due.session_id


def test_a_customer_signs_first(money: Money, staff: httpx2.Client):
    """The link's bearer pays that very proposal, and only once it is approved."""
    approved, open_ = money.proposal(), money.proposal(status="viewed")
    for proposal_id in (approved, open_):
        assert money.app.as_customer(staff, proposal_id).get(f"/portal/{proposal_id}").status_code == 200
    assert checkout(money.app.as_customer(staff, approved), approved).status_code == 200
    assert problem(checkout(money.app.as_customer(staff, open_), open_)) == (409, "proposal-not-approved")
    assert problem(checkout(money.app.as_customer(staff, open_), approved))[0] == 401


@pytest.mark.parametrize(
    ("currency", "total", "deposit"), [("JPY", 1_575_001, 472_500), ("KWD", 1_234_567, 370_370)]
)
def test_other_currencies_in_their_own_units(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox, currency: str, total: int, deposit: int
):
    """Whole yen; fils that end in 0, as Stripe takes them. Claimed totals are read in the currency's decimals."""
    proposal_id = money.proposal(currency=currency, total_minor=total)
    claimed = {"JPY": "1575001", "KWD": "1234.567"}[currency]
    answer = checkout(staff, proposal_id, amount_dollars=claimed)
    assert answer.status_code == 200, answer.text
    assert answer.json()["deposit_cents"] == deposit
    (session,) = at_stripe(stripe, proposal_id)
    assert (session["amount_total"], session["currency"]) == (deposit, currency.lower())
    (said,) = [
        entry["sentence"] for entry in staff.get(f"/activity?proposal_id={proposal_id}").json()["items"]
    ]
    figure = {"JPY": "¥472,500", "KWD": "370.370 KWD"}[currency]
    assert said == f"Payment page opened for a deposit of {figure}"


def test_more_than_stripe_takes_is_said_before_asking(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """Eight digits are the most; the sentence names deposit and limit."""
    proposal_id = money.proposal(total_minor=400_000_000)
    answer = checkout(staff, proposal_id)
    assert problem(answer) == (422, "invalid")
    assert "$1,200,000.00" in answer.json()["detail"]
    assert at_stripe(stripe, proposal_id) == []


def test_less_than_stripe_takes_is_said_with_a_way_out(money: Money, staff: httpx2.Client):
    """A part of cents, as a change order may leave one: a sentence and not Stripe's refusal, and nothing half done."""
    proposal_id = money.proposal(total_minor=33)
    answer = checkout(staff, proposal_id)
    assert problem(answer) == (409, "too-small-to-pay")
    assert answer.json()["detail"].startswith("$0.33 is less than a card or bank payment can be.")
    nothing_was_said(money, proposal_id)


def nothing_was_said(money: Money, proposal_id: int) -> None:
    """No page is handed out or logged, and nothing counts as paid."""
    assert money.one("SELECT count(*) FROM portal_activity_log WHERE proposal_id = %s", proposal_id) == 0
    rows = money.sql.execute(
        "SELECT s.session_id, s.url, p.state FROM checkout_sessions s JOIN payments p ON p.id = s.payment_id "
        "WHERE p.proposal_id = %s",
        [proposal_id],
    ).fetchall()
    assert set(rows) <= {(None, None, "due")}


def test_a_lost_answer_gives_the_same_page_again(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """Stripe made the page but its answers, also to the SDK's own repetition, got lost: the next call finds it."""
    proposal_id = money.proposal()
    stripe.add_fault("drop_after", SESSIONS, times=2)
    assert problem(checkout(staff, proposal_id)) == (503, "unavailable")
    nothing_was_said(money, proposal_id)
    (session,) = at_stripe(stripe, proposal_id)
    assert checkout(staff, proposal_id).json()["session_id"] == session["id"]
    assert len(at_stripe(stripe, proposal_id)) == 1


def test_a_crash_before_our_commit_gives_the_same_page_again(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """Stripe answered and we fell over before writing it down: the same page, and no second one."""
    proposal_id = money.proposal()
    money.sql.execute(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'crashed on purpose'; END $$; "
        "CREATE TRIGGER crash BEFORE UPDATE ON checkout_sessions FOR EACH ROW EXECUTE FUNCTION crash()"
    )
    assert problem(checkout(staff, proposal_id)) == (500, "internal")
    money.sql.execute("DROP FUNCTION crash CASCADE")
    nothing_was_said(money, proposal_id)
    (session,) = at_stripe(stripe, proposal_id)
    assert checkout(staff, proposal_id).json()["session_id"] == session["id"]
    assert len(at_stripe(stripe, proposal_id)) == 1


def test_stripe_down_is_said_and_leaves_nothing_half(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """503 with a sentence; when Stripe is back, the same call works."""
    proposal_id = money.proposal()
    stripe.add_fault("status", SESSIONS, status=500, body={"error": {"type": "api_error"}}, times=2)
    answer = checkout(staff, proposal_id)
    assert problem(answer) == (503, "unavailable")
    assert "Nothing was charged" in answer.json()["detail"]
    nothing_was_said(money, proposal_id)
    assert checkout(staff, proposal_id).status_code == 200


def test_a_refusal_is_told_and_its_repair_works_at_once(
    money: Money, staff: httpx2.Client, stripe: RunningSandbox
):
    """Stripe refuses the customer's address: 502 with its sentence. Once it is corrected, the next call works."""
    customer_id = money.one("SELECT customer_id FROM proposals WHERE id = 7")
    kept = money.one("SELECT email FROM customers WHERE id = %s", customer_id)
    proposal_id = money.proposal()
    money.sql.execute("UPDATE customers SET email = 'not an address' WHERE id = %s", [customer_id])
    answer = checkout(staff, proposal_id)
    money.sql.execute("UPDATE customers SET email = %s WHERE id = %s", [kept, customer_id])
    assert problem(answer) == (502, "refused")
    assert "Invalid email address" in answer.json()["detail"]
    nothing_was_said(money, proposal_id)
    assert checkout(staff, proposal_id).status_code == 200
    assert len(at_stripe(stripe, proposal_id)) == 1


def test_a_disconnected_account_takes_nothing(money: Money, staff: httpx2.Client, stripe: RunningSandbox):
    """After the company took our access to its Stripe away, no page is made there."""
    proposal_id = money.proposal()
    money.sql.execute("UPDATE orgs SET stripe_disconnected_at = now() WHERE id = 1")
    answer = checkout(staff, proposal_id)
    money.sql.execute("UPDATE orgs SET stripe_disconnected_at = NULL")
    assert problem(answer) == (409, "stripe-disconnected")
    assert at_stripe(stripe, proposal_id) == []


@pytest.fixture
def dev(app_server: RunningApp, owner_sql: psycopg.Connection) -> Money:
    """A server without keys."""
    return Money(app_server, owner_sql)


def test_dev_mode_gives_one_page_too(dev: Money, api: httpx2.Client):
    """Several calls at once get one simulated page; a changed deposit gets another, also in the same second."""
    proposal_id = dev.proposal()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: checkout(api, proposal_id), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    seen = {answers[0].json()["session_id"]}
    for percent in (50, 60, 70):
        dev.sql.execute("UPDATE proposals SET deposit_percent = %s WHERE id = %s", [percent, proposal_id])
        answer = checkout(api, proposal_id)
        assert answer.status_code == 200, answer.text
        seen.add(answer.json()["session_id"])
    assert len(seen) == 4
    assert all(session_id.startswith(f"cs_test_mock_{proposal_id}_") for session_id in seen)


@pytest.mark.parametrize(
    ("outcome", "state"), [("paid", "paid"), ("declined", "due"), ("bank_clears", "processing")]
)
def test_the_simulated_page_sends_the_same_events(
    dev: Money, api: httpx2.Client, app_server: RunningApp, outcome: str, state: str
):
    """What the customer chooses on the simulated page takes the way of a real event; a closed page is refused."""
    proposal_id = dev.proposal()
    customer = app_server.as_customer(api, proposal_id)
    session_id = checkout(customer, proposal_id).json()["session_id"]
    act: Callable[[], httpx2.Response] = lambda: customer.post(  # noqa: E731 - a name for one call
        f"/portal/{proposal_id}/simulated-payment", json={"session_id": session_id, "outcome": outcome}
    )
    assert act().status_code == 202
    assert dev.one("SELECT state FROM payments WHERE proposal_id = %s", proposal_id) == state
    expected = (202, 1) if outcome == "declined" else (409, 1)
    again = act()
    assert (again.status_code, dev.one("SELECT count(*) FROM checkout_sessions")) == expected


def test_with_keys_there_is_no_simulated_payment(money: Money, staff: httpx2.Client):
    """The dev mode's page does not exist where money is real."""
    due = money.due()
    answer = staff.post(
        f"/portal/{due.proposal_id}/simulated-payment",
        json={"session_id": due.session_id, "outcome": "paid"},
    )
    assert problem(answer) == (404, "not-found")
    assert money.payment(due) == "due"
