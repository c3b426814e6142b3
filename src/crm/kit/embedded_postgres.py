"""Runs a private PostgreSQL under the data folder: a direct child, on a Unix socket, gone when we are gone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from crm.kit.parent_death import end_with_parent
from crm.kit.postgres_engine import (
    Account,
    Engine,
    PostgresNotStarted,
    engine_for,
    find_engine,
    server_account,
)
from crm.kit.postgres_home import (
    PORT,
    lock_or_none,
    own_folder,
    prepared_home,
    remove_private_socket_dir,
    socket_dir,
    write_private,
)
from crm.kit.postmaster import Postmaster, disown_reused_pid, read_postmaster

__all__ = ["EmbeddedPostgres", "PostgresNotStarted", "remove_database", "running_url"]

OWNER = "crm_owner"
DATABASE = "crm"

LOG_BYTES_MAX = 10_000_000
START_SECONDS_MAX = 60.0  # crash recovery replays at most max_wal_size
ATTACH_SECONDS_MAX = 10.0
ORPHAN_SECONDS_MAX = 3.0
POLL_SECONDS = 0.01

_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",
    "min_wal_size": "80MB",
    "wal_compression": "on",
    "checkpoint_timeout": "5min",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %u ",
    "log_checkpoints": "off",
    "jit": "off",  # our statements are short; compiling them costs more than running them
}


class EmbeddedPostgres:
    """One PostgreSQL for one data folder; call `start` and `stop` from the main thread.

    `owned` is False after `start` when another process already runs it: then `stop` leaves it alone.
    """

    def __init__(self, data_dir: Path, *, attach_seconds: float = ATTACH_SECONDS_MAX) -> None:
        self._attach_seconds = attach_seconds
        self._home = data_dir.absolute() / "postgres"
        self._account = server_account()
        self._lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._adopted: Postmaster | None = None
        self.owned = False

    def start(self) -> None:
        """Returns when the database answers. Raises PostgresNotStarted with what to do about it."""
        self._home = prepared_home(self._home, self._account)
        if self._lock is None:
            self._lock = lock_or_none(self._home / "starter.lock")
        self.owned = self._lock is not None
        if not self.owned:
            self._attach()
            return
        try:
            if not self._adopt_orphan():
                self._launch()
            _create_database(self._owner_url("postgres"))
        except BaseException:
            self.stop()
            raise

    def stop(self, timeout_seconds: float = 8.0) -> None:
        """Ends the server cleanly; after `timeout_seconds` without waiting for it (it recovers at next start)."""
        if self._lock is None:
            return
        for signal_number, seconds in (
            (signal.SIGINT, timeout_seconds),  # "fast": ends sessions, writes a checkpoint
            (signal.SIGQUIT, 1.0),  # "immediate": as after a crash; nothing committed is lost
            (signal.SIGKILL, 1.0),
        ):
            if not self.alive():
                break
            self._signal(signal_number)
            deadline = time.monotonic() + seconds
            while self.alive() and time.monotonic() < deadline:
                time.sleep(POLL_SECONDS)
        self._process = self._adopted = None
        remove_private_socket_dir(self._home)
        os.close(self._lock)
        self._lock = None
        self.owned = False

    def alive(self) -> bool:
        """Whether the server process that we are responsible for lives."""
        if self._process is not None:
            return self._process.poll() is None
        return self._adopted is not None and self._adopted.alive()

    @property
    def url(self) -> str:
        """The owner's address, for psycopg, SQLAlchemy and psql alike."""
        return self._owner_url(DATABASE)

    @property
    def log_path(self) -> Path:
        return self._home / "server.log"

    def trim_log(self) -> None:
        """Keeps the log under LOG_BYTES_MAX and the part before it once; call it now and then."""
        with contextlib.suppress(FileNotFoundError):
            if self.log_path.stat().st_size > LOG_BYTES_MAX:
                shutil.copyfile(self.log_path, self.log_path.with_suffix(".log.1"))
                os.truncate(self.log_path, 0)  # the server appends, so it goes on at the new end

    def _attach(self) -> None:
        deadline = time.monotonic() + self._attach_seconds
        while time.monotonic() < deadline:
            if read_postmaster(self._home / "data") and _answers(self.url):
                return
            time.sleep(POLL_SECONDS * 5)
        holder = (self._home / "starter.lock").read_text().strip() or "unknown"
        raise PostgresNotStarted(
            f"Process {holder} already runs the database in {self._home}, and it does not answer. "
            "Wait for it or end it; to run a second one set CRM_DATA_DIR to another folder."
        )

    def _adopt_orphan(self) -> bool:
        """Takes over a server whose starter was killed. On Linux it is already ending: wait for that first."""
        data = self._home / "data"
        patience = ORPHAN_SECONDS_MAX if sys.platform == "linux" else 0.0
        started = time.monotonic()
        while postmaster := read_postmaster(data):
            waited = time.monotonic() - started
            if waited >= patience and _answers(self._owner_url("postgres")):
                self._adopted = postmaster
                return True
            if waited > patience + self._attach_seconds:
                raise PostgresNotStarted(
                    f"A PostgreSQL (process {postmaster.pid}) holds {data} but does not answer. "
                    f"End it (`kill -INT {postmaster.pid}`) and start again."
                )
            time.sleep(POLL_SECONDS)
        return False

    def _launch(self) -> None:
        data = self._home / "data"
        has_data = (data / "PG_VERSION").exists()
        engine = find_engine(int((data / "PG_VERSION").read_text()) if has_data else None)
        if self._account:
            engine = engine_for(self._account, engine)
        if not has_data:
            _initialise(engine, self._home, self._account)
        disown_reused_pid(data)
        self.trim_log()
        options = {**_SETTINGS, "unix_socket_directories": f'"{socket_dir(self._home, self._account)}"'}
        command = [str(engine.bin_dir / "postgres"), "-D", str(data)]
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=data,
                env=_environment(),
                start_new_session=True,  # Ctrl-C reaches us, and we stop the database last
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509 - runs two system calls, no lock
                **_as_account(self._account),
            )
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        while not _answers(self._owner_url("postgres")):
            if not self.alive():
                raise PostgresNotStarted(f"PostgreSQL ended while starting:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise PostgresNotStarted(
                    f"PostgreSQL did not answer within {START_SECONDS_MAX:.0f} s:\n{self._log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def _signal(self, signal_number: signal.Signals) -> None:
        pid = self._process.pid if self._process else self._adopted.pid if self._adopted else None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself in between
                os.kill(pid, signal_number)

    def _log_tail(self) -> str:
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-15:])

    def _owner_url(self, database: str) -> str:
        return _url(self._home, database)


def running_url(data_dir: Path) -> str | None:
    """Returns the owner's URL of the database running in `data_dir`, or None when none runs."""
    home = data_dir.absolute() / "postgres"
    try:
        running = read_postmaster(home.resolve() / "data") is not None
    except PermissionError as error:
        raise PostgresNotStarted(f"{home} belongs to another user; ask as that one.") from error
    return _url(home.resolve(), DATABASE) if running else None


def remove_database(data_dir: Path) -> None:
    """Deletes the database under `data_dir`, also where root's was put elsewhere. Raises while it runs."""
    home = data_dir.absolute() / "postgres"
    real = home.resolve()
    if not real.exists():
        home.unlink(missing_ok=True)
        return
    lock = lock_or_none(real / "starter.lock")
    if lock is None or read_postmaster(real / "data"):
        raise PostgresNotStarted(f"The database in {home} is running; stop it first.")
    remove_private_socket_dir(real)
    shutil.rmtree(real)
    if home.is_symlink():
        home.unlink()
    os.close(lock)


def _url(home: Path, database: str) -> str:
    password = (home / "password").read_text().strip()
    return f"postgresql://{OWNER}:{password}@/{database}?host={quote(str((home / 'run').resolve()))}"


def _initialise(engine: Engine, home: Path, account: Account | None) -> None:
    """Makes the cluster in a folder of its own and renames it: a killed start leaves nothing half-made."""
    new = home / "data.new"
    shutil.rmtree(new, ignore_errors=True)
    own_folder(new, account)
    password = secrets.token_urlsafe(24)
    write_private(home / "password", password, None)
    for_initdb = home / "password.initdb"  # the server's account cannot read ours
    write_private(for_initdb, password, account)
    # From 17 on sorting is PostgreSQL's own and does not change with the C library.
    own = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    told = ""
    try:
        for choice in [own] if engine.major >= 17 else [["--locale=C.UTF-8"], ["--locale=C"]]:
            done = subprocess.run(
                [
                    str(engine.bin_dir / "initdb"),
                    f"--pgdata={new}",
                    f"--username={OWNER}",
                    f"--pwfile={for_initdb}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--data-checksums",
                    *choice,
                ],
                cwd=new,
                env=_environment(),
                capture_output=True,
                text=True,
                check=False,
                **_as_account(account),
            )
            if done.returncode == 0:
                new.rename(home / "data")
                return
            told = done.stderr
    finally:
        for_initdb.unlink()
    raise PostgresNotStarted(f"initdb of {engine.bin_dir} failed:\n{told[-2000:]}")


def _create_database(owner_url: str) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        if not connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).rowcount:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _answers(owner_url: str) -> bool:
    try:
        psycopg.connect(owner_url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _as_account(account: Account | None) -> dict[str, Any]:
    return {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}


def _environment() -> dict[str, str]:
    """What the server sees of the world: nothing that could change it (PGDATA, LC_*, LD_PRELOAD)."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


if __name__ == "__main__":  # `make clean`, which must work where the command line does not
    if len(sys.argv) != 3 or sys.argv[1] != "remove":
        sys.exit("usage: python -m crm.kit.embedded_postgres remove FOLDER")
    try:
        remove_database(Path(sys.argv[2]))
    except PostgresNotStarted as error:
        sys.exit(str(error))
