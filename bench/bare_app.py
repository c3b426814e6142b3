"""What the simulators are measured against: Starlette on the same server, that reads a body and answers JSON of a size."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def answer(request: Request) -> Response:
    await request.body()
    size = int(request.query_params.get("size", "2"))
    return JSONResponse("x" * max(size - 2, 0))


if __name__ == "__main__":
    uvicorn.run(
        Starlette(routes=[Route("/", answer, methods=["GET", "POST"])]),
        port=int(sys.argv[1]),
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
    )
