from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from muster.server.request_task import RequestTask


class Run:
    """The task of a connection, the busy ones, and a way to run from a callback, where requests come in."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.busy: set[asyncio.Task[None]] = set()
        self.task = RequestTask(self.loop, self.busy)
        self.told: list[object] = []

    async def request(self, act: Callable[[], Awaitable[object]]) -> None:
        try:
            self.told.append(await act())
        except BaseException as error:  # noqa: BLE001 - as the server's own requests do
            self.told.append(type(error))

    async def start(self, *acts: Callable[[], Awaitable[object]]) -> None:
        def callback() -> None:
            for act in acts:
                self.task.run(self.request(act))

        self.loop.call_soon(callback)
        await asyncio.sleep(0)

    async def end(self) -> None:
        while self.busy:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def at_once() -> str:
    return "done"


async def test_what_waits_for_nothing_is_done_before_the_callback_ends() -> None:
    run = Run()
    await run.start(at_once, at_once)
    assert run.told == ["done", "done"]
    assert not run.busy


async def test_what_waits_goes_on_in_one_task_that_is_busy_meanwhile() -> None:
    run = Run()

    async def waits() -> object:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return before is asyncio.current_task()

    for _ in range(3):
        await run.start(waits)
        assert len(run.busy) == 1
        await run.end()
    assert run.told == [True] * 3


async def test_time_limits_hold_whether_they_begin_before_the_first_wait_or_after() -> None:
    run = Run()

    async def too_slow() -> None:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(60)

    async def too_slow_later() -> None:
        await asyncio.sleep(0)
        await too_slow()

    for act in (too_slow, too_slow_later):
        await run.start(act)
        await run.end()
    await run.start(at_once)
    assert run.told == [TimeoutError, TimeoutError, "done"]


async def test_what_is_waited_for_may_fail() -> None:
    run = Run()
    failing: asyncio.Future[None] = run.loop.create_future()

    async def waits() -> object:
        with pytest.raises(OSError, match="gone"):
            await failing
        await asyncio.sleep(0)
        return "caught"

    await run.start(waits)
    failing.set_exception(OSError("gone"))
    await run.end()
    assert run.told == ["caught"]


async def test_a_cancelled_request_ends_and_its_task_with_the_connection() -> None:
    run = Run()
    await run.start(lambda: asyncio.sleep(60))
    (task,) = run.busy
    task.cancel()
    await run.end()
    assert run.told == [asyncio.CancelledError]
    run.task.end()
    await asyncio.wait([task], timeout=1)
    assert task.done()


async def test_a_request_may_hand_over_to_the_next_with_its_last_step() -> None:
    run = Run()

    async def first() -> str:
        run.task.run(run.request(at_once))
        return "first"

    await run.start(first)
    await run.end()
    assert run.told == ["first", "done"]
    assert not run.busy
