"""Intuit's grants and tokens: how long they live, when they change and what kills them.

Access tokens live an hour. A refresh token lives 100 days from its last use and five years at most; its
value changes when it is older than a day, and using an old value revokes the whole grant: that is how
Intuit punishes two processes that refresh at once.
"""

import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from crm_sandbox.clock import Clock

ACCESS_SECONDS = 3_600
REFRESH_SECONDS = 8_640_000
HARD_SECONDS = 157_680_000
CODE_SECONDS = 600
ROTATE_AFTER = timedelta(hours=24)
MAX_GRANTS = 10_000
MAX_CODES = 10_000
MAX_ACCESS_TOKENS = 100_000


class InvalidGrant(Exception):
    """The code or refresh token is no good; the text is Intuit's error_description."""


@dataclass
class Grant:
    """What one person allowed once: this client may act in this company."""

    client_id: str
    realm_id: str
    scope: str
    created_at: datetime
    refresh_token: str = ""
    refresh_token_since: datetime | None = None
    last_used_at: datetime | None = None
    old_refresh_tokens: set[str] = field(default_factory=set)
    revoked: bool = False

    def dies_at(self) -> datetime:
        """When the refresh token stops working if nobody uses it any more."""
        soft = (self.last_used_at or self.created_at) + timedelta(seconds=REFRESH_SECONDS)
        return min(soft, self.created_at + timedelta(seconds=HARD_SECONDS))


@dataclass(frozen=True)
class AccessToken:
    """A bearer token; it works until `expires_at` unless its grant is revoked before."""

    grant: Grant
    expires_at: datetime


@dataclass(frozen=True)
class Code:
    """An authorization code, good once until `expires_at`."""

    grant: Grant
    redirect_uri: str
    expires_at: datetime


class TokenStore:
    """All grants, codes and tokens of one sandbox."""

    def __init__(self, clock: Clock, *, rotate_always: bool = False) -> None:
        self._clock = clock
        self._rotate_always = rotate_always
        self._codes: OrderedDict[str, Code] = OrderedDict()
        self._used_codes: OrderedDict[str, Grant] = OrderedDict()
        self._by_refresh_token: dict[str, Grant] = {}
        self._access: OrderedDict[str, AccessToken] = OrderedDict()
        self.grants: list[Grant] = []

    def snapshot(self) -> dict[str, Any]:
        """Everything that was ever given and is still known, as plain data."""
        return {
            "codes": self._codes,
            "used_codes": self._used_codes,
            "by_refresh_token": self._by_refresh_token,
            "access": self._access,
            "grants": self.grants,
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Knows what a snapshot knew. Raises KeyError for what it lacks."""
        self._codes, self._used_codes = kept["codes"], kept["used_codes"]
        self._by_refresh_token, self._access = kept["by_refresh_token"], kept["access"]
        self.grants = kept["grants"]

    def authorize(self, client_id: str, realm_id: str, scope: str, redirect_uri: str) -> str:
        """The person said yes: returns the authorization code."""
        now = self._clock.now()
        code = "AB1" + secrets.token_urlsafe(36)
        grant = Grant(client_id, realm_id, scope, now)
        self._codes[code] = Code(grant, redirect_uri, now + timedelta(seconds=CODE_SECONDS))
        _trim(self._codes, MAX_CODES)
        return code

    def exchange(self, code: str, client_id: str, redirect_uri: str) -> tuple[str, Grant]:
        """Code to tokens, once: a second time revokes what the first gave. Raises InvalidGrant."""
        if code in self._used_codes:
            self.revoke(self._used_codes[code])
            raise InvalidGrant("Invalid authorization code")
        found = self._codes.pop(code, None)
        if found is None or found.grant.client_id != client_id or found.expires_at <= self._clock.now():
            raise InvalidGrant("Invalid authorization code")
        if found.redirect_uri != redirect_uri:
            raise InvalidGrant("Invalid redirect_uri")
        self._used_codes[code] = found.grant
        _trim(self._used_codes, MAX_CODES)
        self.grants.append(found.grant)
        del self.grants[:-MAX_GRANTS]
        self._give_refresh_token(found.grant)
        return self._give_access_token(found.grant), found.grant

    def refresh(self, refresh_token: str, client_id: str) -> tuple[str, Grant]:
        """Refresh token to a new access token, and sometimes a new refresh token. Raises InvalidGrant."""
        if refresh_token in self._access:
            raise InvalidGrant("Incorrect Token type or clientID")
        grant = self._by_refresh_token.get(refresh_token)
        if grant is None:
            raise InvalidGrant("Incorrect or invalid refresh token")
        if grant.client_id != client_id:
            raise InvalidGrant("Incorrect Token type or clientID")
        if grant.revoked or grant.dies_at() <= self._clock.now():
            raise InvalidGrant("Token invalid")
        if refresh_token in grant.old_refresh_tokens:
            self.revoke(grant)
            raise InvalidGrant("Token invalid")
        now = self._clock.now()
        assert grant.refresh_token_since is not None
        if self._rotate_always or now - grant.refresh_token_since >= ROTATE_AFTER:
            grant.old_refresh_tokens.add(grant.refresh_token)
            self._give_refresh_token(grant)
        grant.last_used_at = now
        return self._give_access_token(grant), grant

    def check(self, access_token: str) -> Grant | None:
        """The grant of a live access token; None when it is unknown, expired or revoked."""
        found = self._access.get(access_token)
        if found is None or found.grant.revoked or found.expires_at <= self._clock.now():
            return None
        return found.grant

    def revoke_token(self, token: str, client_id: str) -> bool:
        """Ends the grant that an access or refresh token belongs to; False when there is none."""
        access = self._access.get(token)
        grant = access.grant if access else self._by_refresh_token.get(token)
        if grant is None or grant.client_id != client_id or grant.revoked:
            return False
        self.revoke(grant)
        return True

    def revoke(self, grant: Grant) -> None:
        """Ends a grant: none of its tokens works any more."""
        grant.revoked = True

    def revoke_realm(self, realm_id: str | None) -> int:
        """Ends all grants of a company (None: of all), as if its owner had disconnected the app; how many."""
        live = [g for g in self.grants if not g.revoked and realm_id in (None, g.realm_id)]
        for grant in live:
            self.revoke(grant)
        return len(live)

    def expire_access_tokens(self, realm_id: str | None = None) -> int:
        """Ends the access tokens of a company (None: of all) now; refresh tokens go on. How many."""
        now, count = self._clock.now(), 0
        for value, token in list(self._access.items()):
            if token.expires_at > now and realm_id in (None, token.grant.realm_id):
                self._access[value] = AccessToken(token.grant, now)
                count += 1
        return count

    def seconds_left(self, grant: Grant) -> tuple[int, int]:
        """Seconds until the refresh token dies unused, and until its hard end five years after consent."""
        now = self._clock.now()
        hard = grant.created_at + timedelta(seconds=HARD_SECONDS) - now
        return ceil((grant.dies_at() - now).total_seconds()), ceil(hard.total_seconds())

    def _give_refresh_token(self, grant: Grant) -> None:
        grant.refresh_token = "RT1-" + secrets.token_urlsafe(32)
        grant.refresh_token_since = grant.last_used_at = self._clock.now()
        self._by_refresh_token[grant.refresh_token] = grant

    def _give_access_token(self, grant: Grant) -> str:
        token = "eyJhbGciOiJkaXIi" + secrets.token_urlsafe(48)
        self._access[token] = AccessToken(grant, self._clock.now() + timedelta(seconds=ACCESS_SECONDS))
        _trim(self._access, MAX_ACCESS_TOKENS)
        return token


def _trim(kept: OrderedDict[str, object] | OrderedDict[str, "Code"] | OrderedDict[str, Grant]
          | OrderedDict[str, AccessToken], maximum: int) -> None:  # fmt: skip
    while len(kept) > maximum:
        kept.popitem(last=False)
