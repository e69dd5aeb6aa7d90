"""The data that the program shows: Azure through the file's connections, or a simulated Azure."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hotpatch_gui.domain.clock import CloudClock
from hotpatch_gui.domain.clouds import Cloud, CloudLabel, demo
from hotpatch_gui.domain.problems import Problem, ProblemError, ProblemKind
from hotpatch_gui.store import database, sync_state
from hotpatch_gui.system import resources
from hotpatch_gui.translation import translator

if TYPE_CHECKING:
    from hotpatch_gui.domain.connections import Connection
    from hotpatch_gui.simulator.arm import SimulatorApi

tr = translator("Targets")

log = logging.getLogger(__name__)

SIMULATOR_FILE = "simulated-azure.sqlite3"
AZURE_ORIGIN = "azure"
RESET_HINT = tr.mark(
    "It contains the demo's simulated Azure. To reset the demo, start the window with --reset-demo."
)


class CloudTarget(NamedTuple):
    """The cloud to show.

    Attributes:
        data_origin: demo data never mixes with Azure's.
        seed: creates the demo's connection if the file has none.
        transport: creates the factory of transports to a cloud in this process. Both it and the factory are called on worker
            threads and may wait.
        simulator: the simulated Azure in this process, once created.
    """

    data_origin: str
    label: CloudLabel
    seed: Callable[[], Connection] | None = None
    transport: Callable[[], Callable[[], Any]] | None = None
    simulator: Callable[[], SimulatorApi | None] | None = None
    takes_over: bool = False
    """Whether the folder may be taken over from an owner that may still be running."""

    def clock(self, db: sqlite3.Connection | None) -> CloudClock:
        """The cloud's clock; a simulated one starts at its last known time."""
        if not self.label.demo:
            return CloudClock.real()
        try:
            return CloudClock(sync_state.latest_time(db) if db is not None else None)
        except sqlite3.Error:  # damaged, so it is set aside first
            return CloudClock(None)


def azure_target() -> CloudTarget:
    """Azure through the file's connections."""
    return CloudTarget(AZURE_ORIGIN, CloudLabel(tr("Azure")))


def demo_target(make_simulator: Callable[[], SimulatorApi]) -> CloudTarget:
    """The simulated Azure in this process."""

    made: list[SimulatorApi] = []

    def transport() -> Callable[[], Any]:
        from hotpatch_gui.simulator.transport import in_process_transport  # noqa: PLC0415 - only for the demo

        made.append(make_simulator())
        return partial(in_process_transport, made[-1])

    label = CloudLabel("Contoso", tr("Demo, simulated Azure"))
    seed = partial(_seed, demo(), "Contoso")
    return CloudTarget(demo().endpoint, label, seed, transport, lambda: made[-1] if made else None)


def simulated_target(cloud: Cloud) -> CloudTarget:
    """A simulated Azure at an address on this computer."""
    label = CloudLabel(cloud.name, tr("Demo, simulated Azure"))
    return CloudTarget(cloud.endpoint, label, partial(_seed, cloud, cloud.name))


def _seed(cloud: Cloud, name: str) -> Connection:
    from hotpatch_gui.domain.connections import demo_connection  # noqa: PLC0415 - not before the first paint

    return demo_connection(cloud, name)


def demo_simulator(folder: Path, scenario: str = "today") -> SimulatorApi:
    """The demo's simulated Azure, stored in ``folder``.

    Raises:
        ProblemError: its file can't be used.
    """
    from hotpatch_gui.simulator.build import build_simulator  # noqa: PLC0415 - only the demo needs it
    from hotpatch_gui.simulator.state import UnreadableStateError  # noqa: PLC0415 - only the demo needs it

    others = resources.read_json("other-updates.json")
    pairs = resources.read_json("region-pairs.json")["pairs"]
    path = folder / SIMULATOR_FILE
    try:
        return build_simulator(
            resources.calendar(), others, state_path=path, scenario=scenario, pairs=pairs
        )
    except sqlite3.Error as error:
        problem = database.store_problem(error, path)
        if database.is_damaged(error):
            problem = problem._replace(next_step=tr(RESET_HINT))
        raise ProblemError(problem) from None
    except UnreadableStateError:
        log.exception("the demo's state is unreadable")
        sentence = tr(
            "The file {name} is from a newer version of the program or was changed.", name=path.name
        )
        raise ProblemError(Problem(ProblemKind.STORE, sentence, tr(RESET_HINT))) from None
