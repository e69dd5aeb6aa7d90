"""Creates a simulated Azure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hotpatch_gui.domain.releases import Calendar

from .arm import SimulatorApi
from .catalog import Catalog
from .clock import RunningClock, SimulatedClock
from .cloud import Cloud
from .scenarios import SCENARIOS
from .state import StateFile

DEFAULT_SPEED = 60.0
"""Simulated seconds per second during work: an assessment takes about three seconds."""


def build_simulator(
    calendar: Calendar,
    other_updates: Iterable[Mapping[str, Any]],
    *,
    state_path: Path | None = None,
    machines: int = 16,
    seed: int = 1,
    speed: float = DEFAULT_SPEED,
    clock: SimulatedClock | None = None,
    quota: int = 15,
    scenario: str = "today",
    pairs: Sequence[Sequence[str]] = (),
) -> SimulatorApi:
    """A fleet of ``machines`` machines from ``seed``; one in ``state_path`` continues.

    A state file's own scenario, seed and size override the arguments. ``pairs`` are the paired regions.
    """
    state = StateFile(state_path)
    world = state.get("world", "made") or {
        "machines": machines,
        "seed": seed,
        "story": scenario,
    }  # the stored name
    state.put(("world", "made", world))
    started = SCENARIOS[world.get("story", "today")]
    now = state.get("world", "now")
    catalog = Catalog(calendar, other_updates)
    cloud = Cloud(
        catalog,
        clock or RunningClock(datetime.fromisoformat(now) if now else started.start, speed),
        started.fleet(catalog, world["machines"], world["seed"]),
        pairs=pairs,
        state=state,
    )
    return SimulatorApi(cloud, quota=quota)
