"""All objects of one kind: packed, with the indexes that queries, change data and references need."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from crm_sandbox.packed import JSON, Packed
from crm_sandbox.quickbooks.entities import ENTITIES, Entity
from crm_sandbox.quickbooks.indexes import InOrder, KeyOf, SameValue, number_of
from crm_sandbox.quickbooks.shapes import JsonObject

CREATED, UPDATED = "MetaData.CreateTime", "MetaData.LastUpdatedTime"
USUAL_ORDER = "usual order"
"""Lists come by full name (jobs after their customer, PG&E before Pam); transactions by their last change, newest
first, and so need no index of their own. Both as recorded."""
UNIQUE_NAME = "unique name"
AT_REST = " (deleted)"
"""What the name of something inactive ends with."""
INACTIVE = "inactive"


class Collection(Packed[str, JsonObject]):
    """Id -> object. What is read is shared with other readers: never change it in place, put a new one."""

    def __init__(self, entity: Entity) -> None:
        super().__init__(JSON)
        self.same = {path: SameValue(key_of) for path, key_of in _same(entity).items()}
        self.order = {path: InOrder(key_of) for path, key_of in _order(entity).items()}
        self._indexes: list[SameValue | InOrder] = [*self.same.values(), *self.order.values()]

    def __setitem__(self, ident: str, obj: JsonObject) -> None:
        before = self.get(ident)
        super().__setitem__(ident, obj)
        self._index(ident, before, obj)

    def __delitem__(self, ident: str) -> None:
        before = self[ident]
        super().__delitem__(ident)
        self._index(ident, before, None)

    def clear(self) -> None:
        """Forgets all objects."""
        super().clear()
        for index in self._indexes:
            index.clear()

    def restore(self, kept: dict[str, bytes]) -> None:
        """Takes what `copied` gave; the indexes follow from the objects."""
        super().restore(kept)
        entries: list[list[Any]] = [[] for _ in self._indexes]
        for ident, obj in zip(self, self.unpacked(), strict=True):
            number = number_of(ident)
            for index, found in zip(self._indexes, entries, strict=True):
                key = index.key_of(obj)
                if key is not None:
                    found.append((key, number, ident))
        for index, found in zip(self._indexes, entries, strict=True):
            index.fill(found)

    @property
    def usual_order(self) -> InOrder:
        """The order of answers to queries that ask for none."""
        return self.order.get(USUAL_ORDER) or self.order[UPDATED]

    def having(self, path: str, key: Any) -> list[JsonObject]:
        """The objects with that value, first come first. KeyError for a path without an index."""
        return [self[ident] for ident in self.same[path].ids(key)]

    def _index(self, ident: str, before: JsonObject | None, after: JsonObject | None) -> None:
        for index in self._indexes:
            old = None if before is None else index.key_of(before)
            new = None if after is None else index.key_of(after)
            if old != new:
                if old is not None:
                    index.remove(old, ident)
                if new is not None:
                    index.add(new, ident)


def all_collections() -> dict[str, Collection]:
    """An empty one for each kind of object, by name."""
    return {name: Collection(entity) for name, entity in ENTITIES.items()}


def unique_name(entity: Entity, obj: JsonObject) -> str:
    """What must be unique: the name with its parents. Two jobs of different customers may share a name (recorded).

    Something inactive keeps its name taken, without the mark that the name was given.
    """
    name = obj.get("FullyQualifiedName") or obj.get("DisplayName") or obj.get("Name")
    text = str(name or "").strip()
    return (text.removesuffix(AT_REST) if obj.get("Active") is False else text).casefold()


def _same(entity: Entity) -> dict[str, KeyOf]:
    """Path -> the value to find objects by, in small letters as queries compare; None where there is nothing."""
    paths = {
        "txn": ("DocNumber", "CustomerRef", "PaymentRefNum"),
        "name": ("DisplayName", "PrimaryEmailAddr", "ParentRef"),
        "list": ("Name", "FullyQualifiedName", "AccountType", "ParentRef"),
    }[entity.shape]
    found: dict[str, KeyOf] = {path: _text(path) for path in paths if path in entity.fields}
    if entity.name_group:
        found[UNIQUE_NAME] = lambda obj: unique_name(entity, obj)
    if not entity.is_txn:
        found[INACTIVE] = lambda obj: True if obj.get("Active") is False else None
    return found


def _order(entity: Entity) -> dict[str, KeyOf]:
    found: dict[str, KeyOf] = {
        "Id": lambda obj: number_of(obj["Id"]),
        CREATED: _time("CreateTime"),
        UPDATED: _time("LastUpdatedTime"),
    }
    if entity.is_txn:
        return {**found, "TxnDate": lambda obj: obj["TxnDate"]}
    return {
        **found,
        USUAL_ORDER: lambda obj: str(
            obj.get("FullyQualifiedName") or obj.get("DisplayName") or obj.get("Name")
        ),
    }


def _text(path: str) -> KeyOf:
    def key_of(obj: JsonObject) -> str | None:
        value = obj.get(path)
        if isinstance(value, dict):
            value = value.get("value") or value.get("Address")
        return None if value is None else str(value).casefold()

    return key_of


def _time(name: str) -> Callable[[JsonObject], int]:
    return lambda obj: int(datetime.fromisoformat(obj["MetaData"][name]).timestamp())
