"""The settings of one sandbox: its address, the secrets it signs with and how strict it is."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8090
MAX_PORT = 65_535


@dataclass(frozen=True)
class SandboxConfig:
    """Everything that one sandbox needs to know; nothing is read from outside after it was made.

    Times are in seconds. Rates count requests for each company (realm), as Intuit does.
    """

    base_url: str = f"http://localhost:{DEFAULT_PORT}"

    allowed_hosts: tuple[str, ...] = ()
    """Names besides localhost under which the page and /_* may be called, and whose pages may drive them."""

    stripe_api_version: str = "2026-07-29.dahlia"
    """The default version of every account, for requests without `Stripe-Version`: what CLI 1.52 was made for."""
    stripe_webhook_url: str | None = None
    stripe_webhook_secrets: tuple[str, ...] = ()
    stripe_connected_accounts: tuple[str, ...] = ()
    """Accounts that are connected to the standard platform from the start, by id."""
    webhook_delay_seconds: float = 0.0
    webhook_retry_seconds: tuple[float, ...] = (0.5, 1, 2, 5, 10, 30, 60)
    webhook_duplicate_every: int = 0

    qbo_client_id: str = "sandbox-client-id"
    qbo_client_secret: str = "sandbox-client-secret"  # noqa: S105 - opens nothing but this simulator
    qbo_realm_id: str = "9341453199574798"
    qbo_webhook_url: str | None = None
    qbo_verifier_token: str | None = None
    qbo_rate_per_second: int = 10
    qbo_rate_per_minute: int = 500
    qbo_rate_limits_on: bool = True
    qbo_rotate_always: bool = False
    """True: each refresh changes the refresh token. False: only when it is older than 24 hours."""

    seed: int = 1

    state_file: Path | None = None
    """Where everything is kept from one start to the next; None: nowhere."""


def port_from_environment(environment: Mapping[str, str] = os.environ) -> int:
    """SANDBOX_PORT, or the usual one; ValueError for what is no port."""
    text = environment.get("SANDBOX_PORT") or str(DEFAULT_PORT)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= MAX_PORT):
        raise ValueError(f"SANDBOX_PORT must be a number from 1 to {MAX_PORT}; it is {text!r}")
    return int(text)


def config_from_environment(environment: Mapping[str, str] = os.environ, **given: object) -> SandboxConfig:
    """Reads SANDBOX_PORT and its neighbours; a value in `given` that is not None wins over the environment.

    Raises ValueError for a SANDBOX_PORT that is none.
    """
    values: dict[str, object] = {"base_url": f"http://localhost:{port_from_environment(environment)}"}
    secrets = tuple(s.strip() for s in environment.get("STRIPE_WEBHOOK_SECRET", "").split(",") if s.strip())
    if secrets:
        values["stripe_webhook_secrets"] = secrets
    connected = environment.get("SANDBOX_STRIPE_ACCOUNTS", "")
    if connected:
        values["stripe_connected_accounts"] = tuple(a.strip() for a in connected.split(",") if a.strip())
    hosts = environment.get("SANDBOX_ALLOWED_HOSTS", "")
    if hosts:
        values["allowed_hosts"] = tuple(h.strip() for h in hosts.split(",") if h.strip())
    for name, field in (
        ("SANDBOX_STRIPE_API_VERSION", "stripe_api_version"),
        ("SANDBOX_STRIPE_WEBHOOK_URL", "stripe_webhook_url"),
        ("SANDBOX_QBO_WEBHOOK_URL", "qbo_webhook_url"),
        ("QBO_WEBHOOK_VERIFIER_TOKEN", "qbo_verifier_token"),
        ("QBO_CLIENT_ID", "qbo_client_id"),
        ("QBO_CLIENT_SECRET", "qbo_client_secret"),
    ):
        if environment.get(name):
            values[field] = environment[name]
    if environment.get("SANDBOX_STATE_FILE"):
        values["state_file"] = Path(environment["SANDBOX_STATE_FILE"])
    values.update({field: value for field, value in given.items() if value is not None})
    return SandboxConfig(**values)  # type: ignore[arg-type]
