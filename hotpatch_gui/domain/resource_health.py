"""Azure Resource Health's reports of machines. A machine's own state is in ``health``."""

from __future__ import annotations

from .power import PowerState

UNHEALTHY_STATES = ("unavailable", "degraded")
"""Resource Health's states of machines that need attention, in lower case."""
MAY_BE_RUNNING = (PowerState.RUNNING, PowerState.STARTING, PowerState.UNKNOWN)
"""Power states in which one of UNHEALTHY_STATES is a fault: a machine that somebody stopped is unavailable, too."""


def is_unhealthy(resource_health: str | None, power: PowerState) -> bool:
    """Whether Resource Health reports a problem with the machine. None: it calls the machine available, or its health isn't known."""
    return (resource_health or "").casefold() in UNHEALTHY_STATES and power in MAY_BE_RUNNING
