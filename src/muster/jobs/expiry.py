"""Forgets what sign-ins have left behind (attempts, remembered browsers, counts): every process now and then, in small steps."""

import contextlib
import logging
from typing import Final

from muster.core.errors import Conflict
from muster.core.sign_in.purge import forget_expired
from muster.core.transaction import TransactionRunner
from muster.jobs.watch import Watch

log = logging.getLogger(__name__)

EVERY_SECONDS: Final = 900.0


class Expiry:
    """`start` and `stop` belong to one loop."""

    def __init__(self, runner: TransactionRunner) -> None:
        self._runner = runner
        self._watch = Watch("old sign-ins", self.forget, every=EVERY_SECONDS, at_once=False)

    def start(self) -> None:
        """Begin; the first time comes after a while, for a start has other things to do."""
        self._watch.start()

    async def stop(self) -> None:
        """Stop between two commits."""
        await self._watch.stop()

    async def forget(self) -> int:
        """Delete what is over by now, of every tenant; how many records it was."""
        forgotten = 0
        for tenant in await self._runner.store.tenants():
            with contextlib.suppress(Conflict):  # another process is at it: there is a next time
                forgotten += await forget_expired(self._runner, tenant.number)
        if forgotten:
            log.info("forgot old sign-ins", extra={"records": forgotten})
        return forgotten
