"""Requests of one connection: many at once, within Azure's limits, the most urgent first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import IntEnum
from itertools import count
from typing import TypeVar

from hotpatch_gui.azure.gateway import MAX_IN_FLIGHT, Gateway
from hotpatch_gui.azure.throttle import Limit
from hotpatch_gui.domain.problems import ProblemError, ProblemKind

from .in_thread import in_thread

T = TypeVar("T")
MAX_THROTTLED = 5
MAX_QUERIES = 6
"""Queries of Resource Graph under way at once: its quota, and places left for a click."""


class Urgency(IntEnum):
    """Who goes first where Azure takes fewer requests than wait."""

    ACT = 0
    """Somebody clicked and waits."""
    FOLLOW = 1
    """What was sent is looked at."""
    READ = 2
    """A sync."""


class Lane:
    """Requests of one kind. Lives on the engine's loop.

    Args:
        limit: how fast Azure takes them.
        places: shared with the connection's other lanes.
    """

    def __init__(self, limit: Limit, places: asyncio.Semaphore, most: int = MAX_IN_FLIGHT) -> None:
        self._limit, self._places = limit, places
        self._own = asyncio.Semaphore(most)
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._usher: asyncio.Task[None] | None = None

    async def call(
        self,
        call: Callable[[], T],
        urgency: Urgency,
        waiting: Callable[[float], None] = lambda _: None,
        *,
        most: float = MAX_THROTTLED,
    ) -> T:
        """What ``call`` returns. Asked again after each pause that Azure wants; ``waiting`` hears of each, in seconds.

        Raises:
            ProblemError: any other trouble, or refused more than ``most`` times. A call that was only held back
                was not refused.
        """
        refused = 0
        while True:
            try:
                return await self._once(call, urgency)
            except ProblemError as error:
                problem = error.problem
                refused += problem.reached
                if problem.kind is not ProblemKind.THROTTLED or refused > most:
                    raise
                waiting(problem.retry_after_s or self._limit.wait_s)

    async def _once(self, call: Callable[[], T], urgency: Urgency) -> T:
        async with self.place(urgency):
            return await self.run(call)

    @asynccontextmanager
    async def place(self, urgency: Urgency) -> AsyncIterator[None]:
        """A place for one request, which Azure takes now; ``run`` sends it."""
        await self._turn(urgency)
        try:
            yield
        finally:
            self._limit.done()
            self._leave()

    async def run(self, call: Callable[[], T]) -> T:
        """What ``call`` returns or raises; only inside ``place``."""
        return await in_thread(lambda: self._limit.call(call))

    async def _turn(self, urgency: Urgency) -> None:
        """Wait for a place and for Azure's limit; ``_leave`` gives the place back."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), turn))
        if self._usher is None or self._usher.done():
            self._usher = asyncio.create_task(self._let_go())
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._limit.done()
                self._leave()
            raise

    def _leave(self) -> None:
        self._places.release()
        self._own.release()

    async def _let_go(self) -> None:
        """Let those that wait go one by one, as there are places and Azure takes them."""
        while self._waiting:
            await self._own.acquire()
            await self._places.acquire()
            while (pause := self._limit.wait_s) > 0:
                self._leave()
                await asyncio.sleep(pause)
                await self._own.acquire()
                await self._places.acquire()
            turn = self._next()
            if turn is None:
                self._leave()
                return
            self._limit.take()
            turn.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                return turn
        return None

    def close(self) -> None:
        if self._usher is not None:
            self._usher.cancel()


class Calls:
    """A connection's lanes: ``reads`` and ``writes`` of Resource Manager, ``queries`` of Resource Graph."""

    def __init__(self, gateway: Gateway) -> None:
        places = asyncio.Semaphore(MAX_IN_FLIGHT)
        self.reads = Lane(gateway.reads, places)
        self.writes = Lane(gateway.writes, places)
        self.queries = Lane(gateway.queries, places, MAX_QUERIES)

    def close(self) -> None:
        for lane in (self.reads, self.writes, self.queries):
            lane.close()
