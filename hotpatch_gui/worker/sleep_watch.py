"""Whether the computer slept: nothing is sent during sleep, and nobody expects it afterwards."""

from __future__ import annotations

import time
from datetime import datetime

from hotpatch_gui.domain.clock import CloudClock

TICK_S = 60.0
"""How often the watch looks while nothing is sent."""


class SleepWatch:
    """Detects sleep. Lives on the engine's loop.

    It compares the wall clock with its own last look, because monotonic clocks stop during sleep on Linux and macOS. A wall
    clock that was set forward counts as sleep.

    Args:
        clock: the cloud's clock, which dates requests.
        longest_s: a longer gap counts as sleep, in seconds.
    """

    def __init__(self, clock: CloudClock, longest_s: float) -> None:
        self._clock, self._longest_s = clock, longest_s
        self._looked = time.time()
        self._looked_at = clock()

    @property
    def has_slept(self) -> bool:
        """Whether the computer slept since the last look."""
        return time.time() - self._looked > self._longest_s

    def look(self) -> datetime | None:
        """Look now.

        Returns:
            When the computer fell asleep, by the cloud's clock; None if it was awake since the last look.
        """
        asleep_since = self._looked_at if self.has_slept else None
        self._looked, self._looked_at = time.time(), self._clock()
        return asleep_since
