"""Intuit's OAuth 2.0: discovery, consent, tokens, revocation and userinfo, with Intuit's exact bodies."""

import base64
import binascii
import hmac
import json
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from crm_sandbox.quickbooks.consent import consent_page, error_page
from crm_sandbox.quickbooks.identity_tokens import ISSUER
from crm_sandbox.quickbooks.identity_tokens import userinfo as userinfo_of
from crm_sandbox.quickbooks.state import QuickBooksState
from crm_sandbox.quickbooks.tokens import ACCESS_SECONDS, Grant, InvalidGrant
from crm_sandbox.quickbooks.wire import headers

KNOWN_SCOPES = {
    "com.intuit.quickbooks.accounting", "com.intuit.quickbooks.payment",
    "openid", "profile", "email", "phone", "address",
}  # fmt: skip
AUTHORIZE_PARAMETERS = ("client_id", "response_type", "scope", "redirect_uri", "state")
MAX_FORM_BYTES = 100_000


def oauth_routes(state: QuickBooksState) -> list[BaseRoute]:
    """The endpoints that the discovery document names, and the document itself under its two names."""

    async def discovery(request: Request) -> Response:
        return JSONResponse(discovery_document(state.config.base_url))

    async def keys(request: Request) -> Response:
        return JSONResponse(state.identity.key_set())

    async def authorize(request: Request) -> Response:
        parameters = dict(parse_qsl(request.url.query))
        wrong = _authorize_error(state, parameters)
        if wrong:
            return HTMLResponse(error_page(wrong), 400)
        chosen = parameters.get("realm_id") or state.config.qbo_realm_id
        if not _known_realm(state, chosen):
            return HTMLResponse(error_page("There is no such company."), 400)
        asked = {name: parameters[name] for name in AUTHORIZE_PARAMETERS}
        return HTMLResponse(consent_page(asked, list(state.companies.values()), chosen))

    async def decide(request: Request) -> Response:
        # The page sends the request along in hidden fields; a script may leave it in the address.
        form = {**dict(parse_qsl(request.url.query)), **await _form(request)}
        wrong = _authorize_error(state, form)
        if wrong:
            return HTMLResponse(error_page(wrong), 400)
        if form.get("decision") == "deny":
            return _back(form["redirect_uri"], {"error": "access_denied", "state": form["state"]})
        realm = form.get("realm_id") or state.config.qbo_realm_id
        if form.get("decision") != "approve" or not _known_realm(state, realm):
            return HTMLResponse(error_page("Choose a company and say yes or no."), 400)
        code = state.tokens.authorize(form["client_id"], realm, form["scope"], form["redirect_uri"])
        return _back(form["redirect_uri"], {"code": code, "state": form["state"], "realmId": realm})

    async def token(request: Request) -> Response:
        form = await _form(request)
        client_id = _client(state, request, form)
        if client_id is None:
            return _oauth_error(401, "invalid_client")
        try:
            match form.get("grant_type"):
                case "authorization_code":
                    if not form.get("code") or not form.get("redirect_uri"):
                        return _oauth_error(400, "invalid_request")
                    access, grant = state.tokens.exchange(form["code"], client_id, form["redirect_uri"])
                case "refresh_token":
                    if not form.get("refresh_token"):
                        return _oauth_error(400, "invalid_request")
                    access, grant = state.tokens.refresh(form["refresh_token"], client_id)
                case _:
                    return _oauth_error(400, "unsupported_grant_type")
        except InvalidGrant as error:
            return _oauth_error(400, "invalid_grant", str(error))
        with_hard_end = request.headers.get("x-include-refresh-token-hard-expires-in", "").lower() == "true"
        return JSONResponse(
            _token_reply(state, access, grant, with_hard_end=with_hard_end), headers=_no_store()
        )

    async def revoke(request: Request) -> Response:
        form = await _form(request)
        client_id = _client(state, request, form)
        if client_id is None:
            return _oauth_error(401, "invalid_client")
        if not form.get("token") or not state.tokens.revoke_token(form["token"], client_id):
            return _oauth_error(400, "invalid_request")
        return Response(b"", 200, headers())

    async def userinfo(request: Request) -> Response:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        grant = state.tokens.check(bearer)
        if grant is None or "openid" not in grant.scope.split():
            return JSONResponse({"errorCode": "invalid_token"}, 401, headers())
        return JSONResponse(userinfo_of(grant), headers=headers())

    return [
        *(
            Route(f"/.well-known/{name}{slash}", discovery, methods=["GET"])
            for name in ("openid_configuration", "openid_sandbox_configuration")
            for slash in ("", "/")
        ),
        Route("/op/v1/jwks", keys, methods=["GET"]),
        Route("/connect/oauth2", authorize, methods=["GET"]),
        Route("/connect/oauth2", decide, methods=["POST"]),
        Route("/oauth2/v1/tokens/bearer", token, methods=["POST"]),
        Route("/oauth2/v1/tokens/revoke", revoke, methods=["POST"]),
        Route("/v2/oauth2/tokens/revoke", revoke, methods=["POST"]),
        Route("/v1/openid_connect/userinfo", userinfo, methods=["GET"]),
    ]


def discovery_document(base_url: str) -> dict[str, object]:
    """Intuit's discovery document with this sandbox's addresses."""
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{base_url}/connect/oauth2",
        "token_endpoint": f"{base_url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{base_url}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{base_url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{base_url}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


def _authorize_error(state: QuickBooksState, parameters: dict[str, str]) -> str | None:
    for name in AUTHORIZE_PARAMETERS:
        if not parameters.get(name):
            return f"The {name} query parameter is missing from the authorization request."
    if parameters["client_id"] != state.config.qbo_client_id:
        known = state.config.qbo_client_id
        return f"The client_id is not known: this simulator's app is {known}, unless QBO_CLIENT_ID says otherwise."
    if parameters["response_type"] != "code":
        return "The response_type must be code."
    unknown = set(parameters["scope"].split()) - KNOWN_SCOPES
    if unknown:
        return f"Unknown scope: {' '.join(sorted(unknown))}."
    address = urlsplit(parameters["redirect_uri"])
    if address.scheme not in ("http", "https") or not address.netloc or address.fragment:
        return "The redirect_uri is invalid."
    return None


def _known_realm(state: QuickBooksState, realm: str) -> bool:
    try:
        state.company(realm)
    except ValueError:
        return False
    return True


def _back(redirect_uri: str, parameters: dict[str, str]) -> Response:
    address = urlsplit(redirect_uri)
    query = "&".join(part for part in (address.query, urlencode(parameters)) if part)
    return RedirectResponse(urlunsplit(address._replace(query=query)), 302)


def _client(state: QuickBooksState, request: Request, form: dict[str, str]) -> str | None:
    """The client id when the secret is right, by HTTP Basic or in the form; else None."""
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
    right = hmac.compare_digest(client_id.encode(), state.config.qbo_client_id.encode())
    right &= hmac.compare_digest(secret.encode(), state.config.qbo_client_secret.encode())
    return client_id if right else None


def _token_reply(
    state: QuickBooksState, access: str, grant: Grant, *, with_hard_end: bool
) -> dict[str, object]:
    soft, hard = state.tokens.seconds_left(grant)
    reply: dict[str, object] = {
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": grant.refresh_token,
        "x_refresh_token_expires_in": soft,
        "access_token": access,
    }
    id_token = state.identity.sign(grant)
    if id_token:
        reply["id_token"] = id_token
    if with_hard_end:
        reply["x_refresh_token_hard_expires_in"] = hard
    return reply


def _oauth_error(status: int, error: str, description: str | None = None) -> Response:
    body = {"error": error} if description is None else {"error": error, "error_description": description}
    return JSONResponse(body, status, _no_store())


def _no_store() -> dict[str, str]:
    return {**headers(), "cache-control": "no-cache, no-store", "pragma": "no-cache"}


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form or of a JSON object (Intuit's revoke takes both); empty when it is neither."""
    body = await request.body()
    if len(body) > MAX_FORM_BYTES:
        return {}
    text = body.decode("utf-8", "replace")
    if "json" in request.headers.get("content-type", ""):
        try:
            parsed = json.loads(text)
        except ValueError:
            return {}
        return {name: str(value) for name, value in parsed.items()} if isinstance(parsed, dict) else {}
    return dict(parse_qsl(text, keep_blank_values=True))
