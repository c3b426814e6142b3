"""Calls to Stripe through its SDK: explicit timeout, stable idempotency keys, telemetry off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import stripe

from crm.kit.errors import NotConfigured, Refused, Unavailable
from crm.kit.settings import Settings

CONNECT_SECONDS, READ_SECONDS = 3.05, 20
# The version whose shapes this code reads; the SDK would otherwise move it with every upgrade.
API_VERSION = "2026-10-28.endive"
EVENTS_PER_PAGE = TRANSACTIONS_PER_PAGE = 100
PAGES_MAX = 100

stripe.enable_telemetry = False  # it would write an id into the home directory and send timings along


class StripeGateway:
    """One per process. Every method raises Unavailable (try again) or Refused (a person must look)."""

    def __init__(self, settings: Settings) -> None:
        self._client: stripe.StripeClient | None = None
        if settings.stripe_key is not None and not settings.stripe_dev_mode:
            self._client = stripe.StripeClient(
                settings.stripe_key,
                base_addresses={"api": settings.stripe_api_base},
                stripe_version=API_VERSION,
                max_network_retries=1,
                http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, READ_SECONDS)),
            )

    @property
    def client(self) -> stripe.StripeClient:
        if self._client is None:
            raise NotConfigured("Stripe is not set up: STRIPE_SECRET_KEY is empty (dev mode).")
        return self._client

    async def create_session(
        self, params: dict[str, Any], *, idempotency_key: str, account: str
    ) -> dict[str, Any]:
        """The Checkout session for `params`; the same key answers with the same session for 24 hours."""
        sessions = self.client.v1.checkout.sessions
        options = _options(account, idempotency_key=idempotency_key)
        nobody_paid = "Stripe is not answering. Nothing was charged; please try again in a minute."
        return await _call(lambda: sessions.create(params, options), when_away=nobody_paid)  # type: ignore[arg-type]

    async def retrieve_session(self, session_id: str, *, account: str) -> dict[str, Any]:
        sessions = self.client.v1.checkout.sessions
        return await _call(lambda: sessions.retrieve(session_id, {}, _options(account)))

    async def expire_session(self, session_id: str, *, account: str) -> dict[str, Any]:
        sessions = self.client.v1.checkout.sessions
        return await _call(lambda: sessions.expire(session_id, {}, _options(account)))

    async def retrieve_charge(self, charge_id: str, *, account: str) -> dict[str, Any]:
        """The charge with its balance transaction (fees) in full, where Stripe has it already."""
        charges = self.client.v1.charges
        return await _call(
            lambda: charges.retrieve(charge_id, {"expand": ["balance_transaction"]}, _options(account))
        )

    async def retrieve_intent(self, intent_id: str, *, account: str) -> dict[str, Any]:
        intents = self.client.v1.payment_intents
        return await _call(
            lambda: intents.retrieve(
                intent_id, {"expand": ["latest_charge.balance_transaction"]}, _options(account)
            )
        )

    async def create_refund(
        self, params: dict[str, Any], *, idempotency_key: str, account: str
    ) -> dict[str, Any]:
        """Gives money back; the same key answers with the same refund for 24 hours."""
        refunds = self.client.v1.refunds
        options = _options(account, idempotency_key=idempotency_key)
        return await _call(lambda: refunds.create(params, options))  # type: ignore[arg-type]

    async def list_refunds(self, intent_id: str, *, account: str) -> list[dict[str, Any]]:
        refunds = self.client.v1.refunds
        page = await _call(
            lambda: refunds.list({"payment_intent": intent_id, "limit": 100}, _options(account))
        )
        found: list[dict[str, Any]] = page["data"]
        return found

    async def list_transactions(
        self, *, account: str, created_gte: int = 0, payout: str | None = None, after: str | None = None
    ) -> dict[str, Any]:
        """One page (`data`, `has_more`) of the movements of the balance, newest first, behind `after`, with their sources;
        with `payout` those that an automatic payout paid out."""
        transactions = self.client.v1.balance_transactions
        params: dict[str, Any] = {"limit": TRANSACTIONS_PER_PAGE, "expand": ["data.source"]}
        if created_gte:
            params["created"] = {"gte": created_gte}
        if payout is not None:
            params["payout"] = payout
        if after is not None:
            params["starting_after"] = after
        return await _call(lambda: transactions.list(params, _options(account)))  # type: ignore[arg-type]

    async def retrieve_balance(self, *, account: str) -> dict[str, Any]:
        """What the account holds now, per currency: `available` and `pending`."""
        balance = self.client.v1.balance
        return await _call(lambda: balance.retrieve({}, _options(account)))

    async def list_webhook_endpoints(self) -> list[dict[str, Any]]:
        """The platform's own endpoints, each with `url`, `status` and `enabled_events`."""
        endpoints = self.client.v1.webhook_endpoints
        page = await _call(lambda: endpoints.list({"limit": 100}))
        found: list[dict[str, Any]] = page["data"]
        return found

    async def list_events(self, *, created_gte: int, types: list[str], account: str) -> list[dict[str, Any]]:
        """Events since `created_gte` (unix seconds), oldest first; Stripe keeps them 30 days."""
        events = self.client.v1.events
        found: list[dict[str, Any]] = []
        after: dict[str, Any] = {}
        for _ in range(PAGES_MAX):
            params = {"created": {"gte": created_gte}, "types": types, "limit": EVENTS_PER_PAGE, **after}
            page = await _call(lambda p=params: events.list(p, _options(account)))  # type: ignore[misc]
            found.extend(page["data"])
            if not page["has_more"] or not page["data"]:
                break
            after = {"starting_after": page["data"][-1]["id"]}
        return found[::-1]


def _options(account: str, **more: Any) -> Any:
    return {**({"stripe_account": account} if account else {}), **more}


# Somebody may have paid already when we ask after something.
AWAY = "Stripe is not answering. What was paid there is safe and shows here once it answers."


async def _call(call: Callable[[], Any], *, when_away: str = AWAY) -> dict[str, Any]:
    """Runs a blocking SDK call in a thread and gives its answer as plain JSON types."""
    try:
        answer = await asyncio.to_thread(call)
    except (stripe.APIConnectionError, stripe.RateLimitError, stripe.APIError) as error:
        code, reference = error.code or str(error.http_status or ""), error.request_id or ""
        raise Unavailable(when_away, code=code, reference=reference, outcome_known=False) from error
    except UnicodeDecodeError as error:  # the SDK reads any body as UTF-8, also that of a broken proxy
        raise Unavailable(when_away, code="unreadable", outcome_known=False) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise Refused(
            "Stripe does not accept our key. An owner must check STRIPE_SECRET_KEY in Stripe > Developers.",
            code=error.code or "authentication",
            reference=error.request_id or "",
        ) from error
    except stripe.StripeError as error:
        raise Refused(
            f"Stripe refused: {(error.user_message or str(error)).rstrip('.')}.",
            code=error.code or "",
            reference=error.request_id or "",
        ) from error
    plain: dict[str, Any] = answer.to_dict(for_json=True)
    return plain
