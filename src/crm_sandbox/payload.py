"""Turns a snapshot into bytes that nothing can change any more, quickly: what is many is left as it stands."""

import io
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from crm_sandbox.packed import Bulk


@dataclass(frozen=True)
class Payload:
    """The pickle of what is small, and the bulks, which nobody changes, as they were."""

    rest: bytes
    bulks: list[Bulk]

    def size(self) -> int:
        """Bytes of memory that it holds on to."""
        return len(self.rest) + sum(map(sys.getsizeof, self.bulks))


def pickled(snapshot: dict[str, Any]) -> Payload:
    """All that may change is pickled here: call it where all changes happen.

    Raises PicklingError, TypeError or AttributeError for what cannot be pickled.
    """
    bulks: list[Bulk] = []

    def by_number(bulk: Bulk) -> tuple[Callable[..., None], tuple[int]]:
        bulks.append(bulk)
        return numbered_bulk, (len(bulks) - 1,)

    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = {Bulk: by_number}
    pickler.dump(snapshot)
    return Payload(buffer.getvalue(), bulks)


def unpickled(payload: Payload) -> Any:
    """The snapshot again. Only for what this process has pickled itself."""
    return _Reader(payload).load()


def numbered_bulk(number: int) -> None:
    """Stands in the pickle for the bulk of that number; what it means there is up to the reader."""


class _Reader(pickle.Unpickler):
    def __init__(self, payload: Payload) -> None:
        super().__init__(io.BytesIO(payload.rest))
        self._bulks = payload.bulks

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == (numbered_bulk.__module__, numbered_bulk.__qualname__):
            return self._bulks.__getitem__
        return super().find_class(module, name)
