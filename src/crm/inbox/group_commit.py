"""Commits what arrives together, together: one transaction for all that came while the last one ran.

Self-clocking, without a timer (facts/engines.md C4: a fixed linger is slower, this is not): alone, an item
waits for nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

BATCH_MAX = 64
WAITING_MAX = 5_000


class Overloaded(Exception):
    """More is waiting than this process will hold; the sender is asked to come again."""


class GroupCommit(Generic[Item]):
    """`submit(item)` returns when the batch with the item is committed, and raises what became of it.

    `commit_batch` gets 1 to BATCH_MAX items and returns for each None or the exception for its sender.
    """

    def __init__(self, commit_batch: Callable[[list[Item]], Awaitable[list[Exception | None]]]) -> None:
        self._commit_batch = commit_batch
        self._waiting: list[tuple[Item, asyncio.Future[None]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> None:
        if len(self._waiting) >= WAITING_MAX:
            raise Overloaded
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._drain())
        await done

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            try:
                outcomes = await self._commit_batch([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001 - handed to every sender of the batch
                outcomes = [error] * len(batch)
            for (_, done), outcome in zip(batch, outcomes, strict=True):
                if done.done():  # the sender went away; its event is committed all the same
                    continue
                if outcome is None:
                    done.set_result(None)
                else:
                    done.set_exception(outcome)

    async def close(self) -> None:
        if self._running is not None:
            await self._running
