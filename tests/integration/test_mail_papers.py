"""Receipts and signed contracts travel with their mail as PDF, over real SMTP; none is lost or sent twice for a paper."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email.message import EmailMessage

import httpx2
import pytest
from pypdf import PdfReader
from tests.integration.mail_world import Mailbox, Office, mail_office, mailbox, parts
from tests.integration.money_world import Due

from crm.notifications import attaching, sending


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


def signed(office: Office, address: str, language: str = "en") -> tuple[int, httpx2.Client]:
    """A proposal that its customer has signed, and the customer."""
    proposal = office.draft(office.customer("Elena Hartley", address), language)
    sent = office.send(proposal, notify=False).json()
    customer = office.app.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")
    body = {"signer_name": "Elena Hartley", "content_hash": sent["proposal"]["content_hash"], "agree": True}
    assert customer.post(f"/portal/{proposal}/approve", json=body).status_code == 200
    return proposal, customer


def pay_deposit(office: Office, proposal: int) -> Due:
    """The deposit, paid on Stripe's page as its event tells."""
    row = office.sql.execute(
        "SELECT id, amount_minor FROM payments WHERE proposal_id = %s AND part = 'deposit'", [proposal]
    ).fetchone()
    assert row is not None
    due = Due(
        1, proposal, row[0], f"cs_mail_{row[0]}", f"pi_mail_{row[0]}", f"ch_mail_{row[0]}", row[1], "USD"
    )
    office.money.another_page(due, due.session_id)
    office.money.deliver(due.paid())
    return due


WORDS = {"en": ("Thank you", "Receipt"), "es": ("Gracias", "Recibo")}


def about(box: Mailbox, address: str, word: str) -> EmailMessage:
    """The only mail to this address whose subject says so."""
    [found] = [message for message in box.to(address) if word in str(message["Subject"])]
    return found


def attached(message: EmailMessage) -> tuple[str, PdfReader]:
    """The name and the PDF of the only attachment."""
    [one] = list(message.iter_attachments())
    assert one.get_content_type() == "application/pdf"
    content = one.get_content()
    assert isinstance(content, bytes)
    return str(one.get_filename()), PdfReader(io.BytesIO(content))


def text_of(pdf: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in pdf.pages).replace("\u200b", "").split())


@pytest.mark.parametrize("language", ["en", "es"])
def test_signature_and_deposit_bring_their_papers(office: Office, box: Mailbox, language: str):
    """The thanks carry the signed contract, the receipt its receipt, in the language of the sale, with the text whole."""
    address = f"papers-{language}@example.com"
    proposal, customer = signed(office, address, language)
    due = pay_deposit(office, proposal)
    office.work()
    thanks, receipt = (about(box, address, word) for word in WORDS[language])
    name, contract = attached(thanks)
    assert name.endswith(".pdf")
    assert "Elena Hartley" in text_of(contract)
    kept = customer.get(f"/portal/{proposal}/signed.pdf").content
    [travelled] = [part.get_content() for part in thanks.iter_attachments()]
    assert travelled == kept  # the very bytes whose SHA-256 the log holds
    _, paid = attached(receipt)
    assert "$3,000.00" in text_of(paid)
    for message in (thanks, receipt):
        text, html = parts(message)
        assert "Elena Hartley" in text
        assert "Elena Hartley" in html
        assert message["Content-Language"] == language
    shown = office.api.get("/mail/messages", params={"proposal_id": proposal}).json()["items"]
    notice = next(mail for mail in shown if mail["kind"] == "staff_paid")
    assert (
        "“Deposit”" in office.api.get(f"/mail/messages/{notice['id']}").json()["text"]
    )  # the company's language
    assert {(mail["kind"], mail["paper_kind"]) for mail in shown if mail["audience"] == "customer"} == {
        ("thank_you", "signed_proposal"),
        ("receipt", "receipt"),
    }
    # What is given back is not asked for again: the mail says the same rest as the page.
    office.sql.execute("UPDATE payments SET refunded_minor = 10000 WHERE id = %s", [due.payment_id])
    box.clear()
    office.fact(proposal, "payment_success", amount_cents=300_000, payment_id=due.payment_id)
    office.work()
    page = customer.get(f"/portal/{proposal}").json()["payments"][0]
    assert page["remaining_minor"] == 700_000
    assert "$7,000.00" in parts(about(box, address, WORDS[language][1]))[0]


def test_a_signed_change_order_travels_too(office: Office, box: Mailbox):
    """Who signs a change gets it by mail, with the new total."""
    proposal, customer = signed(office, "change@example.com")
    line = {"name": "Skylight", "quantity": "1", "unit_price_minor": 90_000}
    order = office.api.post(
        f"/proposals/{proposal}/change-orders", json={"title": "A skylight", "lines": [line]}
    ).json()
    sent = office.api.post(f"/proposals/{proposal}/change-orders/{order['id']}/send").json()
    body = {"signer_name": "Elena Hartley", "content_hash": sent["content_hash"], "agree": True}
    answer = customer.post(f"/portal/{proposal}/change-orders/{order['id']}/approve", json=body)
    assert answer.status_code == 200, answer.text
    office.work()
    [mail] = [message for message in box.to("change@example.com") if "signed" in str(message["Subject"])]
    assert "“A skylight”" in str(mail["Subject"])
    assert "Amount: $900.00" in parts(mail)[0]
    assert "$10,900.00" in parts(mail)[0]
    assert "Skylight" in text_of(attached(mail)[1])


def test_a_price_among_others_says_whose_it_is(office: Office, box: Mailbox):
    """The mail of an offer with options names the option that its total is of; the thanks need not."""
    options = [
        {"name": name, "lines": [{"name": name, "quantity": "1", "unit_price_minor": cents}]}
        for name, cents in (("Good", 100_000), ("Best", 200_000))
    ]
    proposal = office.draft(office.customer(address="choice@example.com"), options=options, milestones=[])
    token = office.send(proposal).json()["portal_url"].partition("#t=")[2]
    office.work()
    [mail] = box.to("choice@example.com")
    assert "Total: $11,000.00 (Good)" in parts(mail)[0]
    customer = office.app.client(Authorization=f"Bearer {token}")
    view = customer.get(f"/portal/{proposal}").json()
    body = {"signer_name": "Elena Hartley", "content_hash": view["content_hash"], "agree": True}
    answer = customer.post(f"/portal/{proposal}/approve", json=body | {"option_id": view["options"][1]["id"]})
    assert answer.status_code == 200, answer.text
    office.work()
    assert "for $12,000.00." in parts(about(box, "choice@example.com", "approved"))[0]


def test_a_paper_that_is_not_made_yet_keeps_its_mail_waiting(office: Office, box: Mailbox):
    """The mail waits with a sentence, and goes once, with its paper, as soon as that can be made."""
    proposal, _ = signed(office, "waits@example.com")
    due = pay_deposit(office, proposal)
    # A receipt cannot be made of what has not arrived; the fact is in the log all the same.
    office.sql.execute("UPDATE payments SET paid_at = NULL WHERE id = %s", [due.payment_id])
    office.work()
    assert len(box.to("waits@example.com")) == 1  # the thanks
    assert ("receipt", "waits@example.com", "queued") in office.mails(proposal)
    mail, problem, again = office.sql.execute(
        "SELECT id, problem, next_attempt_at > now() FROM mail_messages WHERE proposal_id = %s AND kind = 'receipt'",
        [proposal],
    ).fetchone() or (0, "", False)
    assert (problem, again) == ("Its PDF could not be made yet; the mail waits for it.", True)
    office.sql.execute("UPDATE payments SET paid_at = now() WHERE id = %s", [due.payment_id])
    for _ in range(2):  # a job that is repeated changes nothing
        office.within(lambda database: sending.send(database, office.app.settings, 1, mail))
    receipt = about(box, "waits@example.com", "Receipt")
    assert len(box.to("waits@example.com")) == 2
    attached(receipt)
    assert ("receipt", "waits@example.com", "sent") in office.mails(proposal)


def test_a_paper_that_cannot_be_made_does_not_cost_the_mail(office: Office, box: Mailbox):
    """After PAPER_TRIES_MAX tries the mail goes without its PDF, once, and the outbox says so."""
    proposal, _ = signed(office, "without@example.com")
    due = pay_deposit(office, proposal)
    office.sql.execute("UPDATE payments SET paid_at = NULL WHERE id = %s", [due.payment_id])
    office.work()
    mail = office.money.one(
        "SELECT id FROM mail_messages WHERE proposal_id = %s AND kind = 'receipt'", proposal
    )
    for _ in range(attaching.PAPER_TRIES_MAX):
        office.within(lambda database: sending.send(database, office.app.settings, 1, mail))
    receipt = about(box, "without@example.com", "Receipt")
    assert list(receipt.iter_attachments()) == []
    assert "#t=" in parts(receipt)[0]
    shown = office.api.get(f"/mail/messages/{mail}").json()
    assert shown["state"] == "sent"
    assert shown["problem"].startswith("Sent without its PDF, which could not be made.")


def test_a_paper_above_the_maximum_stays_on_the_page(office: Office, box: Mailbox):
    """What mail servers would refuse for its size is not sent along; the mail goes and the outbox says how large."""
    proposal, _ = signed(office, "large@example.com")
    due = pay_deposit(office, proposal)
    assert office.api.get(f"/payments/{due.payment_id}/receipt.pdf").status_code == 200
    large = b"%PDF-1.7\n" + b"0" * attaching.PAPER_BYTES_MAX
    office.sql.execute(
        "UPDATE files SET content = %s, size_bytes = %s WHERE (org_id, id) IN "
        "(SELECT org_id, file_id FROM papers WHERE kind = 'receipt' AND subject_id = %s)",
        [large, len(large), due.payment_id],
    )
    office.work()
    receipt = about(box, "large@example.com", "Receipt")
    assert list(receipt.iter_attachments()) == []
    mail = office.money.one(
        "SELECT id FROM mail_messages WHERE proposal_id = %s AND kind = 'receipt'", proposal
    )
    assert (
        office.api.get(f"/mail/messages/{mail}")
        .json()["problem"]
        .startswith("Sent without its PDF of 7.0 MB")
    )


def test_with_an_attachment_it_is_still_one_mail(office: Office, box: Mailbox):
    """A worker that died after the server's yes sends the same mail again: same Message-ID, same PDF."""
    proposal, _ = signed(office, "same@example.com")
    office.work()
    mail = office.money.one(
        "SELECT id FROM mail_messages WHERE proposal_id = %s AND kind = 'thank_you'", proposal
    )
    office.sql.execute("UPDATE mail_messages SET state = 'sending', lease_until = NULL WHERE id = %s", [mail])
    office.within(lambda database: sending.send(database, office.app.settings, 1, mail))
    first, second = box.to("same@example.com")
    assert first["Message-ID"] == second["Message-ID"]
    assert [one.get_content() for one in first.iter_attachments()] == [
        one.get_content() for one in second.iter_attachments()
    ]
