"""The file that a sandbox's snapshot is written to and read from: whole or not at all, and only what it knows.

One line that names the format and the payload's SHA-256, then pickles: each Bulk of the snapshot in slices, and
last the snapshot itself, which names its bulks by number. They hold plain data and the records and functions
given as `known`. Nothing else is loaded from it, whatever it says.
"""

import dataclasses
import fcntl
import hashlib
import os
import pickle
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import Any

from crm_sandbox.packed import Bulk
from crm_sandbox.payload import Payload, numbered_bulk, pickled

FORMAT = 4
"""Raise it when the layout of a snapshot changes; a change of the records is noticed without."""

MAGIC = b"crm-sandbox-state"
MAX_HEADER_BYTES = 200
SLICE = 500
"""Entries of a Bulk in one pickle: nothing else in the process runs while one is made, about a millisecond."""
_PLAIN = (OrderedDict, datetime, defaultdict, deque, dict, frozenset, int, list, set, timedelta, timezone)

Known = type | Callable[..., None]


class Unreadable(Exception):
    """The file is not a snapshot of this version of the sandbox; the text says why."""


class InUse(Exception):
    """Another sandbox keeps its state in the same file."""


class NotPlain(Exception):
    """The snapshot holds something that cannot be written down: a mistake of the sandbox."""


class StateFile:
    """One snapshot on disk. `pack` is quick and `write` is not, so they are two steps."""

    def __init__(self, path: Path, known: Iterable[Known]) -> None:
        self.path = path
        self._known = {(one.__module__, one.__qualname__): one for one in (*_PLAIN, *known)}
        self._version = f"{FORMAT}.{_fingerprint(self._known.values())}".encode()
        self._lock: int | None = None

    def take(self) -> None:
        """Makes the file this process's own until `release`. Raises InUse, or OSError for a bad folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(self._beside(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise InUse(str(self.path)) from None
        self._lock = lock

    def release(self) -> None:
        """Lets another process have the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def read(self) -> dict[str, Any] | None:
        """The snapshot; None when there is no file. Raises Unreadable or OSError."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return self._checked(file)

    def _checked(self, file: BufferedReader) -> dict[str, Any]:
        parts = file.readline(MAX_HEADER_BYTES).rstrip(b"\n").split(b" ")
        begin = file.tell()
        if len(parts) != 3 or parts[0] != MAGIC:
            raise Unreadable("it is not a sandbox's state")
        if parts[1] != self._version:
            raise Unreadable("another version of the sandbox wrote it")
        if parts[2] != hashlib.file_digest(file, "sha256").hexdigest().encode():
            raise Unreadable("it is damaged")
        file.seek(begin)
        try:
            snapshot = _read(file, self._known)
        except Exception as error:  # a pickle that is not ours can raise anything
            raise Unreadable(f"it cannot be loaded ({error})") from error
        if not isinstance(snapshot, dict):
            raise Unreadable("it holds no snapshot")
        return snapshot

    def pack(self, snapshot: dict[str, Any]) -> Payload:
        """All that may change is pickled here; call this where all changes happen. Raises NotPlain."""
        try:
            return pickled(snapshot)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise NotPlain(str(error)) from error

    def write(self, payload: Payload) -> None:
        """Puts the snapshot in place of the file, for its owner's eyes only. OSError leaves the old file.

        May run in a thread: the others get their turn after each slice.
        """
        fresh = self._beside(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)  # a left-over one may be looser
            file.write(self._header(hashlib.sha256()))  # room for the right one
            digest = hashlib.sha256()
            for part in _parts(payload):
                digest.update(part)
                file.write(part)
            file.seek(0)
            file.write(self._header(digest))
            file.flush()
            os.fsync(descriptor)
        fresh.replace(self.path)
        self._sync_folder()

    def set_aside(self) -> Path:
        """Moves an unreadable file out of the way, in place of an earlier one; returns where it is now."""
        aside = self._beside(".unreadable")
        self.path.replace(aside)
        return aside

    def _header(self, digest: "hashlib._Hash") -> bytes:
        return MAGIC + b" " + self._version + b" " + digest.hexdigest().encode() + b"\n"

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _sync_folder(self) -> None:
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # the new name too must outlast a power cut
        finally:
            os.close(folder)


def _parts(payload: Payload) -> Iterator[bytes]:
    """The slices of each bulk, with its number, and then the rest."""
    for number, bulk in enumerate(payload.bulks):
        entries = iter(bulk.items())
        while part := dict(islice(entries, SLICE)):
            yield pickle.dumps((number, part), protocol=5)
    yield payload.rest


def _read(file: BufferedReader, known: dict[tuple[str, str], Known]) -> Any:
    """What was packed; what is no slice of a bulk is the rest."""
    bulks = defaultdict[int, Bulk](Bulk)
    while isinstance(part := _Reader(file, known, bulks).load(), tuple):
        number, entries = part
        bulks[number].update(entries)
    return part


class _Reader(pickle.Unpickler):
    def __init__(
        self, file: BufferedReader, known: dict[tuple[str, str], Known], bulks: defaultdict[int, Bulk]
    ) -> None:
        super().__init__(file)
        self._known = {**known, (numbered_bulk.__module__, numbered_bulk.__qualname__): bulks.__getitem__}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._known[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} does not belong here") from None


def _fingerprint(known: Iterable[Known]) -> str:
    """Changes with the names of what a snapshot may hold and with the fields of its records."""
    lines = sorted(
        f"{one.__module__}.{one.__qualname__} "
        + " ".join(field.name for field in (dataclasses.fields(one) if dataclasses.is_dataclass(one) else ()))
        for one in known
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
