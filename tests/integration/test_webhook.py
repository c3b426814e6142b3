"""Stripe's webhook: only what Stripe signed enters, once, and no trouble of ours loses it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from tests.conftest import RunningApp, settings_for
from tests.integration.money_world import (
    NEW_SECRET,
    OLD_SECRET,
    Money,
    event,
    metric,
    money_on,
    signature,
    stripe_settings,
)

from crm.kit.settings import Settings

FAIL = """
CREATE FUNCTION stumble() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'stumbled on purpose' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER stumble BEFORE UPDATE ON payments FOR EACH ROW
  WHEN (NEW.state = 'paid' AND NEW.amount_minor = 13) EXECUTE FUNCTION stumble();
"""


@pytest.fixture(scope="module")
def money(postgres_url: str, demo_template: str) -> Iterator[Money]:
    """One server and database for the file; every test pays a proposal of its own."""
    with money_on(postgres_url, demo_template) as made:
        yield made


def refused(money: Money, body: bytes, header: bytes | str | None, kind: str) -> None:
    """400, a problem of this kind, and nothing stored."""
    before = money.kept()
    answer = money.post(body, header)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (400, kind), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert money.kept() == before


def test_a_signed_payment_is_taken_in(money: Money):
    """The payment is paid, the log says so with the seed's meta, and the event is kept as it came."""
    due = money.due()
    said = due.paid()
    body = json.dumps(said).encode()
    answer = money.post(body, signature(body))
    assert (answer.status_code, answer.text) == (200, '{"received": true}')
    assert money.payment(due) == "paid"
    meta = money.one(
        "SELECT meta FROM portal_activity_log WHERE proposal_id = %s AND event = 'payment_success'",
        due.proposal_id,
    )
    assert meta["amount_cents"] == due.amount
    assert meta["stripe_session_id"] == due.session_id
    assert meta["payment_status"] == "paid"
    assert bytes(money.one("SELECT body FROM inbox_events WHERE event_key = %s", said["id"])) == body


def test_either_secret_is_good_while_they_rotate(money: Money):
    """The old secret, the new one, and a header that carries a signature of each are all believed."""
    for secret in (NEW_SECRET, OLD_SECRET):
        assert money.send(event("plan.created", {"id": "plan_1"}), secret).status_code == 200
    body = json.dumps(event("plan.created", {"id": "plan_2"})).encode()
    first, second = signature(body, "whsec_somebody_elses"), signature(body, OLD_SECRET)
    both = f"{first},{second.partition(',')[2]}"
    assert money.post(body, both).status_code == 200


@pytest.mark.parametrize("age", [301, -302, -86_400])
def test_old_and_future_signatures_are_refused(money: Money, age: int):
    """More than 300 s away from now, on either side, is not believed."""
    body = json.dumps(event("plan.created", {"id": "plan_3"})).encode()
    refused(money, body, signature(body, at=time.time() - age), "webhook-signature")


@pytest.mark.parametrize("age", [295, -295])
def test_a_slow_clock_is_forgiven(money: Money, age: int):
    """Within 300 s on either side the signature counts."""
    assert money.send(event("plan.created", {"id": "plan_4"}), at=time.time() - age).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=,v1=",
        "v1=00",
        "t=1795300000",
        "t=now,v1=zz",
        "t=99999999999999999999,v1=00",
        b"t=1795300000,v1=\xc3\xa9",
        b"\xff\xfe",
        "garbage",
    ],
)
def test_headers_that_prove_nothing_are_refused(money: Money, header: bytes | str | None):
    """Missing, cut off or unreadable: a plain 400, never an error of ours."""
    if isinstance(header, str):  # not in the parameter: test processes that collect a second apart must agree
        header = header.replace("now", str(int(time.time())))
    refused(money, json.dumps(event("plan.created", {"id": "plan_5"})).encode(), header, "webhook-signature")


@pytest.mark.parametrize("secret", ["", " ", "whsec_somebody_elses"])
def test_a_forger_has_no_secret_to_guess(money: Money, secret: str):
    """What is signed with nothing, or with another's secret, is refused."""
    due = money.due()
    body = json.dumps(due.paid()).encode()
    refused(money, body, signature(body, secret), "webhook-signature")
    assert money.payment(due) == "due"


def test_a_changed_byte_breaks_the_signature(money: Money):
    """The amount cannot be changed on the way."""
    due = money.due()
    body = json.dumps(due.paid()).encode()
    refused(money, body.replace(b"472500", b"172500"), signature(body), "webhook-signature")


@pytest.mark.parametrize("configured", [" ", ",", " , ,"])
def test_a_blank_secret_opens_nothing(
    database_url: str, start_app: Callable[[Settings], RunningApp], configured: str
):
    """With a test key and only blanks for a secret, no signature fits: not one made with the empty text either."""
    app = start_app(stripe_settings(database_url, stripe_webhook_secret=SecretStr(configured)))
    body = json.dumps(event("plan.created", {"id": "plan_6"})).encode()
    for secret in ("", " ", configured):
        answer = app.client().post(
            "/payments/webhook", content=body, headers={"stripe-signature": signature(body, secret)}
        )
        assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b"null",
        b'"x"',
        b"1",
        b"{}",
        b'{"type": "plan.created"}',
        b'{"type": "plan.created", "data": {}}',
        b'{"type": "plan.created", "data": {"object": []}}',
        b'{"type": "plan.created", "data": {"object": {}}}',
        b'{"type": "plan.created", "data": {"object": {"id": null}}}',
        b'{"type": 7, "id": "evt_x", "data": {"object": {"id": "x"}}}',
        b'{"type": "", "id": "evt_x", "data": {"object": {"id": "x"}}}',
        b'{"type": "a", "id": 7, "data": {"object": {"id": "x"}}}',
        b'{"type": "a", "id": "evt_\\u0000", "data": {"object": {"id": "x"}}}',
        b'{"type": "a", "id": "evt_\\ud800", "data": {"object": {"id": "x"}}}',
        b'{"type": "a", "id": "evt_x", "account": 7, "data": {"object": {"id": "x"}}}',
        b'{"type": "' + b"a" * 101 + b'", "id": "evt_x", "data": {"object": {"id": "x"}}}',
        b'{"type": "a", "id": "' + b"e" * 256 + b'", "data": {"object": {"id": "x"}}}',
        b"[" * 5_000,
    ],
    ids=lambda body: body[:60].decode(),
)
def test_signed_bytes_that_are_no_event_are_malformed(money: Money, body: bytes):
    """400 that says what is wrong, and nothing stored."""
    refused(money, body, signature(body), "webhook-malformed")


def test_a_body_that_is_not_utf8_is_refused(money: Money):
    """Not text, so not an event; never an error of ours."""
    body = b'{"type": "\xff\xfe"}'
    refused(money, body, signature(body), "webhook-signature")


@pytest.mark.parametrize("livemode", [True, "false", 0, None])
def test_events_of_the_other_mode_are_refused(money: Money, livemode: Any):
    """A test key takes test events only, and only a plain `false` says that it is one."""
    body = json.dumps(event("plan.created", {"id": "plan_7"}, livemode=livemode)).encode()
    refused(money, body, signature(body), "webhook-wrong-livemode")


def test_a_body_over_1_mb_is_refused(money: Money):
    """1,000,000 bytes are taken, one more is 413; nothing of it is stored."""
    said = event("plan.created", {"id": "plan_8", "text": ""})
    room = 1_000_000 - len(json.dumps(said).encode())
    said["data"]["object"]["text"] = "x" * room
    whole = json.dumps(said).encode()
    assert money.post(whole, signature(whole)).status_code == 200
    before = money.kept()
    larger = whole.replace(b"plan_8", b"plan_80")
    answer = money.post(larger, signature(larger))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (413, "too-large")
    assert money.kept() == before


def test_an_unknown_type_is_kept(money: Money):
    """What we do not know yet is not lost and not an error."""
    said = event("issuing.something_new", {"id": "x_1"})
    money.deliver(said)
    assert money.inbox(said) == "kept"


def test_the_same_event_many_times_has_one_effect(money: Money):
    """One after the other and 20 at once: one row, one fact."""
    due = money.due()
    said = due.paid()
    money.deliver(said, said)
    another = money.due()
    crowd = another.paid()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: money.send(crowd).status_code, range(20)))
    assert answers == [200] * 20
    for paid, one in ((due, said), (another, crowd)):
        assert money.facts(paid).count("payment_success") == 1
        assert money.one("SELECT count(*) FROM inbox_events WHERE event_key = %s", one["id"]) == 1


def test_without_an_id_type_and_object_are_the_id(money: Money):
    """Two bodies without event id about one object are one event; another type is another."""
    before = money.kept()
    for type_ in ("plan.created", "plan.created", "plan.updated"):
        said = event(type_, {"id": "plan_without"})
        del said["id"]
        assert money.send(said).status_code == 200
    assert money.kept() == before + 2


def test_the_same_id_on_another_account_is_another_event(money: Money):
    """Stripe's ids are unique within an account, so the account belongs to the key."""
    before = money.kept()
    said = event("plan.created", {"id": "plan_account"})
    money.deliver(said, {**said, "account": "acct_one"}, {**said, "account": "acct_two"})
    assert money.kept() == before + 3


def test_with_the_database_away_stripe_is_asked_to_send_again(start_app: Callable[[Settings], RunningApp]):
    """503 as a problem: nothing could be kept, so nothing is acknowledged."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    app = start_app(stripe_settings(f"postgresql://crm:crm@127.0.0.1:{port}/gone"))
    body = json.dumps(event("plan.created", {"id": "plan_9"})).encode()
    answer = app.client().post(
        "/payments/webhook", content=body, headers={"stripe-signature": signature(body)}
    )
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("/webhook-unavailable")


def test_after_the_database_broke_off_the_next_delivery_counts(money: Money):
    """Every connection cut off: the repetition that Stripe sends is taken in, once."""
    due = money.due()
    said = due.paid()
    money.deliver(event("plan.created", {"id": "plan_10"}))
    money.sql.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    answers = [money.send(said).status_code for _ in range(8)]
    assert set(answers) <= {200, 503}
    assert answers[-1] == 200
    assert money.facts(due).count("payment_success") == 1


@pytest.fixture
def stumbling(money: Money) -> Iterator[Money]:
    """A database in which paying 13 cents fails."""
    money.sql.execute(FAIL)
    yield money
    money.sql.execute("DROP FUNCTION IF EXISTS stumble CASCADE")


def test_an_effect_that_fails_is_kept_and_taken_up_after_the_repair(stumbling: Money):
    """Stripe gets its 200, the event stands as failed with its reason, and a job completes it once."""
    money = stumbling
    due = money.due(amount=13)
    said = due.paid()
    money.deliver(said)
    assert money.inbox(said) == "failed"
    assert "stumbled on purpose" in money.one(
        "SELECT note FROM inbox_events WHERE event_key = %s", said["id"]
    )
    assert (money.payment(due), money.facts(due)) == ("due", [])
    money.deliver(said)  # Stripe's repetition changes nothing
    assert money.inbox(said) == "failed"
    money.sql.execute("DROP FUNCTION stumble CASCADE")
    money.run_jobs()
    assert money.inbox(said) == "done"
    assert money.payment(due) == "paid"
    assert money.facts(due).count("payment_success") == 1


def test_one_failing_effect_spares_its_neighbours(stumbling: Money):
    """Events that come together with one that stumbles take their effect all the same."""
    bad, good = stumbling.due(amount=13), [stumbling.due() for _ in range(6)]
    with ThreadPoolExecutor(7) as pool:
        answers = list(pool.map(lambda due: stumbling.send(due.paid()).status_code, [bad, *good]))
    assert answers == [200] * 7
    assert [stumbling.payment(due) for due in good] == ["paid"] * 6
    assert stumbling.payment(bad) == "due"


def test_each_failed_try_counts(stumbling: Money):
    """The number of tries is kept although the try itself is undone, so that tries can end."""
    money = stumbling
    due = money.due(amount=13)
    said = due.paid()
    money.deliver(said)
    inbox_id = money.one("SELECT id FROM inbox_events WHERE event_key = %s", said["id"])
    before = money.one("SELECT attempts FROM inbox_events WHERE id = %s", inbox_id)
    money.run_jobs()
    assert money.one("SELECT attempts FROM inbox_events WHERE id = %s", inbox_id) > before
    assert money.inbox(said) == "failed"


def test_outcomes_are_counted(money: Money):
    """/metrics says how many were received and how many refused, and why."""
    before = {
        outcome: metric(money.http, "crm_webhooks_total", source="stripe", outcome=outcome)
        for outcome in ("received", "bad_signature", "malformed")
    }
    money.deliver(event("plan.created", {"id": "plan_11"}))
    money.post(b"{}", "t=1,v1=00")
    money.post(b"{}", signature(b"{}"))
    for outcome, count in before.items():
        assert metric(money.http, "crm_webhooks_total", source="stripe", outcome=outcome) == count + 1


def test_unsigned_events_are_for_dev_mode_only(
    database_url: str, start_app: Callable[[Settings], RunningApp]
):
    """Without a key and outside production a bare event counts; with a secret set it must be signed."""
    said = json.dumps(event("plan.created", {"id": "plan_12"}))

    def post(settings: Settings) -> httpx2.Response:
        return start_app(settings).client().post("/payments/webhook", content=said)

    assert post(settings_for(database_url)).status_code == 200
    assert post(settings_for(database_url, stripe_webhook_secret=SecretStr(NEW_SECRET))).status_code == 400
    production = settings_for(database_url, crm_env="production")
    assert post(production).status_code == 400


@pytest.mark.parametrize("key", ["sk_live_0123456789abcdef0123456789", "rk_live_0123456789abcdef0123456789"])
def test_a_live_key_without_a_secret_does_not_start(key: str):
    """Unsigned events with live money would let anyone mark a proposal as paid."""
    for secret in (None, SecretStr(" , ")):
        with pytest.raises(ValueError, match="STRIPE_WEBHOOK_SECRET is missing"):
            settings_for("postgresql://x/y", stripe_secret_key=SecretStr(key), stripe_webhook_secret=secret)
