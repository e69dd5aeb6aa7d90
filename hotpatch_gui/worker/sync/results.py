"""Assessments and installations of machines whose operations finished, read together to save queries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

GATHER_S = 0.3
"""How long to collect machines before a query."""
MACHINES = 50
"""The maximum number in a query."""


class MachineResultsReader:
    """Reads assessments and installations of machines, up to ``MACHINES`` per query.

    One per connection; lives on the engine's loop.
    """

    def __init__(self, read: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        self._read = read
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def read(self, machine_id: int) -> None:
        """Wait until the machine's assessments and installations are read with those of others.

        Raises:
            ProblemError: they can't be read.
        """
        if machine_id not in self._waiting:
            self._waiting[machine_id] = asyncio.get_running_loop().create_future()
        waited = self._waiting[machine_id]
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_waiting())
        await asyncio.shield(waited)

    async def _read_waiting(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHER_S)
            ids = list(self._waiting)[:MACHINES]
            futures = [self._waiting.pop(i) for i in ids]
            await self._read_some(ids, futures)

    async def _read_some(self, ids: list[int], futures: list[asyncio.Future[None]]) -> None:
        try:
            await self._read(ids)
        except Exception as error:  # noqa: BLE001 - raised again in each waiter
            for one in futures:
                one.set_exception(error)
        else:
            for one in futures:
                one.set_result(None)

    def close(self) -> None:
        """Cancel all waits."""
        if self._reader is not None:
            self._reader.cancel()
        for waited in self._waiting.values():
            waited.cancel()
