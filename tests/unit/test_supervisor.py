"""Children are restarted when they die, ended in time when asked, and never outlive their supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from crm.kit.supervisor import (
    BACKOFF_SECONDS_MAX,
    LINE_BYTES_MAX,
    NOT_STARTED,
    Child,
    Supervisor,
    next_backoff,
)

FOREVER = "import time\nwhile True: time.sleep(1)"

# A child that refuses SIGTERM and has started a grandchild, whose process id it tells.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(str(grandchild.pid))
time.sleep(60)
"""

SUPERVISE = """
import asyncio, sys
from crm.kit.supervisor import Child, Supervisor
async def main():
    supervisor = Supervisor()
    supervisor.start(Child("a", [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]))
    while supervisor.pid("a") is None:
        await asyncio.sleep(0.01)
    print("pid", supervisor.pid("a"), flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
async def supervisor() -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(stop_seconds=0.5)
    yield supervisor
    await supervisor.stop()


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", code, *arguments]


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_a_killed_child_comes_back(supervisor: Supervisor) -> None:
    """kill -9 of a child: another one with the same name runs within a second, and the end is counted."""
    supervisor.start(Child("api", python(FOREVER)))
    await until(lambda: supervisor.pid("api"))
    first = supervisor.pid("api")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pid("api") not in {None, first}, seconds=2)
    assert supervisor.ends("api") == 1
    assert supervisor.last_status("api") == 128 + signal.SIGKILL


async def test_a_polite_child_ends_at_once() -> None:
    """A child that obeys SIGTERM costs the stop no waiting, and it is not started again."""
    supervisor = Supervisor(stop_seconds=30)
    supervisor.start(Child("api", python(FOREVER)))
    await until(lambda: supervisor.pid("api"))
    started = time.monotonic()
    await supervisor.stop()
    assert time.monotonic() - started < 5
    assert supervisor.pid("api") is None


async def test_a_stubborn_child_is_killed_with_what_it_started(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """Who ignores SIGTERM is killed when the time is over, and its own children with it."""
    told = tmp_path / "grandchild"
    supervisor.start(Child("api", python(STUBBORN, str(told))))
    await until(lambda: told.exists() and told.read_text())
    grandchild = int(told.read_text())
    await supervisor.stop()
    assert supervisor.pid("api") is None
    assert supervisor.last_status("api") == 128 + signal.SIGKILL
    await until(lambda: gone(grandchild))


async def test_a_child_that_died_leaves_no_grandchild_on_its_port(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """When a child is killed, what it had started ends too, so that its successor finds the port free."""
    told = tmp_path / "grandchild"
    supervisor.start(Child("sandbox", python(STUBBORN, str(told))))
    await until(lambda: told.exists() and told.read_text())
    grandchild, child = int(told.read_text()), supervisor.pid("sandbox")
    assert child is not None
    os.kill(child, signal.SIGKILL)
    await until(lambda: gone(grandchild))


async def test_the_end_of_a_critical_child_is_the_end_of_the_whole(supervisor: Supervisor) -> None:
    """Its exit status is handed on and it is not started again."""
    supervisor.start(Child("demo", python("raise SystemExit(7)"), critical=True))
    assert await asyncio.wait_for(supervisor.critical_ended(), 10) == 7
    await asyncio.sleep(0.4)
    assert supervisor.ends("demo") == 1


async def test_a_command_that_does_not_exist_is_told_and_tried_again(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    """A missing program neither ends the supervisor nor passes in silence."""
    supervisor.start(Child("api", ["/nowhere/api"]))
    await until(lambda: supervisor.ends("api") >= 2)
    assert supervisor.last_status("api") == NOT_STARTED
    assert "/nowhere/api" in capfd.readouterr().out


async def test_output_is_passed_on_behind_the_childs_name(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every line, of both streams, says whose it is; a line without end is cut rather than kept."""
    code = f"""
import sys
print("out"); print("err", file=sys.stderr); sys.stdout.write("x" * {LINE_BYTES_MAX * 3}); sys.exit(0)
"""
    supervisor.start(Child("api", python(code), critical=True))
    await asyncio.wait_for(supervisor.critical_ended(), 10)
    lines = capfd.readouterr().out.splitlines()
    assert all(line.startswith("api     | ") for line in lines)
    texts = [line.removeprefix("api     | ") for line in lines]
    assert {"out", "err"} <= set(texts)
    assert max(map(len, texts)) <= 2 * LINE_BYTES_MAX
    assert sum(map(len, texts)) == LINE_BYTES_MAX * 3 + len("outerr")


async def test_children_see_our_environment_and_their_own(
    supervisor: Supervisor, capfd: pytest.CaptureFixture[str]
) -> None:
    """A child's own values come on top of ours."""
    code = "import os; print('PATH' in os.environ, os.environ['PORT'])"
    supervisor.start(Child("api", python(code), {"PORT": "1234"}, critical=True))
    await asyncio.wait_for(supervisor.critical_ended(), 10)
    assert "True 1234" in capfd.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_killing_the_supervisor_ends_its_children() -> None:
    """kill -9 of the supervisor leaves no orphan."""
    with subprocess.Popen(python(SUPERVISE), stdout=subprocess.PIPE, text=True) as supervising:
        assert supervising.stdout is not None
        child = next(int(line.split()[1]) for line in supervising.stdout if line.startswith("pid"))
        supervising.kill()
    deadline = time.monotonic() + 5
    while not gone(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert gone(child)


def test_restarts_wait_longer_each_time_up_to_a_limit() -> None:
    """The wait doubles and stays at its maximum."""
    waits = [0.2]
    while waits[-1] < BACKOFF_SECONDS_MAX:
        waits.append(next_backoff(waits[-1]))
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0]
    assert next_backoff(waits[-1]) == BACKOFF_SECONDS_MAX


def gone(pid: int) -> bool:
    """Not there, or a zombie that only waits to be collected by whoever adopted it."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
