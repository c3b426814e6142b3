"""The command line: `python -m crm_sandbox --port 8090`."""

import argparse
import signal
import sys
from pathlib import Path

from crm_sandbox.app import create_app
from crm_sandbox.config import DEFAULT_PORT, config_from_environment
from crm_sandbox.server import listen, server_for


def main() -> int:
    """Serves until SIGTERM or Ctrl-C; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m crm_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, help=f"default SANDBOX_PORT or {DEFAULT_PORT}")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine only")
    parser.add_argument("--base-url", help="the address that clients use, if it is not http://localhost:PORT")
    parser.add_argument("--stripe-webhook-url", help="where signed Stripe events go")
    parser.add_argument("--stripe-webhook-secret", help="signs them; several, comma-separated")
    parser.add_argument("--qbo-webhook-url", help="where QuickBooks CloudEvents go")
    parser.add_argument("--qbo-verifier-token", help="signs them")
    parser.add_argument("--no-rate-limits", action="store_true", help="do not throttle QuickBooks requests")
    parser.add_argument("--state-file", type=Path, help="remember everything here from one start to the next")
    given = parser.parse_args()
    base_url = given.base_url or (f"http://localhost:{given.port}" if given.port else None)
    secrets = given.stripe_webhook_secret
    config = config_from_environment(
        base_url=base_url,
        stripe_webhook_url=given.stripe_webhook_url,
        stripe_webhook_secrets=tuple(s.strip() for s in secrets.split(",")) if secrets else None,
        qbo_webhook_url=given.qbo_webhook_url,
        qbo_verifier_token=given.qbo_verifier_token,
        qbo_rate_limits_on=False if given.no_rate_limits else None,
        state_file=given.state_file,
    )
    port = given.port or int(config_from_environment().base_url.rpartition(":")[2])
    try:
        listening = listen(given.host, port)
    except OSError as error:
        print(f"cannot listen on {given.host}:{port}: {error}", file=sys.stderr)
        return 1
    print(f"sandbox ready {config.base_url}", flush=True)
    # The server ends cleanly on SIGTERM and then raises it again: that second time means a good end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server_for(create_app(config)).run(sockets=[listening])
    return 0


if __name__ == "__main__":
    sys.exit(main())
