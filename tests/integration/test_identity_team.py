"""Roles, users, API keys and the company's settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx2
import psycopg
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from tests.conftest import RunningApp

from crm.identity.authentication import Require, staff
from crm.identity.permissions import ALLOWED, Permission, Role
from crm.proposals.payer import payer

EMAIL_OF = {
    Role.OWNER: "admin@peakpro.io",
    Role.OFFICE: "office@peakpro.io",
    Role.SALES: "sales@peakpro.io",
    Role.BOOKKEEPER: "bookkeeper@peakpro.io",
    Role.READ_ONLY: "viewer@peakpro.io",
}

# Whoever may call these proves themselves in another way, or need not.
OPEN_TO_ALL = {
    "login",
    "logout",
    "open_portal",  # the link's secret is in the body
    "healthz",
    "readyz",
    "receive_qbo_webhook",  # signature
    "get_metrics",  # METRICS_TOKEN, when set
    "finish_qbo_oauth",  # signed state, used once
    "ask_new_link",  # the secret of a link that has ended
    "take_bounce",  # MAIL_BOUNCE_TOKEN
    "ask_unsubscribe",  # the secret in the mail's own address
    "unsubscribe",
    "show_lead_form",  # a company's form for its website: the public key says whose
    "allow_lead_form",
    "send_lead_form",
}


def calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from calls(dependency)


def routes(app_server: RunningApp) -> list[APIRoute]:
    return [route for route in all_routes(app_server.app.routes) if isinstance(route, APIRoute)]


def all_routes(found) -> Iterator[object]:
    for route in found:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if isinstance(route, APIRoute) or inner is None:
            yield route
        else:
            yield from all_routes(inner.routes)


def test_every_route_has_a_lock(app_server: RunningApp):
    """No route is open by oversight: each asks for a permission or a payer, or is on the short list above."""
    found = routes(app_server)
    assert len(found) > 30
    unlocked = [
        route.name
        for route in found
        if route.name not in OPEN_TO_ALL
        and not any(isinstance(call, Require) or call in (staff, payer) for call in calls(route.dependant))
    ]
    assert unlocked == []


def test_every_route_lets_in_exactly_the_roles_of_the_table(app_server: RunningApp):
    """Each guarded route answers 403 to a role without its permission and anything else to one with it."""
    clients = {role: app_server.as_user(email) for role, email in EMAIL_OF.items()}
    checked = 0
    for route in routes(app_server):
        needed = [call.permission for call in calls(route.dependant) if isinstance(call, Require)]
        if not needed or route.path.startswith("/qbo/oauth"):
            continue
        path = re.sub(r"\{\w+\}", "999999", route.path)
        for role, client in clients.items():
            for method in route.methods or ():
                # An unreadable body reaches the lock but never the handler.
                body = None if method in {"GET", "DELETE"} else {"no such field": 1}
                status = client.request(method, path, json=body).status_code
                allowed = all(permission in ALLOWED[role] for permission in needed)
                assert (status != 403) == allowed, f"{method} {path} as {role}: {status}"
                assert status != 401
                checked += 1
    assert checked > 100


def test_what_roles_may(app_server: RunningApp):
    """The table in words: who sells sees no books, who keeps books writes no proposals, only owners manage."""
    may = {role: set(ALLOWED[role]) for role in Role}
    assert may[Role.OWNER] == set(Permission)
    assert may[Role.OFFICE] == set(Permission) - {Permission.ORG_MANAGE}
    assert not {Permission.BOOKS_READ, Permission.BOOKS_WRITE, Permission.ORG_MANAGE} & may[Role.SALES]
    assert Permission.BOOKS_WRITE in may[Role.BOOKKEEPER]
    assert Permission.PROPOSALS_WRITE not in may[Role.BOOKKEEPER]
    assert not {permission for permission in may[Role.READ_ONLY] if permission.endswith("write")}


def test_a_user_is_added_and_logs_in(app_server: RunningApp, api: httpx2.Client):
    """A new user gets in with the password given, and is never shown with it."""
    new = {"name": "Zoë", "email": "zoe@peakpro.io", "role": "sales", "password": "correct horse"}
    made = api.post("/users", json=new)
    assert made.status_code == 201
    assert "password" not in made.text
    assert app_server.as_user("ZOE@peakpro.io", "correct horse").get("/auth/me").json()["name"] == "Zoë"
    again = api.post("/users", json={**new, "email": "Zoe@PeakPro.io"})
    assert again.status_code == 409
    assert again.json()["type"].endswith("/email-taken")


@pytest.mark.parametrize("change", [{"role": "office"}, {"active": False}])
def test_the_last_owner_stays(api: httpx2.Client, change: dict):
    """A company cannot lock itself out; with a second owner the first may go."""
    refused = api.patch("/users/1", json=change)
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("/last-owner")
    assert api.patch("/users/2", json={"role": "owner"}).status_code == 200
    assert api.patch("/users/1", json=change).status_code == 200


def test_an_api_key_works_until_it_is_revoked(
    app_server: RunningApp, api: httpx2.Client, owner_sql: psycopg.Connection
):
    """The secret is shown once and stored only as a hash; a revoked key opens nothing."""
    made = api.post("/api-keys", json={"name": "Website form", "role": "sales"}).json()
    secret = made["secret"]
    assert re.fullmatch(r"ppk_[0-9a-f]{8}_[\w-]{43}", secret)
    assert "secret" not in api.get("/api-keys").json()["items"][0]
    stored = owner_sql.execute("SELECT api_keys::text FROM api_keys").fetchone()
    assert stored is not None
    assert secret not in stored[0]
    caller = app_server.client(Authorization=f"Bearer {secret}")
    assert caller.post("/leads", json={"name": "From the website"}).status_code == 201
    assert caller.get("/users").status_code == 403
    assert api.get("/api-keys").json()["items"][0]["last_used_at"] is not None
    assert api.delete(f"/api-keys/{made['id']}").status_code == 204
    assert caller.get("/leads").status_code == 401


def test_the_company_changes_its_settings(api: httpx2.Client):
    """What was given changes, the rest stays, and the log says who changed what."""
    before = api.get("/org").json()
    after = api.patch("/org", json={"deposit_percent": 40, "brand_color": "#AA3300"}).json()
    assert after == {**before, "deposit_percent": 40, "brand_color": "#aa3300", "brand": after["brand"]}
    # Offers already made keep what they said only by their own rule; new ones follow the company's.
    customer = api.get("/customers").json()["items"][0]["id"]
    line = {"name": "Work", "quantity": "1", "unit_price_minor": 100_00}
    made = api.post("/proposals", json={"customer_id": customer, "title": "New", "lines": [line]}).json()
    assert made["deposit"] == {"rule": "standard", "percent": 40, "amount_minor": 40_00}


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "usd"},
        {"currency": "ZZZ"},
        {"time_zone": "Mars/Olympus"},
        {"brand_color": "blue"},
        {"name": None},
        {"deposit_percent": 101},
        {"surprise": 1},
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(api: httpx2.Client, wrong: dict):
    """The answer names the field."""
    refused = api.patch("/org", json=wrong)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == next(iter(wrong))
