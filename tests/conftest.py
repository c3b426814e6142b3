"""What every test may ask for: a database of its own with the demo data, and the real server on a free port."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import hypothesis
import psycopg
import pytest
import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from pydantic import SecretStr
from tests.databases import SECRET_KEY, create, database_from, drop, drop_roles, named
from tests.worker_beside import WorkerBeside

from crm import demo
from crm.app import create_app
from crm.demo.content import DEMO_PASSWORD
from crm.kit import migrations
from crm.kit.database import Database, app_url, conninfo, owner_url
from crm.kit.embedded_postgres import EmbeddedPostgres
from crm.kit.logging import configure_logging
from crm.kit.settings import Settings

__all__ = ["SECRET_KEY", "database_from"]  # besides what is made here: many tests take them from here

START_SECONDS_MAX = 60.0
MEMORY_BYTES_MIN = 4_000_000_000
_tokens: dict[tuple[str, str], str] = {}

# Nothing here trusts anybody outside, yet each HTTP client would read all of the system's certificates: a fiftieth of a
# second of the processor's time, thousands of times.
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = os.devnull


# No property is a timed test, and the suite says the same of the same tree each time; new examples are looked for with
# --hypothesis-profile default, and by the long forms behind make.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True)
hypothesis.settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """What is loaded now stays: the collector need not look at it again in each of thousands of tests."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """Logs as in production: structlog's own default draws every traceback with all variables, for seconds."""
    configure_logging(production=True)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The owner's address of a PostgreSQL server: DATABASE_URL, or a private one for this run."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    folder = Path(tempfile.mkdtemp(prefix="crm-test-", dir=_memory_folder()))
    folder.chmod(0o755)  # as root the server runs as another account, which must get through
    server = EmbeddedPostgres(folder)
    server.start()
    _forget_at_power_loss(server.url)
    yield server.url
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def _memory_folder() -> str | None:
    """Where files live in memory and there is room for a server's; None: wherever temporary files go."""
    shared = Path("/dev/shm")  # noqa: S108 - the system's own; the folder in it is ours alone
    roomy = (
        shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > MEMORY_BYTES_MIN
    )
    return str(shared) if roomy else None


def _forget_at_power_loss(url: str) -> None:
    """Nothing of this run is to outlive it: a database copied as files and never flushed costs a tenth of the
    processor's time, and most tests ask for one. Servers that are killed on purpose are others, as delivered."""
    with psycopg.connect(conninfo(owner_url(url)), autocommit=True) as owner:
        for setting in (
            "fsync = off",
            "synchronous_commit = off",
            "full_page_writes = off",
            "max_wal_size = '256MB'",
        ):
            owner.execute(f"ALTER SYSTEM SET {setting}")
        owner.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def empty_template(postgres_url: str) -> Iterator[str]:
    """A migrated database without a row; copying it takes a tenth of migrating."""
    name = f"crm_empty_{os.getpid()}"
    with psycopg.connect(conninfo(owner_url(postgres_url)), autocommit=True) as owner:
        create(owner, name, None)
        migrations.upgrade(named(postgres_url, name), SECRET_KEY)
        yield name
        drop(owner, postgres_url, name)
        drop_roles(owner, postgres_url)


@pytest.fixture(scope="session")
def demo_template(postgres_url: str, empty_template: str) -> Iterator[str]:
    """The same with the demo data in it. A login there costs what its stored hash says, which is next to nothing: with
    the product's own costs each would take a sixth of a second of the processor's time."""
    name = f"crm_demo_{os.getpid()}"
    with psycopg.connect(conninfo(owner_url(postgres_url)), autocommit=True) as owner:
        create(owner, name, empty_template)
        url = named(postgres_url, name)
        assert demo.load_demo(settings_for(url), url)
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(DEMO_PASSWORD)
        with psycopg.connect(conninfo(owner_url(url)), autocommit=True) as inside:
            inside.execute("UPDATE users SET password_hash = %s", [cheap])
        yield name
        drop(owner, postgres_url, name)


@pytest.fixture
def empty_database_url(postgres_url: str, empty_template: str) -> Iterator[str]:
    """The owner's address of a database of this test's own, migrated and empty."""
    with database_from(postgres_url, empty_template) as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str, demo_template: str) -> Iterator[str]:
    """The owner's address of a database of this test's own, with the demo data."""
    with database_from(postgres_url, demo_template) as url:
        yield url


@pytest.fixture
def settings(database_url: str) -> Settings:
    return settings_for(database_url)


def settings_for(database_url: str, **changes: Any) -> Settings:
    """Settings that nothing in the developer's environment can change."""
    fields: dict[str, Any] = {
        "crm_env": "development",
        "database_url": database_url,
        "crm_secret_key": SecretStr(SECRET_KEY),
        "crm_data_dir": Path(tempfile.gettempdir()) / "crm-test-data",
        "metrics_token": None,
        "smtp_url": None,
        "stripe_secret_key": None,
        "stripe_webhook_secret": None,
        "stripe_api_base": "https://api.stripe.com",
        "portal_public_url": "http://localhost:5173",
        "deposit_percent": 30,
        "qbo_client_id": None,
        "qbo_client_secret": None,
        "qbo_webhook_verifier_token": None,
        "qbo_api_base": None,
    }
    return Settings(_env_file=None, **{**fields, **changes})


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The application's own connections: the lesser role, bound by row-level security."""
    assert settings.database_url is not None
    made = Database(app_url(settings.database_url, SECRET_KEY), pool_size=3)
    yield made
    await made.close()


@dataclass
class RunningApp:
    """The real application behind real HTTP."""

    url: str
    app: FastAPI
    settings: Settings
    _clients: list[httpx2.Client] = field(default_factory=list)
    _worker: WorkerBeside | None = None

    def client(self, **headers: str) -> httpx2.Client:
        """A caller that is nobody yet, with a cookie jar of its own."""
        client = httpx2.Client(base_url=self.url, headers=headers, timeout=30)
        self._clients.append(client)
        return client

    def as_user(self, email: str, password: str = "password") -> httpx2.Client:
        """A caller with this user's bearer token; one of another test of this run, if it is good here too."""
        client = self.client()
        client.headers["Authorization"] = f"Bearer {_tokens.get((email, password))}"
        if client.get("/auth/me").json().get("email") == email:
            return client
        del client.headers["Authorization"]
        answer = client.post("/auth/login", json={"email": email, "password": password})
        assert answer.status_code == 200, answer.text
        client.cookies.clear()
        _tokens[email, password] = answer.json()["access_token"]
        client.headers["Authorization"] = f"Bearer {_tokens[email, password]}"
        return client

    def as_customer(self, staff: httpx2.Client, proposal_id: int) -> httpx2.Client:
        """A caller who holds a new link of this proposal, as bearer token."""
        answer = staff.post(f"/proposals/{proposal_id}/portal-links")
        assert answer.status_code == 201, answer.text
        token = answer.json()["url"].partition("#t=")[2]
        return self.client(Authorization=f"Bearer {token}")

    @property
    def worker(self) -> WorkerBeside:
        """The worker beside this server; there from the first time that it is asked for."""
        if self._worker is None:
            self._worker = WorkerBeside(self.settings)
        return self._worker

    def close(self) -> None:
        for client in self._clients:
            client.close()
        if self._worker is not None:
            self._worker.close()


@pytest.fixture
def start_app() -> Iterator[Callable[[Settings], RunningApp]]:
    """Starts the server with given settings; all that a test started end with it."""
    started: list[tuple[uvicorn.Server, threading.Thread, RunningApp]] = []

    def start(settings: Settings, port: int = 0) -> RunningApp:
        app = create_app(settings)
        listener = socket.create_server(("127.0.0.1", port))
        server = uvicorn.Server(
            uvicorn.Config(app, log_config=None, lifespan="on", timeout_graceful_shutdown=3)
        )
        thread = threading.Thread(target=_serve, args=(server, listener), daemon=True)
        thread.start()
        running = RunningApp(f"http://127.0.0.1:{listener.getsockname()[1]}", app, settings)
        started.append((server, thread, running))
        deadline = time.monotonic() + START_SECONDS_MAX
        while not server.started:
            assert thread.is_alive(), "the server ended while starting"
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.005)
        return running

    yield start
    for server, thread, running in started:
        running.close()
        server.should_exit = True
        thread.join(START_SECONDS_MAX)


def _serve(server: uvicorn.Server, listener: socket.socket) -> None:
    with listener:
        server.run(sockets=[listener])  # on uvloop, as the product serves


@pytest.fixture
def app_server(settings: Settings, start_app: Callable[[Settings], RunningApp]) -> RunningApp:
    """The server on this test's database."""
    return start_app(settings)


@pytest.fixture
def api(app_server: RunningApp) -> httpx2.Client:
    """The owner of org 1, logged in."""
    return app_server.as_user("admin@peakpro.io")


@pytest.fixture
def owner_sql(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection, to look at what is stored or to make a world that the API would not."""
    with psycopg.connect(conninfo(owner_url(database_url)), autocommit=True) as connection:
        yield connection
