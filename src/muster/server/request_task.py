"""One task a connection, in which its requests run, and which a request that waits for nothing never has to wake.

A task for each request would be two turns of the event loop and a twentieth of what reading a user costs.
"""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

Request = Coroutine[Any, Any, None]


class RequestTask:
    """Runs requests for one connection. While one waits for something, the task is among `busy`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, busy: set[asyncio.Task[None]]) -> None:
        self._loop = loop
        self._busy = busy
        self._rest: Request | None = None
        self._woken: asyncio.Future[None] | None = None
        self._ended = False
        self._task = loop.create_task(self._work())

    def run(self, request: Request) -> None:
        """Take a request as far as it goes without waiting, as this connection's task; the rest of it goes on there.

        Only when no other request of the connection runs, save that one may hand over to the next with its last step.
        """
        if asyncio.current_task(self._loop) is None:
            asyncio._enter_task(self._loop, self._task)  # noqa: SLF001 - the manual offers both
            try:
                waits_for = request.send(None)
            except StopIteration:
                return
            finally:
                asyncio._leave_task(self._loop, self._task)  # noqa: SLF001
            request = _rest_of(request, waits_for)
        self._rest = request
        self._busy.add(self._task)
        self._wake()

    def end(self) -> None:
        """Take no more requests; one that runs goes on."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        if self._woken is not None and not self._woken.done():
            self._woken.set_result(None)

    async def _work(self) -> None:
        while not self._ended:
            while self._rest is not None:
                request, self._rest = self._rest, None
                try:
                    await request
                finally:
                    if self._rest is None:
                        self._busy.discard(self._task)
            if not self._ended:
                self._woken = self._loop.create_future()
                await self._woken


@types.coroutine
def _rest_of(request: Request, waits_for: Any) -> Generator[Any, Any, None]:
    """A request that has been begun, from what it waits for on."""
    step: Callable[[Any], Any]
    sent: Any
    while True:
        try:
            sent = yield waits_for
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is for the request
            step, sent = request.throw, error
        else:
            step = request.send
        try:
            waits_for = step(sent)
        except StopIteration:
            return
