"""A real SMTP server on loopback that takes, refuses or delays mail as a test says, and a world that sends to it."""

from __future__ import annotations

import asyncio
import contextlib
import email
import socket
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any

import httpx2
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import SecretStr
from tests.integration.money_world import Money, money_on
from tests.run_async import run_async

from crm.activity.events import Event
from crm.activity.log import record
from crm.kit.database import Database


@dataclass
class Mailbox:
    """What arrived, and how the server answers: `answers` are used up first, by recipient or any."""

    port: int = 0
    arrived: list[tuple[str, EmailMessage]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    rcpt_answers: dict[str, str] = field(default_factory=dict)
    data_answers: list[str] = field(default_factory=list)
    delay_seconds: float = 0.0

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"smtp://127.0.0.1:{self.port}")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if answer := self.rcpt_answers.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        await asyncio.sleep(self.delay_seconds)
        if self.data_answers:
            return self.data_answers.pop(0)
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.raw.append(content)
        parsed: Any = email.message_from_bytes(content, policy=policy.default)
        self.arrived.extend((address, parsed) for address in envelope.rcpt_tos)
        return "250 Taken"

    def to(self, address: str) -> list[EmailMessage]:
        return [message for recipient, message in self.arrived if recipient == address]

    def clear(self) -> None:
        self.arrived.clear()
        self.raw.clear()
        self.rcpt_answers.clear()
        self.data_answers.clear()


@contextlib.contextmanager
def mailbox(**options: Any) -> Iterator[Mailbox]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    box = Mailbox(port)
    server = Controller(box, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield box
    finally:
        server.stop()


class Office:
    """One company's server with mail, its owner signed in, and short ways to act."""

    def __init__(self, money: Money, box: Mailbox) -> None:
        self.money, self.app, self.sql, self.box = money, money.app, money.sql, box
        self.api = money.app.as_user("admin@peakpro.io")

    def work(self) -> None:
        """The worker works through the queue: follow-ups, then the mails they staged, then their sending."""
        while self.sql.execute(
            "SELECT FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()"
        ).fetchall():
            self.money.run_jobs()

    def customer(self, name: str = "Elena Hartley", address: str | None = "elena@example.com") -> int:
        answer = self.api.post("/customers", json={"name": name, "email": address})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def draft(self, customer_id: int, language: str = "en", **more: Any) -> int:
        body = {
            "customer_id": customer_id,
            "title": "Roof of the house",
            "language": language,
            "valid_until": "2199-12-22",
            "lines": [{"name": "Roof", "quantity": "1", "unit_price_minor": 1_000_000}],
            "milestones": [{"name": "Dried in", "percent": "40"}],
            **more,
        }
        answer = self.api.post("/proposals", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def send(self, proposal_id: int, **body: Any) -> httpx2.Response:
        answer = self.api.post(f"/proposals/{proposal_id}/send", json=body)
        assert answer.status_code == 200, answer.text
        return answer

    def fact(self, proposal_id: int, event: str, **meta: Any) -> None:
        """Says that something happened, as the rooms that do it would."""

        async def say(database: Database) -> None:
            async with database.transaction(1) as session:
                await record(session, 1, Event(event), proposal_id=proposal_id, **meta)

        self.within(say)

    def within(self, work: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
        """Runs `work` with a worker's connections, as another process would."""
        run_async(work(self.app.worker.db))

    def mails(self, proposal_id: int) -> list[tuple[str, str, str]]:
        """Kind, recipient and state of each mail about a proposal."""
        rows = self.sql.execute(
            "SELECT kind, recipient, state FROM mail_messages WHERE proposal_id = %s ORDER BY id",
            [proposal_id],
        )
        return [(row[0], row[1], row[2]) for row in rows.fetchall()]


@contextlib.contextmanager
def mail_office(postgres_url: str, template: str, box: Mailbox) -> Iterator[Office]:
    """A server that sends to `box`, with a database of its own, for a whole file of tests."""
    with money_on(
        postgres_url, template, smtp_url=box.url, mail_bounce_token=SecretStr("bounce-token-for-tests")
    ) as money:
        yield Office(money, box)


def parts(message: EmailMessage) -> tuple[str, str]:
    """Plain text and HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return tuple(str(part.get_content()).replace("\r\n", "\n") for part in (plain, html))  # type: ignore[return-value]
