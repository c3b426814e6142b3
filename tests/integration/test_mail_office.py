"""Mail as the office works with it: outbox, texts, settings, returned mail, reminders and the way out of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.integration.mail_world import Mailbox, Office, mail_office, mailbox, parts

from crm.notifications import bounces, reminders


@pytest.fixture(scope="module")
def box() -> Iterator[Mailbox]:
    with mailbox() as one:
        yield one


@pytest.fixture(scope="module")
def office(postgres_url: str, demo_template: str, box: Mailbox) -> Iterator[Office]:
    with mail_office(postgres_url, demo_template, box) as one:
        yield one


def sent(office: Office, address: str, **body: object) -> tuple[int, int]:
    """A proposal sent to a customer of its own, and the mail's id."""
    proposal = office.draft(office.customer(address=address))
    office.send(proposal, **body)
    office.work()
    return proposal, office.money.one("SELECT max(id) FROM mail_messages WHERE proposal_id = %s", proposal)


def test_the_link_is_shown_only_to_who_may_send(office: Office):
    """The owner reads the whole mail, a reader the same without the secret; at rest it stands nowhere in clear."""
    _, mail = sent(office, "secret@example.com")
    whole = office.api.get(f"/mail/messages/{mail}").json()
    token = re.search(r"#t=([\w-]{20,})", whole["text"])
    assert token is not None
    reader = office.sql.execute("SELECT email FROM users WHERE org_id = 1 AND role = 'read_only'").fetchone()
    assert reader is not None
    hidden = office.app.as_user(reader[0]).get(f"/mail/messages/{mail}").json()
    assert "#t=hidden" in hidden["text"]
    assert "#t=hidden" in hidden["html"]
    assert token[1] not in str(hidden)
    row = office.sql.execute("SELECT m::text FROM mail_messages m WHERE id = %s", [mail]).fetchone()
    assert row is not None
    assert token[1] not in row[0]


def test_notify_false_sends_nothing_and_to_goes_elsewhere(office: Office, box: Mailbox):
    """Whoever hands over the link in person sends no mail; another address gets it instead of the customer's."""
    quiet = office.draft(office.customer(address="quiet@example.com"))
    office.send(quiet, notify=False)
    other = office.draft(office.customer(address="home@example.com"))
    office.send(other, to="work@example.com")
    office.work()
    assert office.mails(quiet) == []
    assert [
        recipient for recipient, _ in box.arrived if recipient in {"home@example.com", "work@example.com"}
    ] == ["work@example.com"]


def test_a_customer_without_address_is_shown_and_can_be_sent_to_later(office: Office, box: Mailbox):
    """The mail stands as failed with the reason; naming an address sends it."""
    proposal = office.draft(office.customer(address=None))
    office.send(proposal)
    office.work()
    assert office.mails(proposal) == [("proposal_sent", "", "failed")]
    mail = office.money.one("SELECT id FROM mail_messages WHERE proposal_id = %s", proposal)
    assert office.api.post(f"/mail/messages/{mail}/send").status_code == 409
    assert office.api.post(f"/mail/messages/{mail}/send", json={"to": "late@example.com"}).status_code == 200
    office.work()
    assert len(box.to("late@example.com")) == 1


def test_sending_again_is_another_mail(office: Office, box: Mailbox):
    """A person who asks for it gets a second one under a Message-ID of its own."""
    _, mail = sent(office, "again@example.com")
    assert office.api.post(f"/mail/messages/{mail}/send").status_code == 200
    office.work()
    first, second = box.to("again@example.com")
    assert first["Message-ID"] != second["Message-ID"]


def test_own_words_are_checked_used_and_reset(office: Office, box: Mailbox):
    """A text with an unknown placeholder is refused with those that exist; a good one is used until it is reset."""
    address = "/mail/templates/proposal_sent/en"
    wrong = office.api.put(address, json={"subject": "Hi {name}", "body": "x"})
    assert wrong.status_code == 422
    assert "{customer}" in wrong.text
    own = {"subject": "Your roof, {customer}", "body": "Good day {customer}.\n\n<b>{total}</b>"}
    shown = office.api.post(f"{address}/preview", json=own).json()
    assert "&lt;b&gt;$15,750.00&lt;/b&gt;" in shown["html"]
    assert office.api.put(address, json=own).json()["own"] == own
    sent(office, "words@example.com")
    [message] = box.to("words@example.com")
    assert message["Subject"] == "Your roof, Elena Hartley"
    assert "<b>$10,000.00</b>" in parts(message)[0]
    assert office.api.delete(address).json()["own"] is None


DSN = """From: MAILER-DAEMON@example.com
To: no-reply@localhost
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It came back.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; back@example.com
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Your proposal

--b--
"""


def test_a_returned_mail_is_marked_once_and_told_to_a_person(office: Office):
    """A failure report over HTTP marks the mail it names; a delay does not, nor does a stranger without the token."""
    _, mail = sent(office, "back@example.com")
    message_id = office.money.one("SELECT message_id FROM mail_messages WHERE id = %s", mail)
    failed = DSN.format(action="failed", status="5.1.1", message_id=message_id)
    delayed = DSN.format(action="delayed", status="4.4.1", message_id=message_id)
    token = {"Authorization": "Bearer bounce-token-for-tests"}
    nobody = office.app.client()
    assert nobody.post("/mail/bounces", content=failed).status_code == 401
    assert nobody.post("/mail/bounces", content=delayed, headers=token).json() == {"marked": False}
    for _ in range(2):
        assert nobody.post("/mail/bounces", content=failed, headers=token).json() == {"marked": True}
    shown = office.api.get(f"/mail/messages/{mail}").json()
    assert shown["state"] == "bounced"
    assert "550 5.1.1 no such user" in shown["problem"]
    assert (
        office.money.one(
            "SELECT count(*) FROM portal_activity_log WHERE event = 'mail_bounced' AND (meta->>'mail_id')::int = %s",
            mail,
        )
        == 1
    )
    assert any(
        item["kind"] == "mail" and item["id"] == mail
        for item in office.api.get("/overview").json()["needs_you"]
    )
    office.api.post(f"/mail/messages/{mail}/dismiss")
    assert not any(
        item["kind"] == "mail" and item["id"] == mail
        for item in office.api.get("/overview").json()["needs_you"]
    )


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00", b"Content-Type: multipart/report\r\n\r\nno parts", b"Hello"]
)
def test_what_is_no_report_marks_nothing(content: bytes):
    """Anything may come back to the address; only a report of a failure counts."""
    found = bounces.read_returned(content)
    assert found is None or not found.permanent


def test_a_reminder_goes_once_and_can_be_left_with_one_click(office: Office, box: Mailbox):
    """Days before the end, once per sending, with RFC 8058's headers; after the click there is none, but other mail."""
    proposal, _ = sent(office, "remind@example.com")
    office.sql.execute("UPDATE orgs SET time_zone = 'UTC' WHERE id = 1")
    hour = office.money.one("SELECT extract(hour FROM now() AT TIME ZONE 'UTC')::int")
    zone = f"Etc/GMT{hour - 12:+d}" if hour != 12 else "Etc/GMT"  # where it is noon now
    office.sql.execute("UPDATE orgs SET time_zone = %s WHERE id = 1", [zone])
    office.sql.execute(
        "UPDATE proposals SET sent_at = now() - interval '5 days', valid_until = (now() AT TIME ZONE %s)::date + 2 "
        "WHERE id = %s",
        [zone, proposal],
    )

    def remind() -> None:
        async def work(database) -> None:
            async with database.transaction(1) as session:
                await reminders.remind(session, office.app.settings, 1)

        office.within(work)
        office.work()

    remind()
    remind()
    [reminder] = [one for one in box.to("remind@example.com") if one["List-Unsubscribe"]]
    assert reminder["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = reminder["List-Unsubscribe"].strip("<>").removeprefix("http://localhost:5173")
    page = office.app.client(Accept="text/html")
    assert "No more reminders?" in page.get(path).text
    assert (
        office.money.one("SELECT count(*) FROM mail_suppressions WHERE address = 'remind@example.com'") == 0
    )
    for _ in range(2):
        assert page.post(path, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert (
        office.money.one("SELECT scope FROM mail_suppressions WHERE address = 'remind@example.com'")
        == "reminders"
    )
    office.fact(proposal, "question_answered", text="Yes.")
    office.work()
    assert ("answered", "remind@example.com", "sent") in office.mails(proposal)
    assert page.get("/mail/unsubscribe?t=forged").status_code == 400


PERSON = {"name": "Nadia Karim", "email": "nadia@example.com", "phone": "+1 303 555 0188"}


def leads_mails(box: Mailbox, name: str) -> list[str]:
    """Whoever was written to of this lead."""
    return [recipient for recipient, message in box.arrived if message["Subject"].endswith(f": {name}")]


def test_the_office_hears_of_a_lead_from_the_website_once(office: Office, box: Mailbox):
    """One mail to each of owners and office, with words, contact and the lead's page; a double click, spam and a lead
    that the office wrote down itself are told to nobody."""
    form = "/lead-form/" + office.api.get("/leads/form").json()["url"].rpartition("/")[2]
    website = office.app.client()
    said = PERSON | {"message": "Shingles came off <b>everywhere</b>."}
    assert [website.post(form, json=said).status_code for _ in range(2)] == [201, 201]
    website.post(form, json=PERSON | {"name": "Cheap Links", "company_url": "https://spam.example"})
    office.api.post("/leads", json={"name": "By Hand", "email": "hand@example.com"})
    office.work()
    told = leads_mails(box, "Nadia Karim")
    assert told.count("admin@peakpro.io") == 1
    assert len(told) == len(set(told))
    assert "sales@peakpro.io" not in told
    assert leads_mails(box, "Cheap Links") == leads_mails(box, "By Hand") == []
    message = next(one for one in box.to("admin@peakpro.io") if one["Subject"] == "New lead: Nadia Karim")
    text, html = parts(message)
    lead = office.api.get("/leads", params={"q": "Nadia"}).json()["items"][0]
    assert f"/leads/{lead['id']}" in text
    assert "+1 303 555 0188" in text
    assert "nadia@example.com" in text
    assert "Shingles came off" in text
    assert "<b>everywhere" not in html


def test_who_does_not_want_notices_gets_none_of_leads(office: Office, box: Mailbox):
    """Chosen in the settings of mail as for the other notices: only who is named there hears of a new lead."""
    before = office.api.get("/mail/settings").json()
    users = office.api.get("/users").json()["items"]
    chosen = next(user for user in users if user["role"] == "sales")
    body = {name: before[name] for name in ("from_name", "reminder_days")}
    office.api.put("/mail/settings", json=body | {"notice_user_ids": [chosen["id"]]})
    form = "/lead-form/" + office.api.get("/leads/form").json()["url"].rpartition("/")[2]
    office.app.client().post(form, json=PERSON | {"name": "Omar Haddad"})
    office.work()
    office.api.put("/mail/settings", json=body | {"notice_user_ids": []})
    assert leads_mails(box, "Omar Haddad") == [chosen["email"]]
