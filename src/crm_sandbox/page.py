"""Serves the page at / and its few files: plain HTML, CSS and modules, nothing from outside."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

FOLDER = Path(__file__).with_name("page_files")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def page_routes() -> list[BaseRoute]:
    """The page, and /_page/{file} for what belongs to it."""

    async def index(request: Request) -> Response:
        return _file("index.html")

    async def part(request: Request) -> Response:
        return _file(request.path_params["name"])

    return [Route("/", index, methods=["GET"]), Route("/_page/{name}", part, methods=["GET"])]


def _file(name: str) -> Response:
    # Only what lies in the folder itself is named here: a path of several parts does not match the route.
    path = FOLDER / name
    if path.suffix not in TYPES or not path.is_file():
        return JSONResponse({"error": "no such file"}, 404)
    return Response(path.read_bytes(), media_type=TYPES[path.suffix], headers=HEADERS)
