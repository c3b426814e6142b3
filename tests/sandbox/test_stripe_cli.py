"""The official Stripe CLI, unmodified, works against the simulator."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.sandbox.stripe_world import KEY, StripeWorld, world

__all__ = ["world"]

CLI = os.environ.get("STRIPE_CLI") or shutil.which("stripe")
VERSION_OF_ITS_FIXTURES = "2026-08-26.dahlia"
"""The CLI's built-in fixtures still send `payment_method_types`, which endive refuses."""

pytestmark = pytest.mark.skipif(
    CLI is None, reason="the Stripe CLI is not on this machine (npm install @stripe/cli; STRIPE_CLI=its path)"
)


def run(world: StripeWorld, home: Path, *words: str) -> str:
    command = [str(CLI), *words, "--api-base", world.base_url, "--api-key", KEY]
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "event",
    ["checkout.session.completed", "payment_intent.succeeded", "charge.refunded", "charge.dispute.created"],
)
def test_trigger_brings_its_event(world: StripeWorld, tmp_path: Path, event: str) -> None:
    """`stripe trigger` runs its fixtures to the end, and the event that it promises arrives."""
    run(world, tmp_path, "trigger", event, "--api-version", VERSION_OF_ITS_FIXTURES)
    if event == "charge.dispute.created":
        world.clock.advance(1)
    world.receiver.wait_for(event)


def test_get_shows_what_is_there(world: StripeWorld, tmp_path: Path) -> None:
    """`stripe get` reads an object that stripe-python made."""
    session = world.new_session()
    assert session.id in run(world, tmp_path, "get", f"/v1/checkout/sessions/{session.id}")
