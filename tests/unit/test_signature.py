"""Stripe's signature: what it proves, and that nothing else passes; the probes of facts/stripe.md, section 1."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stripe import WebhookSignature

from crm.gateways.stripe_signature import NotFromStripe, verify

NOW = 1_795_300_000
SECRET = "whsec_for_unit_tests"
BODY = '{"id": "evt_1", "note": "Łukasz 👷"}'.encode()


def signed(body: bytes = BODY, secret: str = SECRET, at: int = NOW) -> str:
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def current(body: bytes = BODY, secret: str = SECRET, offset: int = 0) -> str:
    """Signed with the real clock, which the SDK reads for the age."""
    return signed(body, secret, int(time.time()) + offset)


def test_our_hmac_is_the_sdks():
    """The header that these tests make is the one that Stripe's own code makes."""
    made = WebhookSignature.generate_signature_header(BODY.decode(), SECRET, NOW)
    assert made == signed()


def test_what_stripe_signed_passes():
    """The right bytes, secret and time."""
    verify(BODY, current(), (SECRET,))


@pytest.mark.parametrize("secrets", [("whsec_other", SECRET), (SECRET, "whsec_other")])
def test_any_of_the_secrets_will_do(secrets: tuple[str, ...]):
    """During a rotation both are good, in either order."""
    verify(BODY, current(), secrets)


def test_several_signatures_in_one_header():
    """Stripe signs with each secret while one is rolled; v0 and unknown schemes are ignored."""
    first, second = current(secret="whsec_other"), current()
    verify(BODY, f"{first},{second.partition(',')[2]},v0=00,v9=11", (SECRET,))


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (lambda: None, "missing"),
        (lambda: "", "missing"),
        (lambda: "v1=00", "no timestamp"),
        (lambda: "t=soon,v1=00", "no timestamp"),
        (lambda: f"t={NOW}", "no secret fits"),
        (lambda: current().upper(), "no timestamp"),
        (lambda: current().replace(",", ", "), "no secret fits"),
        (lambda: current(secret="whsec_other"), "no secret fits"),
        (lambda: current(secret=""), "no secret fits"),
        (lambda: current(offset=-301), "older than 300"),
        (lambda: current(offset=302), "in the future"),
        (lambda: current(offset=86_400), "in the future"),
        (lambda: f"t={int(time.time())},v1=é", "no secret fits"),
        (lambda: "t=" + "9" * 40 + ",v1=00", "no timestamp"),
    ],
)
def test_what_proves_nothing_says_why(header: Callable[[], str | None], why: str):
    """Each refusal names its reason, for whoever sets this up."""
    with pytest.raises(NotFromStripe, match=why):
        verify(BODY, header(), (SECRET,))


def test_without_a_secret_nothing_passes():
    """No secret configured: also what was signed with the empty text is refused."""
    with pytest.raises(NotFromStripe, match="no webhook secret"):
        verify(BODY, current(secret=""), ())


@pytest.mark.parametrize("secret", ["", " "])
def test_a_blank_secret_passes_nothing(secret: str):
    """Should one ever get this far: what is signed with it is refused."""
    with pytest.raises(NotFromStripe):
        verify(BODY, current(secret=secret), (secret,))


@given(st.binary(max_size=60), st.text(max_size=60))
def test_no_input_is_an_error_of_ours(body: bytes, header: str):
    """Random bytes and headers are refused, whatever they hold."""
    with pytest.raises(NotFromStripe):
        verify(body, header, (SECRET,))


@given(st.binary(min_size=1, max_size=80))
def test_bytes_that_are_not_text_are_refused_even_signed(body: bytes):
    """A signed body passes exactly when it is UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        with pytest.raises(NotFromStripe, match="UTF-8"):
            verify(body, current(body), (SECRET,))
    else:
        verify(body, current(body), (SECRET,))
