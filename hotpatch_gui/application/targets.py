"""What the program looks at: Azure over the file's connections, or a simulated one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import Cloud, CloudLabel, demo
from hotpatch_gui.domain.problems import ProblemError
from hotpatch_gui.store import database, sync_state
from hotpatch_gui.system import resources

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.simulator.arm import SimulatorApi

SIMULATOR_FILE = "simulated-azure.sqlite3"
AZURE_WORLD = "azure"
BEGIN_AFRESH = "It holds the demo's simulated Azure: start the window with --reset-demo to begin the demo afresh."


class CloudTarget(NamedTuple):
    """What to show: the file's connections, or one to a simulated Azure.

    ``world`` says whose data a file holds: a demo's is not shared with Azure's. ``seed`` is the connection that
    it is to have, ``transport`` makes what reaches a cloud in this process; neither is called on the UI thread.
    ``wire`` is the simulated Azure of this process, once it was made.
    """

    world: str
    label: CloudLabel
    seed: Callable[[], Connection] | None = None
    transport: Callable[[], Callable[[], Any]] | None = None
    wire: Callable[[], SimulatorApi | None] | None = None
    takes_over: bool = False
    """Whether the folder may be taken from an owner of which it isn't known whether it still runs."""

    def clock(self, db: sqlite3.Connection | None) -> CloudClock:
        """A simulated cloud has its own day; until it answers, the last one known stands still."""
        if not self.label.demo:
            return CloudClock.real()
        try:
            return CloudClock(sync_state.latest_time(db) if db is not None else None)
        except sqlite3.Error:  # damaged: it is set aside before it is used
            return CloudClock(None)


def azure_target() -> CloudTarget:
    """The connections that the file holds."""
    return CloudTarget(AZURE_WORLD, CloudLabel("Azure"))


def demo_target(make_wire: Callable[[], SimulatorApi]) -> CloudTarget:
    """The simulated Azure in this process."""

    made: list[SimulatorApi] = []

    def transport() -> Callable[[], Any]:
        from hotpatch_gui.simulator.transport import in_process_transport  # noqa: PLC0415

        made.append(make_wire())
        return partial(in_process_transport, made[-1])

    label = CloudLabel("Contoso", "Demo, simulated Azure")
    seed = partial(_seed, demo(), "Contoso")
    return CloudTarget(demo().endpoint, label, seed, transport, lambda: made[-1] if made else None)


def simulated_target(cloud: Cloud) -> CloudTarget:
    """A simulated Azure at an address of this machine."""
    label = CloudLabel(cloud.name, "Demo, simulated Azure")
    return CloudTarget(cloud.endpoint, label, partial(_seed, cloud, cloud.name))


def _seed(cloud: Cloud, name: str) -> Connection:
    from hotpatch_gui.domain.connections import demo_connection  # noqa: PLC0415 - not before the first paint

    return demo_connection(cloud, name)


def demo_wire(folder: Path, story: str = "today") -> SimulatorApi:
    """The demo's world, kept in ``folder`` so that a restarted demo goes on. Raises ProblemError where its file can't be
    used."""
    from hotpatch_gui.simulator.build import build_simulator  # noqa: PLC0415 - only the demo needs it

    others = resources.read_json("other-updates.json")
    pairs = resources.read_json("region-pairs.json")["pairs"]
    path = folder / SIMULATOR_FILE
    try:
        return build_simulator(
            resources.calendar(), others, state_path=path, story=story, pairs=pairs
        )
    except sqlite3.Error as error:
        problem = database.store_problem(error, path)
        if database.is_damaged(error):
            problem = problem._replace(next_step=BEGIN_AFRESH)
        raise ProblemError(problem) from None
