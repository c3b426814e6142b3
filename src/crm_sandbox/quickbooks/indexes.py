"""Finds objects of a kind without reading them all: by the same value, or in the order of a value."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from typing import Any

from crm_sandbox.quickbooks.shapes import JsonObject

Entry = tuple[Any, int, str]
"""The value, the Id as a number (0 for the few Ids that are words) and the Id: no two are equal."""

KeyOf = Callable[[JsonObject], Any]
"""The value of an object; None keeps it out of the index."""


class SameValue:
    """Value -> Ids of the objects that have it."""

    def __init__(self, key_of: KeyOf) -> None:
        self.key_of = key_of
        self._ids: dict[Any, str | dict[str, None]] = {}  # most values have one Id: then it stands alone

    def add(self, key: Any, ident: str) -> None:
        """Notes that the object has the value."""
        there = self._ids.get(key)
        if there is None:
            self._ids[key] = ident
        elif isinstance(there, str):
            self._ids[key] = {there: None, ident: None}
        else:
            there[ident] = None

    def remove(self, key: Any, ident: str) -> None:
        """Takes the note back."""
        there = self._ids[key]
        if isinstance(there, str):
            del self._ids[key]
            return
        del there[ident]
        if len(there) == 1:
            self._ids[key] = next(iter(there))

    def ids(self, key: Any) -> list[str]:
        """Who has the value, first come first."""
        there = self._ids.get(key, ())
        return [there] if isinstance(there, str) else list(there)

    def count(self, key: Any) -> int:
        """How many have the value."""
        there = self._ids.get(key, ())
        return 1 if isinstance(there, str) else len(there)

    def clear(self) -> None:
        """Forgets all."""
        self._ids.clear()

    def fill(self, entries: list[Entry]) -> None:
        """Takes many at once, in place of all before."""
        self.clear()
        for key, _, ident in entries:
            self.add(key, ident)


class InOrder:
    """All objects in the order of a value, those with the same value in the order of their Ids."""

    def __init__(self, key_of: KeyOf) -> None:
        self.key_of = key_of
        self._entries: list[Entry] = []

    def add(self, key: Any, ident: str) -> None:
        """Puts the object in its place: quick at the end, where most come."""
        insort(self._entries, _entry(key, ident))

    def remove(self, key: Any, ident: str) -> None:
        """Takes it out."""
        del self._entries[bisect_left(self._entries, _entry(key, ident))]

    def ids(self, places: range | None = None, *, descending: bool = False) -> Iterator[str]:
        """Those at the places, or all, in order."""
        entries = self._entries
        places = range(len(entries)) if places is None else places
        return (entries[place][2] for place in (reversed(places) if descending else places))

    def between(self, lowest: Any, highest: Any) -> range:
        """The places of the values from `lowest` to `highest`, both included; None leaves a side open."""
        start = 0 if lowest is None else bisect_left(self._entries, lowest, key=_value)
        end = len(self._entries) if highest is None else bisect_right(self._entries, highest, key=_value)
        return range(start, max(start, end))

    def clear(self) -> None:
        """Forgets all."""
        self._entries.clear()

    def fill(self, entries: list[Entry]) -> None:
        """Takes many at once, in place of all before."""
        self._entries = sorted(entries)


def _entry(key: Any, ident: str) -> Entry:
    return key, number_of(ident), ident


def _value(entry: Entry) -> Any:
    return entry[0]


def number_of(ident: str) -> int:
    """An Id as a number, for sorting; 0 for the few that are words (the US tax codes TAX and NON)."""
    return int(ident) if ident.isdecimal() else 0
