"""Jobs on the engine's loop: what is given up ends, whatever it waits for."""

from __future__ import annotations

import asyncio

import pytest

from hotpatch_gui.worker.jobs import Job, Jobs


async def _as_it_is(job: Job) -> None:
    await job


@pytest.mark.parametrize("steps", range(8))
def test_a_rest_that_ends_in_the_moment_in_which_its_job_is_given_up_ends_the_job(
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


def test_a_rest_ends_with_its_time_or_its_event() -> None:
    async def lived() -> list[bool]:
        jobs, event = Jobs(_as_it_is, lambda: None), asyncio.Event()
        timed_out = await jobs.rest_until(event, 0.01)
        event.set()
        return [timed_out, await jobs.rest_until(event, None)]

    assert asyncio.run(lived()) == [False, True]
