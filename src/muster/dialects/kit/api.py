"""One dialect as an ASGI application: find the route, check the caller, read the body, answer.

Whatever is refused, anywhere, leaves through the dialect's one table of refusals; whatever fails unexpectedly is logged with
its request id and answered without a word about the inside.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from muster.core.errors import Refusal, TooMany
from muster.core.transaction import TransactionRunner
from muster.dialects.kit.body import MOST_BYTES, read_body
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.limits import Allowance, RateLimit
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Routes

log = logging.getLogger("muster.api")


class Crash(Refusal):
    """Something of ours broke; shown as the dialect shows an internal error."""


class Dialect(msgspec.Struct, frozen=True):
    """What makes an API a vendor's.

    `authenticate` turns the call's credential into a `Caller` or raises `Unauthorized`; `permit` raises `Forbidden` when the
    route's needs are not met; `refuse` shows a refusal; `headers` are added to every answer.
    """

    name: str
    routes: Routes
    authenticate: Callable[[Call], Awaitable[Caller[Any]]]
    permit: Callable[[Call], None]
    refuse: Callable[[Call, Refusal], Reply]
    headers: Callable[[Call], Sequence[Header]]
    limit: RateLimit
    services: Any
    most_bytes: int = MOST_BYTES


class Api:
    """A dialect, running."""

    def __init__(self, dialect: Dialect, runner: TransactionRunner) -> None:
        self.dialect = dialect
        self._runner = runner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        dialect = self.dialect
        scope["muster.dialect"] = dialect.name
        call = scope["muster.call"] = Call(scope, self._runner, dialect.services)
        try:
            reply = await self._answer(call, receive)
        except TooMany as refusal:
            used_up = refusal.detail.get("allowance")
            call.allowance = used_up if isinstance(used_up, Allowance) else call.allowance
            reply = dialect.refuse(call, refusal)
        except Refusal as refusal:
            reply = dialect.refuse(call, refusal)
        except Exception:
            log.exception("a call failed", extra={"request_id": call.request_id, "dialect": dialect.name})
            reply = dialect.refuse(call, Crash("internal_error"))
        call.status = reply.status
        if reply.chunks is not None:
            await self._stream(call, reply, reply.chunks, send)
            return
        headers = reply.headers, dialect.headers(call)
        answer = scope.get("muster.answer") if call.method != "HEAD" else None  # a server of ours has a shorter way
        if answer is None or not answer(reply.status, headers, call.request_id, reply.body):
            await self._send(call, reply, send)

    async def _send(self, call: Call, reply: Reply, send: Send) -> None:
        length = (b"content-length", b"%d" % len(reply.body))
        request_id = (b"x-request-id", call.request_id.encode())
        headers = [*reply.headers, *self.dialect.headers(call), length, request_id]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if call.method == "HEAD" else reply.body})

    async def _answer(self, call: Call, receive: Receive) -> Reply:
        call.allowance = self.dialect.limit.take(call.tenant_id)
        route, call.path = self.dialect.routes.find("GET" if call.method == "HEAD" else call.method, call.raw_path)
        call.route = route
        if route.needs is not None:
            caller = await self.dialect.authenticate(call)
            call.tenant_id, call.actor, call.more = caller.tenant_id, caller.actor, caller.more
            self.dialect.permit(call)
        if route.reads_body:
            call.receive = receive
        elif call.method not in ("GET", "HEAD"):
            call.body = await read_body(receive, most=self.dialect.most_bytes)
        return await route.handler(call)

    async def _stream(self, call: Call, reply: Reply, chunks: AsyncIterator[bytes], send: Send) -> None:
        headers = [*reply.headers, (b"x-request-id", call.request_id.encode()), *self.dialect.headers(call)]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        if call.method != "HEAD":
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
