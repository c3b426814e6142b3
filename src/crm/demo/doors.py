"""The public doors through which the demo's story acts and looks: the product's API and the simulators'."""

from __future__ import annotations

from typing import Any

from crm.gateways.http import Client
from crm.kit.settings import Settings

PAGES_MAX = 50
PAGE_ITEMS = 200  # the most that the API gives at once
# How a document of ours is known in QuickBooks (crm.accounting.documents.private_note).
OUR_NOTE = "Auto-created from PeakPro CRM"

Item = dict[str, Any]


class StoryFailed(Exception):
    """A step that did not end as it should; the text says what came instead."""


class Doors:
    """HTTP as the office's user (`staff`), and the simulators' own view of what they hold."""

    def __init__(self, settings: Settings, http: Client) -> None:
        self.http = http
        self.api = f"http://localhost:{settings.port}"
        self.sandbox = f"http://localhost:{settings.sandbox_port}"
        self.staff: dict[str, str] = {}
        self.org_id = ""

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """The API's JSON answer, asked as the office's user unless `headers` say otherwise. Raises StoryFailed."""
        answer = await self.http.request(method, f"{self.api}{path}", **{"headers": self.staff, **more})
        if answer.status_code >= 300:
            raise StoryFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    async def paid_payments(self) -> list[Item]:
        return await self._pages("/payments?state=paid")

    async def postings(self, state: str = "posted") -> dict[int, Item]:
        """What stands in the books (or waits, or needs a person), by our payment's id."""
        rows = await self._pages(f"/postings?state={state}")
        return {posting["payment_id"]: posting for posting in rows if posting["kind"] == "payment"}

    async def quickbooks_lives(self, realm_id: str) -> bool:
        """Whether QuickBooks too believes that this company is connected."""
        companies = (await self._held(""))["quickbooks"]["companies"]
        return any(one["connected"] for one in companies if one["realm_id"] == realm_id)

    async def books(self, entity: str) -> dict[str, Item]:
        """The documents of a kind that the product made in QuickBooks, by Id; a voided one counts as gone."""
        status = await self.call("GET", "/qbo/status")
        held = await self._held(f"/quickbooks/{status['realm_id']}/{entity}")
        return {
            one["Id"]: one
            for one in held["objects"]
            if OUR_NOTE in one.get("PrivateNote", "") and float(one["TotalAmt"])
        }

    async def intents(self) -> dict[str, Item]:
        """What Stripe took for our company's proposals, by id."""
        held = await self._held("/stripe/payment_intent")
        if held["count"] > len(held["data"]):
            raise StoryFailed(
                "the simulated Stripe holds more payments than it lists; this is no demo any more"
            )
        return {
            one["id"]: one
            for one in held["data"]
            if one["status"] == "succeeded" and one["metadata"].get("org_id") == self.org_id
        }

    async def _pages(self, path: str) -> list[Item]:
        items: list[Item] = []
        more = ""
        for _ in range(PAGES_MAX):
            page = await self.call("GET", f"{path}&limit={PAGE_ITEMS}{more}")
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            more = f"&cursor={page['next_cursor']}"
        raise StoryFailed(f"more than {PAGES_MAX * PAGE_ITEMS} entries at {path}; this is no demo any more")

    async def _held(self, path: str) -> Any:
        answer = await self.http.get(f"{self.sandbox}/_state{path}")
        if answer.status_code != 200:
            raise StoryFailed(f"GET {answer.url} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json()
