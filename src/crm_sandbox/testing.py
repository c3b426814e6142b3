"""Starts a sandbox on a free port inside a test, and connects it as an app would: over HTTP.

with running_sandbox(qbo_rate_limits_on=False) as sandbox:
    tokens = sandbox.connect_quickbooks()
    httpx2.get(f"{sandbox.base_url}/v3/company/{tokens.realm_id}/query", ...)
"""

import base64
import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypedDict
from urllib.parse import parse_qs, urlencode, urlsplit

from crm_sandbox.app import Sandbox, create_app
from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.quickbooks import QuickBooksState
from crm_sandbox.server import listen, serving
from crm_sandbox.stripe import StripeState

ANSWER_SECONDS = 10.0
ACCOUNTING_SCOPE = "com.intuit.quickbooks.accounting"


@dataclass(frozen=True)
class QuickBooksTokens:
    """What an app holds after a person consented."""

    realm_id: str
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        """For a request to the accounting API, in JSON."""
        return {
            "authorization": f"Bearer {self.access_token}",
            "accept": "application/json",
            "content-type": "application/json",
        }


class FaultNow(TypedDict):
    """What `GET /_faults/{id}` tells, as far as tests ask for it."""

    id: str
    action: str
    seen: int
    hits: int
    waiting: int
    over: bool
    seconds_left: float | None


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that serves; `app` is the very object behind `base_url`, for looking inside."""

    base_url: str
    app: Sandbox

    @property
    def config(self) -> SandboxConfig:
        """The settings it runs with."""
        return self.app.config

    @property
    def clock(self) -> Clock:
        """Its time; `advance(seconds)` moves it."""
        return self.app.clock

    @property
    def quickbooks(self) -> QuickBooksState:
        """Companies, grants, counts."""
        return self.app.quickbooks

    @property
    def stripe(self) -> StripeState:
        """Sessions, payments, events."""
        return self.app.stripe

    @property
    def realm_id(self) -> str:
        """The company that is there from the beginning."""
        return self.app.config.qbo_realm_id

    def connect_quickbooks(
        self, realm_id: str | None = None, redirect_uri: str = "http://localhost/callback"
    ) -> QuickBooksTokens:
        """Consents on the page and exchanges the code, all over HTTP."""
        form = {
            "client_id": self.config.qbo_client_id, "response_type": "code", "scope": ACCOUNTING_SCOPE,
            "redirect_uri": redirect_uri, "state": "test", "decision": "approve",
            "realm_id": realm_id or self.realm_id,
        }  # fmt: skip
        answer = parse_qs(urlsplit(self._location("/connect/oauth2", form)).query)
        packed = base64.b64encode(
            f"{self.config.qbo_client_id}:{self.config.qbo_client_secret}".encode()
        ).decode()
        grant = {"grant_type": "authorization_code", "code": answer["code"][0], "redirect_uri": redirect_uri}
        request = urllib.request.Request(  # noqa: S310 - our own address
            f"{self.base_url}/oauth2/v1/tokens/bearer", urlencode(grant).encode(),
            {"authorization": f"Basic {packed}", "accept": "application/json"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as reply:  # noqa: S310
            tokens = json.load(reply)
        return QuickBooksTokens(answer["realmId"][0], tokens["access_token"], tokens["refresh_token"])

    def add_fault(
        self,
        action: str,
        path: str | None,
        method: str | None = "POST",
        *,
        query: str | None = None,
        times: int | None = 1,
        after: int = 0,
        probability: float = 1.0,
        seed: int | str = 1,
        until_seconds: float | None = None,
        **options: Any,
    ) -> str:
        """Adds a fault and returns its id. `path` and `query` are regular expressions, None fits all.

        `options` are those of the action (docs/sandbox-faults.md); HTTPError tells which one is wrong.
        """
        match = {"method": method, "path": path, "query": query}
        rule = {
            "action": action, "match": match, "times": times, "after": after, "probability": probability,
            "seed": seed, **({} if until_seconds is None else {"until_seconds": until_seconds}), **options,
        }  # fmt: skip
        return str(self.call("POST", "/_faults", rule)["id"])

    def fault(self, fault_id: str) -> FaultNow:
        """How a fault stands: what it was hit by so far."""
        told: FaultNow = self.call("GET", f"/_faults/{fault_id}")
        return told

    def release(self, fault_id: str) -> None:
        """Lets go on what a pause holds."""
        self.call("POST", f"/_faults/{fault_id}/release")

    def clear_faults(self) -> None:
        """Everything works as it should again: all faults and presets are taken back."""
        self.call("DELETE", "/_faults")

    def start_preset(self, name: str, until_seconds: float | None = None) -> None:
        """Begins a bad day by its name (crm_sandbox.fault_presets.PRESETS)."""
        body = {} if until_seconds is None else {"until_seconds": until_seconds}
        self.call("POST", f"/_faults/presets/{name}", body)

    def end_preset(self, name: str) -> None:
        """Takes it back."""
        self.call("DELETE", f"/_faults/presets/{name}")

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request to the sandbox's own JSON endpoints (/_faults, /_state).

        Raises HTTPError above 399, with the sandbox's sentence in its text.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.base_url + path, data, {"content-type": "application/json"}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as reply:  # noqa: S310
                return json.load(reply)
        except urllib.error.HTTPError as refused:
            with contextlib.closing(refused):
                refused.msg += ": " + refused.read().decode("utf-8", "replace")
            raise

    def _location(self, path: str, form: dict[str, str]) -> str:
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            opener.open(f"{self.base_url}{path}", urlencode(form).encode(), timeout=ANSWER_SECONDS)
        except urllib.error.HTTPError as answer:
            with contextlib.closing(answer):
                if answer.code == 302:
                    return str(answer.headers["location"])
                raise
        raise RuntimeError("consent did not redirect")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


@contextlib.contextmanager
def running_sandbox(port: int = 0, clock: Clock | None = None, **config: Any) -> Iterator[RunningSandbox]:
    """A sandbox on 127.0.0.1, by default on a free port; `config` are fields of SandboxConfig."""
    listening = listen("127.0.0.1", port)
    base_url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    app = create_app(SandboxConfig(**{"base_url": base_url, **config}), clock)
    with serving(app, listening):
        yield RunningSandbox(base_url, app)
