"""Creates a simulated Azure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from hotpatch_gui.domain.release_calendar import Calendar

from .arm import SimulatorApi
from .catalog import Catalog
from .clock import RunningClock, SimulatedClock
from .cloud import SimulatedCloud
from .scenarios import SCENARIOS
from .state import StateFile, UnreadableStateError

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

    Raises:
        UnreadableStateError: the state file's content doesn't make sense.
        sqlite3.Error: the state file can't be used.
    """
    state = StateFile(state_path)
    catalog = Catalog(calendar, other_updates)
    try:
        world = state.get("world", "made")
        if world is None:
            world = {
                "machines": machines,
                "seed": seed,
                "story": scenario,
            }  # "story": the stored name
        started = SCENARIOS[world.get("story", "today")]
        now = state.get("world", "now")
        cloud = SimulatedCloud(
            catalog,
            clock or RunningClock(datetime.fromisoformat(now) if now else started.start, speed),
            started.fleet(catalog, world["machines"], world["seed"]),
            pairs=pairs,
            state=state,
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        state.close()
        if state_path is None:
            raise
        raise UnreadableStateError(str(state_path)) from error
    state.put(("world", "made", world))
    return SimulatorApi(cloud, quota=quota)
