"""Named tasks on the engine's loop: one of a name at a time, and none whose failure ends another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

IDLE_S = 1.0
"""A job that rests for at least so long counts as idle."""
Job = Coroutine[Any, Any, None]


class Jobs:
    """Lives on the engine's loop.

    Args:
        guard: awaits a job and takes what it raises, so that nothing is lost unheard.
        idled: hears when every job rests or has ended.
    """

    def __init__(self, guard: Callable[[Job], Awaitable[None]], idled: Callable[[], None]) -> None:
        self._guard, self._idled = guard, idled
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._resting = 0

    def add(self, name: str, make: Callable[[], Job]) -> bool:
        """Begin the job that ``make`` makes; False where one of this name is under way."""
        if name in self._tasks:
            return False
        task = asyncio.ensure_future(self._run(name, make()))
        self._tasks[name] = task
        return True

    async def _run(self, name: str, job: Job) -> None:
        try:
            await self._guard(job)
        finally:
            if self._tasks.get(name) is asyncio.current_task():
                del self._tasks[name]
            self.look()

    def __contains__(self, name: str) -> bool:
        return name in self._tasks

    async def finished(self, name: str) -> None:
        """Wait for the job of this name, if there is one."""
        task = self._tasks.get(name)
        if task is not None:
            await asyncio.wait([task])

    def end(self, prefix: str) -> None:
        """Give up the jobs whose names begin so, each where it waits."""
        for name in [n for n in self._tasks if n.startswith(prefix)]:
            self._tasks.pop(name).cancel()

    @property
    def is_idle(self) -> bool:
        return self._resting >= len(self._tasks)

    async def rest(self, seconds: float) -> None:
        """Sleep, inside a job."""
        if seconds < IDLE_S:
            await asyncio.sleep(seconds)
            return
        async with self.resting():
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """While a job waits for what may take long."""
        self._resting += 1
        self.look()
        try:
            yield
        finally:
            self._resting -= 1

    def look(self) -> None:
        if self.is_idle:
            self._idled()

    async def close(self) -> None:
        """End all of them."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
