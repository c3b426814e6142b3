"""kill -9 of the worker while a company's own software has our webhook in hand: it comes again, under the same id."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.acceptance.stack import Stack, wait_until
from tests.integration.webhook_receiver import answering, receiving, slow


def test_a_message_survives_the_worker(database_url: str, tmp_path: Path) -> None:
    """The message that the customer opened it is on the wire when its worker dies; the next worker brings it, and it is delivered."""
    let_go = threading.Event()
    stack = Stack(database_url, tmp_path)
    try:
        stack.start_api()
        worker = stack.start_worker()
        with receiving(slow(let_go)) as receiver:
            office = stack.staff(1)
            made = office.post(
                "/webhooks/endpoints", json={"url": receiver.url, "events": ["proposal.viewed"]}
            )
            assert made.status_code == 201, made.text
            link = office.post("/proposals/7/portal-links").json()["url"].partition("#t=")[2]
            seen = stack.http.get(f"{stack.api_url}/portal/7", headers={"Authorization": f"Bearer {link}"})
            assert seen.status_code == 200, seen.text
            wait_until(lambda: len(receiver.received) == 1, "the message is on the wire")
            stack.kill(worker)
            # As though the dead worker's 20 seconds were over; nothing else is touched.
            stack.sql.execute("UPDATE webhook_endpoints SET lease_until = now()")
            receiver.behave = answering(200)
            stack.start_worker()
            wait_until(lambda: len(receiver.received) == 2, "it came again")
            let_go.set()
            wait_until(lambda: _states(stack) == [("delivered",)], "it is delivered")
            first, second = receiver.received
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert first.body == second.body
            assert second.signed_with(made.json()["signing_secret"])
    finally:
        let_go.set()
        stack.close()


def _states(stack: Stack) -> list[tuple[str]]:
    return stack.sql.execute("SELECT state FROM webhook_deliveries").fetchall()
