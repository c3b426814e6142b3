"""Sends prepared HTTP requests over a few kept-open connections and writes down when each was answered.

A client of our own, as every microsecond that the sender takes of a shared machine is one the server lacks:
raw sockets, no parsing beyond the status and the length.
"""

from __future__ import annotations

import asyncio
import gc
import re
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import uvloop
from bench.stack import NotMeasured

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: close", re.IGNORECASE)

TICK_SECONDS = 0.001
DRAIN_SECONDS_MAX = 15.0


@dataclass
class Measured:
    """What came of a run. `acknowledged` and `refused` hold places in the list of requests."""

    acknowledged: list[int] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Acknowledged requests a second."""
        return len(self.acknowledged) / self.seconds if self.seconds else 0.0

    def percentile_ms(self, percent: float) -> float:
        ordered = sorted(self.latencies)
        if not ordered:
            return float("nan")
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000


def drive(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, rate: float | None = None
) -> Measured:
    """Sends for `seconds` or until all are sent, then waits for the last answers.

    Without `rate` each connection sends its next request when its last one is answered (full load). With it,
    requests leave at that many a second whatever the answers, and a latency counts from when the request was
    due, so that a stall is not hidden by the sender's waiting for it. Raises NotMeasured when answers stay out.
    """
    gc.collect()
    gc.disable()  # the sender's pauses would be read as the server's
    try:
        return uvloop.run(_Run(port, requests, seconds, rate).run(connections))
    finally:
        gc.enable()


class _Run:
    def __init__(self, port: int, requests: Sequence[bytes], seconds: float, rate: float | None) -> None:
        self.port = port
        self.measured = Measured()
        self._requests, self._seconds, self._rate = requests, seconds, rate
        self._next = 0
        self._open = 0
        self._until = 0.0
        self._due: deque[tuple[int, float]] = deque()
        self._idle: list[_Connection] = []
        self._finished = asyncio.Event()

    async def run(self, connections: int) -> Measured:
        loop = asyncio.get_running_loop()
        made = [await self.connect() for _ in range(connections)]
        started = time.perf_counter()
        self._until = started + self._seconds
        if self._rate is None:
            for connection in made:
                self.ready(connection)
        else:
            self._idle = made
            loop.call_soon(self._tick, started)
        try:
            async with asyncio.timeout(self._seconds + DRAIN_SECONDS_MAX):
                await self._finished.wait()
        except TimeoutError:
            left = self._open + len(self._due)
            raise NotMeasured(
                f"{left} requests had no answer {DRAIN_SECONDS_MAX:.0f} s after the last"
            ) from None
        self.measured.seconds = time.perf_counter() - started
        for connection in made:
            connection.close()
        return self.measured

    async def connect(self, connection: _Connection | None = None) -> _Connection:
        made = connection or _Connection(self)
        await asyncio.get_running_loop().create_connection(lambda: made, "127.0.0.1", self.port)
        return made

    def ready(self, connection: _Connection) -> None:
        """A connection has nothing to do: gives it the next request, or notes that it is free."""
        now = time.perf_counter()
        if self._rate is not None:
            if self._due:
                self._send(connection, *self._due.popleft())
            else:
                self._idle.append(connection)
        elif self._more(now):
            self._next += 1
            self._send(connection, self._next - 1, now)
        self._finish_if_over(now)

    def answered(self, place: int, since: float, status: int) -> None:
        self._open -= 1
        if status == 200:
            self.measured.acknowledged.append(place)
            self.measured.latencies.append(time.perf_counter() - since)
        else:
            self.measured.refused[place] = status

    def _tick(self, started: float) -> None:
        assert self._rate is not None
        now = time.perf_counter()
        due = int((min(now, self._until) - started) * self._rate) + 1
        target = min(due, len(self._requests))
        while self._next < target:
            self._due.append((self._next, started + self._next / self._rate))
            self._next += 1
        while self._due and self._idle:
            self._send(self._idle.pop(), *self._due.popleft())
        if self._more(now):
            asyncio.get_running_loop().call_later(TICK_SECONDS, self._tick, started)
        else:
            self._finish_if_over(now)

    def _more(self, now: float) -> bool:
        return now < self._until and self._next < len(self._requests)

    def _finish_if_over(self, now: float) -> None:
        if not self._open and not self._due and not self._more(now):
            self._finished.set()

    def _send(self, connection: _Connection, place: int, since: float) -> None:
        self._open += 1
        connection.send(place, since, self._requests[place])


class _Connection(asyncio.Protocol):
    """One connection; opened again where the server closes it after each answer, as gunicorn's sync workers do."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._transport: asyncio.Transport | None = None
        self._place: int | None = None
        self._since = 0.0
        self._buffer = b""
        self._reconnecting: asyncio.Task[None] | None = None

    def send(self, place: int, since: float, request: bytes) -> None:
        assert self._transport is not None
        self._place, self._since = place, since
        self._transport.write(request)

    def close(self) -> None:
        self._place = None
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._buffer = (
            cast("asyncio.Transport", transport),
            b"",
        )  # uvloop's is none of asyncio's

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._buffer, 0, end + 2)
        if length is None or len(self._buffer) < end + 4 + int(length[1]):
            return  # without a length the server's closing ends the answer
        if _CLOSES.search(self._buffer, 0, end + 2) is None:
            self._done()
            self._run.ready(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio calls it by this form
        if self._place is not None:
            self._done()
            self._reconnecting = asyncio.get_running_loop().create_task(self._reconnect())

    async def _reconnect(self) -> None:
        await self._run.connect(self)
        self._run.ready(self)

    def _done(self) -> None:
        assert self._place is not None
        status = _STATUS.match(self._buffer)
        place, self._place, self._buffer = self._place, None, b""
        self._run.answered(place, self._since, int(status[1]) if status else 0)
