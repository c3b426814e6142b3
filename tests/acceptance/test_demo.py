"""`crm demo --once` as a person runs it: on a fresh folder, again, after dev mode, and after something was removed."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from crm.kit import embedded_postgres

END_SECONDS_MAX = 120.0  # each takes a few seconds; the machine may be busy
pytestmark = pytest.mark.timeout(5 * END_SECONDS_MAX)


class Place:
    """A folder and three ports of one test's own, and what runs there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        ports = dict(zip(("PORT", "PORTAL_PORT", "SANDBOX_PORT"), _free_ports(3), strict=True))
        self.api = f"http://localhost:{ports['PORT']}"
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = {**keep, **ports, "CRM_DATA_DIR": str(self.data), "PYTHONUNBUFFERED": "1"}

    def demo(self) -> tuple[int, str]:
        """The exit status of the whole and all that it said."""
        ended = subprocess.run(
            [*_CRM, "demo", "--once"],
            env=self.environment,
            cwd=self.folder,  # not the repository: a developer's .env must not count
            capture_output=True,
            text=True,
            timeout=END_SECONDS_MAX,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def run_meanwhile(self, *events: dict[str, object]) -> None:
        """Starts `crm run`, tells its webhook these events unsigned, and ends it with SIGTERM."""
        log = self.folder / "run.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [*_CRM, "run"], env=self.environment, cwd=self.folder, stdout=output, stderr=output
            )
        try:
            deadline = time.monotonic() + END_SECONDS_MAX
            while f"ready {self.api}" not in log.read_text():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            for event in events:
                answer = httpx2.post(f"{self.api}/payments/webhook", json=event)
                assert answer.json() == {"received": True}
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(15) == 0

    def processes(self) -> list[str]:
        """The command lines of all processes that have to do with this folder."""
        found = []
        for process in psutil.process_iter():
            try:
                mine = process.environ().get("CRM_DATA_DIR") == str(self.data)
                command = " ".join(process.cmdline())
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue  # ended meanwhile, or another account's
            if mine or str(self.data) in command:
                found.append(command)
        return found


@pytest.fixture
def place() -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="crm-demo-"))
    folder.chmod(0o755)  # as root the database runs as another account, which must get through
    try:
        yield Place(folder)
    finally:
        subprocess.run(
            [sys.executable, "-m", embedded_postgres.__name__, "remove", str(folder / "data")], check=True
        )
        shutil.rmtree(folder)


def test_the_demo_can_be_told_again(place: Place):
    """Both tellings end well and leave no process; without the simulators' memory the third says what is wrong."""
    status, said = place.demo()
    assert status == 0, said
    assert "Stripe $4,725.00, ours $4,725.00, QuickBooks $4,725.00: unexplained $0.00" in said
    assert place.processes() == []
    status, said = place.demo()
    assert status == 0, said
    assert "connected already" in said
    assert "paid already, in an earlier telling" in said
    assert "Stripe $4,725.00, ours $4,725.00, QuickBooks $4,725.00: unexplained $0.00" in said
    assert place.processes() == []
    (place.data / "sandbox.state").unlink()
    status, said = place.demo()
    assert status == 1
    assert "FAILED at step 2" in said
    assert "the simulators do not know Stripe's payment pi_" in said
    assert "`make clean` starts both afresh" in said
    assert place.processes() == []


def test_the_demo_after_dev_mode(place: Place):
    """A payment simulated before is booked and told apart from Stripe's, and the story's own one is made."""
    place.run_meanwhile(_paid(proposal_id=9, amount_cents=450_000))
    status, said = place.demo()
    assert status == 0, said
    assert (
        "Stripe $4,725.00 plus $4,500.00 simulated in dev mode, not at Stripe, ours $9,225.00, "
        "QuickBooks $9,225.00: unexplained $0.00"
    ) in said
    assert place.processes() == []


_CRM = (sys.executable, "-m", "crm.cli")


def _paid(*, proposal_id: int, amount_cents: int) -> dict[str, object]:
    """The seeds' hand-written event."""
    session = {
        "id": f"cs_test_mock_{proposal_id}_1",
        "amount_total": amount_cents,
        "payment_status": "paid",
        "metadata": {"org_id": "1", "proposal_id": str(proposal_id)},
    }
    return {"type": "checkout.session.completed", "data": {"object": session}}


def _free_ports(count: int) -> list[str]:
    trials = [socket.socket() for _ in range(count)]
    try:
        for trial in trials:
            trial.bind(("127.0.0.1", 0))
        return [str(trial.getsockname()[1]) for trial in trials]
    finally:
        for trial in trials:
            trial.close()
