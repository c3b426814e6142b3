"""The papers as people get them: same figures as the screen, made once, readable by anybody and anything."""

from __future__ import annotations

import hashlib
import io
import json
import re
from typing import Any

import httpx2
import psycopg
import pytest
from pypdf import PdfReader
from tests.conftest import RunningApp
from tests.run_async import run_async

from crm.kit.database import Database, app_url
from crm.kit.money import format_money
from crm.papers.keeping import make_missing
from crm.papers.verify import verify_paper

PATH = "M10 150 L80 40 L140 160 L220 60 L300 150 L420 30"
NAUGHTY = '#panic("x") #import "@preview/a:0.1.0" $x$ *b* <script>alert(1)</script> \\u{41} `c`'


def line(name: str, cents: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "quantity": "1", "unit_price_minor": cents, **more}


OFFER: dict[str, Any] = {
    "customer_id": 1,
    "title": "Roof and gutters",
    "terms": "Payment within ten days.\n\nPermits are included.",
    "deposit": {"percent": 20},
    "milestones": [{"name": "Dried in", "percent": "40"}],
    "lines": [
        line("Roof", 1_000_000, section="Roof", discount_percent="10", tax_percent="8"),
        line("Gutters", 100_000, section="Gutters", optional=True),
        line("Leaf guards", 50_000, section="Gutters", optional=True, preselected=True),
        line("Permit", 0),
    ],
}


def words_of(pdf: bytes) -> str:
    """The text as a reader copies it, with single spaces."""
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(text.replace("\u200b", "").split())


def pdf_of(answer: httpx2.Response) -> bytes:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    return answer.content


def write(api: httpx2.Client, **more: Any) -> dict[str, Any]:
    made = api.post("/proposals", json={**OFFER, **more})
    assert made.status_code == 201, made.text
    return made.json()


@pytest.fixture
def sent(api: httpx2.Client) -> dict[str, Any]:
    """A proposal of its own, sent."""
    return api.post(f"/proposals/{write(api)['id']}/send").json()


@pytest.fixture
def customer(app_server: RunningApp, sent: dict[str, Any]) -> httpx2.Client:
    return app_server.client(Authorization=f"Bearer {sent['portal_url'].partition('#t=')[2]}")


def sign(customer: httpx2.Client, offer: dict[str, Any], **more: Any) -> dict[str, Any]:
    body = {"signer_name": "Elena Hartley", "content_hash": offer["content_hash"], "agree": True, **more}
    answer = customer.post(f"/portal/{offer['id']}/approve", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_offer_shows_the_screens_figures(customer: httpx2.Client, sent: dict[str, Any]):
    """Every amount that the portal's answer holds stands on the paper, with its hash, tags and embedded fonts."""
    view = customer.get(f"/portal/{sent['proposal']['id']}").json()
    pdf = pdf_of(customer.get(f"/portal/{view['id']}/proposal.pdf"))
    text = words_of(pdf)
    figures = [one["amount_minor"] for one in view["lines"] + view["schedule"]]
    figures += [view["subtotal_minor"], view["tax_minor"], view["total_minor"]]
    for minor in figures:
        assert format_money(minor, "USD") in text
    assert view["content_hash"] in text
    assert "Discount 10%" in text
    # What has no section does not stand under one.
    assert re.search("Leaf guards .* Other items Permit", text)
    assert text.count("NOTICE OF CANCELLATION") + text.count("Notice of cancellation") >= 2  # two copies
    assert "Permits are included." in text
    reader = PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert "pdfuaid" in root["/Metadata"].get_data().decode()
    assert reader.metadata is not None
    assert (reader.metadata.title, reader.metadata.author) == ("Roof and gutters", "PeakPro Roofing")
    pages: list[Any] = list(reader.pages)
    fonts = [font for page in pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0]["/FontDescriptor"]
        assert any(name in descriptor for name in ("/FontFile2", "/FontFile3"))


def test_a_draft_says_so(api: httpx2.Client):
    """A draft's every page says that it is one; the same draft twice gives the same bytes."""
    draft = write(api, language="es")
    pdf = pdf_of(api.get(f"/proposals/{draft['id']}/pdf"))
    assert "BORRADOR" in words_of(pdf)
    assert "Precio total" in words_of(pdf)
    assert pdf_of(api.get(f"/proposals/{draft['id']}/pdf")) == pdf


def test_what_was_signed_is_on_paper_once(
    api: httpx2.Client,
    customer: httpx2.Client,
    sent: dict[str, Any],
    database_url: str,
    app_server: RunningApp,
    owner_sql: psycopg.Connection,
):
    """The job after the signature makes it, asking again changes no byte, the log holds its SHA-256, and the
    certificate says who, when, from where, the hash and the place in the log."""
    view = customer.get(f"/portal/{sent['proposal']['id']}").json()
    agreed = sign(customer, view, line_ids=[view["lines"][1]["id"]], signature_path=PATH)
    app_server.worker.run_jobs()
    run_async(_make_again(app_server, database_url, view["id"]))
    made = owner_sql.execute("SELECT kind FROM papers WHERE proposal_id = %s", [view["id"]]).fetchall()
    assert made == [("signed_proposal",)]
    pdf = pdf_of(customer.get(f"/portal/{view['id']}/signed.pdf"))
    assert pdf_of(api.get(f"/proposals/{view['id']}/signed.pdf")) == pdf
    rows = owner_sql.execute(
        "SELECT meta->>'sha256' FROM portal_activity_log WHERE event = 'paper_made' AND proposal_id = %s",
        [view["id"]],
    ).fetchall()
    assert rows == [(hashlib.sha256(pdf).hexdigest(),)]
    entry = owner_sql.execute(
        "SELECT seq, encode(hash, 'hex') FROM portal_activity_log WHERE event = 'approve' AND proposal_id = %s",
        [view["id"]],
    ).fetchone()
    assert entry is not None
    text = words_of(pdf)
    for said in (
        "Elena Hartley", "127.0.0.1", "America/Denver", "Signature drawn", "electronically",
        f"Entry {entry[0]}", format_money(agreed["total_minor"], "USD"), "Extra, chosen",
    ):  # fmt: skip
        assert said in text, said
    assert text.replace(" ", "").count(view["content_hash"]) > 1  # in the certificate too, not only below
    assert entry[1] in text.replace(" ", "")
    assert "Leaf guards" not in text  # what was not ticked was not bought


def test_a_signed_paper_is_checked_against_the_log(
    customer: httpx2.Client, sent: dict[str, Any], app_server: RunningApp, database_url: str,
    owner_sql: psycopg.Connection,
):  # fmt: skip
    """The file as it was made is good; with one byte more it is unknown; after the offer was altered in the
    database, or the log, the check says which of them."""
    view = customer.get(f"/portal/{sent['proposal']['id']}").json()
    sign(customer, view)
    pdf = pdf_of(customer.get(f"/portal/{view['id']}/signed.pdf"))
    good = run_async(_verify(app_server, database_url, pdf))
    assert good.good
    assert "as it was signed" in str(good)
    assert not run_async(_verify(app_server, database_url, pdf + b"\n")).good
    owner_sql.execute("UPDATE proposals SET terms = 'Other terms' WHERE id = %s", [view["id"]])
    owner_sql.commit()
    altered = run_async(_verify(app_server, database_url, pdf))
    assert not altered.good
    assert "no longer what was signed" in str(altered)


def test_a_receipt_says_what_remains(
    api: httpx2.Client, customer: httpx2.Client, sent: dict[str, Any], owner_sql: psycopg.Connection
):
    """Paid, agreed and still to be paid; it stays as it is when more is paid. Before the payment there is none."""
    view = sign(customer, sent["proposal"])
    deposit, milestone = view["payments"][0], view["payments"][1]
    early = customer.get(f"/portal/{view['id']}/payments/{deposit['id']}/receipt.pdf")
    assert (early.status_code, early.json()["type"].rpartition("/")[2]) == (409, "not-paid")
    invoice = words_of(pdf_of(api.get(f"/payments/{deposit['id']}/invoice.pdf")))
    assert "Amount due" in invoice
    assert format_money(deposit["amount_minor"], "USD") in invoice
    for one in (deposit, milestone):
        owner_sql.execute(
            "UPDATE payments SET state = 'paid', paid_at = clock_timestamp() WHERE id = %s", [one["id"]]
        )
        owner_sql.commit()
        if one is deposit:
            first = pdf_of(customer.get(f"/portal/{view['id']}/payments/{deposit['id']}/receipt.pdf"))
    assert pdf_of(api.get(f"/payments/{deposit['id']}/receipt.pdf")) == first
    text = words_of(first)
    assert "Received from" in text
    assert "Prepared for" not in text
    for minor in (
        deposit["amount_minor"],
        view["total_minor"],
        view["total_minor"] - deposit["amount_minor"],
    ):
        assert format_money(minor, "USD") in text
    owner_sql.execute(
        "INSERT INTO refunds (org_id, refund_id, payment_id, amount_minor, currency, status, created_at) "
        "VALUES (1, 're_1', %s, 12345, 'USD', 'succeeded', now())",
        [deposit["id"]],
    )
    owner_sql.commit()
    note = words_of(pdf_of(customer.get(f"/portal/{view['id']}/payments/{deposit['id']}/refunds/re_1.pdf")))
    assert "Refunded to" in note
    assert "$123.45" in note


def test_a_signed_change_order_is_on_paper(
    customer: httpx2.Client, sent: dict[str, Any], owner_sql: psycopg.Connection, app_server: RunningApp,
    database_url: str,
):  # fmt: skip
    """Its lines, its total and a certificate of its own signature."""
    view = sign(customer, sent["proposal"])
    lines = [line("Skylight", 150_000, tax_percent="8"), line("Vent not built", -20_000)]
    order = owner_sql.execute(
        "INSERT INTO change_orders (org_id, proposal_id, position, title, reason, state, lines, subtotal_minor, "
        "tax_minor, total_minor, content_hash) VALUES (1, %s, 1, 'Skylight', 'Asked for on site', 'approved', %s, "
        "130000, 12000, 142000, %s) RETURNING id",
        [view["id"], json.dumps(lines), "a" * 64],
    ).fetchone()
    assert order is not None
    owner_sql.execute(
        "INSERT INTO approvals (org_id, proposal_id, change_order_id, signer_name, consent, approved_at, ip, "
        "content_hash, total_minor, currency) VALUES (1, %s, %s, 'Elena Hartley', 'I agree', now(), '10.1.2.3', %s, "
        "142000, 'USD')",
        [view["id"], order[0], "a" * 64],
    )
    owner_sql.commit()
    missing = customer.get(f"/portal/{view['id']}/change-orders/{order[0]}/signed.pdf")
    assert missing.status_code == 404  # without an entry in the log there is no certificate
    run_async(_say_change_approved(app_server, database_url, view["id"], order[0]))
    text = words_of(pdf_of(customer.get(f"/portal/{view['id']}/change-orders/{order[0]}/signed.pdf")))
    for said in ("Skylight", "-$200.00", "$1,420.00", "Asked for on site", "10.1.2.3", "a" * 64):
        assert said in text, said


def test_any_name_prints_as_text(api: httpx2.Client):
    """Markup is not evaluated; scripts of the world, unknown characters and endless words make a paper all the
    same."""
    for name in (
        NAUGHTY,
        "山田太郎 と 張偉",
        "عبد الله חיים Zoë Ñandú Łukasz Ωμέγα Дмитрий",
        "Roof 😀🏠👨‍👩‍👧 𓀀 김철수",
        "W" * 120,
    ):
        lines = [line(name, 100, description=name, unit="#x")]
        draft = write(api, title=name, introduction=name, terms=name, lines=lines)
        text = words_of(pdf_of(api.get(f"/proposals/{draft['id']}/pdf")))
        if name == NAUGHTY:
            assert text.count('#panic("x")') >= 4
            assert "<script>alert(1)</script>" in text
        if name in {"W" * 120, "山田太郎 と 張偉"}:
            assert name.replace(" ", "") in text.replace(" ", "")


def test_a_long_offer_breaks_over_pages(api: httpx2.Client):
    """Two hundred lines and six options: the head of the table stands on every page, nothing is lost."""
    lines = [line(f"Part {n}", 1_000 + n, description="As agreed on site. " * 6) for n in range(140)]
    options = [
        {"name": f"Option {n}", "lines": [line(f"Own {n}-{k}", 500) for k in range(10)]} for n in range(6)
    ]
    draft = write(api, lines=lines, options=options, milestones=[], terms="Long terms. " * 500)
    pdf = pdf_of(api.get(f"/proposals/{draft['id']}/pdf"))
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
    assert len(pages) > 5
    assert all(f"Page {n} of {len(pages)}" in text for n, text in enumerate(pages, 1))
    text = words_of(pdf)
    assert all(f"Part {n} " in text for n in range(140))
    assert sum("Quantity" in page for page in pages) >= 5


def test_papers_are_only_for_those_who_may(
    app_server: RunningApp, customer: httpx2.Client, sent: dict[str, Any]
):
    """Another company, another proposal's link and nobody at all get none; what is not there is said so."""
    offer = sent["proposal"]
    stranger = app_server.as_user("admin@summit.example")
    for path in (f"/proposals/{offer['id']}/pdf", f"/proposals/{offer['id']}/signed.pdf"):
        assert stranger.get(path).status_code == 404
    assert customer.get("/portal/1/proposal.pdf").status_code == 401
    assert customer.get(f"/proposals/{offer['id']}/pdf").status_code == 401
    assert app_server.client().get(f"/portal/{offer['id']}/proposal.pdf").status_code == 401
    unsigned = customer.get(f"/portal/{offer['id']}/signed.pdf")
    assert unsigned.status_code == 404
    assert "has not been signed" in unsigned.json()["detail"]


async def _make_again(app: RunningApp, url: str, proposal_id: int) -> None:
    database = Database(app_url(url, app.settings.secret_keys[0]))
    try:
        await make_missing(database, 1, proposal_id, 30)
    finally:
        await database.close()


async def _verify(app: RunningApp, url: str, pdf: bytes):
    database = Database(app_url(url, app.settings.secret_keys[0]))
    try:
        return await verify_paper(database, pdf)
    finally:
        await database.close()


async def _say_change_approved(app: RunningApp, url: str, proposal_id: int, order_id: int) -> None:
    from crm.activity.events import Event
    from crm.activity.log import record

    database = Database(app_url(url, app.settings.secret_keys[0]))
    try:
        async with database.transaction(1) as session:
            await record(
                session, 1, Event.CHANGE_ORDER_APPROVED, proposal_id=proposal_id, actor="customer",
                change_order_id=order_id, position=1, signer_name="Elena Hartley",
            )  # fmt: skip
    finally:
        await database.close()
