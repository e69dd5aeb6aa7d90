"""Simulated time: real time when idle, faster while simulated work is in progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol


class SimulatedClock(Protocol):
    """A clock of the simulation."""

    def now(self) -> datetime: ...

    def rate(self) -> float:
        """Simulated seconds per second."""
        ...

    def run_fast_until(self, end: datetime) -> None:
        """Run fast until work ends."""
        ...

    def jump_to(self, moment: datetime) -> None:
        """Set the time."""
        ...

    def play_until(self, end: datetime, speed: float) -> None:
        """Run at ``speed`` until ``end``."""
        ...

    def stop_playing(self) -> None: ...


class RunningClock:
    """Runs from ``start``; ``speed`` times faster while work is in progress."""

    def __init__(
        self, start: datetime, speed: float, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._work_speed = self.speed = speed
        self._monotonic = monotonic
        self._start, self._at = start, monotonic()
        self._fast_until = start

    def now(self) -> datetime:
        elapsed = self._monotonic() - self._at
        fast = max(0.0, (self._fast_until - self._start).total_seconds() / self.speed)
        if elapsed <= fast:
            return self._start + timedelta(seconds=elapsed * self.speed)
        return max(self._start, self._fast_until) + timedelta(seconds=elapsed - fast)

    def rate(self) -> float:
        return self.speed if self.now() < self._fast_until else 1.0

    def run_fast_until(self, end: datetime) -> None:
        now = self.now()
        if now >= self._fast_until:
            self.speed = self._work_speed
        self._resume(now, max(self._fast_until, end))

    def jump_to(self, moment: datetime) -> None:
        self._resume(moment, moment)

    def play_until(self, end: datetime, speed: float) -> None:
        now = self.now()
        self.speed = speed
        self._resume(now, end)

    def stop_playing(self) -> None:
        now = self.now()
        self._resume(now, now)

    def _resume(self, now: datetime, fast_until: datetime) -> None:
        self._start, self._at, self._fast_until = now, self._monotonic(), fast_until


class SteppedClock:
    """Stays until advanced, for pictures and tests of exact times."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def rate(self) -> float:
        return 0.0

    def run_fast_until(self, end: datetime) -> None:
        """Does nothing; only ``advance`` moves it."""

    def jump_to(self, moment: datetime) -> None:
        self._now = moment

    def play_until(self, end: datetime, speed: float) -> None:
        """Does nothing, like ``run_fast_until``."""

    def stop_playing(self) -> None:
        """Does nothing, because it never plays."""

    def advance(self, **step: float) -> None:
        """Advance by ``timedelta(**step)``."""
        self._now += timedelta(**step)
