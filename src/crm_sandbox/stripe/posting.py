"""Sends one HTTP POST and tells the status: all that delivering a webhook needs, without a client library.

Redirects are not followed, as Stripe does not follow them (https://docs.stripe.com/webhooks).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import urlsplit

MAX_ANSWER_HEAD_BYTES = 64 * 1024


async def post(url: str, body: bytes, headers: Mapping[str, str], timeout_seconds: float) -> int:
    """The answer's status. Raises OSError or TimeoutError when there is none, ValueError for a bad URL."""
    async with asyncio.timeout(timeout_seconds):
        return await _exchange(url, body, headers)


async def _exchange(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {url}")
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(
        parts.hostname, port, ssl=secure or None, limit=MAX_ANSWER_HEAD_BYTES
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines.append(f"Content-Length: {len(body)}")
        writer.write("\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + body)
        await writer.drain()
        return await _status(reader)
    finally:
        writer.close()


async def _status(reader: asyncio.StreamReader) -> int:
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            version, _, rest = head.partition(b" ")
            if not version.startswith(b"HTTP/1."):
                raise ConnectionError("the answer is not HTTP/1")
            status = int(rest[:3])
            if status >= 200:  # 1xx answers come before the real one
                return status
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise ConnectionError(f"no readable answer: {error}") from error
