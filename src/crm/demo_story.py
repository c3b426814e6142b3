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
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from crm.demo.doors import Doors, StoryFailed
from crm.demo.loading import demo_portal_url
from crm.demo.proof import BOOKED_SECONDS_MAX, FORGOTTEN, check_memory, reconcile
from crm.gateways.http import Client, make_client
from crm.kit.database import Database, app_url
from crm.kit.embedded_postgres import running_url
from crm.kit.money import format_money
from crm.kit.settings import Settings

PROPOSAL = 7


class Story:
    def __init__(self, settings: Settings, http: Client) -> None:
        self.settings = settings
        self.http = http
        self.doors = Doors(settings, http)
        self.customer: dict[str, str] = {}
        self.steps = 0

    async def tell(self) -> None:
        await self.step("The office signs in", self.sign_in)
        await self.step("QuickBooks is connected: a person consents once", self.connect)
        await self.step(f"The customer opens the link and approves proposal {PROPOSAL}", self.approve)
        await self.step("Stripe's page takes the deposit by card 4242 4242 4242 4242", self.pay)
        await self.step("Stripe's signed webhook says so", self.wait_paid)
        await self.step("The invoice stands in QuickBooks with the payment applied", self.wait_booked)
        await self.step("Reconciliation", lambda: reconcile(self.doors))

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
        answer = await self.doors.call("POST", "/auth/login", json=body)
        self.doors.staff = {"Authorization": f"Bearer {answer['access_token']}"}
        self.doors.org_id = str(answer["user"]["org_id"])
        return f"{answer['user']['name']} of {answer['user']['org_name']}"

    async def connect(self) -> str:
        before = await self.doors.call("GET", "/qbo/status")
        if before["connected"] and await self.doors.quickbooks_lives(before["realm_id"]):
            how = "connected already"
        else:
            how = "connected again" if "realm_id" in before else "connected"
            await self.consent()
        status = await self.doors.call("GET", "/qbo/status")
        if not status["connected"]:
            raise StoryFailed(f"not connected: {status}")
        await check_memory(self.doors)
        return f"{how} to company {status['realm_id']} ({status['env']})"

    async def consent(self) -> None:
        started = await self.http.get(f"{self.doors.api}/qbo/oauth/start", headers=self.doors.staff)
        consent = await self.http.get(_location(started))
        form = _form(consent.text)
        form.fields["decision"] = "approve"  # presses that button of the two
        agreed = await self.http.request(
            form.method, _absolute(form.action, str(consent.url)), data=form.fields
        )
        finished = await self.http.get(_location(agreed), headers={"Accept": "application/json"})
        if finished.status_code != 200:
            raise StoryFailed(f"the callback answered {finished.status_code}: {finished.text[:300]}")

    async def approve(self) -> str:
        url = self.settings.database_url or running_url(self.settings.crm_data_dir) or ""
        database = Database(app_url(url, self.settings.secret_keys[0]))
        try:
            link = await demo_portal_url(database, self.settings, PROPOSAL)
        finally:
            await database.close()
        token = parse_qs(urlsplit(link).fragment)["t"][0]
        self.customer = {"Authorization": f"Bearer {token}"}
        view = await self.doors.call("GET", f"/portal/{PROPOSAL}", headers=self.customer)
        if view["can_approve"]:
            body = {
                "signer_name": view["customer"]["name"],
                "content_hash": view["content_hash"],
                "agree": True,
            }
            view = await self.doors.call(
                "POST", f"/portal/{PROPOSAL}/approve", json=body, headers=self.customer
            )
        if view["status"] != "approved":
            raise StoryFailed(
                f"the proposal is {view['status']}, so nobody can approve it; `make clean` begins anew"
            )
        total = format_money(view["total_minor"], view["currency"])
        return f"“{view['title']}”, {total}, signed; content {view['content_hash'][:12]}…"

    async def pay(self) -> str:
        row = await self.row()
        if row["paid_at"] is not None:
            how = "simulated in dev mode, not at Stripe" if row["simulated"] else "in an earlier telling"
            return f"paid already, {how}; the rest is verified"
        if row["payment_state"] == "processing":
            return "a bank transfer is under way already"
        checkout = await self.doors.call(
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
        row = await self.until(lambda row: row["paid_at"] is not None, "paid")
        since = (
            "" if row["payment_state"] == "paid" else f", since then {row['payment_state'].replace('_', ' ')}"
        )
        how = " (said by an unsigned event of dev mode)" if row["simulated"] else ""
        return f"payment_success: {format_money(row['deposit_minor'], row['currency'])}{since}{how}"

    async def wait_booked(self) -> str:
        row = await self.until(lambda row: row["books_state"] in {"posted", "needs_you"}, "in the books")
        if row["books_state"] != "posted":
            raise StoryFailed(row["books_sentence"])
        invoice = (await self.doors.books("Invoice")).get(row["qbo_invoice_id"])
        payment = (await self.doors.books("Payment")).get(row["qbo_payment_id"])
        if invoice is None or payment is None:
            raise StoryFailed(
                f"QuickBooks does not hold invoice {row['qbo_invoice_id']} and payment {row['qbo_payment_id']}. "
                f"{FORGOTTEN}"
            )
        if float(invoice["Balance"]) != 0:
            raise StoryFailed(f"invoice {invoice['Id']} is still open: {invoice['Balance']}")
        return (
            f"invoice {invoice['Id']} over ${invoice['TotalAmt']:,.2f}, open $0.00; payment {payment['Id']} into "
            f"{payment['DepositToAccountRef'].get('name') or 'Stripe Clearing'}"
        )

    async def row(self) -> dict[str, Any]:
        return dict(await self.doors.call("GET", f"/overview/proposals/{PROPOSAL}"))

    async def until(self, done: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        deadline = time.monotonic() + BOOKED_SECONDS_MAX
        while True:
            row: dict[str, Any] = await self.row()
            if done(row):
                return row
            if time.monotonic() > deadline:
                raise StoryFailed(f"not {what} after {BOOKED_SECONDS_MAX:.0f} s: {row}")
            await asyncio.sleep(0.1)


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
