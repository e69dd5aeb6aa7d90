"""The priority of requests."""

from __future__ import annotations

from enum import IntEnum


class Urgency(IntEnum):
    """The order of requests when Azure's limits delay them."""

    ACT = 0
    """A user clicked and waits."""
    BULK = 1
    """One of many requests."""
    FOLLOW = 2
    """Polling."""
    READ = 3
    """A sync."""
