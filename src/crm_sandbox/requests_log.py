"""Keeps the last requests and answers, so that a person can see on the page what went by."""

import sys
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_sandbox.clock import Clock

MAX_KEPT = 1_000
MAX_KEPT_BYTES = 8_000_000
"""Of memory for all texts together; a request that is still running counts when it ends."""
MAX_BODY_SHOWN = 4_000
SECRET_WORDS = (
    "access_token",
    "authorization_code",
    "refresh_token",
    "client_secret",
    "card[number]",
    '"token"',
)


@dataclass
class LoggedRequest:
    """One request with its answer; `status` is None while it runs or when the connection was dropped."""

    number: int
    at: str
    method: str
    path: str
    query: str
    request_body: str = ""
    status: int | None = None
    answer_body: str = ""
    milliseconds: float | None = None
    faults: list[str] = field(default_factory=list)

    def size(self) -> int:
        """Bytes of memory for its texts."""
        return sum(map(sys.getsizeof, (self.path, self.query, self.request_body, self.answer_body)))


class RequestLog:
    """The last requests, MAX_KEPT and MAX_KEPT_BYTES at most.

    Asking the sandbox about itself (`/_*`, `/`) is not logged.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._entries: deque[LoggedRequest] = deque()
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._count = 0

    def newest_first(self, after: int = 0, limit: int = MAX_KEPT) -> list[dict[str, object]]:
        """The entries with a number above `after`, newest first, at most `limit`."""
        found = [asdict(entry) for entry in reversed(self._entries) if entry.number > after]
        return found[:limit]

    def clear(self) -> None:
        """Forgets all entries; the numbers go on."""
        self._entries.clear()
        self._sizes.clear()
        self._bytes = 0

    async def record(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs `app` and writes down what came in and what went out."""
        path = str(scope["path"])
        if path == "/" or path.startswith("/_") or path == "/favicon.ico":
            await app(scope, receive, send)
            return
        self._count += 1
        query = unquote_plus(scope["query_string"].decode("latin-1"))
        entry = LoggedRequest(
            self._count, self._clock.now().isoformat(timespec="milliseconds"), scope["method"], path, query
        )
        self._entries.append(entry)
        self._trim()
        scope["sandbox.log_entry"] = entry
        started = time.perf_counter()

        async def receive_and_keep() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                entry.request_body += _shown(message.get("body", b""), entry.request_body)
            return message

        async def send_and_keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
            elif message["type"] == "http.response.body":
                entry.answer_body += _shown(message.get("body", b""), entry.answer_body)
            await send(message)

        try:
            await app(scope, receive_and_keep, send_and_keep)
        finally:
            entry.milliseconds = round((time.perf_counter() - started) * 1000, 2)
            if self._entries and entry.number >= self._entries[0].number:  # else it is forgotten already
                self._sizes[entry.number] = entry.size()
                self._bytes += self._sizes[entry.number]
                self._trim()

    def _trim(self) -> None:
        while len(self._entries) > MAX_KEPT or self._bytes > MAX_KEPT_BYTES:
            self._bytes -= self._sizes.pop(self._entries.popleft().number, 0)


def _shown(body: bytes, already: str) -> str:
    room = MAX_BODY_SHOWN - len(already)
    text = body[: max(room, 0)].decode("utf-8", "replace")
    if any(word in text for word in SECRET_WORDS):
        return "(not shown: it holds tokens or secrets)"
    return text
