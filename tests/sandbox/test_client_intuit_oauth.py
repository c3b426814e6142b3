"""Intuit's own OAuth client for Python, as it comes from the package index, works against the simulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from intuitlib.client import AuthClient
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from tests.sandbox.quickbooks_world import approve, query_of

from crm_sandbox.testing import RunningSandbox, running_sandbox

REDIRECT = "http://localhost:8089/qbo/oauth/callback"
# The client asks for the time in a way that Python 3.12 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning:intuitlib")
DAY, YEAR = 86_400, 31_536_000
WHO_AND_BOOKS = [Scopes.ACCOUNTING, Scopes.OPENID, Scopes.PROFILE, Scopes.EMAIL]


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def app(sandbox: RunningSandbox) -> Iterator[AuthClient]:
    """An app that nobody has let in yet; its environment is the sandbox's discovery document."""
    with app_of(sandbox) as made:
        yield made


def app_of(sandbox: RunningSandbox, secret: str | None = None) -> AuthClient:
    return AuthClient(
        sandbox.config.qbo_client_id,
        secret or sandbox.config.qbo_client_secret,
        REDIRECT,
        f"{sandbox.base_url}/.well-known/openid_configuration",
    )


def log_in(app: AuthClient, scopes: list[Scopes] | None = None) -> dict[str, str]:
    """The owner consents and the app exchanges the code; what came back in the address."""
    back = query_of(approve(app.get_authorization_url(scopes or [Scopes.ACCOUNTING])))
    app.get_bearer_token(back["code"], realm_id=back["realmId"])
    return back


def test_a_person_lets_the_app_in(app: AuthClient, sandbox: RunningSandbox) -> None:
    """State and realm come back, and the client holds tokens with Intuit's lifetimes."""
    back = log_in(app)
    assert (back["state"], app.realm_id) == (app.state_token, sandbox.realm_id)
    assert (app.expires_in, app.x_refresh_token_expires_in) == (3600, 8_640_000)
    assert app.access_token
    assert app.refresh_token
    assert app.id_token is None
    assert app.x_refresh_token_hard_expires_in is None


def test_who_consented_is_told_to_an_app_that_may_ask(app: AuthClient) -> None:
    """With OpenID's scopes the client finds the id_token signed by a published key, and userinfo names the person."""
    log_in(app, WHO_AND_BOOKS)
    assert app.id_token  # kept only when issuer, audience, time and signature are right
    assert app.get_user_info().json()["email"] == "john@example.com"
    log_in(app)  # the books only
    with pytest.raises(AuthClientError) as refused:
        app.get_user_info()
    assert refused.value.status_code in (401, 403)


def test_the_refresh_token_changes_once_a_day(app: AuthClient, sandbox: RunningSandbox) -> None:
    """Within a day a refresh keeps the refresh token, after it brings another, and the old one is refused."""
    log_in(app)
    first, access = app.refresh_token, app.access_token
    app.refresh()
    assert app.refresh_token == first
    assert app.access_token != access
    sandbox.clock.advance(DAY + 1)
    app.refresh()
    assert app.refresh_token != first
    with pytest.raises(AuthClientError) as old:
        app.refresh(first)
    assert (old.value.status_code, old.value.intuit_tid is not None) == (400, True)
    assert b"invalid_grant" in old.value.content


def test_two_who_refresh_with_an_old_token_lose_the_grant(app: AuthClient, sandbox: RunningSandbox) -> None:
    """An old refresh token used again ends the new one too: the owner has to connect again."""
    log_in(app)
    old = app.refresh_token
    sandbox.clock.advance(DAY + 1)
    app.refresh()
    renewed = app.refresh_token
    with pytest.raises(AuthClientError):
        app.refresh(old)
    with pytest.raises(AuthClientError) as punished:
        app.refresh(renewed)
    assert b"invalid_grant" in punished.value.content


def test_the_hard_end_of_a_grant_is_told_when_asked(app: AuthClient, sandbox: RunningSandbox) -> None:
    """With the client's switch each token reply counts down the five years that no refresh extends."""
    app.include_refresh_token_hard_expires_in = True
    log_in(app)
    assert app.x_refresh_token_hard_expires_in == 5 * YEAR
    sandbox.clock.advance(DAY)
    app.refresh()
    assert app.x_refresh_token_hard_expires_in == pytest.approx(5 * YEAR - DAY, abs=60)
    assert app.x_refresh_token_expires_in == pytest.approx(8_640_000, abs=60)


@pytest.mark.parametrize("which", ["refresh_token", "access_token"])
def test_a_revoked_app_is_out(app: AuthClient, which: str) -> None:
    """Revoking either token ends both; revoking again is refused."""
    log_in(app)
    assert app.revoke(getattr(app, which)) is True
    with pytest.raises(AuthClientError) as refused:
        app.refresh()
    assert b"invalid_grant" in refused.value.content
    with pytest.raises(AuthClientError) as twice:
        app.revoke(getattr(app, which))
    assert twice.value.status_code == 400


def test_a_code_works_once_and_only_with_the_right_secret(app: AuthClient, sandbox: RunningSandbox) -> None:
    """A wrong secret gets 401 invalid_client; a code used twice gets invalid_grant and ends the first's tokens."""
    with app_of(sandbox, "not-the-secret") as stranger, pytest.raises(AuthClientError) as wrong:
        log_in(stranger)
    assert (wrong.value.status_code, wrong.value.content) == (401, b'{"error":"invalid_client"}')
    back = log_in(app)
    with pytest.raises(AuthClientError) as twice:
        app.get_bearer_token(back["code"])
    assert b"invalid_grant" in twice.value.content
    with pytest.raises(AuthClientError):
        app.refresh()
