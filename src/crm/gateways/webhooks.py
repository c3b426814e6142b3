"""Posts one signed message to an address that a company has given us, and trusts neither it nor its answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx2

from crm.gateways.public_address import resolve
from crm.kit.errors import Unavailable

TOTAL_SECONDS = 15.0
CONNECT_SECONDS = 5.0
ANSWER_BYTES_MAX = 4_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `body` is the beginning of it."""

    status: int
    body: bytes


class WebhookGateway:
    """For the life of a process. With `public_only` (production) nothing but the public internet is reached."""

    def __init__(self, *, public_only: bool) -> None:
        self._public_only = public_only
        # Each connection serves one request: they are made to numbers, and two names may share one. Proxies of
        # the environment would resolve names again, so they are not used.
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
            follow_redirects=False,
            trust_env=False,
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=0),
        )

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> Answer:
        """Whatever was answered, within TOTAL_SECONDS for everything, the name's look-up included.

        Raises Refused for an address that is not public, Unavailable when there is no whole answer.
        """
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                return await self._post(httpx2.URL(url), content, headers)
        except TimeoutError as error:
            raise Unavailable(f"No answer within {TOTAL_SECONDS:g} seconds.", code="timeout") from error
        except httpx2.TimeoutException as error:
            raise Unavailable("No answer in time.", code="timeout") from error
        except httpx2.ConnectError as error:
            raise Unavailable("No connection could be made.", code="connect") from error
        except httpx2.HTTPError as error:
            raise Unavailable(f"The connection broke ({type(error).__name__}).", code="broken") from error

    async def _post(self, url: httpx2.URL, content: bytes, headers: dict[str, str]) -> Answer:
        port = url.port or (443 if url.scheme == "https" else 80)
        addresses = await resolve(url.host, port, public_only=self._public_only)
        for number, address in enumerate(addresses, start=1):
            try:
                return await self._send(url, address, content, headers)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise Unavailable(f"The name {url.host} has no address.", code="name-not-known")

    async def _send(self, url: httpx2.URL, address: str, content: bytes, headers: dict[str, str]) -> Answer:
        """To this very address; certificate and Host header are those of the name."""
        async with self._http.stream(
            "POST",
            url.copy_with(host=address),
            content=content,
            headers={**headers, "Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity"},
            extensions={"sni_hostname": url.host},
        ) as response:
            body = b""
            async for chunk in response.aiter_raw():
                body += chunk[: ANSWER_BYTES_MAX - len(body)]
                if len(body) >= ANSWER_BYTES_MAX:
                    break
            return Answer(response.status_code, body)

    async def close(self) -> None:
        await self._http.aclose()
