"""Put a simulated Azure together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from hotpatch_gui.domain.releases import Calendar

from .arm import Wire
from .catalog import Catalog
from .clock import RunningClock, SimulatedClock
from .cloud import Cloud
from .fleet import EPOCH
from .state import StateFile

DEFAULT_SPEED = 60.0
"""Simulated seconds per real second while work runs: an assessment takes about three real seconds."""


def build_simulator(
    calendar: Calendar,
    other_updates: Iterable[Mapping[str, Any]],
    *,
    state_path: Path | None = None,
    machines: int = 12,
    seed: int = 1,
    speed: float = DEFAULT_SPEED,
    clock: SimulatedClock | None = None,
    quota: int = 15,
) -> Wire:
    """A world of ``machines`` machines from ``seed``; one kept in ``state_path`` goes on where it was.

    A state file remembers its own seed and size, which then win over the arguments.
    """
    state = StateFile(state_path)
    world = state.get("world", "made") or {"machines": machines, "seed": seed}
    state.put(("world", "made", world))
    start = datetime.fromisoformat(state.get("world", "now") or EPOCH.isoformat())
    cloud = Cloud(
        Catalog(calendar, other_updates),
        clock or RunningClock(start, speed),
        machines=world["machines"],
        seed=world["seed"],
        state=state,
    )
    return Wire(cloud, quota=quota)
