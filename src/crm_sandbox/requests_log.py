"""Keeps the last requests and answers, so that a person can see on the page what went by."""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_sandbox.clock import Clock
from crm_sandbox.secrets_hidden import hide_in_header, hide_in_text

MAX_KEPT = 1_000
MAX_BODY_KEPT = 32_000
"""Bytes of one body; what is longer is cut, and the page says so."""
MAX_KEPT_BYTES = 8_000_000
"""Of all bodies together; the oldest requests go first."""

SIMULATORS = (("/v3/", "quickbooks"), ("/oauth2/", "intuit"), ("/connect/", "intuit"), ("/v2/oauth2/", "intuit"),
              ("/v1/openid_connect/", "intuit"), ("/op/", "intuit"), ("/.well-known/", "intuit"))  # fmt: skip


@dataclass
class LoggedRequest:
    """One request with its answer; `status` is None while it runs or when the connection was dropped.

    `revision` grows with every entry that is new or has ended: whoever knows the last one asks for what is above.
    """

    number: int
    revision: int
    at: str
    method: str
    path: str
    query: str
    raw_query: str
    simulator: str
    status: int | None = None
    milliseconds: float | None = None
    faults: list[str] = field(default_factory=list)
    request_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    request_body: bytearray = field(default_factory=bytearray)
    answer_body: bytearray = field(default_factory=bytearray)
    request_bytes: int = 0
    answer_bytes: int = 0

    def outline(self) -> dict[str, Any]:
        """What a list shows."""
        return {
            "number": self.number, "revision": self.revision, "at": self.at, "method": self.method,
            "path": self.path, "query": hide_in_text(self.query), "simulator": self.simulator,
            "status": self.status, "milliseconds": self.milliseconds, "faults": self.faults,
        }  # fmt: skip

    def whole(self) -> dict[str, Any]:
        """With headers and bodies, secrets hidden."""
        return {
            **self.outline(),
            "raw_query": hide_in_text(self.raw_query),
            "request_headers": _shown_headers(self.request_headers),
            "request_body": _shown_body(self.request_body), "request_bytes": self.request_bytes,
            "answer_headers": _shown_headers(self.answer_headers),
            "answer_body": _shown_body(self.answer_body), "answer_bytes": self.answer_bytes,
        }  # fmt: skip

    def kept_bytes(self) -> int:
        """What its bodies weigh here."""
        return len(self.request_body) + len(self.answer_body)


class RequestLog:
    """The last MAX_KEPT requests; asking the sandbox about itself (`/_*`, `/`) is not logged."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: OrderedDict[int, LoggedRequest] = OrderedDict()
        self._count = 0
        self._revision = 0
        self._bytes = 0

    def newest_first(
        self, after: int = 0, limit: int = MAX_KEPT, *, changed_after: int = 0, bodies: bool = True
    ) -> list[dict[str, Any]]:
        """At most `limit` entries with a number above `after` and a revision above `changed_after`."""
        found = [
            entry
            for entry in reversed(self._entries.values())
            if entry.number > after and entry.revision > changed_after
        ]
        return [entry.whole() if bodies else entry.outline() for entry in found[:limit]]

    def one(self, number: int) -> dict[str, Any] | None:
        """One entry, whole; None when it is kept no longer."""
        entry = self._entries.get(number)
        return entry.whole() if entry else None

    def clear(self) -> None:
        """Forgets all entries; the numbers go on."""
        self._entries.clear()
        self._bytes = 0

    async def record(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs `app` and writes down what came in and what went out."""
        path = str(scope["path"])
        if path == "/" or path.startswith("/_") or path == "/favicon.ico":
            await app(scope, receive, send)
            return
        entry = self._open(scope, path)
        scope["sandbox.log_entry"] = entry
        started = time.perf_counter()

        async def receive_and_keep() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                body = message.get("body", b"")
                entry.request_bytes += len(body)
                entry.request_body += body[: max(0, MAX_BODY_KEPT - len(entry.request_body))]
            return message

        async def send_and_keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                entry.answer_headers = list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                body = message.get("body", b"")
                entry.answer_bytes += len(body)
                entry.answer_body += body[: max(0, MAX_BODY_KEPT - len(entry.answer_body))]
            await send(message)

        try:
            await app(scope, receive_and_keep, send_and_keep)
        finally:
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
            self._close(entry)

    def _open(self, scope: Scope, path: str) -> LoggedRequest:
        self._count += 1
        self._revision += 1
        raw_query = scope["query_string"].decode("latin-1")
        entry = LoggedRequest(
            self._count,
            self._revision,
            self._clock.now().isoformat(timespec="milliseconds"),
            scope["method"],
            path,
            unquote_plus(raw_query),
            raw_query,
            next((name for start, name in SIMULATORS if path.startswith(start)), "stripe"),
            request_headers=list(scope["headers"]),
        )
        self._entries[entry.number] = entry
        self._trim()
        return entry

    def _close(self, entry: LoggedRequest) -> None:
        self._revision += 1
        entry.revision = self._revision
        if entry.number in self._entries:
            self._bytes += entry.kept_bytes()
            self._trim()

    def _trim(self) -> None:
        while len(self._entries) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            _, oldest = self._entries.popitem(last=False)
            if oldest.milliseconds is not None:  # only what has ended was counted
                self._bytes -= oldest.kept_bytes()


def _shown_headers(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    told = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    return {name: hide_in_header(name, value) for name, value in told}


def _shown_body(body: bytearray) -> str:
    return hide_in_text(body.decode("utf-8", "replace"))
