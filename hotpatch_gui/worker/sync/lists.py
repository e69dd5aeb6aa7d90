"""Assessments and installations of machines whose operations finished, read together to save queries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

GATHER_S = 0.3
"""How long to collect machines before a query."""
MACHINES = 50
"""The maximum number in a query."""


class MachineListReader:
    """Lives on the engine's loop, one per connection. ``read`` reads those of several machines."""

    def __init__(self, read: Callable[[Sequence[int]], Awaitable[None]]) -> None:
        self._read = read
        self._wanted: dict[int, asyncio.Future[None]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def read(self, machine_id: int) -> None:
        """Wait until the machine's assessments and installations are read with those of others.

        Raises:
            ProblemError: they can't be read.
        """
        if machine_id not in self._wanted:
            self._wanted[machine_id] = asyncio.get_running_loop().create_future()
        waited = self._wanted[machine_id]
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read_wanted())
        await asyncio.shield(waited)

    async def _read_wanted(self) -> None:
        while self._wanted:
            await asyncio.sleep(GATHER_S)
            ids = list(self._wanted)[:MACHINES]
            waiting = [self._wanted.pop(i) for i in ids]
            await self._read_some(ids, waiting)

    async def _read_some(self, ids: list[int], waiting: list[asyncio.Future[None]]) -> None:
        try:
            await self._read(ids)
        except Exception as error:  # noqa: BLE001 - raised again in each waiter
            for one in waiting:
                one.set_exception(error)
        else:
            for one in waiting:
                one.set_result(None)

    def close(self) -> None:
        """Cancel all waits."""
        if self._reader is not None:
            self._reader.cancel()
        for waited in self._wanted.values():
            waited.cancel()
