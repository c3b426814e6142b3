"""The one kind of HTTP client that leaves the process."""

from __future__ import annotations

import httpx2

Client = httpx2.AsyncClient

TIMEOUT_SECONDS = 30.0
CONNECTIONS_MAX = 100


def make_client() -> Client:
    """For the life of a process; proxies and redirects are not followed, so a token goes only where it was sent."""
    return httpx2.AsyncClient(
        timeout=TIMEOUT_SECONDS,
        follow_redirects=False,
        limits=httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=20),
    )
