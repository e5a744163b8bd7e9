"""Forgets what sign-ins have left behind (attempts, remembered browsers, counts): every process now and then, in small steps."""

import asyncio
import logging
from typing import Final

from muster.core.errors import Refusal
from muster.core.sign_in.purge import forget_expired
from muster.core.transaction import TransactionRunner

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 900.0


class Expiry:
    """`start` and `stop` belong to one loop."""

    def __init__(self, runner: TransactionRunner) -> None:
        self._runner = runner
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first time comes after a while, for a start has other things to do."""
        self._task = asyncio.create_task(self._watch(), name="expiry")

    async def stop(self) -> None:
        """Stop between two commits."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def forget(self) -> int:
        """Delete what is over by now, of every tenant; how many records it was."""
        return sum([await forget_expired(self._runner, each.number) for each in await self._runner.store.tenants()])

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                forgotten = await self.forget()
                if forgotten:
                    log.info("forgot old sign-ins", extra={"records": forgotten})
            except Refusal:
                pass  # told in the log where it arose, or another process was at it: there is a next time
            except Exception:
                log.exception("old sign-ins could not be forgotten")
