"""What `make run` and `make demo` start: database, migrations, demo data, simulators, API and worker."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Literal

from crm.kit.embedded_postgres import EmbeddedPostgres, PostgresNotStarted
from crm.kit.settings import Settings
from crm.kit.supervisor import Child, Supervisor, next_backoff

Mode = Literal["run", "demo"]

# Everything ends within 10 s of being asked, at worst 6 for the children, 1 for their last output, 3 for the database.
CHILDREN_STOP_SECONDS = 6.0
POSTGRES_STOP_SECONDS = 1.0
READY_SECONDS_MAX = 90.0
READY_POLL_SECONDS = 0.05
# An API that ended this often before it ever served will not serve.
ENDS_BEFORE_READY_MAX = 3
WATCH_SECONDS = 0.5

# Keys for the simulators on this machine; they open nothing anywhere else.
SIMULATED_STRIPE_KEY = "sk_test_simulator_on_this_machine_only"
SIMULATED_WEBHOOK_SECRET = "whsec_simulator_on_this_machine_only"  # noqa: S105
SIMULATED_CLIENT_ID = "sandbox-client-id"
SIMULATED_CLIENT_SECRET = "sandbox-client-secret"  # noqa: S105
SIMULATED_VERIFIER_TOKEN = "simulated-verifier-token"  # noqa: S105 - of the simulator
# The Stripe account of the second demo company (crm.demo.content), connected at the simulator.
DEMO_STRIPE_ACCOUNT = "acct_1SandboxSummit0002"

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a proxy knows no localhost of ours


class NotStarted(Exception):
    """The stack cannot run; the text says why and what to do."""


def run_stack(mode: Mode, *, once: bool = False) -> int:
    """Runs everything in the foreground until SIGTERM or Ctrl-C and returns the exit status.

    `demo` tells the story on top; with `once` it ends after it, with the story's status.
    """
    settings = Settings()
    postgres: EmbeddedPostgres | None = None
    try:
        check_ports_free(settings)
        if settings.database_url is None:
            postgres = EmbeddedPostgres(settings.crm_data_dir)
            postgres.start()
            if not postgres.owned:
                _say("using the database that another process already runs; it ends with that process")
        environment = environment_for(mode, settings, postgres.url if postgres else settings.database_url)
        return asyncio.run(_Stack(mode, once, settings, environment, postgres).run())
    except (NotStarted, PostgresNotStarted) as error:
        _say(f"not started: {error}")
        return 1
    except KeyboardInterrupt:  # before the event loop took the signals over
        return 128 + signal.SIGINT
    finally:
        if postgres:
            postgres.stop(POSTGRES_STOP_SECONDS)


def environment_for(mode: Mode, settings: Settings, database_url: str | None) -> dict[str, str]:
    """Returns what the children get on top of our own environment; values given from outside win.

    Whoever gives QuickBooks credentials without an address to `run` means Intuit itself, so then the
    simulator's addresses are not set. The demo stays on this machine unless told otherwise, so that
    a live key in somebody's shell charges nobody.
    """
    simulators = f"http://localhost:{settings.sandbox_port}"
    defaults = {
        "DATABASE_URL": database_url or "",
        "PORTAL_PUBLIC_URL": f"http://localhost:{settings.portal_port}",
        "QBO_REDIRECT_URI": f"http://localhost:{settings.port}/qbo/oauth/callback",
    }
    books_webhook = f"http://localhost:{settings.port}/qbo/webhook"
    if mode == "demo" or "qbo_client_id" not in settings.model_fields_set:
        defaults |= {
            "QBO_CLIENT_ID": SIMULATED_CLIENT_ID,
            "QBO_CLIENT_SECRET": SIMULATED_CLIENT_SECRET,
            "QBO_API_BASE": simulators,
            "QBO_AUTHORIZE_URL": f"{simulators}/connect/oauth2",
            "QBO_TOKEN_URL": f"{simulators}/oauth2/v1/tokens/bearer",
            "QBO_REVOKE_URL": f"{simulators}/v2/oauth2/tokens/revoke",
            "QBO_WEBHOOK_VERIFIER_TOKEN": SIMULATED_VERIFIER_TOKEN,
            "SANDBOX_QBO_WEBHOOK_URL": os.environ.get("SANDBOX_QBO_WEBHOOK_URL") or books_webhook,
        }
    if mode == "demo":
        defaults |= {
            "STRIPE_SECRET_KEY": SIMULATED_STRIPE_KEY,
            "STRIPE_WEBHOOK_SECRET": SIMULATED_WEBHOOK_SECRET,
            "STRIPE_API_BASE": simulators,
            "LOG_LEVEL": "warning",  # a line for each request would drown the story
        }
    ours = {name: value for name, value in defaults.items() if name.lower() not in settings.model_fields_set}
    # The simulator delivers here, as an endpoint set in Stripe's dashboard would be.
    webhook = f"http://localhost:{settings.port}/payments/webhook"
    return ours | {
        "SANDBOX_STRIPE_WEBHOOK_URL": os.environ.get("SANDBOX_STRIPE_WEBHOOK_URL") or webhook,
        # The database remembers what it told the simulators, so they must remember it too.
        "SANDBOX_STATE_FILE": os.environ.get("SANDBOX_STATE_FILE")
        or str(settings.crm_data_dir.absolute() / "sandbox.state"),
        "SANDBOX_STRIPE_ACCOUNTS": os.environ.get("SANDBOX_STRIPE_ACCOUNTS") or DEMO_STRIPE_ACCOUNT,
    }


def check_ports_free(settings: Settings) -> None:
    """Raises NotStarted that names the first taken port and the variable that moves it."""
    ports = {
        "PORT": settings.port,
        "PORTAL_PORT": settings.portal_port,
        "SANDBOX_PORT": settings.sandbox_port,
    }
    if len(set(ports.values())) < len(ports):
        raise NotStarted(f"PORT, PORTAL_PORT and SANDBOX_PORT must differ; they are {list(ports.values())}.")
    for variable, port in ports.items():
        for host in {settings.bind_host, "127.0.0.1"}:
            if _taken(host, port):
                raise NotStarted(
                    f"port {port} is taken by another program. End that one, or choose another port: "
                    f"{variable}={port + 10000 if port < 50000 else port - 10000} make run"
                )


class _Stack:
    """The running whole; lives from the database's start to its end."""

    def __init__(
        self,
        mode: Mode,
        once: bool,  # noqa: FBT001 - private, named at the one call
        settings: Settings,
        environment: Mapping[str, str],
        postgres: EmbeddedPostgres | None,
    ) -> None:
        self._mode, self._once, self._settings = mode, once, settings
        self._environment = dict(environment)
        self._postgres = postgres
        self._asked_to_stop = asyncio.Event()

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signal_number, self._asked_to_stop.set)
        supervisor = Supervisor(stop_seconds=CHILDREN_STOP_SECONDS)
        watching = asyncio.create_task(self._keep_postgres())
        work = asyncio.create_task(self._work(supervisor))
        asked = asyncio.create_task(self._asked_to_stop.wait())
        try:
            await asyncio.wait({work, asked}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else 0
        finally:
            watching.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait({work})
            await supervisor.stop()

    async def _work(self, supervisor: Supervisor) -> int:
        supervisor.start(
            self._child("sandbox", "--quiet")
        )  # needs no database, so it starts beside the migrations
        await self._step("migrate")
        if self._settings.crm_env != "production":
            await self._step("demo-data")
        supervisor.start(self._child("api"))
        supervisor.start(self._child("worker"))
        await self._wait_until_ready(supervisor)
        _say(f"ready http://localhost:{self._settings.port}")
        status = 0
        if self._mode == "demo":
            status = await self._tell_story(supervisor)
            if self._once:
                return status
        self._say_addresses()
        await self._asked_to_stop.wait()
        return status

    async def _step(self, command: str) -> None:
        """Runs one `crm` command to its end; our output is its output. Raises NotStarted when it fails."""
        process = await asyncio.create_subprocess_exec(
            *_crm(command), env={**os.environ, **self._environment}
        )
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # what it does, it does in transactions
            await process.wait()
            raise
        if status != 0:
            raise NotStarted(f"`crm {command}` failed with status {status}; what it said stands above.")

    async def _wait_until_ready(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        answer = "no answer yet"
        while time.monotonic() < deadline:
            ready, answer = await asyncio.to_thread(_readiness, self._settings.port)
            if ready:
                return
            if supervisor.ends("api") >= ENDS_BEFORE_READY_MAX:
                raise NotStarted(
                    f"the API ended {supervisor.ends('api')} times before it served, the last time with "
                    f"status {supervisor.last_status('api')}; what it said stands above."
                )
            await asyncio.sleep(READY_POLL_SECONDS)
        raise NotStarted(f"the API was not ready within {READY_SECONDS_MAX:.0f} s: {answer}")

    async def _tell_story(self, supervisor: Supervisor) -> int:
        command = [sys.executable, "-m", "crm.demo_story"]
        supervisor.start(Child("demo", command, self._environment, critical=True))
        return await supervisor.critical_ended()

    async def _keep_postgres(self) -> None:
        """Starts the database again if it dies; the children reconnect by themselves."""
        wait_seconds = WATCH_SECONDS
        while self._postgres is not None:
            await asyncio.sleep(wait_seconds)
            self._postgres.trim_log()
            if self._postgres.alive() or not self._postgres.owned:
                wait_seconds = WATCH_SECONDS
                continue
            _say("the database ended; starting it again")
            try:
                self._postgres.start()  # in this thread: the kernel ties the database's life to it
            except PostgresNotStarted as error:
                _say(f"the database does not start: {error}")
                wait_seconds = next_backoff(wait_seconds)

    def _child(self, command: str, *options: str) -> Child:
        return Child(command, [*_crm(command), *options], self._environment)

    def _say_addresses(self) -> None:
        settings = self._settings
        _say(f"  console    http://localhost:{settings.port}/        admin@peakpro.io / password")
        _say(f"  portal     http://localhost:{settings.portal_port}/")
        _say(f"  simulators http://localhost:{settings.sandbox_port}/")
        _say("  Ctrl-C ends everything")


def _crm(command: str) -> list[str]:
    return [sys.executable, "-m", "crm.cli", command]


def _readiness(port: int) -> tuple[bool, str]:
    """Asks /readyz: whether it says 200, and its answer in words."""
    try:
        with _DIRECT.open(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200, "ready"
    except urllib.error.HTTPError as error:
        with contextlib.suppress(ValueError):
            return False, json.dumps(json.load(error))
        return False, f"status {error.code}"
    except OSError as error:
        return False, str(error)


def _taken(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT of our last run is no reason
        try:
            trial.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return True
            raise NotStarted(
                f"cannot listen on {host}:{port} ({error}); choose another port or host"
            ) from error
    return False


def _say(text: str) -> None:
    print(text, flush=True)
