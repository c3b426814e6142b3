"""Turns a paper into PDF bytes: the same paper gives the same bytes, always."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path
from weakref import WeakKeyDictionary

import orjson

from crm.kit.errors import Unavailable
from crm.papers.paper import Paper

PROGRAM = Path(__file__).with_name("typst_process.py")
SECONDS_MAX = 20.0
PAPERS_AT_ONCE_MAX = 2  # per process of ours; each takes a core and some 100 MB while it lasts

# One per event loop: a process has one loop, a test may have several one after the other.
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


class NotTypeset(RuntimeError):
    """The typesetter made no paper of this; a fault of ours."""


async def typeset(paper: Paper) -> bytes:
    """The PDF, tagged and with its fonts embedded. Raises Unavailable when it takes longer than
    SECONDS_MAX, NotTypeset when it cannot be set."""
    order = orjson.dumps(
        {
            "paper": paper.as_json(),
            "files": {name: base64.b64encode(content).decode() for name, content in paper.files().items()},
            "made_at": int(paper.made_at.timestamp()),
        }
    )
    async with _turn():
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(SECONDS_MAX):
                made, complaint = await process.communicate(order)
        except TimeoutError as error:
            raise Unavailable("The paper took too long to make. Please try again.") from error
        finally:
            if process.returncode is None:  # also when whoever asked has gone
                process.kill()
                await process.wait()
    if process.returncode != 0 or not made.startswith(b"%PDF-"):
        raise NotTypeset(f"typst made no paper: {complaint.decode(errors='replace')[-2_000:]}")
    return made


def _turn() -> asyncio.Semaphore:
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PAPERS_AT_ONCE_MAX))
