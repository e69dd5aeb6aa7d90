"""Waves: how many machines of one large request are worked on at a time, and when the rest is left alone."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class WaveMode(StrEnum):
    """Which machines' turn it is."""

    ALL = "all"
    SOME = "some"
    """So many at a time; the next begins where one has ended."""
    GROUPS = "groups"
    """One group, such as a zone, after the other."""


class Waves(NamedTuple):
    """``size`` is how many at a time, for SOME. After ``stop_after`` operations that failed or whose end is not
    known, what still waits is not sent; 0 goes on whatever happens."""

    mode: WaveMode = WaveMode.ALL
    size: int = 0
    stop_after: int = 0

    @property
    def text(self) -> str:
        """As a sentence, for the review and the audit log."""
        how = {
            WaveMode.ALL: "All at once",
            WaveMode.SOME: f"{self.size:,} at a time",
            WaveMode.GROUPS: "One group after another",
        }[self.mode]
        if not self.stop_after:
            return f"{how}."
        failures = "one failure" if self.stop_after == 1 else f"{self.stop_after:,} failures"
        return f"{how}, stopping after {failures}."


AT_ONCE = Waves()
