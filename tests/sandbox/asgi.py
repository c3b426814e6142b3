"""Calls the sandbox's HTTP application in this process, without a socket and without an event loop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.types import ASGIApp, Message

Answer = tuple[int, Any]
"""The status and the parsed body."""


class Called:
    """What an application may wait for is there at once, so one step of its coroutine is the whole request."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = headers
        self._raw_headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    def request(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Answer:
        """One request with JSON both ways. RuntimeError when the application waits for something."""
        content = b"" if body is None else orjson.dumps(body)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": urlencode(query).encode(), "root_path": "",
            "headers": self._raw_headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8090),
        }  # fmt: skip
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        try:
            self.app(scope, receive, send).__await__().__next__()
        except StopIteration:
            answered = b"".join(message.get("body", b"") for message in sent)
            return int(sent[0]["status"]), orjson.loads(answered)
        raise RuntimeError(f"{method} {path} waits for something")
