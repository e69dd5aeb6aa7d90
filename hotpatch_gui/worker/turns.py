"""Word of operations that have ended, for those that wait for them."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Turns:
    """Lives on the engine's loop. What waits on a machine is woken when something on it has ended or was cancelled."""

    def __init__(self) -> None:
        self._waiting: dict[int, set[asyncio.Future[None]]] = defaultdict(set)

    async def wait(self, machine_id: int, seconds: float) -> None:
        """Until something ends on the machine, or the time is up."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[machine_id].add(woken)
        try:
            await asyncio.wait([woken], timeout=seconds)
        finally:
            self._waiting[machine_id].discard(woken)
            if not self._waiting[machine_id]:
                del self._waiting[machine_id]

    def wake(self, machine_id: int) -> None:
        for woken in self._waiting.get(machine_id, ()):
            if not woken.done():
                woken.set_result(None)
