"""The demo's time: step to the next release, play a month in seconds, start in another scenario."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from hotpatch_gui.simulator.arm import SimulatorApi

PLAY_SPAN = timedelta(days=30)
PLAY_S = 20.0
"""How many seconds PLAY_SPAN takes."""
SYNC_MS = 2500
"""The interval of syncs while playing; each uses up to seven of the 15 queries that Azure allows in 5 s."""
STEP_MARGIN = timedelta(minutes=5)
"""How long after a release a step stops."""


class SimulatedTime(QObject):
    """Moves the simulated Azure's clock. Lives on the UI thread.

    Signals:
        changed (): it started or stopped playing.
        scenario_selected (str): the demo restarts with this scenario.
    """

    changed = Signal()
    scenario_selected = Signal(str)

    def __init__(
        self,
        simulator: Callable[[], SimulatorApi | None],
        sync: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        """``simulator`` returns the simulated Azure once the engine has created it."""
        super().__init__(parent)
        self._simulator, self._sync = simulator, sync
        self._ends: datetime | None = None
        self._poll_timer = QTimer(self)
        self._poll_timer.setInterval(SYNC_MS)
        self._poll_timer.timeout.connect(self._poll)

    @property
    def simulator(self) -> SimulatorApi | None:
        """The simulated Azure, once created."""
        return self._simulator()

    @property
    def is_ready(self) -> bool:
        """Whether there is a simulated Azure."""
        return self.simulator is not None

    @property
    def is_playing(self) -> bool:
        """Whether time is playing."""
        return self._ends is not None

    @property
    def next_release(self) -> datetime | None:
        """The next known release; None without one."""
        if self.simulator is None:
            return None
        cloud = self.simulator.cloud
        with cloud.lock:
            return cloud.patching.next_release(cloud.clock.now())

    @property
    def scenarios(self) -> list[tuple[str, str]]:
        """(key, title) of the scenarios."""
        from hotpatch_gui.simulator.scenarios import SCENARIOS  # noqa: PLC0415 - after the first paint

        return [(key, scenario.title) for key, scenario in SCENARIOS.items()]

    def step(self) -> None:
        """Move to just after the next release."""
        release = self.next_release
        if self.simulator is None or release is None:
            return
        self.stop()
        with self.simulator.cloud.lock:
            self.simulator.cloud.clock.jump_to(release + STEP_MARGIN)
        self._sync()

    def play(self) -> None:
        """Play a month."""
        if self.simulator is None:
            return
        cloud = self.simulator.cloud
        with cloud.lock:
            self._ends = cloud.clock.now() + PLAY_SPAN
            cloud.clock.play_until(self._ends, PLAY_SPAN.total_seconds() / PLAY_S)
        self._poll_timer.start()
        self.changed.emit()
        self._sync()

    def stop(self) -> None:
        """Stop playing."""
        if self.simulator is not None and self._ends is not None:
            with self.simulator.cloud.lock:
                self.simulator.cloud.clock.stop_playing()
            self._end()

    def begin(self, scenario: str) -> None:
        """Restart the demo with a scenario."""
        self.stop()
        self.scenario_selected.emit(scenario)

    def _poll(self) -> None:
        self._sync()
        if self.simulator is not None and self._ends is not None:
            with self.simulator.cloud.lock:
                is_over = self.simulator.cloud.clock.now() >= self._ends
            if is_over:
                self._end()

    def _end(self) -> None:
        self._ends = None
        self._poll_timer.stop()
        self.changed.emit()
        self._sync()
