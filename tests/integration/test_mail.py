"""Mail as customers and office get it: written once per fact, sent once, in the right words, over real SMTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from tests.integration.mail_world import Mailbox, Office, mail_office, mailbox, parts

from crm.kit.database import Database
from crm.notifications import sending
from crm.notifications.kinds import KINDS, Kind
from crm.notifications.letter import Frame, compose
from crm.notifications.texts import ROWS, STANDARD

OWNER = "admin@peakpro.io"


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


@pytest.fixture(scope="module")
def office(postgres_url: str, demo_template: str, box: Mailbox) -> Iterator[Office]:
    with mail_office(postgres_url, demo_template, box) as one:
        yield one


@pytest.fixture(autouse=True)
def _fresh(box: Mailbox) -> None:
    box.clear()


@pytest.mark.parametrize(
    ("language", "greeting"), [("en", "Hello Élena Núñez,"), ("es", "Hola, Élena Núñez:")]
)
def test_a_sent_proposal_reaches_the_customer_with_a_link_that_opens_it(
    office: Office, box: Mailbox, language: str, greeting: str
):
    """Sending writes one mail in the language of the sale, whose own link opens the proposal; both parts agree."""
    address = f"sent-{language}@example.com"
    proposal = office.draft(office.customer("Élena Núñez", address), language)
    office.send(proposal, message="We can start in May.\nCall me.")
    office.work()
    [message] = box.to(address)
    text, html = parts(message)
    assert greeting in text
    assert greeting in html
    assert "We can start in May.\nCall me." in text
    assert "We can start in May.<br>Call me." in html
    for figure in ("$10,000.00", "$3,000.00"):
        assert figure in text
        assert figure in html
    link = next(line for line in text.splitlines() if "#t=" in line)
    assert link in html
    view = office.app.client(Authorization=f"Bearer {link.partition('#t=')[2]}").get(f"/portal/{proposal}")
    assert view.status_code == 200
    assert message["Content-Language"] == language
    assert str(message["From"]) == "PeakPro Roofing <no-reply@localhost>"


def test_a_fact_told_many_times_is_mailed_once(office: Office, box: Mailbox):
    """The job may run again, and beside itself: one row, one link, one mail for each recipient."""
    proposal = office.draft(office.customer(address="once@example.com"))
    office.send(proposal)
    [entry] = office.sql.execute(
        "SELECT id FROM portal_activity_log WHERE proposal_id = %s AND event = 'proposal_sent'", [proposal]
    ).fetchone() or [0]
    for _ in range(6):
        office.sql.execute(
            "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('default', 'stage_mail', 0, NULL, NULL, %s::jsonb, "
            "NULL)::procrastinate_job_to_defer_v1])",
            [f'{{"org_id": 1, "entry_ids": [{entry}]}}'],
        )
    office.work()
    assert len(box.to("once@example.com")) == 1
    assert office.mails(proposal) == [("proposal_sent", "once@example.com", "sent")]


def test_two_workers_with_the_same_mail_send_it_once(office: Office, box: Mailbox):
    """Whoever comes second finds the lease taken."""
    proposal = office.draft(office.customer(address="two@example.com"))
    office.send(proposal)
    box.delay_seconds = 0.3
    try:
        office.sql.execute("UPDATE mail_messages SET state = 'kept' WHERE state = 'queued'")
        office.work()
        mail = office.money.one("SELECT max(id) FROM mail_messages WHERE proposal_id = %s", proposal)
        assert len(box.to("two@example.com")) == 1
        office.sql.execute(
            "UPDATE mail_messages SET state = 'queued', lease_until = NULL WHERE id = %s", [mail]
        )
        box.arrived.clear()

        async def both(database: Database) -> None:
            await asyncio.gather(*[sending.send(database, office.app.settings, 1, mail) for _ in range(2)])

        office.within(both)
    finally:
        box.delay_seconds = 0.0
    assert len(box.to("two@example.com")) == 1


def test_a_mail_whose_worker_died_goes_again_under_the_same_message_id(office: Office, box: Mailbox):
    """Held by a dead worker it waits for the lease, then goes as the same mail: receivers can drop the copy."""
    proposal = office.draft(office.customer(address="dead@example.com"))
    office.send(proposal)
    office.work()
    mail = office.money.one("SELECT id FROM mail_messages WHERE proposal_id = %s", proposal)
    # As it stands when the process ends between the server's acceptance and our commit.
    office.sql.execute(
        "UPDATE mail_messages SET state = 'sending', lease_until = now() + interval '1 minute' WHERE id = %s",
        [mail],
    )
    _send(office, mail)
    assert len(box.to("dead@example.com")) == 1
    office.sql.execute(
        "UPDATE mail_messages SET lease_until = now() - interval '1 second' WHERE id = %s", [mail]
    )
    _send(office, mail)
    first, second = box.to("dead@example.com")
    assert first["Message-ID"] == second["Message-ID"]
    assert office.mails(proposal)[0][2] == "sent"


def test_a_server_that_is_busy_is_asked_again_later(office: Office, box: Mailbox):
    """451 leaves the mail queued with the server's words and a time; the next try sends it."""
    proposal = office.draft(office.customer(address="busy@example.com"))
    office.send(proposal)
    box.data_answers.append("451 Try again later")
    office.work()
    assert office.mails(proposal)[0][2] == "queued"
    row = office.sql.execute(
        "SELECT id, problem, next_attempt_at > now() FROM mail_messages WHERE proposal_id = %s", [proposal]
    ).fetchone()
    assert row is not None
    assert row[1:] == ("The mail server asks to try later: 451 Try again later", True)
    _send(office, row[0])
    assert len(box.to("busy@example.com")) == 1


def test_an_address_that_refuses_twice_gets_nothing_more(office: Office, box: Mailbox):
    """550 is final: the office sees it, and after the second one nothing is sent to the address."""
    address = "gone@example.com"
    customer = office.customer(address=address)
    box.rcpt_answers[address] = "550 5.1.1 No such user"
    states = []
    for _ in range(3):
        proposal = office.draft(customer)
        office.send(proposal)
        office.work()
        states.append(office.mails(proposal)[0][2])
    assert states == ["bounced", "bounced", "suppressed"]
    shown = [item for item in office.api.get("/overview").json()["needs_you"] if item["kind"] == "mail"]
    assert len([item for item in shown if address in item["sentence"]]) == 2


def _send(office: Office, mail: int) -> None:
    office.within(lambda database: sending.send(database, office.app.settings, 1, mail))


FACTS: list[tuple[str, dict[str, Any], set[str]]] = [
    ("approve", {"signer_name": "Elena Hartley"}, {"thank_you", "staff_approved"}),
    ("viewed", {}, {"staff_viewed"}),
    ("decline", {"reason": "Too dear"}, {"staff_declined"}),
    ("payment_success", {"amount_cents": 300_000, "currency": "USD"}, {"receipt", "staff_paid"}),
    ("payment_failed", {"amount_cents": 1, "reason": "x"}, {"payment_failed", "staff_payment_failed"}),
    ("payment_requested", {"amount_cents": 400_000, "currency": "USD"}, {"payment_asked"}),
    ("payment_refunded", {"amount_cents": 5_000, "currency": "USD"}, {"refund_made"}),
    ("change_order_sent", {"position": 1, "title": "Decking"}, {"change_order_sent"}),
    ("change_order_approved", {"position": 1}, {"change_order_signed", "staff_change_order"}),
    ("change_order_declined", {"position": 2, "reason": "No"}, {"staff_change_order"}),
    ("proposal_cancelled", {"reason": "Changed mind"}, {"cancelled"}),
    ("question_answered", {"text": "Yes, in May."}, {"answered"}),
    ("question_asked", {"text": "When?"}, {"staff_asked"}),
    ("changes_requested", {"text": "Blue"}, {"staff_asked"}),
    ("new_link_asked", {}, {"staff_link_asked"}),
    ("dispute_opened", {"amount_cents": 5_000, "currency": "USD"}, {"staff_dispute"}),
]


def test_every_fact_has_its_mails(office: Office, box: Mailbox):
    """Each fact that somebody should know of is written to whom it concerns, the customer or the team."""
    proposal = office.draft(office.customer(address="all@example.com"), "es")
    office.send(proposal)
    for event, meta, _ in FACTS:
        office.fact(proposal, event, **meta)
    office.fact(proposal, "qbo_disconnected", why="The grant ended.")
    office.fact(proposal, "qbo_reads_alarm", percent=80, used=4_000, budget=5_000, forecast=6_100)
    lead = office.api.post("/leads", json={"name": "Nadia Karim", "email": "nadia@example.com"}).json()
    office.fact(proposal, "lead_created", lead_id=lead["id"])
    office.work()
    rows = office.mails(proposal)
    kinds = {kind for kind, _, _ in rows}
    assert kinds == set(KINDS) - {"reminder"}
    assert {state for _, _, state in rows} == {"sent"}
    for kind, recipient, _ in rows:
        assert (recipient == "all@example.com") == (KINDS[Kind(kind)].audience == "customer")
    assert {message["Content-Language"] for message in box.to("all@example.com")} == {"es"}
    assert len(box.to(OWNER)) == len([row for row in rows if row[1] == OWNER])
    # Each of those mails has a link of its own: the log keeps them all, the story of the proposal tells none.
    told = office.api.get(f"/overview/proposals/{proposal}/history").json()
    brief = office.api.get(f"/activity?proposal_id={proposal}&brief=true&limit=100").json()["items"]
    logged = office.api.get(f"/activity?proposal_id={proposal}&limit=100").json()["items"]
    left_out = [entry for entry in logged if entry["id"] not in {one["id"] for one in told}]
    assert [one["id"] for one in told] == [one["id"] for one in brief]
    assert {(entry["event"], entry["actor"]) for entry in left_out} >= {("portal_link_created", "mail")}
    assert {entry["event"] for entry in left_out} <= {"portal_link_created", "paper_made"}
    assert {entry["actor"] for entry in told if entry["event"] == "portal_link_created"} == {"user:1"}


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_field_brings_markup_headers_or_blanks_into_a_mail(kind: Kind, language: str):
    """Every placeholder is escaped in HTML and kept to one line in the subject, in every kind and language."""
    evil = '<script>alert("x")</script>\r\nBcc: all@example.com'
    names = (*KINDS[kind].words, "company", "customer", "title", "total")
    frame = Frame(company=evil, color="red;}", url="https://x.test/#t=1", contact=(evil,))
    letter = compose(
        kind, KINDS[kind].audience, language, STANDARD[language][kind], dict.fromkeys(names, evil), frame
    )
    assert "<script" not in letter.html
    assert "\n" not in letter.subject
    assert "\r" not in letter.subject
    for name in ROWS.get(kind, ()):
        assert name in names
