"""A few slow threads for password hashing, so that it never blocks the event loop nor starves it of a processor."""

import asyncio
import contextlib
import ctypes
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final, ParamSpec, TypeVar

from muster.core.errors import Unavailable
from muster.crypto import passwords

_NICENESS: Final = 15
_MAX_THREADS: Final = 8
_QUEUE_PER_THREAD: Final = 64
_RETRY_AFTER: Final = 1
_IDLE_SECONDS: Final = 5.0

_P = ParamSpec("_P")
_T = TypeVar("_T")

_log = logging.getLogger(__name__)


class HashingPool:
    """At most `threads` hashes at once and `queue_limit` callers waiting; one more is refused with `Unavailable`.

    By default one thread per processor this process may use, at most 8, and 64 waiters for each: about a second's
    work. A thread starts when it is first needed. It needs 19 MiB while it makes a hash, and up to 128 MiB while it
    checks a foreign one, and gives that back after `idle_seconds` without work. On Linux it runs at nice 15; elsewhere
    niceness belongs to the whole process, so it runs at the process's priority, and the log says so once. A pool
    belongs to one event loop.
    """

    def __init__(
        self, threads: int | None = None, queue_limit: int | None = None, *, idle_seconds: float = _IDLE_SECONDS
    ) -> None:
        self.threads = threads if threads is not None else min(_processors(), _MAX_THREADS)
        self.queue_limit = queue_limit if queue_limit is not None else _QUEUE_PER_THREAD * self.threads
        self._idle_seconds = idle_seconds
        self._turns = asyncio.Semaphore(self.threads)
        self._waiting = self._running = self._started = 0
        self._closed = False
        # Never longer than `threads`: whoever waits, waits for a turn in the event loop, where waiting can be given up.
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()

    @property
    def waiting(self) -> int:
        """How many callers wait for a thread, for metrics."""
        return self._waiting

    async def hash(self, password: str) -> str:
        """A new hash, as `passwords.hash_password`."""
        return await self._run(passwords.hash_password, password)

    async def verify(self, hash: str, password: str) -> bool:
        """Whether the hash was made from the password, as `passwords.verify`."""
        return await self._run(passwords.verify, hash, password)

    async def burn(self, password: str) -> None:
        """Take the time of a check, as `passwords.burn`."""
        await self._run(passwords.burn, password)

    def needs_rehash(self, hash: str) -> bool:
        """Whether a hash should be replaced at the next success, as `passwords.needs_rehash`; quick, so not in a thread."""
        return passwords.needs_rehash(hash)

    def close(self) -> None:
        """Let what runs finish and refuse the rest with `Unavailable`. Returns at once."""
        if not self._closed:
            self._closed = True
            for _ in range(self._started):
                self._jobs.put(None)

    async def _run(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        if self._turns.locked() and self._waiting >= self.queue_limit:
            raise Unavailable("hashing_queue_full", retry_after=_RETRY_AFTER)
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        if self._closed:
            self._turns.release()
            raise Unavailable("hashing_stopped", retry_after=_RETRY_AFTER)
        self._running += 1
        if self._running > self._started:
            self._started += 1
            threading.Thread(target=self._work, name=f"hashing-{self._started}", daemon=True).start()

        future: Future[_T] = Future()
        future.set_running_or_notify_cancel()
        loop = asyncio.get_running_loop()

        def job() -> None:
            try:
                outcome = partial(future.set_result, work(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
                outcome = partial(future.set_exception, error)
            # A caller who gave up did not stop the thread: the turn is over now that the work is. It is given back
            # first, so that whoever gets the result finds the place free.
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._turn_over)
            outcome()

        self._jobs.put(job)
        return await asyncio.wrap_future(future)

    def _turn_over(self) -> None:
        self._running -= 1
        self._turns.release()

    def _work(self) -> None:
        _lower_priority()
        while True:
            try:
                job = self._jobs.get(timeout=self._idle_seconds)
            except queue.Empty:
                _return_memory()
                job = self._jobs.get()
            if job is None:
                return
            job()


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_priority_told = threading.Event()


def _lower_priority() -> None:
    if sys.platform == "linux":
        # On Linux a thread is scheduled by itself, and its native id stands where a process id is asked for.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
            return
    if not _priority_told.is_set():
        _priority_told.set()
        _log.warning("password hashing runs at normal priority: this system cannot lower that of a single thread")


_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3


def _return_memory() -> None:
    """Have glibc give back what this thread last hashed with. Other allocators do it unasked, and have no `mallopt`.

    glibc keeps up to its trim threshold free at the end of each thread's heap, and `malloc_trim` does not reach it. With
    the threshold at nothing for a moment, any `free` gives it back. Mapping the memory anew for every hash would keep
    none either, but was measured to cost a third of the speed.
    """
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.free.argtypes = [ctypes.c_void_p]
    libc.mallopt(_M_TRIM_THRESHOLD, 0)
    libc.free(libc.malloc(100_000))
    # Once either is set, glibc stops adapting them: these are what it comes to by itself after one hash.
    libc.mallopt(_M_TRIM_THRESHOLD, 40 << 20)
    libc.mallopt(_M_MMAP_THRESHOLD, 20 << 20)
