import asyncio
import ctypes
import os
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from muster.core.errors import Unavailable
from muster.crypto import hashing_pool, passwords
from muster.crypto.hashing_pool import HashingPool


class Work:
    """Stands in for a hash: runs in the pool's thread until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.started = threading.Semaphore(0)
        self.done: list[str] = []
        self.now = self.most = 0
        self.threads: set[threading.Thread] = set()
        self._lock = threading.Lock()

    def __call__(self, password: str) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.threads.add(threading.current_thread())
        self.started.release()
        assert self.go.wait(30)
        with self._lock:
            self.now -= 1
            self.done.append(password)
        return f"hash of {password}"

    async def has_started(self, times: int) -> None:
        for _ in range(times):
            assert await asyncio.to_thread(self.started.acquire, timeout=30)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    work = Work()
    monkeypatch.setattr(passwords, "hash_password", work)
    yield work
    work.go.set()


@pytest.fixture
async def pool() -> AsyncIterator[HashingPool]:
    pool = HashingPool(threads=2, queue_limit=3)
    yield pool
    pool.close()


async def queued(pool: HashingPool, number: int, prefix: str = "p") -> list[asyncio.Task[str]]:
    """Start that many calls and let them come as far as they can."""
    tasks = [asyncio.create_task(pool.hash(f"{prefix}{place}")) for place in range(number)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_it_really_hashes_and_verifies(pool: HashingPool) -> None:
    text = await pool.hash("correct horse")
    assert await pool.verify(text, "correct horse")
    assert not await pool.verify(text, "battery staple")
    await pool.burn("nobody")


async def test_refusals_come_through(pool: HashingPool) -> None:
    with pytest.raises(passwords.HashRefused):
        await pool.verify("$2b$31$nFguVi9LsCAcvTZFKQlRKeLVydo8ETv483lkNsSFI/Wl1Rz1Ypo1K", "x")
    with pytest.raises(passwords.PasswordRefused):
        await pool.hash("x" * 5000)
    assert (await pool.hash("still alive")).startswith("$argon2id$")


async def test_no_more_run_or_wait_than_allowed(pool: HashingPool, work: Work) -> None:
    tasks = await queued(pool, 5)
    await work.has_started(2)
    assert pool.waiting == 3
    for _ in range(10):
        with pytest.raises(Unavailable) as refusal:
            await pool.hash("one too many")
        assert (refusal.value.code, refusal.value.retry_after) == ("hashing_queue_full", 1)
    work.go.set()
    assert await asyncio.gather(*tasks) == [f"hash of p{place}" for place in range(5)]
    assert (work.most, pool.waiting, sorted(work.done)) == (2, 0, [f"p{place}" for place in range(5)])


async def test_a_queue_of_none_still_runs_as_many_as_there_are_threads(work: Work) -> None:
    pool = HashingPool(threads=1, queue_limit=0)
    (task,) = await queued(pool, 1)
    with pytest.raises(Unavailable):
        await pool.hash("x")
    work.go.set()
    assert await task == "hash of p0"
    assert await pool.hash("y") == "hash of y"
    pool.close()


async def test_who_stops_waiting_frees_the_place_and_is_never_hashed(pool: HashingPool, work: Work) -> None:
    running = await queued(pool, 2, "running")
    await work.has_started(2)
    for _ in range(50):
        waiting = await queued(pool, 3, "gave up")
        assert pool.waiting == 3
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert pool.waiting == 0
    stayed = await queued(pool, 3, "stayed")
    work.go.set()
    assert await asyncio.gather(*running, *stayed) == [f"hash of {text}" for text in (
        "running0", "running1", "stayed0", "stayed1", "stayed2"
    )]  # fmt: skip
    assert sorted(work.done) == ["running0", "running1", "stayed0", "stayed1", "stayed2"]


async def test_who_gives_up_while_it_runs_holds_the_thread_until_it_is_free_and_not_longer(
    pool: HashingPool, work: Work
) -> None:
    running = await queued(pool, 2, "gone")
    await work.has_started(2)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    (next_one,) = await queued(pool, 1, "next")
    assert (pool.waiting, work.most) == (1, 2)
    work.go.set()
    assert await next_one == "hash of next0"
    assert await asyncio.gather(*await queued(pool, 4)) == [f"hash of p{place}" for place in range(4)]
    assert work.most == 2


async def test_threads_start_when_they_are_needed_and_not_before(work: Work) -> None:
    before = threading.active_count()
    pool = HashingPool(threads=8)
    assert threading.active_count() == before
    work.go.set()
    for place in range(20):
        await pool.hash(str(place))
    assert [thread.name for thread in work.threads] == ["hashing-1"]
    pool.close()


async def test_after_close_what_runs_finishes_and_the_rest_is_refused(pool: HashingPool, work: Work) -> None:
    tasks = await queued(pool, 4)
    await work.has_started(2)
    pool.close()
    pool.close()
    work.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[:2] == ["hash of p0", "hash of p1"]
    assert [getattr(result, "code", None) for result in results[2:]] == ["hashing_stopped"] * 2
    with pytest.raises(Unavailable):
        await pool.hash("late")


def test_closing_ends_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[threading.Thread] = []
    monkeypatch.setattr(passwords, "hash_password", lambda _: seen.append(threading.current_thread()))
    pool = HashingPool(threads=1)
    asyncio.run(pool.hash("x"))
    pool.close()
    seen[0].join(10)
    assert not seen[0].is_alive()


def test_a_hash_that_outlives_its_loop_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work()
    monkeypatch.setattr(passwords, "hash_password", work)
    pool = HashingPool(threads=1)

    async def give_up() -> None:
        task = asyncio.create_task(pool.hash("x"))
        await work.has_started(1)
        task.cancel()

    asyncio.run(give_up())
    (thread,) = work.threads
    work.go.set()
    pool.close()
    thread.join(10)
    assert not thread.is_alive()
    assert work.done == ["x"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can lower the priority of one thread")
async def test_hashing_threads_run_at_nice_15_and_others_do_not(
    pool: HashingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def niceness(_: str = "") -> str:
        return str(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    monkeypatch.setattr(passwords, "hash_password", niceness)
    before = niceness()
    assert await pool.hash("x") == "15"
    assert niceness() == before


async def test_where_priority_cannot_be_lowered_it_hashes_all_the_same_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr(hashing_pool, "_priority_told", threading.Event())
    pool = HashingPool(threads=2)
    await asyncio.gather(pool.hash("a"), pool.hash("b"))
    assert [record.getMessage() for record in caplog.records] == [
        "password hashing runs at normal priority: this system cannot lower that of a single thread"
    ]
    pool.close()


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"), reason="only glibc keeps the memory"
)
async def test_an_idle_thread_gives_its_memory_back(monkeypatch: pytest.MonkeyPatch) -> None:
    returned = threading.Semaphore(0)
    given_back = []
    real = hashing_pool._return_memory

    def measured() -> None:
        before = _resident_mib()
        real()
        given_back.append(before - _resident_mib())
        returned.release()

    monkeypatch.setattr(hashing_pool, "_return_memory", measured)
    passwords.hash_password("glibc keeps the memory from the second hash on")
    pool = HashingPool(threads=1, idle_seconds=0.05)
    for _ in range(3):
        await pool.hash("x")
        assert await asyncio.to_thread(returned.acquire, timeout=30)
    assert min(given_back) > 16  # of the 19 that a hash takes
    pool.close()


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def test_the_defaults_fit_the_machine() -> None:
    pool = HashingPool()
    assert 1 <= pool.threads <= min(8, os.cpu_count() or 1)
    assert pool.queue_limit == 64 * pool.threads
