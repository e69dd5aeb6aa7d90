"""The composition root: builds everything, hands it down; the only place that picks a cloud."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QLockFile, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from . import resources
from .azure.clouds import Cloud
from .demo_time import DemoTime
from .domain.clock import Clock, CloudClock
from .domain.operations import OperationKind
from .domain.problems import Problem, ProblemKind
from .models.source import DataSource
from .settings import Settings
from .store import catalogue
from .store.changes import Changes
from .store.database import FILE_NAME, store_problem
from .store.operations import Outbox
from .theme.icons import Icons
from .theme.theme import Theme
from .views.main_window import MainWindow
from .views.services import CloudLabel, Services
from .worker.thread import Opened, Worker, WorkerThread

if TYPE_CHECKING:
    from .azure.gateway import Connection
    from .domain.installs import InstallRequest
    from .domain.settings import SettingsChange
    from .simulator.arm import Wire
    from .worker.sync import SyncProgress

log = logging.getLogger(__name__)
UNSEEN_MS = 2000
"""After this long a window that was never painted (minimised, covered) counts as painted."""
SWITCH_S = 0.0005
"""How long another thread may keep the window waiting for the interpreter; Python's own 5 ms add up to
visible stalls, as a frame asks for it a thousand times."""
LOCK_FILE = "hotpatch.lock"
SIMULATOR_FILE = "simulated-azure.sqlite3"


def make_application() -> QApplication:
    """The one QApplication. Its style is named beforehand: to name it later takes 8 ms more."""
    os.environ["QT_STYLE_OVERRIDE"] = "fusion"
    sys.setswitchinterval(SWITCH_S)
    application = QApplication(sys.argv[:1])
    application.setApplicationName("Hotpatch Dashboard")
    application.setDesktopFileName("hotpatch-gui")
    return application


def lock(folder: Path) -> QLockFile | None:
    """Held while the program runs on ``folder``, so that no second one sends its operations too; None
    where another program holds it. One left by a program that was killed is taken over; where nobody can
    write, nothing is sent, and the worker says so."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        log.warning("the data folder cannot be made")
    made = QLockFile(str(folder / LOCK_FILE))
    made.setStaleLockTime(0)
    is_held = not made.tryLock(0) and made.error() is QLockFile.LockError.LockFailedError
    return None if is_held else made


def say(text: str) -> None:
    """A message before there is a window."""
    from PySide6.QtWidgets import QMessageBox  # noqa: PLC0415 - rarely wanted, and slow to load

    box = QMessageBox(QMessageBox.Icon.Information, "Hotpatch Dashboard", text)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.exec()


class Target(NamedTuple):
    """The cloud to show and how to reach it; ``connect`` runs on the worker thread, SDKs and all.

    ``wire`` is the simulated Azure of this process, once it was made; None for every other cloud.
    """

    cloud: Cloud
    label: CloudLabel
    connect: Callable[[], Connection]
    wire: Callable[[], Wire | None] | None = None

    @property
    def world(self) -> str:
        """Whose data a file holds: files are not shared between clouds."""
        return self.cloud.endpoint


def demo_cloud() -> Cloud:
    return Cloud("Demo", "https://azure.demo.invalid", needs_sign_in=False, is_demo=True)


def demo_target(make_wire: Callable[[], Wire]) -> Target:
    """The simulated Azure in this process."""

    made: list[Wire] = []

    def connect() -> Connection:
        from .azure.gateway import Connection  # noqa: PLC0415 - the SDKs come with it
        from .simulator.cloud import SUBSCRIPTION  # noqa: PLC0415
        from .simulator.transport import in_process_transport  # noqa: PLC0415

        wire = make_wire()
        made.append(wire)
        return Connection(
            demo_cloud(), (SUBSCRIPTION,), transport=lambda: in_process_transport(wire)
        )

    label = CloudLabel("Contoso", "Demo, simulated Azure")
    return Target(demo_cloud(), label, connect, lambda: made[-1] if made else None)


def demo_wire(folder: Path, story: str = "today") -> Wire:
    """The demo's world, kept in ``folder`` so that a restarted demo goes on."""
    from .simulator.build import build_simulator  # noqa: PLC0415 - only the demo needs it

    others = resources.read_json("other-updates.json")
    pairs = resources.read_json("region-pairs.json")["pairs"]
    return build_simulator(
        resources.calendar(), others, state_path=folder / SIMULATOR_FILE, story=story, pairs=pairs
    )


def cloud_target(
    cloud: Cloud, subscription_ids: Sequence[str], sign_in: str, tenant: str | None
) -> Target:
    """A cloud over the network: Azure itself, or a simulated one at an address of this machine."""

    def connect() -> Connection:
        from .azure.gateway import Connection  # noqa: PLC0415 - the SDKs come with it

        return Connection(cloud, tuple(subscription_ids), sign_in, tenant)

    demo = "Demo, simulated Azure" if cloud.is_demo else ""
    return Target(cloud, CloudLabel(cloud.name, demo), connect)


def _under_way(kind: OperationKind, machines: int) -> Problem:
    where = f"on {machines:,} of the machines" if machines > 1 else "on the machine"
    return Problem(
        ProblemKind.CONFLICT,
        f"“{kind.label}” is under way {where} already, so it was not asked for again.",
        "Activity shows it; one whose end is not known can be dismissed there.",
    )


class Desk:
    """What the window asks for: into the queue at once, then word to the worker."""

    def __init__(self, path: Path, thread: WorkerThread, clock: Clock) -> None:
        self._path, self._thread, self._clock = path, thread, clock
        self._outbox: Outbox | None = None

    def sync(self) -> None:
        self._thread.sync_requested.emit()

    def sync_every(self, minutes: int) -> None:
        self._thread.worker.sync_every_s = minutes * 60.0

    def read_machine(self, machine_id: int) -> None:
        self._thread.machine_requested.emit(machine_id)

    def assess(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.ASSESS, machine_ids, None)

    def install(self, machine_ids: Sequence[int], request: InstallRequest) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import install_body  # noqa: PLC0415 - after the first paint

        return self._queue(OperationKind.INSTALL, machine_ids, json.dumps(install_body(request)))

    def restart(self, machine_ids: Sequence[int]) -> int:
        return self._queue(OperationKind.RESTART, machine_ids, None)

    def change_settings(self, machine_ids: Sequence[int], change: SettingsChange) -> int:
        import json  # noqa: PLC0415

        from .azure.bodies import settings_body  # noqa: PLC0415 - after the first paint

        return self._queue(OperationKind.SETTINGS, machine_ids, json.dumps(settings_body(change)))

    def cancel(self, operation_id: int) -> bool:
        try:
            done = self._box().cancel(operation_id, self._clock())
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return False
        self._thread.worker.changed.emit(Changes.to("operations"))
        return done

    def close(self) -> None:
        if self._outbox is not None:
            self._outbox.close()

    def _queue(self, kind: OperationKind, machine_ids: Sequence[int], request: str | None) -> int:
        """A problem goes the way of the worker's own: into the window."""
        try:
            wanted = [(i, request) for i in machine_ids]
            queued = len(self._box().queue(kind, wanted, self._clock()))
        except sqlite3.Error as error:
            self._thread.worker.failed.emit(store_problem(error, self._path))
            return 0
        self._thread.worker.changed.emit(Changes.to("operations"))
        self._thread.operations_queued.emit()
        if queued < len(machine_ids):
            self._thread.worker.failed.emit(_under_way(kind, len(machine_ids) - queued))
        return queued

    def _box(self) -> Outbox:
        if self._outbox is None:
            self._outbox = Outbox(self._path)
        return self._outbox


class App(QObject):
    """The program: window, worker and what ties them. ``close`` ends both in order.

    Signals:
        beginning (): the first frame is on the screen; the worker starts next.
    """

    beginning = Signal()

    def __init__(
        self, application: QApplication, folder: Path, target: Target, *,
        theme: str | None = None, bundled_font: bool = False, scale: float = 1.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.next_story: str | None = None
        self._unseen = QTimer(self)
        self._unseen.setSingleShot(True)
        path = folder / FILE_NAME
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.settings = Settings(folder)
        self.source = DataSource(path, self)
        self.clock = self._clock_for(target.cloud)
        self.theme = Theme(
            application, theme or self.settings.theme, bundled_font=bundled_font, scale=scale
        )
        self.worker = Worker(
            path,
            target.world,
            target.connect,
            self.clock,
            resources.calendar,
            sync_every_s=self.settings.sync_minutes * 60.0,
        )
        self.thread_ = WorkerThread(self.worker, self)
        self.desk = Desk(path, self.thread_, self.clock)
        self.icons = Icons(self.theme)
        self.demo = DemoTime(target.wire, self.desk.sync, self) if target.wire else None
        self.services = Services(
            self.source, self.clock, resources.calendar, self.theme, self.icons, self.settings,
            self.desk, target.label, self.demo,
        )  # fmt: skip
        self.window = MainWindow(self.services)
        self.theme.dress()
        self._connect()

    def _clock_for(self, cloud: Cloud) -> CloudClock:
        """A simulated cloud has its own day; until it answers, the last one known stands still."""
        if not cloud.is_demo:
            return CloudClock.real()
        last = catalogue.latest_time(self.source.db) if self.source.db is not None else None
        return CloudClock(last)

    def _connect(self) -> None:
        self.window.painted.connect(self._after_first_paint)
        self._unseen.timeout.connect(self.begin)
        worker = self.worker
        worker.opened.connect(self._on_opened)
        worker.changed.connect(self._on_changed)
        worker.sync_progressed.connect(self._on_sync_progressed)
        worker.sync_ended.connect(self._on_sync_ended)
        worker.failed.connect(self._on_failed)
        worker.prompted.connect(self.window.show_prompt)
        if self.demo is not None:
            self.demo.story_chosen.connect(self._begin_again)
            self.demo.changed.connect(self.window.header.show_clock)

    def start(self) -> None:
        """Show the window; once it has painted, or is not seen at all, do the rest."""
        self._unseen.start(UNSEEN_MS)
        self.window.show()

    @Slot()
    def _after_first_paint(self) -> None:
        if self._unseen.isActive():
            self._unseen.stop()
            self.begin()

    @Slot()
    def begin(self) -> None:
        """Load the icons and start the worker."""
        self.beginning.emit()
        self.thread_.start()
        self.window.load_icons()

    @Slot(str)
    def _begin_again(self, story: str) -> None:
        """End this program; the one that comes after it begins with ``story``."""
        self.next_story = story
        self.window.close()

    def forget(self) -> None:
        """Once it is closed: let go of what Qt keeps of it, as another program follows."""
        for part in (self.window, self.theme, self):
            part.deleteLater()

    def close(self) -> bool:
        """False if the worker did not end in time: then only ending the process helps."""
        self._unseen.stop()
        self.window.close()
        ended = self.thread_.stop()
        self.desk.close()
        self.source.close()
        return ended

    @Slot(object)
    def _on_opened(self, opened: Opened) -> None:
        self.source.open()
        if opened.set_aside is not None:
            self.window.show_set_aside(opened.set_aside)

    @Slot(object)
    def _on_changed(self, changes: Changes) -> None:
        self.source.announce(changes)

    @Slot(object)
    def _on_sync_progressed(self, progress: SyncProgress) -> None:
        pause = (
            f", going on in {progress.waiting_s:.0f} s as Azure asks" if progress.waiting_s else ""
        )
        self.window.show_syncing(
            f"{progress.reading}, {progress.done:,} of {progress.total:,}{pause}"
        )

    @Slot()
    def _on_sync_ended(self) -> None:
        self.window.show_syncing("")

    @Slot(object)
    def _on_failed(self, problem: Problem) -> None:
        log.warning("%s", problem.text)
        self.window.show_problem(problem)
