"""Looking for work again and again, beside the requests of a process."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from muster.core.errors import Unavailable

UNAVAILABLE_SECONDS: Final = 5.0

log = logging.getLogger(__name__)


class Watch:
    """Calls `look` every so many seconds, and at once when it is woken; `what` names it in the log.

    What goes wrong in one look does not end the watch. `start` and `stop` belong to one event loop.
    """

    def __init__(self, what: str, look: Callable[[], Awaitable[object]], *, every: float, at_once: bool = True) -> None:
        self._what = what
        self._look = look
        self._every = every
        self._at_once = at_once
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with a look at once unless that can wait."""
        self._task = asyncio.create_task(self._watch(), name=self._what)

    def wake(self) -> None:
        """Look at once."""
        self._woken.set()

    async def stop(self) -> None:
        """Begin no look more, and cut off the one that is under way; twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        if not self._at_once:
            await self._pause(self._every)
        while True:
            self._woken.clear()
            pause = self._every
            try:
                await self._look()
            except Unavailable:
                # Each try is told in the log, so there are few while the database is away.
                pause = max(pause, UNAVAILABLE_SECONDS)
            except Exception:
                log.exception("%s could not be looked after", self._what)
            await self._pause(pause)

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
