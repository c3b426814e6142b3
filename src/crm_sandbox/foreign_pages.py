"""Keeps web pages from elsewhere off the sandbox's own addresses (/ and /_*): it has no login but being local.

A page that somebody opens in a browser on this machine could otherwise send requests to localhost (CSRF), or have
its own name point here (DNS rebinding). The first shows a foreign Origin, the second a foreign Host.
"""

from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from crm_sandbox.config import SandboxConfig

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_SHOWN = 100


class ForeignPages:
    """Knows under which names the sandbox may be called."""

    def __init__(self, config: SandboxConfig) -> None:
        own = urlsplit(config.base_url).hostname
        self._allowed = LOCAL | {name.lower() for name in (own, *config.allowed_hosts) if name}

    def refusal(self, scope: Scope) -> Response | None:
        """403 with the way out for a request to the sandbox itself that a foreign page is behind; else None."""
        path = str(scope["path"])
        if path != "/" and not path.startswith("/_"):
            return None
        told = {
            name: value.decode("latin-1") for name, value in scope["headers"] if name in (b"host", b"origin")
        }
        host, origin = told.get(b"host"), told.get(b"origin")
        if host is not None and not self._is_ours(f"//{host}"):
            return _refuse(f"{host[:MAX_SHOWN]} is not a name of this sandbox")
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS")
        if origin is not None and not reads and not self._is_ours(origin):
            return _refuse(f"pages of {origin[:MAX_SHOWN]} may not drive this sandbox")
        return None

    def _is_ours(self, address: str) -> bool:
        try:
            return (urlsplit(address).hostname or "") in self._allowed
        except ValueError:  # brackets that do not match
            return False


def _refuse(what: str) -> Response:
    way_out = "call it as localhost, or start it with --allow-host NAME (SANDBOX_ALLOWED_HOSTS)"
    return JSONResponse({"error": f"{what}: {way_out}"}, 403)
