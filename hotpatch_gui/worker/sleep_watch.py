"""Whether the computer slept: nothing is sent during sleep, and nobody expects it afterwards."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta

from hotpatch_gui.domain.clock import CloudClock

TICK_S = 60.0
"""How often the watch looks while nothing is sent."""
NAP_S = 2 * TICK_S
"""A longer gap between two looks is sleep."""
KEPT = 100
"""How many naps are kept."""


class SleepWatch:
    """Detects sleep. Lives on the engine's loop.

    It compares the wall clock with its own last look, because monotonic clocks stop during sleep on Linux and macOS. A wall
    clock that was set forward counts as sleep.

    Args:
        clock: the cloud's clock, which dates operations.
        longest: how long the computer may sleep, in one or several naps, until earlier operations expire.
    """

    def __init__(self, clock: CloudClock, longest: timedelta) -> None:
        self._clock, self._longest = clock, longest
        self._looked = time.time()
        self._naps: deque[tuple[datetime, timedelta]] = deque(maxlen=KEPT)

    def look(self) -> datetime | None:
        """Look now.

        Returns:
            A time: operations requested until then have expired, by the cloud's clock. None if the computer didn't sleep long enough.
        """
        gap = timedelta(seconds=time.time() - self._looked)
        self._looked = time.time()
        if gap.total_seconds() > NAP_S:
            # the last look was up to a tick before the nap, and operations may have been requested since
            self._naps.append((self._clock() - gap + timedelta(seconds=NAP_S), gap))
        slept = timedelta()
        for began, length in reversed(self._naps):
            slept += length
            if slept > self._longest:
                return began
        return None
