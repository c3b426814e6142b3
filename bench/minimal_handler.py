"""What our webhook is measured against: a handler that only verifies the signature and inserts the event.

As a careful engineer writes it in an afternoon: FastAPI, the Stripe SDK's own check, psycopg's pool, one
INSERT ... ON CONFLICT, uvicorn with uvloop and httptools. It has no effect on any payment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import psycopg_pool
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from stripe import SignatureVerificationError, WebhookSignature

POOL_SIZE = 8

TABLE = (
    "CREATE TABLE IF NOT EXISTS webhook_events (id text PRIMARY KEY, type text, body jsonb, at timestamptz)"
)
INSERT = "INSERT INTO webhook_events VALUES (%s, %s, %s::jsonb, now()) ON CONFLICT (id) DO NOTHING"


def create_app(database_url: str, secret: str) -> FastAPI:
    pool: psycopg_pool.AsyncConnectionPool[Any] = psycopg_pool.AsyncConnectionPool(
        database_url, min_size=POOL_SIZE, max_size=POOL_SIZE, open=False
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with pool:
            async with pool.connection() as connection:
                await connection.execute(TABLE)
            yield

    app = FastAPI(lifespan=lifespan)

    @app.post("/webhook")
    async def webhook(request: Request) -> dict[str, bool]:
        body = await request.body()
        try:
            WebhookSignature.verify_header(
                body.decode(), request.headers.get("stripe-signature", ""), secret, 300
            )
        except (SignatureVerificationError, UnicodeDecodeError):
            raise HTTPException(400, "bad signature") from None
        event = orjson.loads(body)
        async with pool.connection() as connection:
            await connection.execute(INSERT, [event["id"], event["type"], body.decode()])
        return {"received": True}

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(os.environ["DATABASE_URL"], os.environ["STRIPE_WEBHOOK_SECRET"]),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
