"""The source of the current time: the system, or the cloud's own clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("Clock")

Clock = Callable[[], datetime]
YEARS = range(1970, 2200)
"""Years of valid times, so far from the limits of ``datetime`` that adding days never overflows."""


def system_clock() -> datetime:
    """The system's time, UTC."""
    return datetime.now(UTC)


class Span(NamedTuple):
    """A time range, UTC: from ``since`` to before ``until``; None is an open end."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS = Span()


class CloudClock:
    """The cloud's clock, kept by the times in its responses. Thread-safe.

    Until the first response, it runs from ``start`` at ``rate`` cloud seconds per second, or from the system's time if
    ``start`` is None. ``is_known`` shows whether a start was given or a response has arrived.
    """

    def __init__(
        self,
        start: datetime | None,
        monotonic: Callable[[], float] = time.monotonic,
        rate: float = 0.0,
    ) -> None:
        self._monotonic = monotonic
        self.is_known = start is not None
        self._lock = threading.Lock()
        self._anchor, self._at, self._rate = start or system_clock(), monotonic(), rate

    @classmethod
    def real(cls) -> CloudClock:
        """A clock for a real cloud: the system's time until a response corrects it.

        It continues while the computer sleeps.
        """
        return cls(system_clock(), time.time, 1.0)

    def __call__(self) -> datetime:
        """The current time, UTC."""
        with self._lock:
            return self._now()

    @property
    def rate(self) -> float:
        """Cloud seconds per second."""
        return self._rate

    def observe(self, now: datetime, rate: float) -> None:
        """Adopt the time of a response.

        The clock never goes back by less than a minute: answers have whole seconds and arrive late, and ages must not jump.
        """
        with self._lock:
            behind = self._now() - now
            anchor = self._now() if timedelta(0) < behind < timedelta(minutes=1) else now
            self._anchor, self._at, self._rate = anchor, self._monotonic(), rate
            self.is_known = True

    def _now(self) -> datetime:
        return self._anchor + timedelta(seconds=(self._monotonic() - self._at) * self._rate)


def age_text(then: datetime | None, now: datetime) -> str:
    """The age as ``5 min ago``, ``2 h ago`` or ``9 d ago``; a future time counts as just now."""
    if then is None:
        return tr("never")
    seconds = max(0, int((now - then).total_seconds()))
    if seconds < 60:
        return tr("just now")
    if seconds < 3600:
        return tr("{minutes} min ago", minutes=seconds // 60)
    if seconds < 48 * 3600:
        return tr("{hours} h ago", hours=seconds // 3600)
    return tr("{days} d ago", days=seconds // 86400)
