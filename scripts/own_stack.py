"""The stack of `make run` for a script: on free ports, with a database of its own, ended with it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
CRM = ROOT / ".venv" / "bin" / "crm"
READY_SECONDS_MAX = 120.0


@contextmanager
def stack(folder: Path) -> Iterator[dict[str, str]]:
    """`make run` on free ports with a database of its own; yields the environment to speak to it."""
    ports = free_ports(3)
    environment = {
        **os.environ,
        "CRM_DATA_DIR": str(folder / "data"),
        "PORT": str(ports[0]),
        "PORTAL_PORT": str(ports[1]),
        "SANDBOX_PORT": str(ports[2]),
        "PORTAL_PUBLIC_URL": f"http://localhost:{ports[1]}",
    }
    log = folder / "stack.log"
    with log.open("wb") as out:
        running = subprocess.Popen([CRM, "run"], cwd=ROOT, env=environment, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while f"ready http://localhost:{ports[0]}" not in log.read_text():
            if running.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the stack did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.2)
        yield environment
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def link_of(proposal: int, environment: dict[str, str]) -> str:
    asked = [CRM, "portal-link", str(proposal)]
    answer = subprocess.run(asked, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return next(word for word in answer.stdout.split() if "#t=" in word)
