"""What the processes ask of the application they serve."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.types import Receive, Scope, Send


class App(Protocol):
    """An ASGI 3 application with a life: `start` before the first request, `stop` after the last.

    A `start` that raises has cleaned up after itself; `stop` is called only after a `start` that returned.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


Build = Callable[[], Awaitable[App]]
"""Makes the application; called once in each process that serves it."""


class CannotStart(Exception):
    """The server cannot start; the text is the one line an operator is shown, and says what to change."""
