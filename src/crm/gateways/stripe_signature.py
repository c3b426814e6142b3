"""Proves that bytes came from Stripe: the SDK's check, closed where the SDK leaves a door open."""

from __future__ import annotations

import re
import time

from stripe import SignatureVerificationError, WebhookSignature

TOLERANCE_SECONDS = 300
_TIMESTAMP = re.compile(r"(?:^|,)t=(\d{1,12})(?:,|$)")


class NotFromStripe(Exception):
    """The signature does not fit; the text says why, for the log and for whoever sets this up."""


def verify(body: bytes, header: str | None, secrets: tuple[str, ...], *, now: float | None = None) -> None:
    """Raises NotFromStripe unless one of `secrets` signed exactly these bytes within the last 300 s.

    Beyond the SDK (facts/stripe.md, section 1): several secrets for rotation, timestamps more than 300 s
    ahead refused, and bodies or headers that make the SDK raise TypeError or UnicodeDecodeError are a plain no.
    """
    if not secrets:
        raise NotFromStripe("no webhook secret is configured")
    if not header:
        raise NotFromStripe("the Stripe-Signature header is missing")
    stamp = _TIMESTAMP.search(header)
    if stamp is None:
        raise NotFromStripe("the Stripe-Signature header has no timestamp")
    if int(stamp[1]) > (now or time.time()) + TOLERANCE_SECONDS:
        raise NotFromStripe("the timestamp lies in the future; is this machine's clock right?")
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise NotFromStripe("the body is not UTF-8") from None
    why = "no secret fits"
    for secret in secrets:
        try:
            WebhookSignature.verify_header(text, header, secret, TOLERANCE_SECONDS)
        except (SignatureVerificationError, TypeError, ValueError) as error:
            if "outside the tolerance" in str(error):
                why = "the timestamp is older than 300 seconds"
            continue
        return
    raise NotFromStripe(why)
