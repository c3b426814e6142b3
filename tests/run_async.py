"""Runs a coroutine from a test that is not one itself, also where a browser's loop already runs in this thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """In a thread and loop of its own: Playwright's synchronous interface keeps one running in the main thread. Always
    the same one, so that connections can be kept from one call to the next."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = uvloop.new_event_loop()
    threading.Thread(target=loop.run_forever, name="run_async", daemon=True).start()
    return loop
