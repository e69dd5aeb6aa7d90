"""A connection's requests: many in parallel, within Azure's limits, most urgent first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from itertools import count
from typing import TypeVar

from hotpatch_gui.azure.gateway import Gateway
from hotpatch_gui.azure.throttle import Limit
from hotpatch_gui.azure.transport import MAX_IN_FLIGHT
from hotpatch_gui.domain.problems import ProblemError, ProblemKind

from .in_thread import in_thread
from .urgency import Urgency

T = TypeVar("T")
MAX_THROTTLED = 5
"""A request fails after more 429 responses in a row than this."""
MAX_QUERIES = 6
"""The maximum number of a connection's Resource Graph queries at a time, and likewise of its sync requests."""
MAX_POLLS = 8
"""A connection's concurrent polling requests."""
MAX_BULK = 12
"""A connection's concurrent bulk requests, and bulk operations that have read their machine and not yet sent."""


class RequestSlot:
    """One request's slot.

    It is released when its request has ended. Release it before you wait for another slot; otherwise sixteen waiting
    holders would deadlock. ``leave`` is called once, at the release.
    """

    def __init__(self, limit: Limit, leave: Callable[[], None]) -> None:
        self._limit, self._then = limit, leave
        self._is_sending = self._is_released = self._has_left = False

    async def run(self, call: Callable[[], T]) -> T:
        """Run the request on a thread and return its result."""
        self._is_sending = True
        return await in_thread(lambda: self._limit.call(call), settled=self._on_settled)

    def _on_settled(self) -> None:
        self._is_sending = False
        if self._is_released:
            self._leave()

    def _leave(self) -> None:
        if not self._has_left:
            self._has_left = True
            self._then()

    def release(self) -> None:
        """Free the slot when its request has ended."""
        if not self._is_released:
            self._is_released = True
            if not self._is_sending:
                self._leave()


class Lane:
    """Requests of one kind. Lives on the engine's loop.

    Args:
        limit: Azure's rate.
        slots: shared with the connection's other lanes.
        background: how many slots an urgency may use, so that some remain for a click.
        max_requests: this lane's own limit of requests at a time.
    """

    def __init__(
        self,
        limit: Limit,
        slots: asyncio.Semaphore,
        background: Mapping[Urgency, asyncio.Semaphore],
        max_requests: int = MAX_IN_FLIGHT,
    ) -> None:
        self._limit, self._slots, self._background = limit, slots, background
        self._own = asyncio.Semaphore(max_requests)
        self._waiting: list[tuple[Urgency, int, asyncio.Future[None]]] = []
        self._numbers = count()
        self._dispatcher: asyncio.Task[None] | None = None

    @property
    def paused_s(self) -> float:
        """Seconds until the end of a pause that Azure requested; 0.0 without one."""
        return self._limit.paused_s

    async def call(
        self,
        call: Callable[[], T],
        urgency: Urgency,
        waiting: Callable[[float], None] = lambda _: None,
        *,
        max_rejections: float = MAX_THROTTLED,
    ) -> T:
        """Run a request, and repeat it if Azure throttles it (429) or a pause delays it; ``waiting`` receives the seconds.

        Raises:
            ProblemError: any other problem, or more than ``max_rejections`` rejections. Being delayed here isn't a rejection.
        """
        rejected = 0
        while True:
            try:
                return await self._once(call, urgency)
            except ProblemError as error:
                problem = error.problem
                rejected += problem.may_have_been_sent  # False if delayed here
                if problem.kind is not ProblemKind.THROTTLED or rejected > max_rejections:
                    raise
                waiting(problem.retry_after_s or self._limit.wait_s)

    async def _once(self, call: Callable[[], T], urgency: Urgency) -> T:
        async with self.slot(urgency) as slot:
            return await slot.run(call)

    @asynccontextmanager
    async def slot(self, urgency: Urgency) -> AsyncIterator[RequestSlot]:
        """A slot for one request.

        It is released when the request has ended, even if nobody waits for it.
        """
        background = self._background.get(urgency)
        if background is not None:
            await background.acquire()

        def leave() -> None:
            self._limit.done()
            self._leave()
            if background is not None:
                background.release()

        try:
            await self._wait_for_slot(urgency)
        except BaseException:
            if background is not None:
                background.release()
            raise
        slot = RequestSlot(self._limit, leave)
        try:
            yield slot
        finally:
            slot.release()

    async def _wait_for_slot(self, urgency: Urgency) -> None:
        """Wait for a slot and for Azure's limit."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (urgency, next(self._numbers), waiter))
        if self._dispatcher is None or self._dispatcher.done():
            self._dispatcher = asyncio.create_task(self._dispatch())
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._limit.done()
                self._leave()
            raise

    def _leave(self) -> None:
        self._slots.release()
        self._own.release()

    async def _dispatch(self) -> None:
        """Admit waiting requests one by one, as slots and limits allow."""
        while self._waiting:
            await self._own.acquire()
            await self._slots.acquire()
            while (pause := self._limit.wait_s) > 0:
                self._leave()
                await asyncio.sleep(pause)
                await self._own.acquire()
                await self._slots.acquire()
            waiter = self._next()
            if waiter is None:
                self._leave()
                return
            self._limit.spend()
            waiter.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        while self._waiting:
            waiter = heapq.heappop(self._waiting)[2]
            if not waiter.done():
                return waiter
        return None

    def close(self) -> None:
        """Stop admitting those that wait; the engine cancels their tasks."""
        if self._dispatcher is not None:
            self._dispatcher.cancel()


class Calls:
    """A connection's lanes: ``reads`` and ``writes`` for Resource Manager, ``queries`` for Resource Graph."""

    def __init__(self, gateway: Gateway) -> None:
        slots = asyncio.Semaphore(MAX_IN_FLIGHT)
        background = {
            Urgency.BULK: asyncio.Semaphore(MAX_BULK),
            Urgency.FOLLOW: asyncio.Semaphore(MAX_POLLS),
            Urgency.READ: asyncio.Semaphore(MAX_QUERIES),
        }
        self.reads = Lane(gateway.reads, slots, background)
        self.writes = Lane(gateway.writes, slots, background)
        self.queries = Lane(gateway.queries, slots, background, MAX_QUERIES)
        self._many = asyncio.Semaphore(MAX_BULK)

    def bulk_slot(self, urgency: Urgency) -> AbstractAsyncContextManager[object]:
        """Limits how many bulk operations are between reading the machine and sending, so that each is sent soon after
        its machine was read."""
        return self._many if urgency is Urgency.BULK else nullcontext()

    def close(self) -> None:
        """Cancel all requests that wait for a slot."""
        for lane in (self.reads, self.writes, self.queries):
            lane.close()
