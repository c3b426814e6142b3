"""The measurements run, their effects are checked, and they say figures; how fast this machine is, no test claims."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 300  # each takes half a minute; the machine may be busy
pytestmark = pytest.mark.timeout(SECONDS_MAX + 60)


def _bench(name: str, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def _figure(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])


def test_every_event_the_webhook_acknowledged_took_its_whole_effect():
    """A short run of the webhook's measurement finds payment, entry, event and job for each 200, and prints rates."""
    status, said = _bench("webhook", "--seconds", "0.3", "--rounds", "1", "--without-dj-stripe")
    assert status == 0, said
    assert _figure(r"ours acknowledged (\d+) events and refused 0; every one took its whole effect", said) > 0
    for name in ("ours", "minimal", "pgbench"):
        assert _figure(rf"(?m)^{name} +(\d+) ", said) > 0
    assert _figure(r"against minimal: ([\d.]+) times", said) > 0
    assert "dj-stripe: left out as asked" in said


def test_each_deposit_costs_two_writes_and_no_read_outside():
    """A short run of the pipeline's measurement books each deposit once, with one invoice and one payment sent."""
    status, said = _bench("pipeline", "--companies", "2", "--rate", "4", "--deposits", "4")
    assert status == 0, said
    assert "every deposit stands in the books once" in said
    assert _figure(r"write invoice +([\d.]+)", said) == 1
    assert _figure(r"write payment +([\d.]+)", said) == 1
    assert _figure(r"writes ([\d.]+) ", said) == 2
    assert _figure(r", reads ([\d.]+) ", said) == 0
    assert _figure(r"commit to invoice request +([\d.]+)", said) > 0


def test_memory_and_start_are_measured_on_the_real_processes():
    """A short run prints what API and worker hold and when the server is ready; beyond a limit its status says so."""
    status, said = _bench("memory", "--companies", "1", "--deposits", "2", "--burst", "200", "--starts", "1")
    over = "over the limit" in said
    assert status == int(over), said
    for name in ("API, resident", "worker, resident", "start to ready, median"):
        assert _figure(rf"{name} +([\d.]+)", said) > 0


def test_a_scrape_tells_of_every_stored_payment():
    """A short run of the scrape's measurement finds all payments told, and those that wait; beyond its limit its
    status says so."""
    status, said = _bench("scrape", "--payments", "400", "--orgs", "2")
    assert status == int("over 50 ms" in said), said
    assert "400 payments in 2 orgs; all of them told" in said
    assert _figure(r"median of the next 30 +([\d.]+) ms", said) > 0


def test_the_simulators_are_measured_beside_a_bare_application():
    """A short run prints each request's time and ratio, memory, the pause of a save, and finds the books again after a restart."""
    status, said = _bench("sandbox", "--documents", "2000", "--payments", "20", "--times", "10")
    over = "over the limit: " in said
    assert status == int(over), said
    assert "other ones" not in said
    for name in ("session create", "create invoice, 3 lines", "query by DocNumber", "token refresh"):
        assert _figure(rf"(?m)^{name} +([\d.]+)", said) > 0
    assert _figure(r"2,000 documents in HTTP batches of 30: \d+ s, (\d+) MB resident", said) < 500
    assert _figure(r"longest answer ([\d.]+) ms", said) > 0
    assert _figure(r"started from that file in ([\d.]+) s", said) > 0
