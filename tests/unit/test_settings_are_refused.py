"""A setting that cannot be is said in a line that names it, and no secret stands in that line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LIVE_KEY = "sk_live_" + "0123456789" * 4


@pytest.mark.parametrize(
    ("command", "environment", "said"),
    [
        ("sandbox", {"SANDBOX_PORT": "eighty"}, "SANDBOX_PORT: Input should be a valid integer"),
        (
            "database-url",
            {"CRM_ENV": "production", "STRIPE_SECRET_KEY": LIVE_KEY},
            "STRIPE_WEBHOOK_SECRET is missing: with a live key or in production",
        ),
    ],
)
def test_a_wrong_setting_is_said_in_a_line(
    tmp_path: Path, command: str, environment: dict[str, str], said: str
) -> None:
    """The command ends with status 2 and the sentence: no traceback, and nothing of the values that were given."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("crm")), command],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith(said)
    assert "Traceback" not in done.stderr
    assert LIVE_KEY[-10:] not in done.stderr
