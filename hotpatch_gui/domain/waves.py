"""Waves: how many machines of a bulk action are processed at a time, and when to stop."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from hotpatch_gui.translation import translator

tr = translator("Waves")


class WaveMode(StrEnum):
    """The order in which machines are processed."""

    ALL = "all"
    SOME = "some"
    """A limited number at a time; the next starts when one has finished."""
    GROUPS = "groups"
    """One group, such as a zone, after another."""


class Waves(NamedTuple):
    """The division of a bulk action.

    ``size`` is the number of machines at a time, for SOME. After ``stop_after`` operations that were sent and failed, have
    an unknown result, or left a machine unhealthy, the remaining ones aren't sent; 0 never stops.
    """

    mode: WaveMode = WaveMode.ALL
    size: int = 0
    stop_after: int = 0

    @property
    def text(self) -> str:
        """The rule as a sentence, for the review and the audit log."""
        how = {
            WaveMode.ALL: tr("All at once"),
            WaveMode.SOME: tr("%n at a time", self.size),
            WaveMode.GROUPS: tr("One group after another"),
        }[self.mode]
        if not self.stop_after:
            return f"{how}."
        return tr("{how}, stopping after %n failure(s).", self.stop_after, how=how)


AT_ONCE = Waves()
