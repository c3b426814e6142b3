"""One kept-open connection to a simulator, and the documents that fill its books."""

from __future__ import annotations

import base64
import http.client
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from bench.stack import NotMeasured

CLIENT_ID, CLIENT_SECRET = "sandbox-client-id", "sandbox-client-secret"
BACK = "http://localhost/callback"
REALM = "9341453199574798"
STRIPE_KEY = "sk_test_bench"
BATCH = 30
CUSTOMERS_PER_THOUSAND = 20
SECONDS_MAX = 60.0

JSON = {"accept": "application/json", "content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Bearer {STRIPE_KEY}"}

Request = tuple[str, str, bytes | None, dict[str, str]]
"""Method, address, body and headers."""


class Connection:
    """HTTP/1.1 on one connection, kept open."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS_MAX)

    def send(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers, these in small letters."""
        method, address, body, headers = request
        self._http.request(method, address, body, headers)
        answer = self._http.getresponse()
        return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}

    def get(self, request: Request, *expected: int) -> Any:
        """The JSON of an answer with one of the statuses (200 unless told otherwise); raises NotMeasured."""
        status, body, headers = self.send(request)
        if status not in (expected or (200,)):
            raise NotMeasured(f"{request[:2]} was answered with {status}: {body[:500]!r}")
        return headers.get("location", "") if status in (302, 303) else json.loads(body)

    def close(self) -> None:
        self._http.close()


class QuickBooks:
    """Requests of an app that is connected to the company REALM."""

    def __init__(self, connection: Connection) -> None:
        form = {
            "client_id": CLIENT_ID, "response_type": "code", "scope": "com.intuit.quickbooks.accounting",
            "redirect_uri": BACK, "state": "s", "decision": "approve", "realm_id": REALM,
        }  # fmt: skip
        asked = ("POST", "/connect/oauth2", urlencode(form).encode(), {"content-type": FORM["content-type"]})
        code = parse_qs(urlsplit(connection.get(asked, 302)).query)["code"][0]
        tokens = connection.get(self.token(grant_type="authorization_code", code=code, redirect_uri=BACK))
        self.refresh_token = str(tokens["refresh_token"])
        self._headers = {**JSON, "authorization": f"Bearer {tokens['access_token']}"}

    def token(self, **form: str) -> Request:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        headers = {
            "content-type": FORM["content-type"],
            "authorization": f"Basic {basic}",
            "accept": JSON["accept"],
        }
        return "POST", "/oauth2/v1/tokens/bearer", urlencode(form).encode(), headers

    def post(self, what: str, body: Any) -> Request:
        return "POST", f"/v3/company/{REALM}/{what}?minorversion=75", json.dumps(body).encode(), self._headers

    def read(self, what: str) -> Request:
        return "GET", f"/v3/company/{REALM}/{what}", None, self._headers

    def query(self, text: str) -> Request:
        return self.read(f"query?query={quote(text)}")


class Filler:
    """Mixed documents of a roofing contractor, written in batches."""

    def __init__(self, connection: Connection, books: QuickBooks, seed: int = 1) -> None:
        self._connection, self._books = connection, books
        self._dice = random.Random(seed)
        self.customers: list[str] = []
        self.open_invoices: list[tuple[str, str, float]] = []
        self.written = 0

    def fill(self, documents: int) -> None:
        """Customers, one for fifty documents, and then the documents."""
        people = max(BATCH, documents * CUSTOMERS_PER_THOUSAND // 1000)
        while len(self.customers) < people:
            first = len(self.customers)
            made = self._batch([("Customer", self.customer(first + number)) for number in range(BATCH)])
            self.customers += [one["Id"] for _, one in made]
        while self.written < documents:
            made = self._batch([self._document() for _ in range(min(BATCH, documents - self.written))])
            self.written += len(made)
            for kind, one in made:
                if kind == "Invoice":
                    self.open_invoices.append((one["Id"], one["CustomerRef"]["value"], one["Balance"]))

    def customer(self, number: int) -> dict[str, Any]:
        """A homeowner with an address."""
        return {
            "DisplayName": f"Homeowner {number}", "GivenName": "Pat", "FamilyName": f"Homeowner {number}",
            "PrimaryEmailAddr": {"Address": f"homeowner{number}@example.com"},
            "PrimaryPhone": {"FreeFormNumber": "(303) 555-0100"},
            "BillAddr": {"Line1": f"{number} Elm Street", "City": "Denver", "CountrySubDivisionCode": "CO",
                         "PostalCode": "80202"},
        }  # fmt: skip

    def invoice(self) -> dict[str, Any]:
        """Three lines with descriptions; about 1.6 KB when it is answered."""
        return {
            "CustomerRef": {"value": self._dice.choice(self.customers)}, "TxnDate": self._day(),
            "PrivateNote": f"pi_{self._dice.getrandbits(96):024x} proposal {self._dice.randint(1, 99_999)}",
            "BillEmail": {"Address": "homeowner@example.com"},
            "Line": [self._line(text) for text in ("Tear off two layers of shingles and haul away",
                                                   "Architectural shingles, ice and water shield, drip edge",
                                                   "Deposit on the agreed price")],
        }  # fmt: skip

    def payment(self, invoice: tuple[str, str, float]) -> dict[str, Any]:
        """The whole of an invoice."""
        ident, customer, amount = invoice
        return {
            "CustomerRef": {"value": customer}, "TotalAmt": amount, "TxnDate": self._day(),
            "PrivateNote": f"pi_{self._dice.getrandbits(96):024x}", "PaymentRefNum": f"{self._dice.getrandbits(64):x}",
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": ident, "TxnType": "Invoice"}]}],
        }  # fmt: skip

    def batch(self) -> dict[str, Any]:
        """A BatchItemRequest that creates thirty mixed documents."""
        return _batch_of([self._document() for _ in range(BATCH)])

    def _document(self) -> tuple[str, dict[str, Any]]:
        chance = self._dice.random()
        if self.open_invoices and chance < 0.35:
            place = self._dice.randrange(len(self.open_invoices))
            self.open_invoices[place], self.open_invoices[-1] = (
                self.open_invoices[-1],
                self.open_invoices[place],
            )
            return "Payment", self.payment(self.open_invoices.pop())
        if chance < 0.75:
            return "Invoice", self.invoice()
        if chance < 0.83:
            return "Estimate", self.invoice()
        if chance < 0.86:
            return "CreditMemo", self.invoice()
        amount = self._dice.randint(100, 99_999) / 100
        if chance < 0.93:
            line = {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "Description": "Stripe fee",
                    "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "8"}}}  # fmt: skip
            return "Purchase", {
                "PaymentType": "Cash",
                "AccountRef": {"value": "35"},
                "TxnDate": self._day(),
                "Line": [line],
            }
        return "Transfer", {"FromAccountRef": {"value": "36"}, "ToAccountRef": {"value": "35"}, "Amount": amount,
                            "TxnDate": self._day(), "PrivateNote": "Payout po_1"}  # fmt: skip

    def _line(self, text: str) -> dict[str, Any]:
        amount = self._dice.randint(10_000, 999_999) / 100
        detail = {"ItemRef": {"value": "4"}, "Qty": 1, "UnitPrice": amount}
        return {
            "Amount": amount,
            "Description": text,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": detail,
        }

    def _day(self) -> str:
        return f"2026-{self._dice.randint(1, 10):02d}-{self._dice.randint(1, 28):02d}"

    def _batch(self, documents: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
        answer = self._connection.get(self._books.post("batch", _batch_of(documents)))
        made = []
        for (kind, _), one in zip(documents, answer["BatchItemResponse"], strict=True):
            if kind not in one:
                raise NotMeasured(f"a {kind} was refused: {one}")
            made.append((kind, one[kind]))
        return made


def _batch_of(documents: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    items = [
        {"bId": str(place), "operation": "create", kind: body} for place, (kind, body) in enumerate(documents)
    ]
    return {"BatchItemRequest": items}


def session_form() -> bytes:
    """A Checkout session over one line, as the product makes it."""
    return urlencode({
        "mode": "payment", "success_url": "http://localhost/done", "cancel_url": "http://localhost/back",
        "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "472500",
        "line_items[0][price_data][product_data][name]": "Roof deposit", "metadata[proposal_id]": "7",
    }).encode()  # fmt: skip


CARD = urlencode({
    "method": "card", "email": "ann@example.com", "card_number": "4242424242424242", "card_expiry": "12 / 34",
    "card_cvc": "123", "card_name": "Ann", "postal_code": "80202",
}).encode()  # fmt: skip


def stripe_sessions(connection: Connection, count: int) -> Iterator[dict[str, Any]]:
    """Fresh Checkout sessions, one after the other."""
    for _ in range(count):
        yield connection.get(("POST", "/v1/checkout/sessions", session_form(), FORM))
