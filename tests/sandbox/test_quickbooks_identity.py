"""Signing in with Intuit at the QuickBooks simulator: id_token, its keys and the userinfo page."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import jwt
import pytest

from crm_sandbox.testing import RunningSandbox

CLIENT = ("sandbox-client-id", "sandbox-client-secret")
BACK = "http://localhost:8089/back"


@pytest.fixture
def http(shared_sandbox: RunningSandbox) -> Iterator[httpx2.Client]:
    """A client of the sandbox that this file shares."""
    with httpx2.Client(base_url=shared_sandbox.base_url) as client:
        yield client


def tokens(http: httpx2.Client, scope: str) -> dict[str, str]:
    """The token reply after consent to these scopes, with the realm that the callback brought."""
    ask = {
        "client_id": CLIENT[0],
        "response_type": "code",
        "scope": scope,
        "redirect_uri": BACK,
        "state": "s",
    }
    location = http.post("/connect/oauth2", data={**ask, "decision": "approve"}).headers["location"]
    back = parse_qs(urlsplit(location).query)
    form = {"grant_type": "authorization_code", "code": back["code"][0], "redirect_uri": BACK}
    reply = http.post("/oauth2/v1/tokens/bearer", data=form, auth=CLIENT).json()
    return {**reply, "realm": back["realmId"][0]}


def test_the_id_token_is_proven_by_the_keys_that_discovery_names(http: httpx2.Client) -> None:
    """RS256, key found by its kid at the jwks_uri, audience and issuer right, the company as a claim; also on refresh."""
    given = tokens(http, "openid com.intuit.quickbooks.accounting")
    document = http.get("/.well-known/openid_sandbox_configuration").json()
    keys = jwt.PyJWKSet.from_dict(http.get(document["jwks_uri"]).json())
    form = {"grant_type": "refresh_token", "refresh_token": given["refresh_token"]}
    renewed = http.post("/oauth2/v1/tokens/bearer", data=form, auth=CLIENT).json()
    for id_token in (given["id_token"], renewed["id_token"]):
        key = keys[jwt.get_unverified_header(id_token)["kid"]]
        claims = jwt.decode(
            id_token, key, algorithms=["RS256"], audience=CLIENT[0], issuer=document["issuer"]
        )
        assert claims["realmid"] == given["realm"]
        assert set(document["claims_supported"]) <= set(claims)
    with pytest.raises(jwt.InvalidAudienceError):
        jwt.decode(given["id_token"], key, algorithms=["RS256"], audience="another app")


def test_scopes_say_what_an_app_gets(http: httpx2.Client) -> None:
    """Without openid no id_token and no userinfo; with it as much as was asked for; without accounting no books."""
    plain = tokens(http, "com.intuit.quickbooks.accounting")
    assert "id_token" not in plain
    of = {"authorization": f"Bearer {plain['access_token']}"}
    assert http.get("/v1/openid_connect/userinfo", headers=of).status_code == 401
    known = tokens(http, "openid email")
    of = {"authorization": f"Bearer {known['access_token']}"}
    person = http.get("/v1/openid_connect/userinfo", headers=of).json()
    assert set(person) == {"sub", "email", "emailVerified"}
    assert jwt.decode(known["id_token"], options={"verify_signature": False})["sub"] == person["sub"]
    refused = http.get(f"/v3/company/{known['realm']}/preferences", headers=of)
    assert (refused.status_code, refused.json()["fault"]["error"][0]["code"]) == (403, "3100")


def test_the_consent_page_says_what_is_asked_for(http: httpx2.Client) -> None:
    """Accounting and identity are named in words; an unknown scope is refused before anybody is asked."""
    ask = {"client_id": CLIENT[0], "response_type": "code", "redirect_uri": BACK, "state": "s"}
    page = http.get("/connect/oauth2", params={**ask, "scope": "openid profile email"}).text
    assert "know who you are (profile, email)" in page
    assert "accounting data" not in page
    assert http.get("/connect/oauth2", params={**ask, "scope": "everything"}).status_code == 400
