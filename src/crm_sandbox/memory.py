"""Keeps a sandbox in its state file: restored at start, saved while it runs and when it ends.

What leaves the event loop cannot change any more, so a snapshot is never half of a change. What a big state costs
is bounded: saving takes at most a SHARE of the loop's time, and writing the file a WRITING_SHARE of the clock's.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from crm_sandbox.state_file import InUse, NotPlain, StateFile, Unreadable

SAVE_SECONDS = 1.0
SHARE = 0.05
"""Of the event loop's time, for snapshots: those of a big state come less often than SAVE_SECONDS."""
WRITING_SHARE = 0.2
"""Of the time, for putting the file together and writing it beside the loop, on the same processor."""
LOCK_SECONDS = 2.0
LOCK_POLL_SECONDS = 0.05
"""How long to wait for a sandbox that is just ending to let go of the file."""


class Remembered(Protocol):
    """What is kept."""

    def snapshot(self) -> dict[str, Any]:
        """Plain data and bulks, to be packed before anything else runs."""

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on from a snapshot; raises whatever a foreign one provokes."""

    def reset(self) -> None:
        """Back to the beginning."""

    def changes(self) -> int:
        """Another number whenever there may be something new to save."""


class Memory:
    """The saving of one sandbox. Use its methods in the sandbox's event loop."""

    def __init__(
        self, file: StateFile, remembered: Remembered, say: Callable[[str], None] | None = None
    ) -> None:
        self._file = file
        self._remembered = remembered
        self._say = say or _say
        self._saved_changes = -1
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._problem = ""
        self._pack_seconds = 0.0
        self._write_seconds = 0.0
        self._one_save_at_a_time = asyncio.Lock()

    async def open(self) -> None:
        """Restores what the file holds and begins to save.

        A file that another sandbox uses is left alone, and nothing is saved; an unreadable one is moved
        aside, and the sandbox starts empty. Both are said.
        """
        try:
            await self._take()
            kept = self._file.read()
            if kept is not None:
                self._restore(kept)
        except InUse:
            self._say(f"another sandbox keeps its state in {self._file.path}; this one will remember nothing")
            return
        except Unreadable as why:
            aside = self._file.set_aside()
            self._say(f"{self._file.path} is not restored: {why}. It is now {aside}; starting empty")
        except OSError as error:
            self._file.release()
            self._say(f"cannot keep state in {self._file.path}: {error}; this sandbox will remember nothing")
            return
        self._saved_changes = self._remembered.changes()
        self._task = asyncio.create_task(self._keep_saving(), name="save the sandbox's state")

    async def save(self) -> None:
        """Saves now, changed or not; when the disk refuses, says so once and leaves it to the next time."""
        if self._task is None:
            return
        async with self._one_save_at_a_time:  # an older state must not be written over a newer one
            changes = self._remembered.changes()
            try:
                started = time.perf_counter()
                payload = self._file.pack(self._remembered.snapshot())
                self._pack_seconds = time.perf_counter() - started
                await asyncio.to_thread(self._file.write, payload)
                self._write_seconds = time.perf_counter() - started - self._pack_seconds
            except (OSError, NotPlain) as error:
                if str(error) != self._problem:
                    self._problem = str(error)
                    self._say(f"cannot save to {self._file.path}: {error}; trying again")
                return
            self._problem = ""
            self._saved_changes = changes

    async def close(self) -> None:
        """Saves what is new and lets go of the file. Call it before anything of the state is stopped."""
        if self._task is None:
            return
        self._stopping.set()
        await self._task
        if self._remembered.changes() != self._saved_changes:
            await self.save()
        self._task = None
        self._file.release()

    async def _take(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                return self._file.take()
            except InUse:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(LOCK_POLL_SECONDS)

    def _restore(self, kept: dict[str, Any]) -> None:
        try:
            self._remembered.restore(kept)
        except Exception as error:  # the digest fits, so this is another layout under the same version
            self._remembered.reset()
            raise Unreadable(f"its layout is another one ({type(error).__name__}: {error})") from error

    async def _keep_saving(self) -> None:
        while True:
            pause = max(SAVE_SECONDS, self._pack_seconds / SHARE, self._write_seconds / WRITING_SHARE)
            try:
                await asyncio.wait_for(self._stopping.wait(), pause)
            except TimeoutError:
                if self._remembered.changes() != self._saved_changes:
                    await self.save()
            else:
                return


def _say(text: str) -> None:
    print(f"sandbox: {text}", file=sys.stderr, flush=True)
