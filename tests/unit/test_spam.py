"""What a website's form takes for spam, and what not."""

from __future__ import annotations

import pytest

from crm.customers.spam import why_spam


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"trap": "https://x.example"}, "cannot see"),
        ({"seconds": 0.4}, "0.4 seconds"),
        ({"seconds": -30.0}, "0.0 seconds"),
        ({"name": "Win www.prizes.example"}, "name holds a link"),
        ({"message": "http://a http://b [url=c]"}, "more than 2 links"),
        ({"message": "We sell SEO services and backlinks"}, "SEO services"),
    ],
)
def test_spam_is_told_apart_with_a_reason(sent: dict, words: str):
    """Each sign is enough, and the office can read which it was."""
    reason = why_spam(**{"name": "Jo", "message": "", "trap": "", "seconds": None} | sent)
    assert reason is not None
    assert words in reason


@pytest.mark.parametrize(
    "message",
    [
        "Leak over the kitchen. Photos: https://photos.example/1 and https://photos.example/2",
        "My roof is 20 years old; the casing of the chimney is loose.",
        "¿Pueden venir el martes? Techo de 14 cuadros.",
        "",
    ],
)
def test_people_are_not_taken_for_spam(message: str):
    """What homeowners write goes into the pipeline, with a link or two and at an ordinary pace."""
    assert why_spam(name="María-José O'Brien", message=message, trap="", seconds=25.0) is None
