"""Keeps many values as bytes: a quarter of the memory, and nothing in them for the garbage collector to visit."""

from collections.abc import Callable, Generator, Iterator, MutableMapping, ValuesView
from functools import lru_cache
from itertools import islice
from typing import Any, Generic, TypeVar

import orjson

K = TypeVar("K")
V = TypeVar("V")

RECENT = 2_000
"""How many unpacked values are kept at hand for each kind of packing."""


class Bulk(dict[Any, Any]):
    """A copy of many unchangeable things for a snapshot: nobody changes it, so it may be written down slowly."""


class Packing(Generic[V]):
    """How a kind of value becomes bytes and a value again. What is read is shared: never change it in place."""

    def __init__(self, pack: Callable[[V], bytes], unpack: Callable[[bytes], V]) -> None:
        self.pack = pack
        self.unpack = unpack
        self.unpack_often: Callable[[bytes], V] = lru_cache(RECENT)(unpack)


def _pack_json(value: Any) -> bytes:
    """A copy, because what orjson returns holds on to all the room that it wrote in: 8 KB for 1.6 KB."""
    return bytes(memoryview(orjson.dumps(value)))


JSON: Packing[dict[str, Any]] = Packing(_pack_json, orjson.loads)


class Packed(MutableMapping[K, V]):
    """A dict whose values are packed: in the order of insertion, like any other."""

    def __init__(self, packing: Packing[V]) -> None:
        self._packing = packing
        self._bytes: dict[K, bytes] = {}

    def __getitem__(self, key: K) -> V:
        return self._packing.unpack_often(self._bytes[key])

    def __setitem__(self, key: K, value: V) -> None:
        self._bytes[key] = self._packing.pack(value)

    def __delitem__(self, key: K) -> None:
        del self._bytes[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._bytes)

    def __len__(self) -> int:
        return len(self._bytes)

    def __contains__(self, key: object) -> bool:
        return key in self._bytes

    def clear(self) -> None:
        """Forgets all."""
        self._bytes.clear()

    def values(self) -> "Values[V]":
        """All values, unpacked one after the other while they are read."""
        return Values(self)

    def newest(self, count: int) -> list[V]:
        """The last `count` values that were added, the very last one first."""
        return [self.peek(key) for key in islice(reversed(self._bytes), count)]

    def peek(self, key: K) -> V:
        """The value, without keeping it at hand: for reading through many."""
        return self._packing.unpack(self._bytes[key])

    def copied(self) -> Bulk:
        """All as bytes, for a snapshot."""
        return Bulk(self._bytes)

    def restore(self, kept: dict[K, bytes]) -> None:
        """Takes what `copied` gave in place of all that is here."""
        self._bytes = dict(kept)

    def unpacked(self, *, backwards: bool = False) -> Generator[V, None, None]:
        """All values, without driving out what is at hand."""
        packed = reversed(self._bytes.values()) if backwards else self._bytes.values()
        return (self._packing.unpack(one) for one in packed)


class Values(ValuesView[V]):
    """The values of a Packed, in the order of insertion or backwards."""

    _mapping: Packed[Any, V]

    def __iter__(self) -> Iterator[V]:
        return self._mapping.unpacked()

    def __reversed__(self) -> Iterator[V]:
        return self._mapping.unpacked(backwards=True)
