"""The official Stripe CLI, unmodified, for the tests that hold the simulator against it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

OWN = Path(__file__).resolve().parents[1] / "var" / "tools" / "stripe-cli" / "stripe"
SECONDS_MAX = 60


@dataclass(frozen=True)
class StripeCli:
    """The program, with a home of its own: no settings and no key of whoever runs the tests."""

    program: str
    home: Path

    def run(self, api_base: str, api_key: str, *words: str) -> str:
        """What it prints; it must end with status 0."""
        done = subprocess.run(
            [self.program, *words, "--api-base", api_base, "--api-key", api_key],
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def stripe_cli(tmp_path: Path) -> StripeCli:
    """STRIPE_CLI, else the one that `make test` sets up, else one on PATH; CRM_REQUIRE_STRIPE_CLI=1 wants one."""
    found = os.environ.get("STRIPE_CLI") or (str(OWN) if OWN.exists() else shutil.which("stripe"))
    if found is None:
        missing = "no Stripe CLI: run `scripts/setup_stripe_cli`, or say where it is with STRIPE_CLI=/path/to/stripe"
        if os.environ.get("CRM_REQUIRE_STRIPE_CLI") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    home = tmp_path / "home"
    home.mkdir()
    return StripeCli(found, home)
