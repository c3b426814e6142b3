"""The outermost layer of every request: its number, its size, its headers, its log line, its last resort."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.files.content import FILE_BYTES_MAX
from crm.kit.logging import logger
from crm.operations.csv_cells import FILE_BYTES_MAX as CSV_BYTES_MAX
from crm.problems import internal_problem, problem_response

BODY_BYTES_MAX = 1_000_000
# Where files are taken in, a request may be larger.
LARGER_BODIES = {"/files": FILE_BYTES_MAX, "/imports": CSV_BYTES_MAX}
READ_BYTES_MAX = 40_000_000
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

# Styles may stand inline because the component library puts them there; scripts may not.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
# The console shows a draft in a frame; it holds no session's data but what its own page tells it.
FRAMED = {"/preview.html"}
FRAMED_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY.replace(
        "frame-ancestors 'none'", "frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
STRICT_TRANSPORT = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

# Asked every few seconds by machines; they would fill the log with nothing.
_UNLOGGED = frozenset({"/healthz", "/readyz", "/metrics"})
# The inbox holds every event that was taken in; a line for each would say it twice, at a third of its cost.
_UNLOGGED_WHEN_TAKEN = frozenset({"/payments/webhook"})

_log = logger("crm.http")

_SECONDS = Histogram(
    "crm_http_request_seconds",
    "Time from a request's first byte to the end of its answer, in this process",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
_METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"})


class Edge:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, *, production: bool) -> None:
        self._app = app
        headers = SECURITY_HEADERS | (STRICT_TRANSPORT if production else {}) | {"Cache-Control": "no-store"}
        self._headers = _raw(headers)
        self._framed = _raw(headers | FRAMED_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        ours = self._framed if scope["path"] in FRAMED else self._headers
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [header for header in message["headers"] if header[0] != b"x-request-id"]
                given = {name for name, _ in headers}
                headers += [header for header in ours if header[0] not in given]
                message["headers"] = [*headers, (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            body_receive = await _bounded(scope, receive)
            if body_receive is None:
                await _too_large(_limit(scope))(scope, receive, send_with_headers)
            else:
                await self._app(scope, body_receive, send_with_headers)
        except Exception:
            _log.exception("request_failed", method=scope["method"], path=scope["path"])
            if status:  # the answer has begun; all that is left is to break it off
                raise
            await internal_problem(request_id)(scope, receive, send_with_headers)
        finally:
            path = scope["path"]
            seconds = time.perf_counter() - started
            _SECONDS.labels(_method(scope), _route(scope), str(status)).observe(seconds)
            if path not in _UNLOGGED and not (status == 200 and path in _UNLOGGED_WHEN_TAKEN):
                _log.info(
                    "request",
                    method=scope["method"],
                    path=path,
                    status=status,
                    ms=round(seconds * 1000, 1),
                )


def _raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def _method(scope: Scope) -> str:
    """The method, of those there are: a caller may send any word, and each would become a series."""
    return scope["method"] if scope["method"] in _METHODS else "other"


def _route(scope: Scope) -> str:
    """The route's template, never the path: ids would make a series each."""
    template = getattr(scope.get("route"), "path", None)
    return template or (scope["path"] if scope["path"] in _UNLOGGED_WHEN_TAKEN else "page")


def _request_id(scope: Scope) -> str:
    """The caller's own number when it is a plain one, else a new one."""
    given = _header(scope, b"x-request-id").decode("latin-1")
    return given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _header(scope: Scope, name: bytes) -> bytes:
    """The first header of this (lower-case) name, or nothing."""
    return next((value for header, value in scope["headers"] if header == name), b"")


async def _bounded(scope: Scope, receive: Receive) -> Receive | None:
    """Reads the body, at most `_limit`, and returns what hands it on; None when it is larger.

    Content-Length may lie or be absent, so the bytes are counted. What is too much is read on and thrown
    away, within reason: who is cut off while still sending sees a broken connection instead of our answer.
    """
    if not (_header(scope, b"content-length") or _header(scope, b"transfer-encoding")):
        return receive
    limit = _limit(scope)
    pieces: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return receive
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        if size <= limit:
            pieces.append(message.get("body", b""))
        elif size > READ_BYTES_MAX:
            return None
    if size > limit:
        return None
    whole: Message = {"type": "http.request", "body": b"".join(pieces), "more_body": False}
    handed_on = False

    async def receive_again() -> Message:
        nonlocal handed_on
        if handed_on:
            return await receive()
        handed_on = True
        return whole

    return receive_again


def _limit(scope: Scope) -> int:
    return LARGER_BODIES.get(scope["path"], BODY_BYTES_MAX)


def _too_large(limit: int) -> ASGIApp:
    response = problem_response(
        413,
        "too-large",
        "The request is too large",
        f"It may hold at most {limit // 1_000_000} MB ({limit:,} bytes).",
    )
    response.headers["Connection"] = "close"
    return response
