"""Runs a sandbox on a socket, in the foreground or in a thread of its own."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import uvicorn

from crm_sandbox.app import Sandbox

START_SECONDS = 10.0
STOP_SECONDS = 1


class SandboxServer(uvicorn.Server):
    """A server that lets go of everything that faults hold before it ends."""

    def __init__(self, config: uvicorn.Config, sandbox: Sandbox) -> None:
        super().__init__(config)
        self._sandbox = sandbox

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends within STOP_SECONDS."""
        self._sandbox.let_go()
        await super().shutdown(sockets)


def server_for(app: Sandbox, log_level: str = "warning") -> SandboxServer:
    """A server that ends within a second when told to, whatever still runs."""
    settings = uvicorn.Config(
        app, log_level=log_level, access_log=False, timeout_graceful_shutdown=STOP_SECONDS, lifespan="on",
        timeout_keep_alive=75, date_header=False,
    )  # fmt: skip
    return SandboxServer(settings, app)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. OSError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # Without IPPROTO_TCP asyncio does not switch Nagle off, and each answer waits 40 ms for an ACK.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except OSError:
        listening.close()
        raise
    return listening


@contextlib.contextmanager
def serving(app: Sandbox, listening: socket.socket) -> Iterator[None]:
    """Serves in a thread until the block ends; RuntimeError when it does not come up in time."""
    server = server_for(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="sandbox", daemon=True)
    thread.start()
    waited = threading.Event()
    for _ in range(int(START_SECONDS * 200)):
        if server.started or not thread.is_alive():
            break
        waited.wait(0.005)
    if not server.started:
        raise RuntimeError("the sandbox did not start")
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
        listening.close()
