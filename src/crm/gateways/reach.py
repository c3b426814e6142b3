"""Whether an address of our own can be reached from outside, as Intuit and Stripe would."""

from __future__ import annotations

import httpx2

TIMEOUT = httpx2.Timeout(10, connect=5)


async def status_of_unsigned_post(http: httpx2.AsyncClient, url: str) -> int | None:
    """The status with which `url` answers a message without a signature; None when nobody answers."""
    try:
        response = await http.post(url, json=[], timeout=TIMEOUT)
    except httpx2.HTTPError:
        return None
    return response.status_code
