"""Detects that the computer slept, so that operations requested long before aren't sent afterwards."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime, timedelta

from hotpatch_gui.domain.clock import CloudClock

TICK_S = 60.0
"""How often the watch checks while nothing is sent."""
MIN_SLEEP_S = 2 * TICK_S
"""A longer gap between two checks is sleep."""
MAX_PERIODS = 100
"""How many periods of sleep are kept."""


class SleepWatch:
    """Detects sleep. Lives on the engine's loop.

    It compares the wall clock with its last check, because monotonic clocks stop during sleep on Linux and macOS. A wall
    clock that was set forward counts as sleep.

    Args:
        clock: the cloud's clock, which dates operations.
        longest: how long the computer may sleep, in one or several periods, until earlier operations expire.
    """

    def __init__(self, clock: CloudClock, longest: timedelta) -> None:
        self._clock, self._longest = clock, longest
        self._checked = time.time()
        self._periods: deque[tuple[datetime, timedelta]] = deque(maxlen=MAX_PERIODS)

    def check(self) -> datetime | None:
        """Return the time until which requested operations have expired, by the cloud's clock; None without a long sleep."""
        gap = timedelta(seconds=time.time() - self._checked)
        self._checked = time.time()
        if gap.total_seconds() > MIN_SLEEP_S:
            # the last check was up to a tick before the sleep, and operations may have been requested since
            self._periods.append((self._clock() - gap + timedelta(seconds=MIN_SLEEP_S), gap))
        slept = timedelta()
        for began, length in reversed(self._periods):
            slept += length
            if slept > self._longest:
                return began
        return None
