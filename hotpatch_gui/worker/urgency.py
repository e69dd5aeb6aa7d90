"""Which request goes first."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """The order of requests when Azure's limits delay them."""

    ACT = 0
    """Somebody clicked and waits."""
    BULK = 1
    """One of many that were asked for together."""
    FOLLOW = 2
    """What was sent is looked at."""
    READ = 3
    """A sync."""
