"""The yardstick: Starlette on uvicorn (uvloop, httptools) that returns given bytes and does nothing else.

    python -m bench.bare ANSWERS

ANSWERS is JSON: `routes` (of a collection and of one of its items), `status`, `fallback` (one body), and `bodies` by path
and query exactly as they are sent. It is read again at SIGHUP, and a line says when that is done.
"""

from __future__ import annotations

import json
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

MEDIA = "application/json; charset=utf-8"


class Answers:
    """What is returned at the moment, and the application that returns it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.app = Starlette()
        self.read()

    def read(self) -> None:
        told = json.loads(self._file.read_text("utf-8"))
        bodies = {target.encode(): body.encode() for target, body in told["bodies"].items()}
        fallback, status = told["fallback"].encode(), told["status"]

        async def answer(request: Request) -> Response:
            scope = request.scope
            if scope["method"] != "GET":
                await request.body()
            target = scope["raw_path"]
            if scope["query_string"]:
                target += b"?" + scope["query_string"]
            return Response(bodies.get(target, fallback), status, media_type=MEDIA)

        collection, item = told["routes"]
        self.app.router.routes[:] = [
            Route(collection, answer, methods=["GET", "POST"]),
            Route(item, answer, methods=["GET", "PATCH", "POST"]),
        ]


def main(file: Path) -> None:
    answers = Answers(file)

    def renew(_signal: int, _frame: FrameType | None) -> None:
        answers.read()
        print("bare renewed", flush=True)

    config = uvicorn.Config(
        answers.app, loop="uvloop", http="httptools", lifespan="off", access_log=False, log_level="warning"
    )
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        signal.signal(signal.SIGHUP, renew)
        print(f"bare ready http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        # uvicorn stops on SIGTERM and then raises it once more, for whoever handled it before; that is nobody.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
