"""A small application for the tests of the processes, and a program that serves it: `python hello.py '{"workers": 2}'`.

Options, all optional: data_dir, host, port, tls_port, workers, names, fail (the text of a failing start) and limits.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from starlette.types import Receive, Scope, Send

from muster.crypto.certificates import ensure_certificate
from muster.server import logs
from muster.server.app import CannotStart
from muster.server.protocol import Limits
from muster.server.sockets import listen
from muster.server.supervisor import serve


class Hello:
    def __init__(self, fail: str) -> None:
        self._fail = fail

    async def start(self) -> None:
        if self._fail == "exit":
            os._exit(3)
        if self._fail not in {"", "stop"}:
            raise CannotStart(self._fail) if self._fail.startswith("cannot") else RuntimeError(self._fail)

    async def stop(self) -> None:
        if self._fail == "":
            sys.stderr.write("stopped\n")
        else:
            raise OSError("nothing was flushed")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match scope["path"]:
            case "/pid":
                await answer(send, str(os.getpid()).encode())
            case "/scheme":
                await answer(send, scope["scheme"].encode())
            case "/slow":
                await answer(send, b"", more=True)
                sys.stderr.write("running\n")
                await asyncio.sleep(0.3)
                await send({"type": "http.response.body", "body": b"finished"})
            case "/echo":
                await answer(send, await read(receive))
            case "/memory":
                await answer(send, str(resident_bytes()).encode())
            case "/flood":
                await answer(send, b"", more=True)
                for _ in range(10_000):
                    await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
                await send({"type": "http.response.body", "body": b""})
            case "/broken":
                raise ValueError("told by the application")
            case _:
                await answer(send, b"hello")


async def answer(send: Send, body: bytes, *, more: bool = False) -> None:
    headers = [] if more else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def read(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body", False):
            return body


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main(options: dict[str, Any]) -> int:
    logs.configure(human=False)

    async def build() -> Hello:
        return Hello(options.get("fail", ""))

    try:
        listeners = listen(options.get("host", "127.0.0.1"), options.get("port", 0), options.get("tls_port", 0))
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 1
    certificate = ensure_certificate(Path(options["data_dir"]), options.get("names", []), time.time_ns() // 1_000_000)
    limits = Limits(**options.get("limits", {}))
    return serve(build, listeners, certificate, workers=options.get("workers", 1), limits=limits)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
