"""docs/webhooks.md says what the code does: its verifier verifies, its list of types and waits is the code's."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from crm.outgoing.schedule import WAITS
from crm.outgoing.signature import new_secret, signed_headers
from crm.outgoing.staging import NAMES, TYPES

TEXT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()


def test_the_verifier_to_copy_takes_ours_and_nothing_else():
    """Run as it stands there: our signature passes; another body, secret or an old time does not."""
    code = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert code is not None
    copied: dict[str, Any] = {}
    exec(code[1], copied)  # noqa: S102 - our own page
    secret, body, now = new_secret(), b'{"type":"test"}', int(time.time())
    headers = signed_headers("evt_1", now, body, [new_secret(), secret])
    assert copied["verified"](headers, body, secret)
    assert not copied["verified"](headers, body + b" ", secret)
    assert not copied["verified"](headers, body, new_secret())
    assert not copied["verified"](signed_headers("evt_1", now - 600, body, [secret]), body, secret)


def test_types_details_and_waits_are_those_of_the_code():
    """The table names each type with its details, the list each wait."""
    rows = dict(re.findall(r"^\| `([a-z]+\.[a-z]+)` \|.*\| (.*?) ?\|$", TEXT, re.MULTILINE))
    assert set(rows) == set(NAMES)
    for name, details in TYPES.values():
        assert tuple(re.findall(r"`(\w+)`", rows[name])) == details
    units = {"s": 1, "min": 60, "h": 3_600}
    (told,) = re.findall(r"^- Again after (.*?);", TEXT, re.MULTILINE)
    seconds = [int(number) * units[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", told)]
    assert seconds == [wait.total_seconds() for wait in WAITS]
