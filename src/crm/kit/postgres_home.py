"""The folder that an embedded PostgreSQL lives in: whom each part belongs to, its lock, where its socket is.

postgres/            root's when we are root; a link where the server's account could not reach it
  data/  run/        the server's: the cluster, and the socket (`run` may be a link to a short path)
  password           the owner role's, readable by whoever starts the server
  server.log
  starter.lock       held by the process that runs it
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from pathlib import Path

from crm.kit.postgres_engine import Account, PostgresNotStarted, reachable, shared_place

PORT = 5432  # names the socket file only; nothing listens on TCP

# sockaddr_un.sun_path is 108 bytes on Linux and 104 on macOS, with the closing zero.
SOCKET_PATH_BYTES_MAX = 107 if sys.platform == "linux" else 103


def prepared_home(home: Path, account: Account | None) -> Path:
    """Makes the folder that holds all of it, and returns where it really is.

    As root it belongs to root, and only `data` and `run` to the server's account, so that the server can
    plant nothing that root would write through. In a folder that this account cannot reach (/root) it is
    a link to a place that it can.
    """
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        if account is None:
            home.mkdir(mode=0o700, exist_ok=True)
        elif reachable(home.parent, account):
            home.mkdir(exist_ok=True)
            home.chmod(0o711)
        else:
            _link_elsewhere(home)
    real = home.resolve()
    if not os.access(real, os.W_OK | os.X_OK):
        raise PostgresNotStarted(
            f"{real} belongs to another user. Start as that one, or set CRM_DATA_DIR to a folder of your own."
        )
    if account is None or reachable(real, account):
        return real
    raise PostgresNotStarted(
        f"PostgreSQL does not run as root, and the account `nobody` cannot reach {real}. "
        "Move it to a folder that every account may pass through and set CRM_DATA_DIR to that."
    )


def lock_or_none(path: Path) -> int | None:
    """Returns an open lock that says "I run this database", or None when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def socket_dir(home: Path, account: Account | None) -> Path:
    """Makes the folder of the socket: `run`, or a private temporary one behind it where libpq could not use that.

    A socket's path has few bytes, and libpq reads a comma as the end of one host.
    """
    run = home / "run"
    direct = len(os.fsencode(run / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX and b"," not in os.fsencode(
        run
    )
    if direct and not run.is_symlink():
        own_folder(run, account)
        return run
    if run.is_symlink() and not _is_private(Path(os.readlink(run)), account):
        run.unlink()  # /tmp was emptied since, and the name may be anybody's by now
    if not run.is_symlink():
        private = Path(tempfile.mkdtemp(prefix="peakpro-", dir="/tmp"))
        own_folder(private, account)
        run.symlink_to(private)
    return run.resolve()


def remove_private_socket_dir(home: Path) -> None:
    run = home / "run"
    if run.is_symlink():
        shutil.rmtree(run.resolve(), ignore_errors=True)
        run.unlink()


def own_folder(path: Path, account: Account | None) -> None:
    """Makes `path` the server's alone; also mends one whose making was interrupted."""
    path.mkdir(mode=0o700, exist_ok=True)
    if account:
        os.chown(path, account.uid, account.gid)


def write_private(path: Path, text: str, account: Account | None) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
        if account:
            os.fchown(descriptor, account.uid, account.gid)


def _link_elsewhere(home: Path) -> None:
    elsewhere = Path(tempfile.mkdtemp(prefix="postgres-", dir=shared_place()))
    elsewhere.chmod(0o711)
    if home.is_symlink():
        home.unlink()  # its target was deleted
    try:
        home.symlink_to(elsewhere)
    except FileExistsError:  # another process was first; its place is the place
        elsewhere.rmdir()


def _is_private(path: Path, account: Account | None) -> bool:
    try:
        info = path.lstat()
    except FileNotFoundError:
        return False
    owner = account.uid if account else os.geteuid()
    return stat.S_ISDIR(info.st_mode) and info.st_uid == owner and info.st_mode & 0o777 == 0o700
