"""Reads postmaster.pid: whether a PostgreSQL runs on a data folder, told from a stale file."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

# Above pid_max of every system we run on, so that it never exists.
_NOBODYS_PID = 999_999_999


@dataclass(frozen=True)
class Postmaster:
    """A running server process."""

    pid: int

    def alive(self) -> bool:
        return _is_postgres(self.pid)


def read_postmaster(data: Path) -> Postmaster | None:
    """Returns the server that runs on `data`, or None. A zombie or a reused process id is not a server."""
    pid = _pid_in(data)
    return Postmaster(pid) if pid is not None and _is_postgres(pid) else None


def disown_reused_pid(data: Path) -> None:
    """Makes a stale file harmless whose process id now belongs to something else, or to a zombie.

    PostgreSQL would take any living process with that id for itself and refuse to start (a container's
    low ids come back after each restart). The file stays: its shared memory line lets PostgreSQL notice
    sessions of the dead server that still run.
    """
    pid = _pid_in(data)
    if pid is None or _is_postgres(pid):
        return
    file = data / "postmaster.pid"
    _, rest = file.read_text().split("\n", 1)
    with file.open("r+") as stale:  # in place: the owner and mode must stay
        stale.write(f"{_NOBODYS_PID}\n{rest}")
        stale.truncate()


def _pid_in(data: Path) -> int | None:
    try:
        first_line = (data / "postmaster.pid").read_text().split("\n", 1)[0]
    except FileNotFoundError:
        return None
    return int(first_line) if first_line.isdigit() else None


def _is_postgres(pid: int) -> bool:
    stat_file = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            told = stat_file.read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False
        name, after = told[told.index("(") + 1 :].rsplit(")", 1)
        return name == "postgres" and after.split()[0] not in "ZX"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # alive, and another user's: let its name decide
    told = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    return told.endswith("postgres") and not told.startswith("Z")
