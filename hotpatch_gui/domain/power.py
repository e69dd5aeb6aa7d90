"""Whether a machine is running."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from hotpatch_gui.translation import translator

tr = translator("Power")


@tr.mark_values
class PowerState(StrEnum):
    """The power state of a virtual machine, or the connection state of an Arc-enabled server."""

    UNKNOWN = "unknown"
    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    STOPPED = "stopped"
    DEALLOCATING = "deallocating"
    DEALLOCATED = "deallocated"
    DISCONNECTED = "disconnected"
    """The agent of an Arc-enabled server doesn't report. Connected counts as running."""

    @property
    def label(self) -> str:
        """The state's display name."""
        return tr(self.value)

    @classmethod
    @lru_cache(maxsize=256)
    def parse(cls, text: str | None) -> PowerState:
        """Parse ``PowerState/running``, the display text ``VM running``, and Arc's StatusTypes."""
        word = (text or "").casefold().removeprefix("powerstate/").removeprefix("vm ").strip()
        word = _ARC_STATUS.get(word, word)
        return next((s for s in cls if s.value == word), cls.UNKNOWN)


_ARC_STATUS = {
    "connected": "running",
    "error": "disconnected",
    "awaitingconnection": "disconnected",
    "expired": "disconnected",
}
