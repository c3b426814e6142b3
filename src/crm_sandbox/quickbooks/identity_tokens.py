"""OpenID Connect: who consented, said in a signed id_token and on the userinfo page.

Source: Intuit's discovery document (RS256; claims aud, exp, iat, iss, realmid, sub) and a published userinfo reply.
"""

import json
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from crm_sandbox.clock import Clock
from crm_sandbox.quickbooks.tokens import Grant

ISSUER = "https://oauth.platform.intuit.com/op/v1"
ID_TOKEN_SECONDS = 3_600
KEY_ID = "crm-sandbox-1"
PERSON: dict[str, Any] = {
    "sub": "1182d6ec-2a1f-4aa3-af3f-bb3b95db45af", "email": "john@example.com", "emailVerified": True,
    "givenName": "John", "familyName": "Doe", "phoneNumber": "+1 6305555555", "phoneNumberVerified": False,
    "address": {"streetAddress": "2007 saint julien ct", "locality": "mountain view", "region": "CA",
                "postalCode": "94043", "country": "US"},
}  # fmt: skip
"""The one person who can consent here."""

_SHOWN_FOR = {
    "openid": ("sub",), "email": ("email", "emailVerified"), "profile": ("givenName", "familyName"),
    "phone": ("phoneNumber", "phoneNumberVerified"), "address": ("address",),
}  # fmt: skip
"""Scope -> what it lets an app see."""


class IdentityTokens:
    """Signs with a key of its own, made when the first one is needed; another one after each start."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)

    def key_set(self) -> dict[str, Any]:
        """What stands at the jwks_uri."""
        public = json.loads(RSAAlgorithm.to_jwk(self._key.public_key()))
        return {"keys": [{**public, "kid": KEY_ID, "alg": "RS256", "use": "sig"}]}

    def sign(self, grant: Grant) -> str | None:
        """The id_token of a grant; None when the app did not ask for `openid`."""
        if "openid" not in grant.scope.split():
            return None
        now = int(self._clock.now().timestamp())
        claims = {
            "sub": PERSON["sub"], "aud": [grant.client_id], "realmid": grant.realm_id, "iss": ISSUER,
            "auth_time": int(grant.created_at.timestamp()), "iat": now, "exp": now + ID_TOKEN_SECONDS,
        }  # fmt: skip
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": KEY_ID})


def userinfo(grant: Grant) -> dict[str, Any]:
    """What the scopes of the grant let an app know of the person."""
    names = {name for scope in grant.scope.split() for name in _SHOWN_FOR.get(scope, ())}
    return {name: value for name, value in PERSON.items() if name in names}
