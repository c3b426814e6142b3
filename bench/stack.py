"""What a measurement stands on: a PostgreSQL of its own and real processes, all gone when it ends."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql

from crm.kit import migrations
from crm.kit.database import conninfo, owner_url
from crm.kit.embedded_postgres import EmbeddedPostgres
from crm.kit.parent_death import end_with_parent

ROOT = Path(__file__).resolve().parents[1]
SECRET_KEY = "only-for-measurements-0123456789abcdef0123456789"
READY_SECONDS_MAX = 90.0
STOP_SECONDS_MAX = 8.0
POLL_SECONDS = 0.01

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows no localhost of ours


class NotMeasured(Exception):
    """The measurement could not be made; the text says why."""


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder that is deleted at the end; open to the account that PostgreSQL runs as under root."""
    folder = Path(tempfile.mkdtemp(prefix="crm-bench-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_postgres(folder: Path) -> Iterator[str]:
    """The owner's address of an embedded PostgreSQL with the product's own settings (fsync on)."""
    server = EmbeddedPostgres(folder)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def new_database(server_url: str, name: str, *, migrated: bool = False) -> str:
    """Makes a database and returns its address; `migrated` with the product's tables and roles."""
    with psycopg.connect(conninfo(owner_url(server_url)), autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = owner_url(server_url).set(drivername="postgresql", database=name)
    address = url.render_as_string(hide_password=False)
    if migrated:
        migrations.upgrade(address, SECRET_KEY)
    return address


def product_environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What the product's processes get: nothing of the caller's own settings, so that all runs are alike."""
    ours = ("CRM_", "STRIPE_", "QBO_", "SANDBOX_", "PORTAL_", "DATABASE_", "METRICS_", "SMTP_", "DEPOSIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*ours, "PORT"))}
    return {
        **kept,
        "DATABASE_URL": database_url,
        "CRM_DATA_DIR": str(folder),
        "CRM_SECRET_KEY": SECRET_KEY,
        **more,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as trial:
        port: int = trial.getsockname()[1]
        return port


class Processes:
    """Starts processes and ends them all; the kernel ends them should this process be killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._running):
            self.stop(name)

    def start(self, name: str, command: list[str], environment: Mapping[str, str]) -> int:
        """Starts `command` in the folder of the measurement (where no .env lies); returns its process id."""
        with self._log(name).open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509 - two system calls, no lock
            )
        self._running[name] = process
        return process.pid

    def start_product(self, command: str, environment: Mapping[str, str]) -> int:
        """Starts `crm <command>`."""
        return self.start(command, [sys.executable, "-m", "crm.cli", command], environment)

    def wait_ready(self, name: str, url: str) -> float:
        """Waits until `url` says 200; returns how many seconds that took. Raises NotMeasured."""
        started = time.monotonic()
        while time.monotonic() - started < READY_SECONDS_MAX:
            if self._running[name].poll() is not None:
                raise NotMeasured(f"{name} ended while starting:\n{self.last_words(name)}")
            with suppress(OSError, urllib.error.URLError), _DIRECT.open(url, timeout=2) as answer:
                if answer.status == 200:
                    return time.monotonic() - started
            time.sleep(POLL_SECONDS)
        raise NotMeasured(f"{name} was not ready in {READY_SECONDS_MAX:.0f} s:\n{self.last_words(name)}")

    def wait_listening(self, name: str, port: int) -> None:
        """Waits until something accepts connections on `port`. Raises NotMeasured."""
        deadline = time.monotonic() + READY_SECONDS_MAX
        while time.monotonic() < deadline:
            if self._running[name].poll() is not None:
                raise NotMeasured(f"{name} ended while starting:\n{self.last_words(name)}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(POLL_SECONDS)
        raise NotMeasured(f"{name} did not listen in {READY_SECONDS_MAX:.0f} s:\n{self.last_words(name)}")

    def stop(self, name: str) -> None:
        process = self._running.pop(name)
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def last_words(self, name: str) -> str:
        return "\n".join(self._log(name).read_text(errors="replace").splitlines()[-15:])

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
