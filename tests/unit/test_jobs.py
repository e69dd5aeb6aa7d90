"""Jobs on the engine's loop: canceled jobs end, whatever they wait for."""

from __future__ import annotations

import asyncio

import pytest

from hotpatch_gui.worker.jobs import Job, Jobs
from hotpatch_gui.worker.turns import Turns


async def _as_it_is(job: Job) -> None:
    await job


@pytest.mark.parametrize("steps", range(8))
def test_cancellation_takes_precedence_over_a_simultaneous_wakeup(
    steps: int,
) -> None:
    async def lived() -> None:
        jobs, event, rests = Jobs(_as_it_is, lambda: None), asyncio.Event(), 0

        async def periodic() -> None:
            nonlocal rests
            while True:
                await jobs.rest_until(event, 60)
                rests += 1
                event.clear()

        jobs.add("periodic", periodic)
        await asyncio.sleep(0.01)
        event.set()
        for _ in range(steps):
            await asyncio.sleep(0)
        await asyncio.wait_for(jobs.close(), 1)
        assert rests <= 1
        assert jobs.is_idle

    asyncio.run(lived())


def test_a_pause_ends_after_its_time_or_with_its_event() -> None:
    async def lived() -> list[bool]:
        jobs, event = Jobs(_as_it_is, lambda: None), asyncio.Event()
        timed_out = await jobs.rest_until(event, 0.01)
        event.set()
        return [timed_out, await jobs.rest_until(event, None)]

    assert asyncio.run(lived()) == [False, True]


def test_an_operation_that_ends_before_another_waits_for_it_wakes_it() -> None:
    """If it ended between the check and the wait, the other one waited for its whole pause."""

    async def run() -> None:
        turns = Turns()
        wakes = turns.wakes[1]
        turns.wake(1)
        await asyncio.wait_for(turns.wait(1, 600, wakes), 1)

    asyncio.run(run())
