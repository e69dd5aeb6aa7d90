"""Named tasks on the engine's loop: one per name, and no failure ends another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

IDLE_S = 1.0
"""A job that calls ``rest`` for at least this long counts as idle."""
KEPT_S, LAST_S = 2.5, 0.5
"""How long closing waits for responses of sent requests, and for what depends on them."""
Job = Coroutine[Any, Any, object]
T = TypeVar("T")


class Jobs:
    """Runs jobs. Lives on the engine's loop.

    Args:
        guard: awaits a job and handles its exceptions.
        idled: called when every job rests or has ended.
        abandoned: set when the command line abandoned its request, so nothing more is queued or retried.
    """

    def __init__(
        self,
        guard: Callable[[Job], Awaitable[None]],
        idled: Callable[[], None],
        abandoned: threading.Event | None = None,
    ) -> None:
        self._guard, self._idled = guard, idled
        self._abandoned = abandoned or threading.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._kept: dict[asyncio.Task[Any], str] = {}
        self._resting = 0
        self._is_closing = False

    def add(self, name: str, make: Callable[[], Job]) -> bool:
        """Start a job.

        Returns:
            False if one of this name is running, or if closing.
        """
        if self._is_closing or name in self._tasks:
            return False
        self._tasks[name] = asyncio.ensure_future(self._run(name, make))
        return True

    async def _run(self, name: str, make: Callable[[], Job]) -> None:
        try:
            await self._guard(make())
        finally:
            if self._tasks.get(name) is asyncio.current_task():
                del self._tasks[name]
            self.report_if_idle()

    def has(self, name: str) -> bool:
        """Whether a job of this name is running."""
        return name in self._tasks

    async def wait_for(self, name: str) -> None:
        """Wait for the job of this name, if any."""
        task = self._tasks.get(name)
        if task is not None:
            await asyncio.wait([task])

    async def wait_for_all(self, names: Iterable[str], seconds: float) -> None:
        """Wait for the jobs of these names, for at most this time."""
        tasks = [self._tasks[name] for name in names if name in self._tasks]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    def keep(self, owner: str, job: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task that survives the end of its owner's job.

        ``owner`` is a label; ``wait_for_kept`` finds tasks by its prefix.
        """
        task = asyncio.ensure_future(job)
        self._kept[task] = owner
        task.add_done_callback(self._on_kept_ended)
        return task

    def _on_kept_ended(self, task: asyncio.Task[Any]) -> None:
        del self._kept[task]
        self.report_if_idle()

    async def run_to_completion(self, owner: str, job: Coroutine[Any, Any, T]) -> T:
        """Run a part of a job that continues even if the job is canceled, because a sent request's response must be kept."""
        return await asyncio.shield(self.keep(owner, job))

    async def end(self, prefix: str) -> None:
        """Cancel jobs whose names start with the prefix. Kept tasks continue; see ``keep``."""
        names = [n for n in self._tasks if n.startswith(prefix)]
        await self._end([self._tasks.pop(n) for n in names])

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def wait_for_kept(self, prefix: str, seconds: float = KEPT_S) -> None:
        """Wait for kept tasks whose owner's name starts with the prefix, for at most this time."""
        kept = [task for task, of in self._kept.items() if of.startswith(prefix)]
        if kept:
            await asyncio.wait(kept, timeout=seconds)

    def has_kept(self, owner: str) -> bool:
        """Whether a kept task of this owner is running."""
        return owner in self._kept.values()

    async def wait_for_all_kept(self, owner: str) -> None:
        """Wait for all kept tasks of this owner, including new ones.

        Raises:
            BaseException: the first failure among them.
        """
        failures: list[BaseException] = []
        while kept := [task for task, of in self._kept.items() if of == owner]:
            await asyncio.wait(kept)
            failures += [error for task in kept if (error := task.exception()) is not None]
        if failures:
            raise failures[0]

    @property
    def is_abandoned(self) -> bool:
        """Whether the command line abandoned its request."""
        return self._abandoned.is_set()

    @property
    def is_closing(self) -> bool:
        """Whether no job may start anymore."""
        return self._is_closing

    @property
    def is_idle(self) -> bool:
        """Whether every job rests."""
        return self._resting >= len(self._tasks) + len(self._kept)

    async def rest(self, seconds: float) -> None:
        """Sleep inside a job."""
        if seconds < IDLE_S:
            await asyncio.sleep(seconds)
            return
        async with self.resting():
            await asyncio.sleep(seconds)

    async def rest_until(self, event: asyncio.Event, seconds: float | None) -> bool:
        """Sleep inside a job until ``event`` is set.

        Returns:
            False if ``seconds`` passed first; None waits forever.
        """
        async with self.resting():
            try:
                async with asyncio.timeout(seconds):  # wait_for may lose a cancellation
                    await event.wait()
            except TimeoutError:
                return event.is_set()  # maybe in the same turn of the loop
            return True

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Marks a job as waiting for something that may take long."""
        self._resting += 1
        self.report_if_idle()
        try:
            yield
        finally:
            self._resting -= 1

    def report_if_idle(self) -> None:
        """Call the idle callback if every job rests."""
        if self.is_idle:
            self._idled()

    async def close(self) -> None:
        """End all jobs and prevent new ones. Waits for kept tasks, up to KEPT_S and LAST_S."""
        self._is_closing = True
        tasks = list(self._tasks.values())
        self._tasks.clear()
        await self._end(tasks)
        await self.wait_for_kept("")
        await self.wait_for_kept("", LAST_S)  # lets dependent tasks finish
        left = list(self._kept)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
