"""The demo's story: acts as the customer and the contractor through the public doors, and checks every step.

Nothing here knows the inside: HTTP to the product and to the simulators, as a browser would go.
"""

from __future__ import annotations

import asyncio
import html
import re
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from crm.demo.loading import demo_portal_url
from crm.gateways.http import Client, make_client
from crm.kit.database import Database, app_url
from crm.kit.embedded_postgres import running_url
from crm.kit.money import format_money, from_decimal
from crm.kit.settings import Settings

PROPOSAL = 7
BOOKED_SECONDS_MAX = 30.0


class StoryFailed(Exception):
    """A step that did not end as it should; the text says which and what came instead."""


class Story:
    def __init__(self, settings: Settings, http: Client) -> None:
        self.settings = settings
        self.http = http
        self.api = f"http://localhost:{settings.port}"
        self.sandbox = f"http://localhost:{settings.sandbox_port}"
        self.staff: dict[str, str] = {}
        self.customer: dict[str, str] = {}
        self.steps = 0

    async def tell(self) -> None:
        await self.step("The office signs in", self.sign_in)
        await self.step("QuickBooks is connected: a person consents once", self.connect)
        await self.step(f"The customer opens the link and approves proposal {PROPOSAL}", self.approve)
        await self.step("Stripe's page takes the deposit by card 4242 4242 4242 4242", self.pay)
        await self.step("Stripe's signed webhook says so", self.wait_paid)
        await self.step("The invoice stands in QuickBooks with the payment applied", self.wait_booked)
        await self.step("Reconciliation", self.reconcile)

    async def step(self, title: str, act: Callable[[], Awaitable[str]]) -> None:
        self.steps += 1
        started = time.perf_counter()
        try:
            said = await act()
        except StoryFailed as error:
            raise StoryFailed(f"step {self.steps}, {title}: {error}") from None
        seconds = time.perf_counter() - started
        print(f"  {self.steps}. {title}\n     {said}  ({seconds:.2f} s)", flush=True)

    async def sign_in(self) -> str:
        body = {"email": "admin@peakpro.io", "password": "password"}
        answer = await self.call("POST", "/auth/login", json=body)
        self.staff = {"Authorization": f"Bearer {answer['access_token']}"}
        return f"{answer['user']['name']} of {answer['user']['org_name']}"

    async def connect(self) -> str:
        status = await self.call("GET", "/qbo/status", headers=self.staff)
        if not status["connected"]:
            started = await self.http.get(f"{self.api}/qbo/oauth/start", headers=self.staff)
            consent = await self.http.get(_location(started))
            form = _form(consent.text)
            form.fields["decision"] = "approve"  # presses that button of the two
            agreed = await self.http.request(
                form.method, _absolute(form.action, str(consent.url)), data=form.fields
            )
            finished = await self.http.get(_location(agreed), headers={"Accept": "application/json"})
            if finished.status_code != 200:
                raise StoryFailed(f"the callback answered {finished.status_code}: {finished.text[:300]}")
            status = await self.call("GET", "/qbo/status", headers=self.staff)
        if not status["connected"]:
            raise StoryFailed(f"not connected: {status}")
        return f"company {status['realm_id']} ({status['env']})"

    async def approve(self) -> str:
        url = self.settings.database_url or running_url(self.settings.crm_data_dir) or ""
        database = Database(app_url(url, self.settings.secret_keys[0]))
        try:
            link = await demo_portal_url(database, self.settings, PROPOSAL)
        finally:
            await database.close()
        token = parse_qs(urlsplit(link).fragment)["t"][0]
        self.customer = {"Authorization": f"Bearer {token}"}
        view = await self.call("GET", f"/portal/{PROPOSAL}", headers=self.customer)
        if view["can_approve"]:
            body = {
                "signer_name": view["customer"]["name"],
                "content_hash": view["content_hash"],
                "agree": True,
            }
            view = await self.call("POST", f"/portal/{PROPOSAL}/approve", json=body, headers=self.customer)
        if view["status"] != "approved":
            raise StoryFailed(f"the proposal is {view['status']}")
        total = format_money(view["total_minor"], view["currency"])
        return f"“{view['title']}”, {total}, signed; content {view['content_hash'][:12]}…"

    async def pay(self) -> str:
        row = await self.row()
        if row["payment_state"] == "paid":
            return "paid already, in an earlier telling"
        checkout = await self.call(
            "POST", f"/payments/checkout_session?proposal_id={PROPOSAL}", headers=self.customer
        )
        page = await self.http.get(checkout["checkout_url"])
        form = _form(page.text)
        card = {"number": "4242424242424242", "expiry": "12/34", "cvc": "123"}
        fields = {
            name: next((v for k, v in card.items() if k in name.lower()), value)
            for name, value in form.fields.items()
        }
        paid = await self.http.request(form.method, _absolute(form.action, str(page.url)), data=fields)
        if paid.status_code not in {302, 303}:
            raise StoryFailed(f"the payment page answered {paid.status_code}")
        return f"{format_money(checkout['deposit_cents'], 'USD')} in session {checkout['session_id']}"

    async def wait_paid(self) -> str:
        row = await self.until(lambda row: row["payment_state"] == "paid", "paid")
        return f"payment_success: {format_money(row['deposit_minor'], row['currency'])}"

    async def wait_booked(self) -> str:
        row = await self.until(lambda row: row["books_state"] in {"posted", "needs_you"}, "in the books")
        if row["books_state"] != "posted":
            raise StoryFailed(row["books_sentence"])
        status = await self.call("GET", "/qbo/status", headers=self.staff)
        invoice = await self.quickbooks(status["realm_id"], "Invoice", row["qbo_invoice_id"])
        payment = await self.quickbooks(status["realm_id"], "Payment", row["qbo_payment_id"])
        if float(invoice["Balance"]) != 0:
            raise StoryFailed(f"invoice {invoice['Id']} is still open: {invoice['Balance']}")
        return (
            f"invoice {invoice['Id']} over ${invoice['TotalAmt']:,.2f}, open $0.00; payment {payment['Id']} into "
            f"{payment['DepositToAccountRef'].get('name') or 'Stripe Clearing'}"
        )

    async def reconcile(self) -> str:
        """Ours, QuickBooks' and Stripe's figure for every payment, to the cent."""
        overview = await self.call("GET", "/overview", headers=self.staff)
        ours = overview["payments"]["amount_minor"]
        status = await self.call("GET", "/qbo/status", headers=self.staff)
        rows = (await self.call("GET", "/payments?state=paid&limit=200", headers=self.staff))["items"]
        postings = (await self.call("GET", "/postings?state=posted&limit=200", headers=self.staff))["items"]
        booked = {posting["payment_id"]: posting for posting in postings}
        in_stripe = in_books = 0
        for row in rows:
            intent = await self.get(
                f"{self.sandbox}/v1/payment_intents/{row['stripe_payment_intent']}", stripe=True
            )
            in_stripe += intent["amount_received"]
            if row["id"] in booked:
                payment_id = booked[row["id"]]["qbo_payment_id"]
                payment = await self.quickbooks(status["realm_id"], "Payment", payment_id)
                in_books += from_decimal(Decimal(str(payment["TotalAmt"])), row["currency"])
        figures = ", ".join(
            f"{name} {format_money(minor, overview['currency'])}"
            for name, minor in (("Stripe", in_stripe), ("ours", ours), ("QuickBooks", in_books))
        )
        unexplained = max(abs(in_stripe - ours), abs(ours - in_books))
        if unexplained or not rows:
            raise StoryFailed(f"unexplained {format_money(unexplained, overview['currency'])}: {figures}")
        return f"{figures}: unexplained $0.00"

    async def row(self) -> dict[str, Any]:
        return dict(await self.call("GET", f"/overview/proposals/{PROPOSAL}", headers=self.staff))

    async def until(self, done: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + BOOKED_SECONDS_MAX
        while True:
            row: dict[str, Any] = await self.row()
            if done(row):
                return row
            if time.monotonic() > deadline:
                raise StoryFailed(f"not {what} after {BOOKED_SECONDS_MAX:.0f} s: {row}")
            await asyncio.sleep(0.1)

    async def quickbooks(self, realm_id: str, entity: str, object_id: str) -> dict[str, Any]:
        rows = await self.get(f"{self.sandbox}/_state/quickbooks/{realm_id}/{entity}")
        for row in rows["objects"]:
            if row["Id"] == object_id:
                return dict(row)
        raise StoryFailed(f"{entity} {object_id} is not in QuickBooks")

    async def call(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.http.request(method, f"{self.api}{path}", **more)
        if answer.status_code >= 300:
            raise StoryFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    async def get(self, url: str, *, stripe: bool = False) -> Any:
        headers = {"Authorization": f"Bearer {self.settings.stripe_key}"} if stripe else {}
        answer = await self.http.get(url, headers=headers)
        if answer.status_code != 200:
            raise StoryFailed(f"GET {url} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()


class _Form:
    def __init__(self, method: str, action: str, fields: dict[str, str]) -> None:
        self.method, self.action, self.fields = method, action, fields


def _form(page: str) -> _Form:
    """The page's first POST form with its fields, as a browser would send it."""
    for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL | re.IGNORECASE):
        found = dict(re.findall(r"([\w-]+)=[\"']([^\"']*)[\"']", attributes))
        if found.get("method", "get").lower() != "post":
            continue
        fields: dict[str, str] = {}
        select = r"<select\b[^>]*name=\"([^\"]*)\"[^>]*>(.*?)</select>"
        for name, options in re.findall(select, inside, re.DOTALL | re.IGNORECASE):
            fields[name] = html.unescape(re.findall(r"<option\b[^>]*value=\"([^\"]*)\"", options)[0])
        for tag, input_ in re.findall(r"<(input|button)\b([^>]*)>", inside, re.IGNORECASE):
            given = {k: html.unescape(v) for k, v in re.findall(r"([\w-]+)=[\"']([^\"']*)[\"']", input_)}
            name, kind = given.get("name"), given.get("type", "text").lower()
            if not name or (kind in {"radio", "checkbox"} and "checked" not in input_):
                continue
            if tag.lower() == "button" and name in fields:
                continue
            fields[name] = given.get("value", "")
        return _Form("POST", html.unescape(found.get("action", "")), fields)
    raise StoryFailed("the page has no form")


def _location(answer: Any) -> str:
    if "location" not in answer.headers:
        raise StoryFailed(f"expected to be sent on, got {answer.status_code}: {answer.text[:300]}")
    return _absolute(answer.headers["location"], str(answer.url))


def _absolute(target: str, base: str) -> str:
    return urljoin(base, target)


async def _main() -> int:
    settings = Settings()
    print("\nThe main job, end to end:\n", flush=True)
    async with make_client() as http:
        story = Story(settings, http)
        try:
            await story.tell()
        except StoryFailed as error:
            print(f"\nFAILED at {error}", file=sys.stderr, flush=True)
            return 1
    print("\nDone: paid once, booked once, unexplained $0.00.\n", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(_main()))
