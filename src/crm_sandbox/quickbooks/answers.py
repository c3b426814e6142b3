"""What was answered to each requestid, so that the same one gets the same answer again."""

import zlib

import orjson

from crm_sandbox.packed import Bulk
from crm_sandbox.quickbooks.shapes import JsonObject

MAX_ANSWERS = 100_000
MAX_BYTES = 64_000_000
"""Of all answers of a company together, compressed. Beyond either limit the oldest are forgotten."""

Answer = tuple[int, JsonObject]
"""The HTTP status and the body."""


class Answers:
    """The answers of one company, oldest first."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, bytes]] = {}
        self._bytes = 0

    def find(self, request_id: str) -> Answer | None:
        """What that requestid was answered, if it is known."""
        found = self._kept.get(request_id)
        return (found[0], orjson.loads(zlib.decompress(found[1]))) if found else None

    def keep(self, request_id: str, status: int, body: JsonObject) -> None:
        """Remembers a first answer."""
        packed = zlib.compress(orjson.dumps(body), level=1)
        self._kept[request_id] = status, packed
        self._bytes += len(packed)
        while len(self._kept) > MAX_ANSWERS or self._bytes > MAX_BYTES:
            _, oldest = self._kept.pop(next(iter(self._kept)))
            self._bytes -= len(oldest)

    def clear(self) -> None:
        """Forgets all."""
        self._kept.clear()
        self._bytes = 0

    def copied(self) -> Bulk:
        """All of it for a snapshot."""
        return Bulk(self._kept)

    def restore(self, kept: dict[str, tuple[int, bytes]]) -> None:
        """Takes what `copied` gave."""
        self._kept = dict(kept)
        self._bytes = sum(len(packed) for _, packed in kept.values())
