"""Installs dj-stripe into an environment of its own and starts it behind gunicorn, for comparison."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.deposits import STRIPE_KEY, WEBHOOK_SECRET
from bench.stack import ROOT, NotMeasured, Processes, free_port, product_environment

PACKAGES = ("dj-stripe==2.11.0", "gunicorn", "psycopg[binary]")
WORKERS = 2
INSTALL_SECONDS_MAX = 120


def start(processes: Processes, folder: Path, database_url: str) -> tuple[int, str]:
    """Starts the peer and its Stripe API; returns its port and the webhook's path. Raises NotMeasured."""
    environment = _environment(folder)
    stub_port, port = free_port(), free_port()
    settings = product_environment(
        database_url,
        folder,
        STRIPE_SECRET_KEY=STRIPE_KEY,
        STRIPE_WEBHOOK_SECRET=WEBHOOK_SECRET,
        STRIPE_API_BASE=f"http://127.0.0.1:{stub_port}",
        PYTHONPATH=str(ROOT / "bench"),
    )
    processes.start(
        "stripe-stub",
        [sys.executable, "-m", "bench.stripe_stub", str(stub_port)],
        {**settings, "PYTHONPATH": str(ROOT)},
    )
    processes.wait_ready("stripe-stub", f"http://127.0.0.1:{stub_port}/v1/account")
    path = _set_up(environment / "bin" / "python", settings)
    gunicorn = [str(environment / "bin" / "gunicorn"), "djstripe_site:application"]
    options = ["--workers", str(WORKERS), "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    processes.start("dj-stripe", gunicorn + options, settings)
    processes.wait_listening("dj-stripe", port)
    return port, path


def _environment(folder: Path) -> Path:
    """A new environment with the peer in it: by uv where it is (it keeps what it downloaded), else by pip."""
    environment = folder / "dj-stripe-environment"
    python = str(environment / "bin" / "python")
    ours = sorted((ROOT / "var" / "tools").glob("uv-*/bin/uv"))  # where scripts/setup_python puts it
    uv = str(ours[-1]) if ours else shutil.which("uv")
    if uv:
        commands = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(environment)],
            [uv, "pip", "install", "--quiet", "--python", python, *PACKAGES],
        ]
    else:
        commands = [
            [sys.executable, "-m", "venv", str(environment)],
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
        ]
    for command in commands:
        _run(command, "dj-stripe could not be installed")
    return environment


def _set_up(python: Path, settings: Mapping[str, str]) -> str:
    done = _run(
        [str(python), str(ROOT / "bench" / "djstripe_site.py")], "dj-stripe's set-up failed", settings
    )
    return done.strip().splitlines()[-1]


def _run(command: list[str], what_failed: str, environment: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{what_failed}: no end within {INSTALL_SECONDS_MAX} s") from None
    if done.returncode != 0:
        raise NotMeasured(f"{what_failed}: {done.stderr.strip()[-600:]}")
    return done.stdout
