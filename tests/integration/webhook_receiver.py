"""A company's own software on loopback that takes our webhooks, or misbehaves as it is told."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

Behaviour = Callable[["_Handler"], None]


@dataclass
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(self.body)
        return found

    def signed_with(self, secret: str) -> bool:
        """Verified as the scheme tells a receiver to, by code of its own."""
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        fresh = abs(time.time() - int(self.headers["webhook-timestamp"])) < 300
        return fresh and wanted in self.headers["webhook-signature"].split(" ")


@dataclass
class Receiver:
    url: str
    behave: Behaviour
    received: list[Received] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.received.append(Received(self.path, headers, body))
        with contextlib.suppress(OSError):  # who asked may be dead by now
            self.receiver.behave(self)

    def log_message(self, format: str, *args: Any) -> None:
        """The tests read `received` instead."""


def answering(status: int, body: bytes = b"ok", **headers: str) -> Behaviour:
    def behave(request: _Handler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return behave


def reset(request: _Handler) -> None:
    """Breaks the connection instead of answering."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    request.connection.close()


def slow(until: threading.Event) -> Behaviour:
    """Answers when it is let go."""

    def behave(request: _Handler) -> None:
        until.wait(60)
        answering(200)(request)

    return behave


@contextlib.contextmanager
def receiving(behave: Behaviour | None = None) -> Iterator[Receiver]:
    """One more receiver, on a port of its own."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", behave or answering(200))
    handler.receiver = receiver  # type: ignore[attr-defined] # the class made above
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
