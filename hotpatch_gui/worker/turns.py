"""The turns of operations: waiting for one, and waking those that wait."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from datetime import datetime


class Turns:
    """Operations that wait on a machine, woken when one on it ends. Lives on the engine's loop.

    Args:
        after: only operations with higher IDs are sent; earlier queued ones block nothing.
    """

    def __init__(self, after: int = 0) -> None:
        self.after = after
        self.failing_since: dict[int, datetime] = {}
        """Since when the file or a bug has prevented each operation."""
        self._waiting: dict[int, set[asyncio.Future[None]]] = defaultdict(set)

        self.wakes: Counter[int] = Counter()
        """How often operations on each machine were woken."""

    async def wait(self, machine_id: int, seconds: float, wakes: int | None = None) -> None:
        """Wait until an operation on the machine ends, for at most this time.

        ``wakes`` was read before the caller's check: if one ended since then, this doesn't wait.
        """
        if wakes is not None and self.wakes[machine_id] != wakes:
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[machine_id].add(woken)
        try:
            await asyncio.wait([woken], timeout=seconds)
        finally:
            self._waiting[machine_id].discard(woken)
            if not self._waiting[machine_id]:
                del self._waiting[machine_id]

    def wake(self, machine_id: int) -> None:
        """Wake operations that wait on the machine."""
        self.wakes[machine_id] += 1
        for woken in self._waiting.get(machine_id, ()):
            if not woken.done():
                woken.set_result(None)
