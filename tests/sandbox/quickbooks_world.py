"""A connected company to write against: what the QuickBooks tests share."""

import contextlib
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

from crm_sandbox.testing import QuickBooksTokens, RunningSandbox, running_sandbox

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "data" / "quickbooks"
AMY, BILL = "1", "2"
CHECKING, UNDEPOSITED, RECEIVABLE, SERVICES = "35", "4", "1", "5"

Json = dict[str, Any]


class Books:
    """One company seen by a connected app: short ways to write, read and ask."""

    def __init__(self, sandbox: RunningSandbox, realm_id: str | None = None) -> None:
        self.sandbox = sandbox
        self.tokens: QuickBooksTokens = sandbox.connect_quickbooks(realm_id)
        self.realm_id = self.tokens.realm_id
        self.client = httpx2.Client(
            base_url=f"{sandbox.base_url}/v3/company/{self.realm_id}", headers=self.tokens.headers
        )

    def post(self, entity: str, body: Json, **parameters: str) -> httpx2.Response:
        """One write, as it is answered."""
        return self.client.post(f"/{entity.lower()}", json=body, params={"minorversion": "75", **parameters})

    def make(self, entity: str, body: Json, **parameters: str) -> Json:
        """One write that must succeed; the object."""
        answer = self.post(entity, body, **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()[entity]

    def refusal(self, entity: str, body: Json, **parameters: str) -> Json:
        """One write that must be refused; the first error of the Fault."""
        answer = self.post(entity, body, **parameters)
        assert answer.status_code == 400, answer.text
        return answer.json()["Fault"]["Error"][0]

    def read(self, entity: str, ident: str) -> Json:
        """The object of that Id."""
        answer = self.client.get(f"/{entity.lower()}/{ident}")
        assert answer.status_code == 200, answer.text
        return answer.json()[entity]

    def ask(self, query: str) -> Json:
        """The QueryResponse of a query that must succeed."""
        answer = self.client.get("/query", params={"query": query})
        assert answer.status_code == 200, answer.text
        return answer.json()["QueryResponse"]

    def ask_badly(self, query: str) -> Json:
        """The first error of a query that must be refused."""
        answer = self.client.get("/query", params={"query": query})
        assert answer.status_code == 400, answer.text
        return answer.json()["Fault"]["Error"][0]

    def settings(self, **changes: object) -> None:
        """Switches settings of the company."""
        self.sandbox.call("POST", f"/_state/quickbooks/{self.realm_id}/settings", changes)

    def balance_cents(self, account: str) -> int:
        """What the account holds, debit positive; checks that the books balance."""
        trial = self.sandbox.call("GET", f"/_state/quickbooks/{self.realm_id}/trial_balance")
        assert trial["sum_cents"] == 0
        return {row["id"]: row["balance_cents"] for row in trial["accounts"]}.get(account, 0)

    def owed(self, customer: str = AMY) -> float:
        """What the customer owes."""
        return self.read("Customer", customer)["Balance"]

    def invoice(self, amount: float = 4725.0, customer: str = AMY, **more: object) -> Json:
        """An invoice over one line."""
        return self.make("Invoice", {"CustomerRef": {"value": customer}, "Line": [line(amount)], **more})

    def payment(self, amount: float, *invoices: tuple[str, float], **more: object) -> Json:
        """A payment of Amy's, applied to invoices: (Id, amount)."""
        return self.make("Payment", {**payment_body(amount, *invoices), **more})


def approve(authorization_url: str) -> str:
    """Opens the consent page, presses Connect; the address to which the person is sent back."""
    with httpx2.Client() as browser:
        page = browser.get(authorization_url)
        assert page.status_code == 200, page.text
        form = re.search(r'<form method="post" action="([^"]+)">(.*?)</form>', page.text, re.DOTALL)
        assert form is not None, page.text
        hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[2])
        fields = {name: html.unescape(value) for name, value in hidden}
        answer = browser.post(urljoin(authorization_url, form[1]), data={**fields, "decision": "approve"})
        assert answer.status_code == 302, answer.text
        return answer.headers["location"]


def query_of(address: str) -> dict[str, str]:
    """The parameters of an address, each once."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def line(amount: float, item: str = "1", **detail: object) -> Json:
    """A sales line."""
    return {
        "Amount": amount,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}, **detail},
    }


def payment_body(amount: float, *invoices: tuple[str, float], customer: str = AMY) -> Json:
    """A payment as an app sends it."""
    lines = [
        {"Amount": part, "LinkedTxn": [{"TxnId": ident, "TxnType": "Invoice"}]} for ident, part in invoices
    ]
    return {"CustomerRef": {"value": customer}, "TotalAmt": amount, "Line": lines}


def token(obj: Json) -> Json:
    """Id and SyncToken of an object, as every change needs them."""
    return {"Id": obj["Id"], "SyncToken": obj["SyncToken"]}


@contextlib.contextmanager
def another_company(sandbox: RunningSandbox) -> Iterator[Books]:
    """A fresh company of a sandbox that serves several tests: quicker than a sandbox for each."""
    books = Books(sandbox, str(int(sandbox.realm_id) + len(sandbox.quickbooks.companies)))
    with books.client:
        yield books


@contextlib.contextmanager
def open_books(**config: Any) -> Iterator[Books]:
    """A sandbox of its own with one connected company, unthrottled unless told otherwise."""
    with running_sandbox(**{"qbo_rate_limits_on": False, **config}) as sandbox:
        books = Books(sandbox)
        with books.client:
            yield books
