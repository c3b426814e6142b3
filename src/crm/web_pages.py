"""Serves the built web app: the portal at /proposal/{id}, the console at every address a browser opens."""

from __future__ import annotations

import mimetypes
import re
from functools import lru_cache
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

# In a checkout web/ lies beside src/, in an installed package the working directory has it.
DIST = next(
    (p for p in (Path(__file__).parents[2] / "web" / "dist", Path("web/dist").resolve()) if p.exists()),
    Path(__file__).parents[2] / "web" / "dist",
)

# Addresses that a browser opens and that the API answers.
_API_PAGES = (
    "/qbo/oauth/",
    "/mail/unsubscribe",
    "/lead-form/",
    "/openapi.json",
    "/metrics",
    "/healthz",
    "/readyz",
)
_PORTAL = re.compile(r"/proposal/\d+/?")
_FILE = re.compile(r"/(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/){0,4}[A-Za-z0-9_-][A-Za-z0-9._-]*\.[A-Za-z0-9]+")

_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*$")  # `gzip;q=0`: known, and not wanted

# Of the build's files with a hash in their names, which never change: enough for all forms of a build or two.
KEPT_FILES_MAX = 1_000
KEPT_BYTES_MAX = 512 * 1024

FOREVER = "public, max-age=31536000, immutable"  # the build puts a hash of the content into these names
ASK_AGAIN = "no-cache"

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>PeakPro CRM</title>
<body style="font: 16px/1.5 system-ui; max-width: 40rem; margin: 4rem auto; padding: 0 1rem">
<h1>The web app is not built yet</h1>
<p>The API is running. To build the pages run <code>make setup</code> (or <code>npm --prefix web ci</code>
and <code>npm --prefix web run build</code>) and load this page again.</p>"""


class WebPages:
    """ASGI middleware: answers what a browser navigates to; everything else goes on to the API.

    Console and API share addresses (`/proposals` is a page and a collection), so what decides is whether
    the caller wants HTML: browsers say so when they navigate, programs and `fetch` do not.
    """

    def __init__(self, app: ASGIApp, dist: Path = DIST) -> None:
        self._app = app
        self._dist = dist

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self._page(scope) if scope["type"] == "http" else None
        await (response or self._app)(scope, receive, send)

    def _page(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or path.startswith(_API_PAGES):
            return None
        if _FILE.fullmatch(path):
            file = self._dist / path.lstrip("/")
            if file.is_file():
                return _served(file, scope, FOREVER if path.startswith("/assets/") else ASK_AGAIN)
            return None
        if "text/html" not in Headers(scope=scope).get("accept", ""):
            return None
        portal = _PORTAL.fullmatch(path) is not None
        page = self._dist / ("portal.html" if portal else "index.html")
        if not page.is_file():
            return HTMLResponse(_NOT_BUILT, 503)
        response = _served(page, scope, ASK_AGAIN)
        if portal:
            # The same empty shell for every proposal: what it shows comes from /portal, by a secret that stands
            # behind the # and reaches no crawler. All else is `noindex` by the edge.
            response.headers["X-Robots-Tag"] = "all"
        return response


def _served(file: Path, scope: Scope, cache_control: str) -> Response:
    """The file, in the smallest form that the build left beside it and the caller takes."""
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    taken = {
        one.partition(";")[0].strip().lower()
        for one in Headers(scope=scope).get("accept-encoding", "").split(",")
        if not _REFUSED.search(one)
    }
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    for encoding, suffix in (("br", ".br"), ("gzip", ".gz")):
        packed = file.with_name(file.name + suffix)
        if encoding in taken and packed.is_file():
            file, headers = packed, headers | {"Content-Encoding": encoding}
            break
    if cache_control == FOREVER and file.stat().st_size <= KEPT_BYTES_MAX:
        return Response(_kept(file), headers=headers, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)


@lru_cache(maxsize=KEPT_FILES_MAX)
def _kept(file: Path) -> bytes:
    """A page asks for dozens of small files at once; opening, reading and closing each on other threads took fifteen times
    as long as answering."""
    return file.read_bytes()
