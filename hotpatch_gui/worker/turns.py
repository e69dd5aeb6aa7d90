"""When an operation may be sent, and what wakes it when something on its machine has ended."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from datetime import datetime


class Turns:
    """Lives on the engine's loop. What waits on a machine is woken when something on it has ended or was canceled.

    Args:
        after: only operations with higher ids are sent from here; what an earlier run has left in the queue keeps
            none of them waiting.
    """

    def __init__(self, after: int = 0) -> None:
        self.after = after
        self.failing_since: dict[int, datetime] = {}
        """Since when the file or a bug has kept each operation from being sent."""
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
