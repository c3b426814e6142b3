"""A Stripe API that answers at once: every object that dj-stripe reads again while it takes an event in.

`python -m bench.stripe_stub PORT`. It favours dj-stripe: the real one answers in 100 to 300 ms.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import uvloop
from bench.deposits import AMOUNT_MINOR, checkout_session

HEAD_BYTES_MAX = 64_000


def answer(path: str) -> tuple[int, dict[str, Any]]:
    """The status and object for a path below /v1."""
    kind, _, object_id = path.partition("?")[0].removeprefix("/v1/").rpartition("/")
    if kind == "checkout/sessions":
        return 200, checkout_session(object_id)
    if kind == "payment_intents":
        return 200, _payment_intent(object_id)
    if path.startswith("/v1/account"):
        return 200, _ACCOUNT
    return 404, {"error": {"type": "invalid_request_error", "message": f"No such object: {path}"}}


def _payment_intent(intent_id: str) -> dict[str, Any]:
    return {
        "id": intent_id,
        "object": "payment_intent",
        "amount": AMOUNT_MINOR,
        "amount_capturable": 0,
        "amount_received": AMOUNT_MINOR,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_secret_measured",
        "confirmation_method": "automatic",
        "created": 1795300000,
        "currency": "usd",
        "customer": None,
        "description": "",
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_types": ["card"],
        "status": "succeeded",
    }


_ACCOUNT: dict[str, Any] = {
    "id": "acct_measured",
    "object": "account",
    "business_type": "company",
    "charges_enabled": True,
    "country": "US",
    "created": 1700000000,
    "default_currency": "usd",
    "details_submitted": True,
    "email": "owner@example.com",
    "metadata": {},
    "payouts_enabled": True,
    "settings": {"branding": {"icon": None, "logo": None}},
    "type": "standard",
}


async def serve(port: int) -> None:
    server = await asyncio.start_server(_talk, "127.0.0.1", port, limit=HEAD_BYTES_MAX)
    async with server:
        await server.serve_forever()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, body = answer(head.split(" ", 2)[1])
            payload = json.dumps(body).encode()
            writer.write(
                f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nRequest-Id: req_measured\r\n"
                f"Content-Length: {len(payload)}\r\n\r\n".encode()
                + payload
            )
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()  # the caller went away


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
