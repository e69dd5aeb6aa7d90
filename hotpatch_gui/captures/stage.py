"""The whole program for tests and pictures: real window, real engine, simulated Azure with a stopped clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from hotpatch_gui.application.targets import CloudTarget, demo_target
from hotpatch_gui.application.window import App, make_application
from hotpatch_gui.domain.operations import OperationState
from hotpatch_gui.domain.sync_state import SyncState
from hotpatch_gui.simulator.arm import SimulatorApi
from hotpatch_gui.simulator.build import build_simulator
from hotpatch_gui.simulator.clock import SteppedClock
from hotpatch_gui.simulator.scenarios import SCENARIOS
from hotpatch_gui.store import sync_state
from hotpatch_gui.system import resources
from hotpatch_gui.views.widgets.chart_host import ChartHost
from hotpatch_gui.views.widgets.lazy_widget import LazyWidget
from hotpatch_gui.views.widgets.table import Table
from hotpatch_gui.views.widgets.toasts import Toast

TIMEOUT_S = 30.0


def application() -> QApplication:
    """The QApplication without animations."""
    existing = QApplication.instance()
    made = existing if isinstance(existing, QApplication) else make_application()
    made.setCursorFlashTime(0)
    return made


def stopped_simulator(clock: SteppedClock, scenario: str = "today") -> SimulatorApi:
    """A simulated Azure with a stopped clock and no quota."""
    others = resources.read_json("other-updates.json")
    pairs = resources.read_json("region-pairs.json")["pairs"]
    return build_simulator(
        resources.calendar(), others, clock=clock, quota=1000, scenario=scenario, pairs=pairs
    )


class _WaitingActions:
    """The actions of the window, each awaited until the engine has handled it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __getattr__(self, name: str) -> Callable[..., None]:
        def request(*arguments: Any, **keywords: Any) -> None:
            app = self._stage.app
            getattr(app.actions, name)(*arguments, **keywords)
            self._stage.until(lambda: app.engine.unhandled == 0)

        return request


class Stage(QObject):
    """A context manager; ``window`` is the program's, ``simulator`` the simulated Azure."""

    def __init__(
        self,
        theme: str,
        *,
        folder: Path | None = None,
        simulator: SimulatorApi | None = None,
        target: CloudTarget | None = None,
        scale: float | None = 1.0,
        scenario: str = "today",
    ) -> None:
        """Without a ``target``, the program talks to ``simulator`` in this process; without a ``simulator``, to
        the fleet of ``scenario`` at its first moment. ``folder`` keeps the data beyond the stage. ``scale``: None for the
        settings' size."""
        super().__init__()
        self._temporary = TemporaryDirectory(prefix="hotpatch-stage-") if folder is None else None
        self.folder = folder or Path(self._temporary.name if self._temporary else "")
        self.clock = SteppedClock(SCENARIOS[scenario].start)
        self.simulator = simulator or stopped_simulator(self.clock, scenario)
        resolved = target or demo_target(lambda: self.simulator)
        self.app = App(
            application(),
            self.folder,
            resolved,
            theme=theme,
            bundled_font=True,
            scale=scale,
            azure_folder=self.folder / "azure",
        )
        self.window = self.app.window
        self.request = _WaitingActions(self)
        self.keeps_toasts = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for dialog in self.window.findChildren(QDialog):
            dialog.reject()
        self.app.close()
        self.app.forget()
        self._spin(20)
        if self._temporary is not None:
            self._temporary.cleanup()

    def start(self) -> None:
        """Show the window and wait for the first sync and the charts."""
        self.app.start()
        self.until(self._synced)
        self.idle()
        self.settle()

    def until(self, condition: Callable[[], Any]) -> None:
        """Run the event loop until ``condition`` is true.

        Raises:
            TimeoutError: it doesn't become true in time.
        """
        end = time.monotonic() + TIMEOUT_S
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(
                    f"timed out waiting for {getattr(condition, '__qualname__', condition)}"
                )
            self._spin(10)

    def settle(self) -> None:
        """Wait until views, queries and visible charts are up to date."""
        self._spin(5)
        self.until(lambda: not self.app.source.has_pending_changes)
        self.until(lambda: self.app.source.reader.is_idle)
        self._spin(30)
        self.until(
            lambda: all(p.is_built for p in self.window.findChildren(LazyWidget) if p.isVisible())
        )
        self.until(
            lambda: all(h.is_ready for h in self.window.findChildren(ChartHost) if _is_seen(h))
        )
        self.until(lambda: self.app.source.reader.is_idle)
        self._spin(30)

    def choose(self, *names: str) -> None:
        """Select machines by name and wait until they are shown."""
        db = self.app.source.db
        assert db is not None
        marks = ",".join("?" * len(names))
        rows = db.execute(
            f"SELECT id, name FROM machines WHERE name IN ({marks})", names
        ).fetchall()
        ids = {row["name"]: row["id"] for row in rows}
        page = self.window.machines
        page.choose(ids[names[0]])
        for name in names[1:]:
            number = page.model.number_of(ids[name])
            assert number is not None
            model = page.list.selectionModel()
            model.select(
                page.model.index(number, 0), model.SelectionFlag.Select | model.SelectionFlag.Rows
            )
        self.idle()
        self.settle()

    def idle(self) -> None:
        """Wait until the engine is idle."""
        self._spin(5)
        self.until(lambda: self.app.engine.is_idle)

    def sync(self) -> None:
        """Run a full sync."""
        self.app.actions.sync(full=True)
        self.idle()
        self.settle()

    def operation_states(self) -> list[OperationState]:
        db = self.app.source.db
        assert db is not None
        return [
            OperationState(r[0]) for r in db.execute("SELECT state FROM operations ORDER BY id")
        ]

    def grab(self, widget: QWidget) -> QImage:
        """The widget's pixels without focus, and without toasts, which disappear after a while, unless ``keeps_toasts``."""
        for toast in () if self.keeps_toasts else self.window.findChildren(Toast):
            self.window.toasts.dismiss(toast)
        for focused in (QApplication.focusWidget(), widget.focusWidget()):
            if focused is not None:
                focused.clearFocus()
        self._spin(20)
        return widget.grab().toImage()

    def table(self, name: str) -> Table:
        found = self.window.findChild(Table, name)
        assert found is not None
        return found

    def _synced(self) -> bool:
        state = self.app.source.read(sync_state.sync_state, SyncState())
        return bool(state.finished or state.problem) and not self.window.is_syncing

    def _spin(self, milliseconds: int) -> None:
        loop = QEventLoop()
        QTimer.singleShot(milliseconds, loop.quit)
        loop.exec()


def _is_seen(widget: QWidget) -> bool:
    """Whether part of it is visible."""
    return not widget.visibleRegion().isEmpty()
