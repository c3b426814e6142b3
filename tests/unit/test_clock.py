"""The one clock: whoever asks for the time is told the same, and what is signed ends by it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from crm.accounting import oauth_state
from crm.identity import tokens
from crm.identity.tokens import Claims
from crm.kit import clock
from crm.kit.encryption import derive_key
from crm.kit.errors import BadRequest, Unauthenticated

SECRETS = ("0123456789abcdef0123456789abcdef",)
NEXT_YEAR = datetime.now(UTC) + timedelta(days=400)


def test_the_clock_can_be_followed_and_goes_back_to_the_machines():
    """Inside `follow` it is the given time, the inner one winning; outside it is the machine's again."""
    with clock.follow(lambda: NEXT_YEAR):
        with clock.follow(lambda: NEXT_YEAR + timedelta(days=1)):
            assert clock.now() == NEXT_YEAR + timedelta(days=1)
        assert clock.now() == NEXT_YEAR
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


@pytest.mark.parametrize("ahead", [timedelta(), timedelta(days=400), timedelta(days=-400)])
def test_a_session_ends_by_our_clock(ahead: timedelta):
    """Twelve hours after its beginning, whatever the machine's clock says."""
    begun = datetime.now(UTC) + ahead
    claims = Claims(3, 1, "owner", 1)
    with clock.follow(lambda: begun):
        token = tokens.issue(claims, SECRETS, clock.now())
        assert tokens.read(token, SECRETS) == claims
    with clock.follow(lambda: begun + timedelta(hours=tokens.HOURS, seconds=1)):
        with pytest.raises(Unauthenticated) as refused:
            tokens.read(token, SECRETS)
        assert refused.value.kind == "session-ended"


def test_a_consent_ends_by_our_clock():
    """The state of a consent is good for ten minutes of our clock."""
    claims = {"org": 1, "sub": "3", "nonce": "n", "exp": NEXT_YEAR}
    state = jwt.encode(claims, derive_key(SECRETS[0], oauth_state.PURPOSE), algorithm=oauth_state.ALGORITHM)
    with clock.follow(lambda: NEXT_YEAR - timedelta(seconds=1)):
        assert oauth_state.read(state, SECRETS) == oauth_state.Began(1, 3, "n")
    with clock.follow(lambda: NEXT_YEAR + timedelta(seconds=1)), pytest.raises(BadRequest) as refused:
        oauth_state.read(state, SECRETS)
    assert refused.value.kind == "oauth-state-expired"
