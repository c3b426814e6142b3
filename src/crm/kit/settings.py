"""Every value the outside can set, read once from the environment (contract, "Environment")."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from crm.kit.secret_key import read_or_make_secret_key

# Below this length a Stripe key cannot be real: the seeds' rule for dev mode.
STRIPE_KEY_LENGTH_MIN = 30

QBO_HOSTS = {
    "sandbox": "https://sandbox-quickbooks.api.intuit.com",
    "production": "https://quickbooks.api.intuit.com",
}


class Settings(BaseSettings):
    """The environment, typed. Empty strings count as not set, as compose files pass them."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,  # a refusal would else quote what was given, keys and all
    )

    crm_env: Literal["development", "production"] = "development"
    database_url: str | None = None
    crm_data_dir: Path = Path("var")
    crm_secret_key: SecretStr | None = None
    metrics_token: SecretStr | None = None
    port: int = Field(default=8089, ge=1, le=65535)
    portal_port: int = Field(default=5173, ge=1, le=65535)
    sandbox_port: int = Field(default=8090, ge=1, le=65535)
    bind_host: str = "127.0.0.1"
    log_level: Literal["info", "warning", "error"] = "info"
    smtp_url: SecretStr | None = None
    mail_from: str | None = Field(default=None, pattern=r"^[^@\s<>]{1,64}@[A-Za-z0-9.-]{1,250}$")
    mail_bounce_token: SecretStr | None = None

    stripe_secret_key: SecretStr | None = None
    stripe_public_key: str | None = None
    stripe_webhook_secret: SecretStr | None = None
    stripe_api_base: str = "https://api.stripe.com"
    portal_public_url: str = "http://localhost:5173"
    deposit_percent: int = Field(default=30, ge=1, le=100)

    qbo_client_id: str | None = None
    qbo_client_secret: SecretStr | None = None
    qbo_redirect_uri: str = "http://localhost:8089/qbo/oauth/callback"
    qbo_env: Literal["sandbox", "production"] = "sandbox"
    qbo_item_name_deposit: str = Field(default="Roof Deposit", min_length=1, max_length=100)
    qbo_webhook_verifier_token: SecretStr | None = None
    qbo_reads_per_month: int = Field(
        default=500_000, ge=1_000
    )  # all companies together; Intuit's Builder tier
    qbo_api_base: str | None = None
    qbo_authorize_url: str = "https://appcenter.intuit.com/connect/oauth2"
    qbo_token_url: str = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address
    qbo_revoke_url: str = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"

    @model_validator(mode="after")
    def _refuse_unsafe_production(self) -> Settings:
        live = self.stripe_key is not None and self.stripe_key.startswith(("sk_live_", "rk_live_"))
        if (live or self.crm_env == "production") and not self.stripe_dev_mode and not self.webhook_secrets:
            raise ValueError(
                "STRIPE_WEBHOOK_SECRET is missing: with a live key or in production, unsigned events would "
                "let anyone mark a proposal as paid. Copy the signing secret (whsec_...) from Stripe > "
                "Developers > Webhooks."
            )
        if self.crm_env == "production" and self.crm_secret_key is None:
            raise ValueError(
                "CRM_SECRET_KEY is missing: production needs it to seal tokens and sign sessions. "
                "Make one with `crm make-secret-key` and keep it with your other secrets."
            )
        return self

    @property
    def stripe_key(self) -> str | None:
        return self.stripe_secret_key.get_secret_value() if self.stripe_secret_key else None

    @property
    def stripe_dev_mode(self) -> bool:
        """No usable Stripe key: sessions are simulated (seed, sprint 3)."""
        return self.stripe_key is None or len(self.stripe_key) < STRIPE_KEY_LENGTH_MIN

    @property
    def unsigned_events_allowed(self) -> bool:
        return self.stripe_dev_mode and self.crm_env != "production" and not self.webhook_secrets

    @property
    def livemode(self) -> bool:
        """Which events belong to us: live keys get live events, everything else test events."""
        return self.stripe_key is not None and self.stripe_key.startswith(("sk_live_", "rk_live_"))

    @cached_property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Signing secrets, newest first; blank ones are dropped, as an empty secret is forgeable."""
        raw = self.stripe_webhook_secret.get_secret_value() if self.stripe_webhook_secret else ""
        return tuple(part.strip() for part in raw.split(",") if part.strip())

    @property
    def qbo_host(self) -> str:
        return (self.qbo_api_base or QBO_HOSTS[self.qbo_env]).rstrip("/")

    @cached_property
    def secret_keys(self) -> tuple[str, ...]:
        """Keys that open what is sealed; the first one seals. Comma-separated for rotation."""
        if self.crm_secret_key is not None:
            keys = tuple(k.strip() for k in self.crm_secret_key.get_secret_value().split(",") if k.strip())
            if keys:
                return keys
        return (read_or_make_secret_key(self.crm_data_dir / "secret_key"),)
