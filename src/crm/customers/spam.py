"""Whether a message from a website's form is spam, and why; pure, so that the reasons can be told and tested."""

from __future__ import annotations

import re

LINKS_MAX = 2
# Nobody reads the questions, writes and sends within this time; a program does.
SECONDS_MIN = 2.0

_LINK = re.compile(r"https?://|www\.|\[url|<a\s", re.IGNORECASE)
_OFFERS = re.compile(
    r"\b(seo (services?|packages?|agency)|backlinks?|guest post|crypto(currency)? invest|rank(ing)? (on|your)"
    r"|web ?traffic|casino|viagra|loan offer)",
    re.IGNORECASE,
)


def why_spam(*, name: str, message: str, trap: str, seconds: float | None) -> str | None:
    """The reason in a sentence for whoever looks through it, or None. `trap` is the field that people do not see;
    `seconds` from showing the form to sending it, where that is known."""
    if trap.strip():
        return "A field that people cannot see was filled in."
    if seconds is not None and seconds < SECONDS_MIN:
        return f"It was sent {max(seconds, 0):.1f} seconds after the form was shown."
    if _LINK.search(name):
        return "The name holds a link."
    if len(_LINK.findall(message)) > LINKS_MAX:
        return f"The message holds more than {LINKS_MAX} links."
    if offer := _OFFERS.search(message):
        return f"The message offers “{offer.group(0).strip()}”."
    return None
