"""What the sandbox tells about itself: requests with secrets hidden, documents with postings; and to whom."""

from __future__ import annotations

import urllib.error
from typing import Any

import httpx2
import pytest
from tests.sandbox.quickbooks_world import AMY, Books, line, open_books

from crm_sandbox.requests_log import MAX_BODY_KEPT, MAX_KEPT, MAX_KEPT_BYTES

INVOICE = {"CustomerRef": {"value": AMY}, "Line": [line(100)]}


def test_the_log_shows_requests_with_their_faults_and_hides_secrets(books: Books) -> None:
    """What went by is listed newest first, a fault is named, no token, code or key is shown."""
    books.sandbox.add_fault("status", "/invoice$", status=500)
    books.post("Invoice", INVOICE)
    log = requests(books)
    assert (log[0]["status"], log[0]["faults"], log[0]["simulator"]) == (500, ["status (1)"], "quickbooks")
    exchange = next(entry for entry in log if entry["path"] == "/oauth2/v1/tokens/bearer")
    assert exchange["simulator"] == "intuit"
    assert "grant_type=authorization_code" in exchange["request_body"]
    assert '"expires_in":3600' in exchange["answer_body"].replace(" ", "")
    assert log[0]["request_headers"]["authorization"] == f"Bearer {books.tokens.access_token[:6]}…(hidden)"
    codes = [entry["answer_headers"]["location"] for entry in log if "location" in entry["answer_headers"]]
    assert len(codes) == 1
    assert "code=AB1" in codes[0]
    assert codes[0].partition("code=")[2].partition("&")[0].endswith("…(hidden)")
    for secret in (
        books.tokens.access_token,
        books.tokens.refresh_token,
        books.sandbox.config.qbo_client_secret,
    ):
        assert secret not in str(log)


def test_a_card_number_is_not_shown(books: Books) -> None:
    """Neither in the API's form nor in that of the payment page."""
    form = {"type": "card", "card[number]": "4242424242424242", "card[cvc]": "987", "card[exp_year]": "2034"}
    httpx2.post(
        f"{books.sandbox.base_url}/v1/payment_methods",
        data=form,
        headers={"authorization": "Bearer sk_test_log"},
    )
    (entry, *_) = requests(books)
    assert "4242424242424242" not in str(entry)
    assert "987" not in entry["request_body"]
    assert "2034" in entry["request_body"]


def test_whoever_knows_the_last_revision_gets_only_what_is_new(books: Books) -> None:
    """A page asks for what changed; outlines come without bodies, one entry comes whole."""
    newest = max(entry["revision"] for entry in requests(books))
    books.post("Invoice", INVOICE)
    asked = f"/_state/requests?changed_after={newest}&bodies=0"
    (new,) = books.sandbox.call("GET", asked)["requests"]
    assert (new["method"], new["status"], "request_body" in new) == ("POST", 200, False)
    whole = books.sandbox.call("GET", f"/_state/requests/{new['number']}")
    assert '"CustomerRef"' in whole["request_body"]
    assert whole["answer_bytes"] > 0
    books.sandbox.call("DELETE", "/_state/requests")
    assert requests(books) == []
    with pytest.raises(urllib.error.HTTPError, match="the last 1000 are kept"):
        books.sandbox.call("GET", f"/_state/requests/{new['number']}")
    with pytest.raises(urllib.error.HTTPError, match="limit must be a whole number"):
        books.sandbox.call("GET", "/_state/requests?limit=all")


def test_the_log_is_bounded_in_entries_and_bytes(books: Books) -> None:
    """Long bodies are cut with their true length told; many of them push the oldest out."""
    text = "x" * (2 * MAX_BODY_KEPT)
    answer = books.client.post("/invoice", content=text)
    assert answer.status_code == 400
    (entry, *_) = requests(books)
    assert len(entry["request_body"]) == MAX_BODY_KEPT
    assert entry["request_bytes"] == len(text)
    enough = MAX_KEPT_BYTES // MAX_BODY_KEPT + 20
    assert enough < MAX_KEPT
    for _ in range(enough):
        books.client.post("/invoice", content=text)
    kept = requests(books)
    assert sum(len(one["request_body"]) for one in kept) <= MAX_KEPT_BYTES
    assert 100 < len(kept) < enough


def test_a_document_is_told_with_its_debits_and_credits(books: Books) -> None:
    """An invoice debits receivables and credits income; the newest of a kind come first."""
    first, second = books.invoice(100), books.invoice(250.5)
    base = f"/_state/quickbooks/{books.realm_id}/Invoice"
    told = books.sandbox.call("GET", f"{base}/{second['Id']}")
    assert told["object"]["TotalAmt"] == 250.5
    assert [(p["account"], p["debit_cents"], p["credit_cents"]) for p in told["postings"]] == [
        ("Accounts Receivable (A/R)", 25_050, 0),
        ("Services", 0, 25_050),
    ]
    newest = books.sandbox.call("GET", f"{base}?newest=1")
    assert (newest["count"], [one["Id"] for one in newest["objects"]]) == (2, [second["Id"]])
    every = books.sandbox.call("GET", base)
    assert [one["Id"] for one in every["objects"]] == [first["Id"], second["Id"]]
    with pytest.raises(urllib.error.HTTPError, match="no such object"):
        books.sandbox.call("GET", f"{base}/999")


def test_every_stripe_account_is_told_with_its_balance(books: Books) -> None:
    """The balance is that of /v1/balance; objects can be asked for by account."""
    with httpx2.Client(
        base_url=books.sandbox.base_url, headers={"authorization": "Bearer sk_test_x"}
    ) as client:
        client.post("/v1/customers", data={"name": "Marisol"})
        told = books.sandbox.call("GET", "/_state/stripe/balances")["accounts"]
        assert told[0]["balance"] == client.get("/v1/balance").json()
        assert told[0]["counts"]["customer"] == 1
        mine = f"/_state/stripe/customers?account={told[0]['account']}"
        assert [one["name"] for one in books.sandbox.call("GET", mine)["data"]] == ["Marisol"]
        with pytest.raises(urllib.error.HTTPError, match="no account acct_nobody"):
            books.sandbox.call("GET", "/_state/stripe/customers?account=acct_nobody")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/_state/reset", {"origin": "https://evil.example"}, 403),
        ("POST", "/_faults", {"origin": "null"}, 403),
        ("DELETE", "/_faults", {"origin": "http://localhost.evil.example:8090"}, 403),
        ("POST", "/_state/reset", {"host": "evil.example"}, 403),
        ("GET", "/_state", {"host": "evil.example:8090"}, 403),
        ("GET", "/", {"host": "[::1"}, 403),
        ("POST", "/_state/reset", {"origin": "http://localhost:5173"}, 200),
        ("GET", "/_state", {"origin": "https://evil.example"}, 200),
        ("GET", "/_state", {"host": "LOCALHOST:8090"}, 200),
        ("POST", "/_state/reset", {"host": "sandbox.office.example", "origin": "http://sandbox.office.example"}, 200),
    ],
)  # fmt: skip
def test_pages_from_elsewhere_cannot_drive_the_sandbox(
    method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """A foreign Origin cannot write, a foreign Host cannot even read; allowed names can do both."""
    with open_books(allowed_hosts=("Sandbox.Office.example",)) as books:
        answer = httpx2.request(method, books.sandbox.base_url + path, headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert "--allow-host" in answer.json()["error"]
            assert books.client.get("/customer/1").status_code == 200, "nothing was reset"


def requests(books: Books) -> list[dict[str, Any]]:
    """The log, newest first."""
    told: list[dict[str, Any]] = books.sandbox.call("GET", "/_state/requests")["requests"]
    return told
