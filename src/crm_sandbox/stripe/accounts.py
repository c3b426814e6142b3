"""Accounts: the platform's own and the connected ones whose direct charges it takes (Connect)."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call, background
from crm_sandbox.stripe.errors import ApiError, no_such
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_of
from crm_sandbox.stripe.parameters import ANYTHING, EXPAND, METADATA, TEXT, Choice, merged_metadata
from crm_sandbox.stripe.shapes import StripeObject, listed
from crm_sandbox.stripe.state import AccountSpace, StripeState

_PROFILE = {
    "business_profile": ANYTHING,
    "business_type": TEXT,
    "capabilities": ANYTHING,
    "company": ANYTHING,
    "default_currency": TEXT,
    "email": TEXT,
    "individual": ANYTHING,
    "metadata": METADATA,
    "settings": ANYTHING,
    "tos_acceptance": ANYTHING,
    **EXPAND,
}
CREATE_ACCOUNT = {
    **_PROFILE,
    "controller": ANYTHING,
    "country": TEXT,
    "type": Choice(("custom", "express", "standard")),
}
UPDATE_ACCOUNT = _PROFILE
CREATE_LINK = {
    "account": TEXT,
    "collect": TEXT,
    "collection_options": ANYTHING,
    "refresh_url": TEXT,
    "return_url": TEXT,
    "type": Choice(("account_onboarding", "account_update")),
    **EXPAND,
}
LINK_LIFETIME_SECONDS = 300


def create_account(call: Call) -> StripeObject:
    """POST /v1/accounts: a connected account, ready to charge at once (real ones are onboarded first)."""
    space = call.state.new_connected_account(call.platform)
    account = space.add(_body(call.state, space.id, call.params))
    emit(background(call.state, space), "account.updated", account, {"charges_enabled": False})
    return account


def retrieve_own_account(call: Call) -> StripeObject:
    """GET /v1/account: the account acted on."""
    return _own(call.state, call.space)


def retrieve_account(call: Call) -> StripeObject:
    """GET /v1/accounts/{account}. Raises ApiError 403 for one that is not connected."""
    return _own(call.state, _space(call))


def update_account(call: Call) -> StripeObject:
    """POST /v1/accounts/{account}."""
    space = _space(call)
    account = _own(call.state, space)
    changes = {k: v for k, v in call.params.items() if k in account and k != "metadata"}
    previous = {k: account[k] for k in changes}
    account.update(changes)
    account["metadata"] = merged_metadata(account["metadata"], call.params.get("metadata"))
    emit(background(call.state, space), "account.updated", account, previous)
    return account


def delete_account(call: Call) -> StripeObject:
    """DELETE /v1/accounts/{account}."""
    space = _space(call)
    if space.platform is None:
        raise ApiError("You cannot delete your own account.")
    emit(background(call.state, space), "account.application.deauthorized", _application_body(space))
    del call.state.spaces[space.id]
    return {"id": space.id, "object": "account", "deleted": True}


def list_accounts(call: Call) -> StripeObject:
    """GET /v1/accounts: the connected ones."""
    kept = {space.id: _own(call.state, space) for space in call.state.connected(call.platform)}
    return page_of(call, kept, "account", lambda account: bool(account["id"]))


def create_link(call: Call) -> StripeObject:
    """POST /v1/account_links: the simulator's onboarding has nothing to ask and leads straight back."""
    id = call.params["account"]
    space = call.state.spaces.get(id)
    if space is None or space.platform is not call.platform:
        raise no_such("account", id, "account")
    now = call.state.now()
    return {
        "object": "account_link",
        "created": now,
        "expires_at": now + LINK_LIFETIME_SECONDS,
        "url": call.params.get("return_url") or f"{call.state.config.base_url}/",
    }


def deauthorize(state: StripeState, space: AccountSpace) -> StripeObject:
    """The connected account ends the connection: one last event, then its objects are out of reach."""
    event = emit(background(state, space), "account.application.deauthorized", _application_body(space))
    space.platform = AccountSpace(new_id("acct_")[:21])  # some other platform: this one has no access now
    return event


def _application_body(space: AccountSpace) -> StripeObject:
    return {"id": (space.platform or space).client_id, "object": "application", "name": "Sandbox platform"}


def _space(call: Call) -> AccountSpace:
    id = call.path["account"]
    space = call.state.spaces.get(id)
    if space is None or call.platform not in (space, space.platform):
        raise ApiError(
            f"The provided key does not have access to account '{id}' (or that account does not exist). "
            "Application access may have been revoked.",
            status=403,
            code="account_invalid",
        )
    return space


def _own(state: StripeState, space: AccountSpace) -> StripeObject:
    """The account object of a space; the platform's own is made when first asked for."""
    kept = space.objects["account"]
    return kept.get(space.id) or space.add(_body(state, space.id, {"country": "US"}))


def _body(state: StripeState, id: str, given: dict[str, Any]) -> StripeObject:
    due: dict[str, Any] = {
        name: []
        for name in (
            "alternatives",
            "currently_due",
            "errors",
            "eventually_due",
            "past_due",
            "pending_verification",
        )
    }
    requirements = {**due, "current_deadline": None, "disabled_reason": None}
    return {
        "id": id,
        "object": "account",
        "business_profile": {"name": None, "url": None, **(given.get("business_profile") or {})},
        "business_type": given.get("business_type"),
        "capabilities": {
            "card_payments": "active",
            "transfers": "active",
            "us_bank_account_ach_payments": "active",
        },
        "charges_enabled": True,
        "controller": {"type": "application" if given.get("type") else "account"},
        "country": given.get("country") or "US",
        "created": state.now(),
        "default_currency": given.get("default_currency") or "usd",
        "details_submitted": True,
        "email": given.get("email"),
        "external_accounts": listed([], f"/v1/accounts/{id}/external_accounts"),
        "future_requirements": dict(requirements),
        "metadata": given.get("metadata") or {},
        "payouts_enabled": True,
        "requirements": requirements,
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": given.get("type") or "standard",
    }


def _settings() -> dict[str, Any]:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": True},
            "statement_descriptor_prefix": None,
            "statement_descriptor_prefix_kana": None,
            "statement_descriptor_prefix_kanji": None,
        },
        "dashboard": {"display_name": "Sandbox", "timezone": "Etc/UTC"},
        "payments": {
            "statement_descriptor": None,
            "statement_descriptor_kana": None,
            "statement_descriptor_kanji": None,
        },
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }
