"""Runs child processes: restarts one that died, ends all of them in time, and leaves no orphan behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crm.kit.parent_death import end_with_parent

STOP_SECONDS = 8.0
BACKOFF_SECONDS_MIN = 0.2
BACKOFF_SECONDS_MAX = 5.0
# A child that lived this long was well: its next restart is a fast one again.
HEALTHY_SECONDS = 10.0
LINE_BYTES_MAX = 64 * 1024
# How long a child's last output may take to arrive after its end.
LAST_WORDS_SECONDS = 1.0
NOT_STARTED = 127  # as a shell says it


@dataclass(frozen=True)
class Child:
    """What to run. A `critical` child is not restarted: its end is the end of the whole."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    critical: bool = False


@dataclass
class _Running:
    child: Child
    keeper: asyncio.Task[None] | None = None
    process: asyncio.subprocess.Process | None = None
    ends: int = 0
    last_status: int | None = None


class Supervisor:
    """Starts children and keeps them running until `stop`. Use it in the main thread's event loop.

    Each child leads a process group of its own, so Ctrl-C reaches us first and what a child started ends
    with it. On Linux the kernel ends the children when we are killed.
    """

    def __init__(self, *, stop_seconds: float = STOP_SECONDS) -> None:
        self._stop_seconds = stop_seconds
        self._running: dict[str, _Running] = {}
        self._stopping = asyncio.Event()
        self._critical_status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def start(self, child: Child) -> None:
        """Starts `child` and keeps it running. Raises ValueError when its name is taken."""
        if child.name in self._running:
            raise ValueError(f"there is a child called {child.name} already")
        running = _Running(child)
        running.keeper = asyncio.create_task(self._keep(running), name=f"keep {child.name}")
        self._running[child.name] = running

    async def stop(self) -> None:
        """Asks all children to end (SIGTERM) and kills those that have not after `stop_seconds`."""
        self._stopping.set()
        keepers = [r.keeper for r in self._running.values() if r.keeper]
        for running in self._running.values():
            if running.process and running.process.returncode is None:
                with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
                    running.process.terminate()
            elif running.keeper:
                running.keeper.cancel()  # it waits for its next start
        if not keepers:
            return
        _, late = await asyncio.wait(keepers, timeout=self._stop_seconds)
        for running in self._running.values():
            if running.keeper in late and running.process:
                _say(f"{running.child.name} did not end within {self._stop_seconds:g} s: killed")
                _kill_group(running.process.pid)
        if late:
            await asyncio.wait(late)

    async def critical_ended(self) -> int:
        """Waits for a critical child to end and returns its exit status (128 + n for signal n)."""
        return await asyncio.shield(self._critical_status)

    def ends(self, name: str) -> int:
        """How often the child ended so far without being asked to."""
        return self._running[name].ends

    def last_status(self, name: str) -> int | None:
        """The exit status of the child's last end, 128 + n for signal n; None when it never ended."""
        return self._running[name].last_status

    def pid(self, name: str) -> int | None:
        """The process id of the child, None between two starts."""
        process = self._running[name].process
        return process.pid if process and process.returncode is None else None

    async def _keep(self, running: _Running) -> None:
        clock = asyncio.get_running_loop().time
        backoff = BACKOFF_SECONDS_MIN
        while not self._stopping.is_set():
            started = clock()
            status = await self._run_once(running)
            running.last_status = status
            if self._stopping.is_set():
                return
            running.ends += 1
            if running.child.critical:
                if not self._critical_status.done():
                    self._critical_status.set_result(status)
                return
            if clock() - started >= HEALTHY_SECONDS:
                backoff = BACKOFF_SECONDS_MIN
            _say(f"{running.child.name} ended with status {status}; starting it again in {backoff:g} s")
            await asyncio.sleep(backoff)
            backoff = next_backoff(backoff)

    async def _run_once(self, running: _Running) -> int:
        child = running.child
        output, input_of_child = os.pipe()
        printing = asyncio.create_task(_print_lines(child.name, output))
        try:
            process = await asyncio.create_subprocess_exec(
                *child.command,
                env={**os.environ, **child.env},
                stdin=asyncio.subprocess.DEVNULL,
                # A pipe of our own: with asyncio's, wait() would also wait for whoever inherited its end.
                stdout=input_of_child,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),
            )
        except OSError as error:
            _say(f"{child.name} could not be started: {error}")
            return NOT_STARTED
        finally:
            os.close(input_of_child)
        running.process = process
        if self._stopping.is_set():  # asked to stop while it was being made
            process.terminate()
        status = await process.wait()
        _kill_group(process.pid)  # what it left behind would hold its port
        await asyncio.wait([printing], timeout=LAST_WORDS_SECONDS)
        printing.cancel()
        return status if status >= 0 else 128 - status


def next_backoff(seconds: float) -> float:
    """The wait after this one: doubled, at most BACKOFF_SECONDS_MAX."""
    return min(seconds * 2, BACKOFF_SECONDS_MAX)


async def _print_lines(name: str, descriptor: int) -> None:
    """Passes a child's output on, line by line behind its name; an endless line is cut into pieces."""
    stream = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", buffering=0)
    )
    prefix = f"{name:<8}| ".encode()
    rest = b""
    try:
        while piece := await stream.read(LINE_BYTES_MAX):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) >= LINE_BYTES_MAX:
                lines.append(rest)
                rest = b""
            _write(b"".join(prefix + line + b"\n" for line in lines))
        if rest:
            _write(prefix + rest + b"\n")
    finally:
        transport.close()


def _say(text: str) -> None:
    _write(f"{text}\n".encode())


def _write(data: bytes) -> None:
    """Writes to our own output; when nobody reads it any more (`make run | head`), the work goes on."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(
        ProcessLookupError, PermissionError
    ):  # nobody left (macOS says EPERM for zombies)
        os.killpg(pid, signal.SIGKILL)
