"""Simulators of Stripe and QuickBooks Online on this machine, for any client that can be pointed at an address."""

import argparse
import contextlib
import dataclasses
import errno
import json
import signal
import sys
import urllib.request
from pathlib import Path

from crm_sandbox.app import create_app
from crm_sandbox.config import (
    DEFAULT_PORT,
    MAX_PORT,
    SandboxConfig,
    config_from_environment,
    port_from_environment,
)
from crm_sandbox.guide import guide
from crm_sandbox.server import listen, server_for

ASK_SECONDS = 1.0


def main() -> int:
    """Serves until SIGTERM or Ctrl-C; returns the exit status."""
    given = _options().parse_args()
    try:
        config = _config(given)
        port = port_from_environment() if given.port is None else given.port
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    try:
        listening = listen(given.host, port)
    except OSError as error:
        print(_why_not(given.host, port, error), file=sys.stderr)
        return 1
    if given.port == 0 and not given.base_url:
        config = dataclasses.replace(config, base_url=f"http://localhost:{listening.getsockname()[1]}")
    print(f"sandbox ready {config.base_url}", flush=True)
    if not given.quiet:
        print(guide(config), flush=True)
    # The server ends cleanly on SIGTERM and Ctrl-C, then raises the signal again: that means a good end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        server_for(create_app(config)).run(sockets=[listening])
    return 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="crm sandbox",
        description=__doc__,
        epilog="Most can come from the environment too: docs/sandbox.md.",
    )
    add = parser.add_argument
    add("--port", type=_port, help=f"default SANDBOX_PORT or {DEFAULT_PORT}; 0 takes a free one")
    add("--host", default="127.0.0.1", help="where to listen; default: this machine only")
    add("--base-url", help="the address that clients use, if it is not http://localhost:PORT")
    add(
        "--allow-host",
        action="append",
        metavar="NAME",
        help="another name under which the page may be opened",
    )
    add("--stripe-webhook-url", metavar="URL", help="where Stripe's events go")
    add("--stripe-webhook-secret", metavar="SECRET", help="signs them; several, comma-separated")
    add("--qbo-webhook-url", metavar="URL", help="where QuickBooks' CloudEvents go")
    add("--qbo-verifier-token", metavar="TOKEN", help="signs them")
    add("--qbo-client-id", metavar="ID", help="what the app must send; default sandbox-client-id")
    add("--qbo-client-secret", metavar="SECRET", help="default sandbox-client-secret")
    add(
        "--requests-per-second",
        type=_count,
        metavar="N",
        help="QuickBooks' limit for each company; default 10",
    )
    add("--requests-per-minute", type=_count, metavar="N", help="default 500")
    add("--no-rate-limits", action="store_true", help="do not throttle at all")
    add("--seed", type=int, help="of what happens by chance (order and duplicates of webhooks); default 1")
    add(
        "--state-file", type=Path, metavar="FILE", help="remember everything there from one start to the next"
    )
    add("--quiet", action="store_true", help="print one line when ready, and no guide")
    return parser


def _config(given: argparse.Namespace) -> SandboxConfig:
    secrets = given.stripe_webhook_secret
    return config_from_environment(
        base_url=given.base_url or (f"http://localhost:{given.port}" if given.port else None),
        allowed_hosts=tuple(given.allow_host) if given.allow_host else None,
        stripe_webhook_url=given.stripe_webhook_url,
        stripe_webhook_secrets=tuple(s.strip() for s in secrets.split(",")) if secrets else None,
        qbo_webhook_url=given.qbo_webhook_url,
        qbo_verifier_token=given.qbo_verifier_token,
        qbo_client_id=given.qbo_client_id,
        qbo_client_secret=given.qbo_client_secret,
        qbo_rate_per_second=given.requests_per_second,
        qbo_rate_per_minute=given.requests_per_minute,
        qbo_rate_limits_on=False if given.no_rate_limits else None,
        seed=given.seed,
        state_file=given.state_file,
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {MAX_PORT}, not {text!r}")
    return int(text)


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 1_000_000):
        raise argparse.ArgumentTypeError(f"a limit is a whole number from 1, not {text!r}")
    return int(text)


def _why_not(host: str, port: int, error: OSError) -> str:
    """What stands in the way of listening there, and the way out."""
    another = f"start this one with --port {port + 1 if port < MAX_PORT else port - 1}"
    if error.errno == errno.EADDRINUSE:
        if _is_sandbox(host, port):
            return f"A sandbox runs on port {port} already: use it at http://localhost:{port}/, or {another}."
        return f"Port {port} is taken by another program: end that one, or {another}."
    if error.errno == errno.EACCES:
        return f"Port {port} is only for the administrator of this machine: {another if port > 1023 else 'take one above 1023'}."
    return f"Cannot listen on {host}, port {port}: {error.strerror or error}. Check --host and --port."


def _is_sandbox(host: str, port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{host}:{port}/_health", timeout=ASK_SECONDS) as answer:
            return bool(json.load(answer) == {"ok": True})
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(main())
