"""Whose request goes first."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """Who goes first where Azure takes fewer requests than wait."""

    ACT = 0
    """Somebody clicked and waits."""
    BULK = 1
    """One of many that were asked for together."""
    FOLLOW = 2
    """What was sent is looked at."""
    READ = 3
    """A sync."""
