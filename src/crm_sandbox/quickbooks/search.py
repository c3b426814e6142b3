"""Which objects a query means: found through an index where one helps, else by reading them all."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from crm_sandbox.quickbooks.collection import CREATED, INACTIVE, UPDATED
from crm_sandbox.quickbooks.company import PACIFIC, Company
from crm_sandbox.quickbooks.comparing import Condition, all_hold, look_up, moment, sort_key
from crm_sandbox.quickbooks.entities import Entity
from crm_sandbox.quickbooks.indexes import number_of
from crm_sandbox.quickbooks.listings import present
from crm_sandbox.quickbooks.shapes import JsonObject

Order = tuple[tuple[str, bool], ...]
"""Paths to sort by, each with whether it is descending."""

_ACTIVE = Condition("Active", "=", ("true",))


@dataclass(frozen=True)
class _Part:
    """Some of the objects, as an index gives them."""

    size: int
    idents: Iterable[str]


class Search:
    """One query over one kind of object. List objects that are inactive stay out unless Active is asked for."""

    def __init__(
        self, company: Company, entity: Entity, conditions: Iterable[Condition], order: Order
    ) -> None:
        self._company = company
        self._entity = entity
        self._kept = company.objects[entity.name]
        self._conditions = [_spelt_as_stored(entity, condition) for condition in conditions]
        hides = not entity.is_txn and "Active" in entity.fields
        if hides and not any(condition.path == "Active" for condition in self._conditions):
            self._conditions.append(_ACTIVE)
        self._order = tuple((_stored_path(entity, path), descending) for path, descending in order)
        paths = [condition.path for condition in self._conditions] + [path for path, _ in self._order]
        self._asks_books = any("Balance" in path for path in paths)

    def count(self) -> int:
        """How many there are."""
        if not self._conditions:
            return len(self._kept)
        if self._conditions == [_ACTIVE]:
            return len(self._kept) - self._kept.same[INACTIVE].count(True)
        narrowed = self._narrowed()
        return sum(1 for _ in self._fitting(narrowed.idents if narrowed else self._kept))

    def page(self, start: int, length: int) -> list[JsonObject]:
        """`length` of them from the place `start`, counted from 1, with the balances of this moment."""
        first, end = start - 1, start - 1 + length
        narrowed, walk = self._narrowed(), self._walk()
        if walk is not None and (narrowed is None or narrowed.size**2 > end * walk.size):
            # So many fit that the first `end` of them are soon met on the way.
            chosen: Iterator[str] = islice(self._fitting(walk.idents), first, end)
        else:
            chosen = iter(self._sorted(narrowed.idents if narrowed else self._kept)[first:end])
        return [present(self._company, self._entity, self._kept.peek(ident)) for ident in chosen]

    def _fitting(self, idents: Iterable[str]) -> Iterator[str]:
        """Those that fit all conditions; an object is read only where a condition asks for more than Active."""
        conditions = self._conditions
        if _ACTIVE in conditions:
            resting = set(self._kept.same[INACTIVE].ids(True))
            idents = (ident for ident in idents if ident not in resting)
            conditions = [condition for condition in conditions if condition != _ACTIVE]
        if not conditions:
            yield from idents
            return
        for ident in idents:
            if all_hold(conditions, self._read(ident)):
                yield ident

    def _read(self, ident: str) -> JsonObject:
        obj = self._kept.peek(ident)
        return present(self._company, self._entity, obj) if self._asks_books else obj

    def _narrowed(self) -> _Part | None:
        """What the most telling index leaves over; None when none helps."""
        parts = [self._by_value(condition) for condition in self._conditions]
        for path, index in self._kept.order.items():
            places = self._places(path)
            if places is not None:
                parts.append(_Part(len(places), index.ids(places)))
        return min((part for part in parts if part), key=lambda part: part.size, default=None)

    def _by_value(self, condition: Condition) -> _Part | None:
        if condition.operator not in ("=", "in"):
            return None
        if condition.path == "Id":
            there = [ident for ident in dict.fromkeys(condition.values) if ident in self._kept]
            return _Part(len(there), there)
        index = self._kept.same.get(condition.path)
        if index is None or any(moment(value) for value in condition.values):
            return None  # what looks like a time is compared as a time
        values = dict.fromkeys(value.casefold() for value in condition.values)
        idents = (ident for value in values for ident in index.ids(value))
        return _Part(sum(index.count(value) for value in values), idents)

    def _places(self, path: str) -> range | None:
        """The part of an ordered index that the conditions leave over; None when they say nothing of it."""
        if path not in (CREATED, UPDATED, "TxnDate"):
            return None
        lows: list[int | str] = []
        highs: list[int | str] = []
        for condition in self._conditions:
            at = moment(condition.values[0]) if condition.path == path else None
            if at is None or condition.operator in ("in", "like"):
                continue
            # Whole seconds and days: what is left over is compared exactly afterwards.
            bound = (
                at.astimezone(PACIFIC).date().isoformat() if path == "TxnDate" else math.floor(at.timestamp())
            )
            if condition.operator in ("=", ">", ">="):
                lows.append(bound)
            if condition.operator in ("=", "<", "<="):
                highs.append(bound)
        if not lows and not highs:
            return None
        return self._kept.order[path].between(max(lows, default=None), min(highs, default=None))

    def _walk(self) -> _Part | None:
        """What may fit, in the order that is asked for; None when no index has that order."""
        order, usual = self._order, self._kept.usual_order
        for path, index in self._kept.order.items():
            asked = (index is usual) if not order else len(order) == 1 and order[0][0] == path
            if asked:
                places = self._places(path)
                places = range(len(self._kept)) if places is None else places
                descending = order[0][1] if order else self._entity.is_txn
                return _Part(len(places), index.ids(places, descending=descending))
        return None

    def _sorted(self, idents: Iterable[str]) -> list[str]:
        """Those that fit, in order. Of each only what it is sorted by is kept meanwhile, not the object."""
        usual = self._kept.usual_order.key_of
        order = self._order or (("", self._entity.is_txn),)
        rows: list[tuple[list[Any], int, str]] = []
        for ident in self._fitting(idents):
            obj = self._read(ident)
            keys = [sort_key(path, look_up(obj, path)) for path, _ in self._order] or [usual(obj)]
            rows.append((keys, number_of(ident), ident))
        rows.sort(key=lambda row: row[1], reverse=order[-1][1])
        for place in reversed(range(len(order))):
            rows.sort(key=lambda row, place=place: row[0][place], reverse=order[place][1])  # type: ignore[misc]
        return [ident for _, _, ident in rows]


def _spelt_as_stored(entity: Entity, condition: Condition) -> Condition:
    return Condition(_stored_path(entity, condition.path), condition.operator, condition.values)


def _stored_path(entity: Entity, path: str) -> str:
    """Intuit takes names in any mixture of small and capital letters (its example: asofdate)."""
    if path.lower() in (CREATED.lower(), UPDATED.lower()):
        return CREATED if path.lower() == CREATED.lower() else UPDATED
    name, dot, rest = path.partition(".")
    field = entity.field(name)
    return f"{field.name}{dot}{rest}" if field else path
