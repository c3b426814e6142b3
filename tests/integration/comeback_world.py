"""A booked deposit, and a bookkeeper at work in QuickBooks itself: what the tests of what comes back share.

The simulator delivers its webhooks to the API over HTTP, signed; the worker's own functions run in the test.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import psycopg
from pydantic import SecretStr
from tests.conftest import RunningApp
from tests.integration.books_world import Json, World, open_world

from crm.accounting.comeback import change_data, looking, restoring

VERIFIER = "verifier-token-of-the-tests"
WAIT_SECONDS_MAX = 10.0


@dataclass
class Bookkeeper:
    """Somebody who works in QuickBooks by its own screens: to the API, another client of the same company."""

    world: World
    realm_id: str
    headers: dict[str, str]

    def read(self, entity: str, qbo_id: str) -> Json:
        answer = self._send("GET", f"{entity.lower()}/{qbo_id}")
        found: Json = answer[entity]
        return found

    def change(self, entity: str, qbo_id: str, **fields: Any) -> Json:
        """Changes these fields and leaves the others."""
        whole = {key: part for key, part in self.read(entity, qbo_id).items() if key != "UnappliedAmt"}
        done: Json = self._send("POST", entity.lower(), {**whole, **fields, "sparse": False})[entity]
        return done

    def void(self, entity: str, qbo_id: str) -> None:
        params = {"operation": "void"} if entity == "Invoice" else {"operation": "update", "include": "void"}
        self._send("POST", entity.lower(), self._named(entity, qbo_id) | {"sparse": True}, params)

    def delete(self, entity: str, qbo_id: str) -> None:
        self._send("POST", entity.lower(), self._named(entity, qbo_id), {"operation": "delete"})

    def create(self, entity: str, **fields: Any) -> Json:
        made: Json = self._send("POST", entity.lower(), fields)[entity]
        return made

    def merge(self, entity: str, winner: str, loser: str) -> None:
        body = {"entity": entity, "winner": winner, "loser": loser}
        self.world.sandbox.call("POST", f"/_state/quickbooks/{self.realm_id}/merge", body)

    def _named(self, entity: str, qbo_id: str) -> Json:
        return {"Id": qbo_id, "SyncToken": self.read(entity, qbo_id)["SyncToken"]}

    def _send(self, method: str, path: str, body: Json | None = None, params: Json | None = None) -> Json:
        answer = httpx2.request(
            method,
            f"{self.world.sandbox.base_url}/v3/company/{self.realm_id}/{path}",
            headers=self.headers,
            json=body,
            params={"minorversion": "75", **(params or {})},
        )
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


@dataclass
class Comeback:
    """The world, and what the worker does with what QuickBooks tells."""

    world: World

    def bookkeeper(self, realm_id: str | None = None) -> Bookkeeper:
        tokens = self.world.sandbox.connect_quickbooks(realm_id)
        return Bookkeeper(self.world, tokens.realm_id, tokens.headers)

    async def booked(self, proposal_id: int = 7, amount_cents: int = 472_500, org_id: int = 1) -> Json:
        """A deposit that stands in the books; its line of GET /postings."""
        payment_id = self.world.pay(proposal_id, org_id, amount_cents)
        await self.world.run(org_id)
        line = self.world.posting(payment_id, org_id)
        assert line["state"] == "posted", line
        return line

    async def delivered(self) -> None:
        """Returns when every webhook that the simulator has to send is acknowledged."""
        for _ in range(int(WAIT_SECONDS_MAX / 0.05)):
            await asyncio.sleep(0.05)
            state = self.world.sandbox.call("GET", "/_state/quickbooks/deliveries")
            if not state["waiting"] and not state["sending"]:
                assert not state["failed"], state["data"]
                return
        raise AssertionError(f"webhooks still under way: {state}")

    def delivery(self, **settings: Any) -> None:
        self.world.sandbox.call("POST", "/_state/quickbooks/delivery", settings)

    async def look(self, org_id: int = 1) -> list[str]:
        """All webhooks come in and are looked at; what that asked QuickBooks for. What happens next there is later than
        the echo of what we wrote."""
        await self.delivered()
        while self.world.sql.execute(
            "SELECT 1 FROM qbo_mirror WHERE heard_until > clock_timestamp()"
        ).fetchone():
            await asyncio.sleep(0.05)
        return await self.look_now(org_id)

    async def look_now(self, org_id: int = 1) -> list[str]:
        self.world.sql.execute("UPDATE qbo_changes SET due_at = now() WHERE org_id = %s", [org_id])
        seen = self.world.last_request()
        await looking.look_at_changes(self.world.books, org_id)
        return self._asked(seen)

    async def catch_up(self, org_id: int = 1) -> list[str]:
        """One run of CDC; what it asked QuickBooks for."""
        seen = self.world.last_request()
        await change_data.catch_up(self.world.books, org_id)
        return self._asked(seen)

    def _asked(self, seen: int) -> list[str]:
        return [f"{r['method']} {r['path'].split('/', 4)[4]}" for r in self.world.requests(seen)]

    def open(self, org_id: int = 1, **filters: Any) -> list[Json]:
        """GET /books/differences, newest first."""
        answer = self.world.staff(org_id).get("/books/differences", params=filters)
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    def one(self, **filters: Any) -> Json:
        (found,) = self.open(**filters)
        return found

    def press(self, difference: Json, button: str) -> httpx2.Response:
        return self.world.staff().post(f"/books/differences/{difference['id']}/{button}")

    async def restored(self, difference: Json) -> Json:
        """Restore is pressed, and the worker does it; the difference as it then is."""
        pressed = self.press(difference, "restore")
        assert pressed.status_code == 200, pressed.text
        await self.work(difference)
        return self.get(difference)

    async def work(self, difference: Json) -> None:
        """The job behind Restore, as often as it was pressed."""
        jobs = self.world.sql.execute(
            "SELECT (args->>'press')::int FROM procrastinate_jobs WHERE task_name = 'restore_in_quickbooks' "
            "AND (args->>'difference_id')::int = %s ORDER BY id",
            [difference["id"]],
        ).fetchall()
        for (press,) in jobs:
            await restoring.restore(self.world.books, 1, difference["id"], press)

    def get(self, difference: Json) -> Json:
        answer = self.world.staff().get(f"/books/differences/{difference['id']}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found


@asynccontextmanager
async def open_comeback(
    database_url: str,
    owner_sql: psycopg.Connection[Any],
    start_app: Callable[..., RunningApp],
    **sandbox_config: Any,
) -> AsyncIterator[Comeback]:
    """Connected, nothing paid; webhooks go from the simulator to the API."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    hook = {"qbo_webhook_url": f"http://127.0.0.1:{port}/qbo/webhook", "qbo_verifier_token": VERIFIER}
    token = {"qbo_webhook_verifier_token": SecretStr(VERIFIER)}
    async with (
        open_world(
            database_url,
            owner_sql,
            lambda settings: start_app(settings.model_copy(update=token), port),
            webhook_retry_seconds=(0.05, 0.05),
            qbo_rate_limits_on=False,  # what a person clicks in QuickBooks takes nothing from our calls; here it would
            **{**hook, **sandbox_config},
        ) as world
    ):
        world.connect()
        yield Comeback(world)
