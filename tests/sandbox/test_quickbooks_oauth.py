"""How an app gets into the books of the QuickBooks simulator, stays in and falls out again."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.sandbox.quickbooks_world import RECORDINGS

from crm_sandbox.testing import RunningSandbox, running_sandbox

DAY = 86_400
CLIENT = ("sandbox-client-id", "sandbox-client-secret")
ASK = {
    "client_id": CLIENT[0],
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting",
    "redirect_uri": "http://localhost:8089/qbo/oauth/callback",
    "state": "st-1",
}


@pytest.fixture
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(qbo_rate_limits_on=False) as running:
        yield running


@pytest.fixture
def http(sandbox: RunningSandbox) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=sandbox.base_url) as client:
        yield client


def consent(http: httpx2.Client, **more: str) -> dict[str, str]:
    answer = http.post("/connect/oauth2", data={**ASK, "decision": "approve", **more})
    assert answer.status_code == 302, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(http: httpx2.Client, code: str, **more: str) -> httpx2.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": ASK["redirect_uri"], **more}
    return http.post("/oauth2/v1/tokens/bearer", data=form, auth=CLIENT)


def refresh(
    http: httpx2.Client, token: str, auth: tuple[str, str] = CLIENT, headers: dict[str, str] | None = None
) -> httpx2.Response:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return http.post("/oauth2/v1/tokens/bearer", data=form, auth=auth, headers=headers)


def read_company(http: httpx2.Client, realm: str, access: str) -> httpx2.Response:
    headers = {"authorization": f"Bearer {access}", "accept": "application/json"}
    return http.get(f"/v3/company/{realm}/companyinfo/{realm}", headers=headers)


def test_the_discovery_document_has_the_keys_of_intuits_own(
    http: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """Every key of Intuit's discovery document is there, with endpoints on the sandbox's address."""
    mine = http.get("/.well-known/openid_configuration").json()
    assert mine["token_endpoint"] == f"{sandbox.base_url}/oauth2/v1/tokens/bearer"
    recorded = RECORDINGS / "intuit-dotnet-sdk" / "oauth" / "discovery.json"
    if not recorded.exists():
        pytest.skip("the recordings are not on this machine")
    assert set(mine) == set(json.loads(recorded.read_text()))


def test_one_post_on_the_consent_form_leads_to_working_tokens(
    http: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """The form carries the request along; approving brings code, state and realm, and the code gives tokens."""
    page = http.get("/connect/oauth2", params=ASK)
    assert page.status_code == 200
    assert 'value="approve"' in page.text
    assert 'name="state" value="st-1"' in page.text
    back = consent(http)
    assert back["state"] == "st-1"
    assert back["realmId"] == sandbox.realm_id
    tokens = exchange(http, back["code"]).json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 3600)
    assert tokens["x_refresh_token_expires_in"] == 8_640_000
    assert "x_refresh_token_hard_expires_in" not in tokens
    assert read_company(http, back["realmId"], tokens["access_token"]).status_code == 200


def test_a_script_consents_by_posting_to_the_authorization_url(http: httpx2.Client) -> None:
    """Without reading the form: the request may stay in the address, the body only says yes."""
    answer = http.post("/connect/oauth2", params=ASK, data={"decision": "approve"})
    assert answer.status_code == 302, answer.text
    back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert back["state"] == "st-1"
    assert exchange(http, back["code"]).status_code == 200


def test_saying_no_sends_the_person_back_with_access_denied(http: httpx2.Client) -> None:
    """A refusal brings error and state, and no code."""
    answer = http.post("/connect/oauth2", data={**ASK, "decision": "deny"})
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query == {"error": ["access_denied"], "state": ["st-1"]}


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "someone-else"},
        {"redirect_uri": ""},
        {"redirect_uri": "javascript:alert(1)"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"state": ""},
    ],
)
def test_a_wrong_authorize_request_is_shown_and_not_sent_back(
    http: httpx2.Client, wrong: dict[str, str]
) -> None:
    """What cannot be trusted is told on the page, before and after consent."""
    assert http.get("/connect/oauth2", params={**ASK, **wrong}).status_code == 400
    assert http.post("/connect/oauth2", data={**ASK, "decision": "approve", **wrong}).status_code == 400


def test_a_code_works_once_and_a_second_use_ends_what_it_gave(http: httpx2.Client) -> None:
    """Exchanging one code twice revokes the tokens of the first exchange."""
    back = consent(http)
    tokens = exchange(http, back["code"]).json()
    again = exchange(http, back["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert read_company(http, back["realmId"], tokens["access_token"]).status_code == 401


def test_a_code_needs_the_same_redirect_and_the_right_secret(http: httpx2.Client) -> None:
    """Another redirect_uri is invalid_grant, a wrong secret invalid_client, an old code invalid_grant."""
    assert (
        exchange(http, consent(http)["code"], redirect_uri="http://evil/").json()["error"] == "invalid_grant"
    )
    wrong = refresh(http, "x", auth=(CLIENT[0], "guess"))
    assert (wrong.status_code, wrong.json()) == (401, {"error": "invalid_client"})


def test_an_unused_code_dies_after_ten_minutes(http: httpx2.Client, sandbox: RunningSandbox) -> None:
    """The code of a consent long ago gives nothing."""
    code = consent(http)["code"]
    sandbox.clock.advance(601)
    assert exchange(http, code).json()["error"] == "invalid_grant"


def test_within_a_day_the_refresh_token_stays_the_same(http: httpx2.Client, sandbox: RunningSandbox) -> None:
    """Refreshing twice on one day gives new access tokens under the same refresh token."""
    first = exchange(http, consent(http)["code"]).json()
    sandbox.clock.advance(3 * 3600)
    second = refresh(http, first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]


def test_after_a_day_it_changes_and_using_the_old_one_kills_the_connection(
    http: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """The punished race: the loser's old token takes the winner's new one down with it."""
    first = exchange(http, consent(http)["code"]).json()
    sandbox.clock.advance(DAY)
    winner = refresh(http, first["refresh_token"]).json()
    assert winner["refresh_token"] != first["refresh_token"]
    loser = refresh(http, first["refresh_token"])
    assert (loser.status_code, loser.json()["error"]) == (400, "invalid_grant")
    assert refresh(http, winner["refresh_token"]).json()["error"] == "invalid_grant"
    assert read_company(http, sandbox.realm_id, winner["access_token"]).status_code == 401


def test_bodies_of_refused_refreshes_are_intuits(http: httpx2.Client) -> None:
    """An unknown token and an access token in its place are told apart as recorded."""
    unknown = refresh(http, "RT1-nothing").json()
    assert unknown == {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
    access = exchange(http, consent(http)["code"]).json()["access_token"]
    mixed = refresh(http, access).json()
    assert mixed == {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"}


def test_a_refresh_token_dies_after_a_hundred_idle_days_and_lives_on_when_used(
    http: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """Use restarts the hundred days; idleness ends them."""
    tokens = exchange(http, consent(http)["code"]).json()
    sandbox.clock.advance(60 * DAY)
    tokens = refresh(http, tokens["refresh_token"]).json()
    sandbox.clock.advance(60 * DAY)
    tokens = refresh(http, tokens["refresh_token"]).json()
    assert tokens["x_refresh_token_expires_in"] == 8_640_000
    sandbox.clock.advance(100 * DAY)
    assert refresh(http, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_hard_end_is_told_only_to_those_who_ask(http: httpx2.Client, sandbox: RunningSandbox) -> None:
    """With Intuit's header the reply says how long is left of five years; refreshing does not extend it."""
    tokens = exchange(http, consent(http)["code"]).json()
    sandbox.clock.advance(10 * DAY)
    reply = refresh(
        http, tokens["refresh_token"], headers={"x-include-refresh-token-hard-expires-in": "true"}
    ).json()
    assert reply["x_refresh_token_hard_expires_in"] == pytest.approx(157_680_000 - 10 * DAY, abs=5)


def test_an_hour_later_the_access_token_is_refused_in_the_gateways_envelope(
    http: httpx2.Client, sandbox: RunningSandbox
) -> None:
    """401 has small letters, code 3200 and WWW-Authenticate, with the very keys of the recording."""
    tokens = exchange(http, consent(http)["code"]).json()
    sandbox.clock.advance(3600)
    answer = read_company(http, sandbox.realm_id, tokens["access_token"])
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    error = answer.json()["fault"]["error"][0]
    assert error["code"] == "3200"
    assert error["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"


def test_a_token_opens_its_own_company_only(http: httpx2.Client, sandbox: RunningSandbox) -> None:
    """A token of one realm is refused with 403 and 3100 in another."""
    tokens = exchange(http, consent(http)["code"]).json()
    consent(http, realm_id="4620816365000000001")
    answer = read_company(http, "4620816365000000001", tokens["access_token"])
    assert answer.status_code == 403
    assert answer.json()["fault"]["error"][0]["code"] == "3100"


@pytest.mark.parametrize("path", ["/oauth2/v1/tokens/revoke", "/v2/oauth2/tokens/revoke"])
def test_revoking_ends_the_grant(http: httpx2.Client, sandbox: RunningSandbox, path: str) -> None:
    """Either token may be named, as JSON or form; afterwards nothing works and a second time is 400."""
    tokens = exchange(http, consent(http)["code"]).json()
    assert http.post(path, json={"token": tokens["refresh_token"]}, auth=CLIENT).status_code == 200
    assert read_company(http, sandbox.realm_id, tokens["access_token"]).status_code == 401
    assert http.post(path, data={"token": tokens["access_token"]}, auth=CLIENT).status_code == 400


def test_hooks_disconnect_and_age(http: httpx2.Client, sandbox: RunningSandbox) -> None:
    """Tests can end access tokens only, or the whole grant as if the owner had disconnected the app."""
    tokens = exchange(http, consent(http)["code"]).json()
    assert sandbox.call("POST", "/_state/quickbooks/expire_access_tokens") == {"expired": 1}
    assert read_company(http, sandbox.realm_id, tokens["access_token"]).status_code == 401
    tokens = refresh(http, tokens["refresh_token"]).json()
    assert read_company(http, sandbox.realm_id, tokens["access_token"]).status_code == 200
    assert sandbox.call("POST", "/_state/quickbooks/revoke") == {"revoked": 1}
    assert refresh(http, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_userinfo_needs_the_openid_scope(http: httpx2.Client) -> None:
    """Without openid in the scope userinfo answers 401, with it the recorded keys."""
    plain = exchange(http, consent(http)["code"]).json()["access_token"]
    assert (
        http.get("/v1/openid_connect/userinfo", headers={"authorization": f"Bearer {plain}"}).status_code
        == 401
    )
    code = consent(http, scope="openid email com.intuit.quickbooks.accounting")["code"]
    access = exchange(http, code).json()["access_token"]
    info = http.get("/v1/openid_connect/userinfo", headers={"authorization": f"Bearer {access}"}).json()
    assert info["emailVerified"] is True
