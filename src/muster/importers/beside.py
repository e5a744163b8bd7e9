"""A process of its own that reads a file and makes its rows ready, one batch ahead, while this one commits them."""

import asyncio
import contextlib
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Final

from muster.importers.batches import Batch, Maker, Task
from muster.importers.reading import open_source

WORTH_IT: Final = 8 * 1024 * 1024
"""Bytes of a file for which a second process is started; it takes about half a second to begin."""

_NICENESS: Final = 10
_AHEAD: Final = 2
"""Batches asked for at once: the one that is committed next, and the one that is made meanwhile."""


class Beside:
    """Batches of a file that another process reads (`muster.importers.batches.Batches`)."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._asked = 0

    async def skip(self, line: int) -> str:
        self._pipe.send((Maker.skip_now, line))
        digest: str = await asyncio.to_thread(self._answer)
        return digest

    async def next(self, size: int, now: int) -> Batch | None:
        while self._asked < _AHEAD:
            self._pipe.send((Maker.next_now, size, now))
            self._asked += 1
        batch: Batch | None = await asyncio.to_thread(self._answer)
        self._asked -= 1
        return batch

    def _answer(self) -> Any:
        try:
            answer = self._pipe.recv()
        except EOFError:
            raise ChildProcessError("the process that reads the file has ended; is there too little memory?") from None
        if isinstance(answer, Exception):
            raise answer
        return answer


@contextlib.contextmanager
def beside(name: str, task_of: Callable[[], Task]) -> Iterator[Beside]:
    """Read the file of that name in another process, where `task_of` is called to know what is to be made of its rows."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs, name, task_of), name="import", daemon=True)
    process.start()
    theirs.close()
    try:
        yield Beside(ours)
    finally:
        ours.close()
        process.terminate()
        process.join()


def _work(pipe: Connection, name: str, task_of: Callable[[], Task]) -> None:
    """Answer until nobody asks any more."""
    # An interrupt at the terminal reaches both processes, and the other one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)
    collect_rarely()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        try:
            with open_source(name) as source:
                maker = Maker(task_of(), source)
                while True:
                    pipe.send(_answer(maker, *pipe.recv()))
        except OSError as error:
            pipe.send(error)


def collect_rarely() -> None:
    """Look for garbage in this process a hundred times less often: a batch is a million objects, and none of them in a cycle."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def _answer(maker: Maker, ask: Callable[..., Any], *arguments: Any) -> Any:
    """What was asked for, or why it cannot be had, to be raised by who asked."""
    try:
        return ask(maker, *arguments)
    except Exception as error:  # noqa: BLE001 - as above
        return error
