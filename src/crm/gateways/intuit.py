"""The three calls of Intuit's OAuth 2.0: exchange a code, refresh, revoke (facts/quickbooks.md, 1.1-1.4)."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from crm.gateways.exchange import Exchange, kept_form, kept_response, kept_silence
from crm.kit import clock
from crm.kit.errors import Disconnected, NotConfigured, Refused, Unavailable
from crm.kit.settings import Settings

SCOPE = "com.intuit.quickbooks.accounting"
TIMEOUT = httpx2.Timeout(20, connect=5)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token call gave; times are UTC."""

    access_token: str
    refresh_token: str
    expires_at: datetime
    refresh_expires_at: datetime
    hard_expires_at: datetime | None


async def exchange_code(
    http: httpx2.AsyncClient, settings: Settings, code: str, kept: list[Exchange] | None = None
) -> Grant:
    """Exchanges a one-time code. Raises Refused when Intuit does not take it, Unavailable when it does not answer."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": settings.qbo_redirect_uri}
    return await _token_call(http, settings, form, kept)


async def refresh(
    http: httpx2.AsyncClient, settings: Settings, refresh_token: str, kept: list[Exchange] | None = None
) -> Grant:
    """A new pair. Raises Disconnected on invalid_grant: this refresh token is dead."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return await _token_call(http, settings, form, kept)


async def revoke(
    http: httpx2.AsyncClient, settings: Settings, token: str, kept: list[Exchange] | None = None
) -> None:
    """Tells Intuit that we give the grant back. Raises Unavailable; a token already dead is fine."""
    watch = _Watch(settings.qbo_revoke_url, "token=…", kept)
    try:
        response = await http.post(
            settings.qbo_revoke_url, json={"token": token}, auth=client_auth(settings), timeout=TIMEOUT
        )
    except httpx2.HTTPError as error:
        watch.silent(error)
        raise Unavailable("Intuit did not answer.", code=type(error).__name__) from error
    watch.answered(response)
    if response.status_code >= 500:
        raise Unavailable("Intuit did not answer.", code=f"http-{response.status_code}")


def client_auth(settings: Settings) -> tuple[str, str]:
    if not settings.qbo_client_id or settings.qbo_client_secret is None:
        raise NotConfigured(
            "QuickBooks is not set up: QBO_CLIENT_ID and QBO_CLIENT_SECRET are empty. Copy them from "
            "developer.intuit.com > My Apps > Keys.",
            kind="qbo-not-configured",
        )
    return settings.qbo_client_id, settings.qbo_client_secret.get_secret_value()


class _Watch:
    """What is kept of one call: which grant and what came of it, never a token."""

    def __init__(self, url: str, form: str, kept: list[Exchange] | None) -> None:
        self._about = ("POST", urlsplit(url).path, "", form)
        self._kept = kept
        self._at, self._began = clock.now(), time.monotonic()

    def answered(self, response: httpx2.Response) -> None:
        if self._kept is not None:
            self._kept.append(kept_response(self._at, self._since(), *self._about, response))

    def silent(self, error: Exception) -> None:
        if self._kept is not None:
            self._kept.append(kept_silence(self._at, self._since(), *self._about, error))

    def _since(self) -> int:
        return round((time.monotonic() - self._began) * 1000)


async def _token_call(
    http: httpx2.AsyncClient, settings: Settings, form: dict[str, str], kept: list[Exchange] | None
) -> Grant:
    # A code is good once and its person is there; a refresh is ours alone.
    next_step = (
        "We try again by ourselves."
        if form["grant_type"] == "refresh_token"
        else "Nothing was connected; please press Connect QuickBooks again."
    )
    watch = _Watch(settings.qbo_token_url, kept_form(form), kept)
    try:
        response = await http.post(
            settings.qbo_token_url,
            data=form,
            auth=client_auth(settings),
            headers={"Accept": "application/json", "x-include-refresh-token-hard-expires-in": "true"},
            timeout=TIMEOUT,
        )
    except httpx2.HTTPError as error:
        watch.silent(error)
        raise Unavailable(
            f"Intuit's sign-in service did not answer. {next_step}",
            code=type(error).__name__,
            outcome_known=isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout),
        ) from error
    watch.answered(response)
    tid = response.headers.get("intuit_tid", "")
    body = _json(response)
    if response.status_code == 200 and {"access_token", "refresh_token", "expires_in"} <= body.keys():
        return _grant(body)
    code = str(body.get("error") or f"http-{response.status_code}")
    if code == "invalid_grant":
        if form["grant_type"] == "refresh_token":
            raise Disconnected("QuickBooks ended our permission. Please reconnect.", code=code, reference=tid)
        raise Refused(
            "Intuit did not accept this sign-in; it may have been used already. Please start again.",
            code=code,
            reference=tid,
        )
    if response.status_code in {400, 401, 403} and code == "invalid_client":
        raise Refused(
            "Intuit does not know our app: check QBO_CLIENT_ID and QBO_CLIENT_SECRET.",
            code=code,
            reference=tid,
        )
    raise Unavailable(f"Intuit's sign-in service has a problem. {next_step}", code=code, reference=tid)


def _json(response: httpx2.Response) -> dict[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _grant(body: dict[str, Any]) -> Grant:
    now = clock.now()
    hard = body.get("x_refresh_token_hard_expires_in")
    refresh_seconds = int(body.get("x_refresh_token_expires_in") or 8_640_000)  # 100 days
    return Grant(
        access_token=str(body["access_token"]),
        refresh_token=str(body["refresh_token"]),
        expires_at=now + timedelta(seconds=int(body["expires_in"])),
        refresh_expires_at=now + timedelta(seconds=refresh_seconds),
        hard_expires_at=now + timedelta(seconds=int(hard)) if hard else None,
    )
